"""What was written in the interface, to be called back later: a bounded list, the newest last."""

from __future__ import annotations

from typing import Final

from tuichat.store.database import Database

KEPT: Final = 500
"""How many inputs are remembered."""


class Inputs:
    """Lines, each with the conversation it was for: it goes when that is erased."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, text: str, contact: int | None) -> bool:
        """Remember `text` as the newest, for the conversation with `contact` or for none.

        Returns:
            Whether it was remembered: one that is the newest already is not once more.
        """
        newest = self._database.row("SELECT text FROM inputs ORDER BY id DESC LIMIT 1")
        if newest is not None and newest[0] == text:
            return False
        with self._database.step():
            query = (
                "INSERT INTO inputs (conversation, text)"
                " VALUES ((SELECT id FROM conversations WHERE contact = ?), ?)"
            )
            self._database.run(query, (contact, text))
            surplus = "SELECT id FROM inputs ORDER BY id DESC LIMIT -1 OFFSET ?"
            self._database.run(f"DELETE FROM inputs WHERE id IN ({surplus})", (KEPT,))  # noqa: S608
        return True

    def all(self) -> list[str]:
        """Every input, oldest first."""
        return [row[0] for row in self._database.rows("SELECT text FROM inputs ORDER BY id")]
