"""The client's methods about tokens and the log of events."""

from __future__ import annotations

from tuichat.api.calls import Calls
from tuichat.model import Contact, EventLog, Token


class TokenCalls(Calls):
    """That part of `NodeApi`, for the client."""

    async def contact_get(self, ref: str) -> Contact:
        return await self._ask(Contact, "contact.get", ref=ref)

    async def token_create(
        self,
        name: str,
        contacts: list[str],
        methods: list[str],
        events: list[str] | None = None,
        seconds: int | None = None,
    ) -> Token:
        allowed = {"contacts": contacts, "methods": methods, "events": events}
        return await self._ask(Token, "token.create", name=name, **allowed, seconds=seconds)

    async def token_list(self) -> list[Token]:
        return await self._ask(list[Token], "token.list")

    async def token_revoke(self, name: str) -> None:
        await self._raw("token.revoke", {"name": name})

    async def event_log(self) -> EventLog:
        return await self._ask(EventLog, "event_log")
