"""What a node can be asked, by bots above all: the part of the local API about tokens and events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from tuichat.model import AnyEvent, Contact, EventLog, Token


class TokenApi(Protocol):
    """That part of `NodeApi`."""

    async def contact_get(self, ref: str) -> Contact:
        """One contact."""
        ...

    async def token_create(
        self,
        name: str,
        contacts: list[str],
        methods: list[str],
        events: list[str] | None = None,
        seconds: int | None = None,
    ) -> Token:
        """Make a token for a bot; its text is told this once.

        Args:
            contacts: whom it is about; for everybody, now and later: "*" alone.
            methods: what it allows: groups (read, send, files, contacts, invites) and names of methods.
            events: the types that it is told of; None for all that it can be.
            seconds: how long it is good for; None for ever.
        """
        ...

    async def token_list(self) -> list[Token]:
        """The tokens that were made, oldest first."""
        ...

    async def token_revoke(self, name: str) -> None:
        """Withdraw a token; who has presented it gets nothing more."""
        ...

    async def event_log(self) -> EventLog:
        """The log that numbers durable events: which one it is, and how far it reaches."""
        ...

    def subscribe(self, since: int | None = None, log: str | None = None) -> AsyncIterator[AnyEvent]:
        """Events from now on; with `since`, durable ones after that number first.

        A MissedEvent tells what of them is not: numbers that are too old to be told, or, with `reason`
        "other_log", a number that has not been yet, or is of another log than this one.

        Args:
            since: 0 for all that can be told.
            log: which log `since` is of, as `event_log` told; None if that is not known.
        """
        ...
