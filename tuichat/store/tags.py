"""The tags that this person gave contacts."""

from __future__ import annotations

from collections.abc import Iterable

from tuichat.store.database import Database


class Tags:
    """Words by contact, each once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, contact: int) -> tuple[str, ...]:
        """A contact's tags, in order."""
        rows = self._database.rows("SELECT tag FROM contact_tags WHERE contact = ? ORDER BY tag", (contact,))
        return tuple(row[0] for row in rows)

    def all(self) -> dict[int, tuple[str, ...]]:
        """Every contact's tags, in order; contacts without any are left out."""
        found: dict[int, list[str]] = {}
        for contact, tag in self._database.rows(
            "SELECT contact, tag FROM contact_tags ORDER BY contact, tag"
        ):
            found.setdefault(contact, []).append(tag)
        return {contact: tuple(tags) for contact, tags in found.items()}

    def add(self, contact: int, tags: Iterable[str]) -> None:
        """Give a contact tags; those it has already stay."""
        for tag in tags:
            self._database.run("INSERT OR IGNORE INTO contact_tags VALUES (?, ?)", (contact, tag))

    def remove(self, contact: int, tags: Iterable[str]) -> None:
        """Take tags away; those it does not have are passed over."""
        for tag in tags:
            self._database.run("DELETE FROM contact_tags WHERE contact = ? AND tag = ?", (contact, tag))
