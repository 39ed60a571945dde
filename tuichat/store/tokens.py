"""Tokens of bots: what each allows, and a hash by which it is known again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tuichat.store.database import Database
from tuichat.store.records import TokenRow

_COLUMNS: Final = "id, name, everybody, methods, events, created_at, expires_at"


class Tokens:
    """Kept until they are revoked, also those whose time is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: TokenRow, digest: bytes) -> int:
        """Keep a new one; its number. `digest` is what is kept of the token itself."""
        with self._database.step():
            query = """INSERT INTO tokens (name, digest, everybody, methods, events, created_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?)"""
            words = (" ".join(row.methods), " ".join(row.events))
            values = (row.name, digest, int(row.contacts is None), *words, row.created_at, row.expires_at)
            number = self._database.insert(query, values)
            self._add_contacts(number, row.contacts or ())
        return number

    def _add_contacts(self, token: int, contacts: Iterable[int]) -> None:
        for contact in contacts:
            query = "INSERT INTO token_contacts (token, contact) VALUES (?, ?)"
            self._database.run(query, (token, contact))

    def all(self) -> list[TokenRow]:
        """Every one, oldest first."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM tokens ORDER BY id")  # noqa: S608
        return [self._row(*values) for values in rows]

    def by_digest(self, digest: bytes) -> TokenRow | None:
        """The token of this hash, None if there is none."""
        query = f"SELECT {_COLUMNS} FROM tokens WHERE digest = ?"  # noqa: S608
        values = self._database.row(query, (digest,))
        return None if values is None else self._row(*values)

    def lives(self, token: int, now: int) -> bool:
        """Whether the token of this number is kept, and its time is not over at `now` milliseconds."""
        query = "SELECT 1 FROM tokens WHERE id = ? AND coalesce(expires_at > ?, 1)"
        return self._database.row(query, (token, now)) is not None

    def remove(self, token: int) -> bool:
        """Forget a token; whether there was one."""
        return self._database.run("DELETE FROM tokens WHERE id = ?", (token,)) > 0

    def remove_all(self) -> None:
        """Forget every token."""
        self._database.run("DELETE FROM tokens")

    def _row(
        self,
        number: int,
        name: str,
        everybody: int,
        methods: str,
        events: str,
        created_at: int,
        expires_at: int | None,
    ) -> TokenRow:
        query = "SELECT contact FROM token_contacts WHERE token = ? ORDER BY contact"
        found = None if everybody else tuple(row[0] for row in self._database.rows(query, (number,)))
        return TokenRow(
            number, name, found, tuple(methods.split()), tuple(events.split()), created_at, expires_at
        )
