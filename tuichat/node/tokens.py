"""Tokens for bots: making them, withdrawing them, and what one that is presented allows."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from tuichat.clock import Rng
from tuichat.crypto.kdf import blake2b_256
from tuichat.errors import DeniedError, NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import (
    EVENT_TYPES,
    EVERYBODY,
    MAX_NAME_CHARACTERS,
    MAX_TOKEN_CONTACTS,
    MAX_TOKENS,
    METHOD_GROUPS,
    NEED_EVERYBODY,
    Scope,
    Token,
    from_milliseconds,
    grantable,
    spelled_out,
)
from tuichat.network.addresses import address_of
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.protocol.sanitize import sanitize_name
from tuichat.store.records import TokenRow
from tuichat.store.store import Store

PREFIX: Final = "tuichat-token1:"
_SECRET_BYTES: Final = 32


class Tokens:
    """The tokens of one profile. Of each only a hash is kept: 32 random bytes cannot be guessed from it."""

    def __init__(self, store: Store, hub: EventHub, book: ContactBook, rng: Rng) -> None:
        self._store = store
        self._hub = hub
        self._book = book
        self._rng = rng

    def create(
        self,
        name: str,
        contacts: list[str],
        methods: list[str],
        events: list[str] | None,
        seconds: int | None,
    ) -> Token:
        """Make one; its text is told this once. Raises UsageError, or NotFoundError for a contact."""
        whose = self._contacts(contacts)
        now = self._hub.now()
        row = TokenRow(
            id=0,
            name=self._free_name(name),
            contacts=whose,
            methods=_methods(methods, everybody=whose is None),
            events=EVENT_TYPES if events is None else _events(events),
            created_at=now,
            expires_at=None if seconds is None else now + seconds * 1000,
        )
        secret = self._rng.bytes(_SECRET_BYTES)
        number = self._store.tokens.add(row, blake2b_256(secret))
        text = PREFIX + base64.urlsafe_b64encode(secret).decode().rstrip("=")
        return self._record(row, number, text)

    def all(self) -> list[Token]:
        """Every token, oldest first, without their texts."""
        return [self._record(row, row.id) for row in self._store.tokens.all()]

    def revoke(self, name: str) -> None:
        """From now on nobody gets anything for it. Raises NotFoundError."""
        rows = self._store.tokens.all()
        found = next((row.id for row in rows if row.name == name), None)
        if found is None:
            names = tuple(row.name for row in rows)
            raise NotFoundError(
                _("No token is called {name}.").format(name=name[:MAX_NAME_CHARACTERS]),
                _("See them with: tuichat token list"),
                names[:8],
            )
        self._store.tokens.remove(found)

    def admit(self, text: str) -> Scope:
        """What the token allows that somebody presents. Raises DeniedError: it is none, or no longer one."""
        row = self._store.tokens.by_digest(blake2b_256(_secret(text)))
        if row is None or not self.lives(row.id):
            raise DeniedError(
                _("This token opens nothing."), _("Ask the owner for another: tuichat token create")
            )
        return Scope(
            token=row.id,
            name=row.name,
            addresses=None if row.contacts is None else dict(self._addresses(row.contacts)),
            methods=frozenset(row.methods),
            events=frozenset(row.events),
        )

    def lives(self, token: int) -> bool:
        """Whether a token that was admitted is still good."""
        return self._store.tokens.lives(token, self._hub.now())

    def _addresses(self, contacts: Iterable[int]) -> Iterable[tuple[int, str]]:
        for contact in contacts:
            row = self._store.contacts.get(contact)
            if row is not None:
                yield contact, address_of(row.onion)

    def _contacts(self, refs: list[str]) -> tuple[int, ...] | None:
        if refs == [EVERYBODY]:
            return None
        found = tuple(sorted({self._book.find(ref).id for ref in refs}))
        if not found:
            raise UsageError(_("A token is about one contact at least."), _("For everybody: *"))
        if len(found) > MAX_TOKEN_CONTACTS:
            raise UsageError(
                _("A token names at most {most} contacts.").format(most=MAX_TOKEN_CONTACTS),
                _("For everybody: *"),
            )
        return found

    def _free_name(self, name: str) -> str:
        clean = sanitize_name(name)
        if not clean or len(name.strip()) > MAX_NAME_CHARACTERS:
            raise UsageError(_("A token's name has 1 to {most} characters.").format(most=MAX_NAME_CHARACTERS))
        rows = self._store.tokens.all()
        if any(row.name == clean for row in rows):
            raise UsageError(
                _("There is a token called {name} already.").format(name=clean),
                _("To make it anew, revoke it first: tuichat token revoke NAME"),
            )
        if len(rows) >= MAX_TOKENS:
            raise UsageError(_("There are {most} tokens already.").format(most=MAX_TOKENS))
        return clean

    def _record(self, row: TokenRow, number: int, text: str = "") -> Token:
        names: tuple[str, ...] | None = None
        if row.contacts is not None:
            known = [self._store.contacts.get(contact) for contact in row.contacts]
            names = tuple(contact.petname for contact in known if contact is not None)
        return Token(
            id=number,
            name=row.name,
            contacts=names,
            methods=row.methods,
            events=row.events,
            created_at=from_milliseconds(row.created_at),
            expires_at=None if row.expires_at is None else from_milliseconds(row.expires_at),
            text=text,
        )


def _methods(words: list[str], *, everybody: bool) -> tuple[str, ...]:
    known = {*METHOD_GROUPS, *grantable()}
    for word in words:
        if word not in known:
            raise UsageError(
                _("No token allows {word}.").format(word=word[:MAX_NAME_CHARACTERS]),
                _("Choose groups ({groups}) or methods: {methods}").format(
                    groups=", ".join(METHOD_GROUPS), methods=", ".join(sorted(grantable()))
                ),
            )
        if word in NEED_EVERYBODY and not everybody:
            raise UsageError(
                _("{word} would tell of other contacts, too.").format(word=word),
                _("It needs a token for everybody: *"),
            )
    methods = spelled_out(words, everybody=everybody)
    if not methods:
        raise UsageError(_("This token would allow nothing."), _("Name at least one method that fits."))
    return methods


def _events(words: list[str]) -> tuple[str, ...]:
    for word in words:
        if word not in EVENT_TYPES:
            raise UsageError(
                _("No token is told of {word}.").format(word=word[:MAX_NAME_CHARACTERS]),
                _("Choose: {words}").format(words=", ".join(EVENT_TYPES)),
            )
    return tuple(sorted(set(words)))


def _secret(text: str) -> bytes:
    """The bytes of a token; of anything else, some that no token has."""
    encoded = text.removeprefix(PREFIX).encode(errors="replace")
    try:
        return base64.b64decode(encoded + b"=", altchars=b"-_", validate=True)
    except ValueError:
        return b""
