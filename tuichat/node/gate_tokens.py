"""Tokens, behind the gate: while the profile is locked none is known."""

from __future__ import annotations

from tuichat.model import Contact, Scope, Token
from tuichat.node.gate_calls import GateCalls


class GateTokens(GateCalls):
    """That part of `NodeApi`, for the gate."""

    async def contact_get(self, ref: str) -> Contact:
        return await self._ask(lambda node: node.contact_get(ref))

    async def token_create(
        self,
        name: str,
        contacts: list[str],
        methods: list[str],
        events: list[str] | None = None,
        seconds: int | None = None,
    ) -> Token:
        return await self._ask(lambda node: node.token_create(name, contacts, methods, events, seconds))

    async def token_list(self) -> list[Token]:
        return await self._ask(lambda node: node.token_list())

    async def token_revoke(self, name: str) -> None:
        await self._ask(lambda node: node.token_revoke(name))

    async def admit(self, token: str) -> Scope:
        """What a token allows. Raises DeniedError if it is none, LockedError while that cannot be known."""
        return await self._ask(lambda node: node.admit(token))
