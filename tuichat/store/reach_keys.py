"""Client-authorization keys of this person's onion service: one for each contact, and some to spare (C1)."""

from __future__ import annotations

from collections.abc import Iterable

from tuichat.store.database import Database


class ReachKeys:
    """Private X25519 keys, 32 bytes each. A contact's key goes when the contact does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, contact: int) -> bytes | None:
        """The key that was given to a contact."""
        row = self._database.row("SELECT private FROM reach_keys WHERE contact = ?", (contact,))
        return None if row is None else bytes(row[0])

    def given(self) -> list[bytes]:
        """The keys that contacts have, oldest first."""
        query = "SELECT private FROM reach_keys WHERE contact IS NOT NULL ORDER BY id"
        return [bytes(row[0]) for row in self._database.rows(query)]

    def spare(self) -> list[bytes]:
        """The keys that nobody has yet, oldest first."""
        query = "SELECT private FROM reach_keys WHERE contact IS NULL ORDER BY id"
        return [bytes(row[0]) for row in self._database.rows(query)]

    def add(self, private: Iterable[bytes]) -> None:
        """New spare keys, all or none."""
        with self._database.step():
            for key in private:
                self._database.insert("INSERT INTO reach_keys (private) VALUES (?)", (key,))

    def give(self, private: bytes, contact: int) -> None:
        """A spare key becomes a contact's."""
        self._database.run("UPDATE reach_keys SET contact = ? WHERE private = ?", (contact, private))

    def take_back(self, contact: int) -> None:
        """A contact's key is no key any more."""
        self._database.run("DELETE FROM reach_keys WHERE contact = ?", (contact,))

    def forget_spare(self) -> None:
        """Drop the keys that nobody has, as far as is known here."""
        self._database.run("DELETE FROM reach_keys WHERE contact IS NULL")
