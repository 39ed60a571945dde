"""The methods of the local API about tokens, and one contact by itself, which those who have one ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tuichat.model import Contact, Scope, Token
from tuichat.node.contact_book import ContactBook
from tuichat.node.tokens import Tokens


class TokenMethods(ABC):
    """That part of `NodeApi`, for whoever has these."""

    _book: ContactBook
    _tokens: Tokens

    @abstractmethod
    def _record(self, contact: int) -> Contact:
        """The record of a contact that is there."""

    async def contact_get(self, ref: str) -> Contact:
        return self._record(self._book.find(ref).id)

    async def token_create(
        self,
        name: str,
        contacts: list[str],
        methods: list[str],
        events: list[str] | None = None,
        seconds: int | None = None,
    ) -> Token:
        return self._tokens.create(name, contacts, methods, events, seconds)

    async def token_list(self) -> list[Token]:
        return self._tokens.all()

    async def token_revoke(self, name: str) -> None:
        self._tokens.revoke(name)

    async def admit(self, token: str) -> Scope:
        """See `Gate.admit`."""
        return self._tokens.admit(token)

    def token_lives(self, token: int) -> bool:
        """Whether an admitted token is still good."""
        return self._tokens.lives(token)
