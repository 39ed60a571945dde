"""Where rows lie: in the profile's database, or for conversations in memory only in another one there.

Both have the same schema. Numbers come from the database on disk for both, so that a number names one row
and orders it among all. A statement that is run in both changes rows only where they lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final, Literal

from tuichat.store.database import Database, Value

Numbered = Literal["messages", "outbox"]
"""Tables of both whose rows have numbers of the same sequence."""

_IS_IN_MEMORY: Final = "SELECT 1 FROM conversations WHERE contact = ? AND memory = 'on'"
_KNOWN: Final = """
    SELECT p.id, p.onion, c.id FROM contacts p JOIN conversations c ON c.contact = p.id WHERE p.id = ?
"""
_CONTACT: Final = """
    INSERT OR IGNORE INTO contacts (id, onion, state, petname, created_at) VALUES (?, ?, 'accepted', ?, 0)
"""


class Places:
    """The database on disk, and the one in memory once a conversation wants it.

    Attributes:
        disk: the profile's.
        memory: None before the first use.
    """

    def __init__(self, disk: Database) -> None:
        self.disk = disk
        self.memory: Database | None = None

    def open_memory(self, memory: Database) -> None:
        """Take an empty database in memory. Not inside a transaction."""
        assert not self.disk.in_transaction(), "the memory would not be part of this transaction"
        self.memory = memory

    def let_in(self, contact: int) -> None:
        """Let rows of a contact be kept in memory: they hang on a row of the contact there."""
        known = self.disk.row(_KNOWN, (contact,))
        if self.memory is not None and known is not None:
            self.memory.run(_CONTACT, (known[0], known[1], str(contact)))
            query = "INSERT OR IGNORE INTO conversations (id, contact) VALUES (?, ?)"
            self.memory.run(query, (known[2], contact))

    def all(self) -> tuple[Database, ...]:
        """Where rows may lie."""
        return (self.disk,) if self.memory is None else (self.disk, self.memory)

    def of(self, contact: int) -> Database:
        """Where what is said with a contact now is kept."""
        if self.memory is None or self.disk.row(_IS_IN_MEMORY, (contact,)) is None:
            return self.disk
        return self.memory

    def holding(self, message: int) -> Database:
        """Where a message lies; on disk if there is none of this number."""
        if self.memory is None or self.memory.row("SELECT 1 FROM messages WHERE id = ?", (message,)) is None:
            return self.disk
        return self.memory

    def number(self, table: Numbered, place: Database) -> int | None:
        """The number of a new row; None where the database itself gives the next one."""
        if place is self.disk:
            return None
        query = "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = ?"
        if not self.disk.run(query, (table,)):
            self.disk.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, 1)", (table,))
        return int(self.disk.one("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)))

    # -- statements --

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Execute a statement wherever rows may lie; how many it changed."""
        return sum(place.run(sql, values) for place in self.all())

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, those on disk first: to be put in order by whoever needs one."""
        return [row for place in self.all() for row in place.rows(sql, values)]

    def row(self, sql: str, values: Sequence[Value] = ()) -> tuple[Any, ...] | None:
        """The only row of a query, wherever it lies."""
        found = (place.row(sql, values) for place in self.all())
        return next((row for row in found if row is not None), None)

    def total(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The sum of what a query that counts says."""
        return sum(int(place.one(sql, values)) for place in self.all())

    # -- transactions --

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One for all places. The disk, which may fail, commits first: then what is in memory follows."""
        with ExitStack() as open_ones:
            for place in reversed(self.all()):
                open_ones.enter_context(place.transaction())
            yield

    @contextmanager
    def step(self) -> Iterator[None]:
        """Several statements as one: part of the open transaction, or one of their own."""
        if self.disk.in_transaction():
            yield
        else:
            with self.transaction():
                yield

    def close(self) -> None:
        """Let go of both; what was in memory is gone."""
        try:
            if self.memory is not None:
                self.memory.close()
        finally:
            self.disk.close()
