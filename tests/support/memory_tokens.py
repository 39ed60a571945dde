"""What a node in memory does with tokens."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta

import msgspec

from tuichat.errors import DeniedError, NotFoundError
from tuichat.model import EVENT_TYPES, EVERYBODY, Contact, Scope, Token, spelled_out


class MemoryTokens(ABC):
    """That part of `MemoryNode`."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: dict[str, Token] = {}

    @abstractmethod
    def now(self) -> datetime:
        """The clock's time."""

    @abstractmethod
    async def contact_list(self) -> list[Contact]:
        """See `NodeApi`."""

    @abstractmethod
    async def contact_get(self, ref: str) -> Contact:
        """See `NodeApi`."""

    async def token_create(
        self,
        name: str,
        contacts: list[str],
        methods: list[str],
        events: list[str] | None = None,
        seconds: int | None = None,
    ) -> Token:
        everybody = contacts == [EVERYBODY]
        made = Token(
            id=len(self.tokens) + 1,
            name=name,
            contacts=None if everybody else tuple([(await self.contact_get(ref)).name for ref in contacts]),
            methods=spelled_out(methods, everybody=everybody),
            events=EVENT_TYPES if events is None else tuple(events),
            created_at=self.now(),
            expires_at=None if seconds is None else self.now() + timedelta(seconds=seconds),
        )
        text = f"tuichat-token1:{name}"
        self.tokens[text] = made
        return msgspec.structs.replace(made, text=text)

    async def token_list(self) -> list[Token]:
        await self.contact_list()
        return list(self.tokens.values())

    async def token_revoke(self, name: str) -> None:
        for text, token in self.tokens.items():
            if token.name == name:
                del self.tokens[text]
                return
        raise NotFoundError("No token is called that.")

    async def admit(self, token: str) -> Scope:
        """As the gate's."""
        await self.contact_list()
        found = self.tokens.get(token)
        if found is None or not self.token_lives(found.id):
            raise DeniedError("This token opens nothing.")
        addresses: dict[int, str] | None = None
        if found.contacts is not None:
            people = [await self.contact_get(name) for name in found.contacts]
            addresses = {contact.id: contact.address for contact in people}
        return Scope(found.id, found.name, addresses, frozenset(found.methods), frozenset(found.events))

    def token_lives(self, token: int) -> bool:
        """As the gate's."""
        found = next((each for each in self.tokens.values() if each.id == token), None)
        return found is not None and (found.expires_at is None or found.expires_at > self.now())
