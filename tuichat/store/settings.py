"""Small named values that belong in the encrypted database rather than in the configuration file."""

from __future__ import annotations

from tuichat.store.database import Database


class Settings:
    """Bytes by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> bytes | None:
        """The value of this name."""
        row = self._database.row("SELECT value FROM settings WHERE name = ?", (name,))
        return None if row is None else bytes(row[0])

    def put(self, name: str, value: bytes) -> None:
        """Set a value, in place of any earlier one."""
        query = (
            "INSERT INTO settings (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        self._database.run(query, (name, value))

    def delete(self, name: str) -> None:
        """Remove a value; none by this name is fine."""
        self._database.run("DELETE FROM settings WHERE name = ?", (name,))
