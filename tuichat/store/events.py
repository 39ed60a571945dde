"""The journal of durable events, by reference, so that a client can ask for what it missed."""

from __future__ import annotations

from tuichat.store.database import Database
from tuichat.store.records import EventRow, EventType

KEPT = 10_000
"""At least so many of the newest events can be told again."""

_BATCH = 500
_LOG = "event_log"


class Events:
    """Numbered from 1 without gaps; old ones are dropped in batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, at: int, type: EventType, subject: int, contact: int | None = None) -> int:  # noqa: A002
        """Note an event about row `subject` at `at` milliseconds; its number."""
        with self._database.step():
            query = "INSERT INTO events (at, type, subject, contact) VALUES (?, ?, ?, ?)"
            seq = self._database.insert(query, (at, type, subject, contact))
            if seq % _BATCH == 0:
                self._database.run("DELETE FROM events WHERE seq <= ?", (seq - KEPT,))
        return seq

    def since(self, seq: int, limit: int = 500) -> list[EventRow]:
        """At most `limit` events with numbers above `seq`, in order."""
        query = "SELECT seq, at, type, subject, contact FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
        return [EventRow(*values) for values in self._database.rows(query, (seq, limit))]

    def log(self) -> str:
        """Which log this is: another in each database, and after each restoring of a backup."""
        kept = self._database.row("SELECT hex(value) FROM settings WHERE name = ?", (_LOG,))
        if kept is None:
            self.begin_log()
            return self.log()
        return str(kept[0]).lower()

    def begin_log(self) -> None:
        """Whoever goes on from a number of before is told that the log is another now."""
        query = """INSERT INTO settings (name, value) VALUES (?, randomblob(8))
            ON CONFLICT (name) DO UPDATE SET value = excluded.value"""
        self._database.run(query, (_LOG,))

    def bounds(self) -> tuple[int, int]:
        """The numbers of the oldest event kept and of the newest; (0, 0) when none ever happened."""
        row = self._database.row("SELECT (SELECT min(seq) FROM events), (SELECT max(seq) FROM events)")
        assert row is not None
        return (0, 0) if row[0] is None else (int(row[0]), int(row[1]))
