"""The outbox: bodies on their way, each until its own envelope is acknowledged.

Most carry a message of the history, or something about one, which is their subject. A void only fills the
place of a number that was taken already; other rows are notes from node to node, such as that a file is
wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from tuichat.store.database import Database
from tuichat.store.places import Places
from tuichat.store.records import OutboxRow

_COLUMNS = tuple(field.name for field in fields(OutboxRow))
_FLAGS = tuple(_COLUMNS.index(name) for name in ("given", "void"))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM outbox"  # noqa: S608 - names of our own fields
_INSERT = """
    INSERT INTO outbox
        (id, contact, message, wire_id, body, seq, envelope, envelope_hash, given, queued_at, subject)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REPLACE = """
    UPDATE outbox SET wire_id = ?1, message = ?2, subject = ?2, void = ?2 IS NULL, body = ?3, envelope = ?4,
        envelope_hash = ?5
    WHERE id = ?6
"""
_PAGE = 500
_WAITING = "subject IS NOT NULL"
# Named, or the planner reads the table itself, with every envelope on the way.
TOTALS = f"""
    SELECT contact, count(*), min(queued_at) FROM outbox INDEXED BY outbox_messages WHERE {_WAITING}
    GROUP BY contact
"""  # noqa: S608 - a constant
_BLOCKED = "SELECT id FROM contacts WHERE state = 'blocked'"


class Outbox:
    """What is not acknowledged yet, in the order of queueing."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def add(
        self,
        contact: int,
        *,
        message: int | None,
        wire_id: bytes,
        body: bytes,
        queued_at: int,
        seq: int = 0,
        envelope: bytes | None = None,
        envelope_hash: bytes | None = None,
        given: bool = False,
        subject: int | None = None,
    ) -> OutboxRow:
        """Queue a body; sealed already, or to be sealed when a session exists.

        `subject` is the message that it is about; one that it carries is its subject anyway. The row lies
        where that does; one about none holds nothing that a person said.
        """
        values = (contact, message, wire_id, body, seq, envelope, envelope_hash, given, queued_at)
        about = subject if message is None else message
        place = self._places.disk if about is None else self._places.holding(about)
        row = place.insert(_INSERT, (self._places.number("outbox", place), *values, about))
        return OutboxRow(row, *values, subject=about)

    def unacked(self, contact: int, *, after_id: int = 0, limit: int = 1000) -> list[OutboxRow]:
        """At most `limit` rows of a contact, voids too, behind `after_id`, oldest first."""
        query = f"{_SELECT} WHERE contact = ? AND id > ? ORDER BY id LIMIT ?"
        return _in_order(self._places.rows(query, (contact, after_id, limit)))[:limit]

    def queue(self, contact: int) -> Iterator[OutboxRow]:
        """All of them, a page at a time; a row may be changed or removed once it is given."""
        after = 0
        while rows := self.unacked(contact, after_id=after, limit=_PAGE):
            yield from rows
            after = rows[-1].id

    def by_hash(self, contact: int, envelope_hash: bytes) -> OutboxRow | None:
        """The row whose present envelope has this hash."""
        query = f"{_SELECT} WHERE contact = ? AND envelope_hash = ?"
        values = self._places.row(query, (contact, envelope_hash))
        return None if values is None else _row(values)

    def by_message(self, message: int) -> OutboxRow | None:
        """The row that carries this message of the history."""
        values = self._places.row(f"{_SELECT} WHERE message = ?", (message,))
        return None if values is None else _row(values)

    def about(self, message: int) -> list[OutboxRow]:
        """The rows about a message, without the one that carries it, oldest first."""
        query = f"{_SELECT} WHERE subject = ? AND message IS NULL ORDER BY id"
        return _in_order(self._places.rows(query, (message,)))

    def waiting_notes(self, contact: int) -> list[OutboxRow]:
        """What no person waits for and no link has had, voids left out, oldest first."""
        query = f"{_SELECT} WHERE contact = ? AND subject IS NULL AND NOT void AND NOT given ORDER BY id"
        return _in_order(self._places.rows(query, (contact,)))

    def seal(self, row: int, seq: int, envelope: bytes, envelope_hash: bytes) -> None:
        """Keep a fresh sealing of a row, in place of any earlier one."""
        self._places.run(
            "UPDATE outbox SET seq = ?, envelope = ?, envelope_hash = ? WHERE id = ?",
            (seq, envelope, envelope_hash, row),
        )

    def unseal(self, contact: int) -> None:
        """Drop the sealings of a contact's rows, and its voids: they wait for another session."""
        with self._places.step():
            self.remove_voids(contact)
            self._places.run(
                "UPDATE outbox SET seq = 0, envelope = NULL, envelope_hash = NULL WHERE contact = ?",
                (contact,),
            )

    def mark_given(self, rows: Iterable[int]) -> None:
        """Note that envelopes of these rows are about to be handed to a link."""
        with self._places.step():
            for row in rows:
                self._places.run("UPDATE outbox SET given = 1 WHERE id = ? AND given = 0", (row,))

    def replace(
        self,
        row: int,
        *,
        wire_id: bytes,
        body: bytes,
        envelope: bytes | None,
        envelope_hash: bytes | None,
        message: int | None = None,
    ) -> None:
        """Put another body under the number and place of a row; without a message it becomes a void."""
        self._places.run(_REPLACE, (wire_id, message, body, envelope, envelope_hash, row))

    def part(self, row: int) -> None:
        """Let a row go on its way without the message that it carries or is about."""
        self._places.run("UPDATE outbox SET message = NULL, subject = NULL WHERE id = ?", (row,))

    def remove(self, row: int) -> None:
        """Forget a row: it was acknowledged, or cancelled before it had a number."""
        self._places.run("DELETE FROM outbox WHERE id = ?", (row,))

    def remove_voids(self, contact: int) -> None:
        """Forget a contact's voids: a new session numbers afresh."""
        self._places.run("DELETE FROM outbox WHERE contact = ? AND void", (contact,))

    def count(self, contact: int) -> int:
        """How many messages, and deeds about some, wait for this contact's acknowledgement."""
        query = f"SELECT count(*) FROM outbox WHERE contact = ? AND {_WAITING}"  # noqa: S608 - a constant
        return self._places.total(query, (contact,))

    def totals(self) -> tuple[int, int | None]:
        """How many of both wait for an acknowledgement, and when the oldest was queued.

        What is kept for somebody who is blocked waits for nothing: it would keep a node from ending for ever.
        """
        found = self._totals(self._places.all())
        return sum(row[0] for row in found), min((row[1] for row in found), default=None)

    def lost_at_the_end(self) -> int:
        """How many of both are in memory only."""
        memory = self._places.memory
        return 0 if memory is None else sum(row[0] for row in self._totals((memory,)))

    def _totals(self, places: tuple[Database, ...]) -> list[tuple[int, int]]:
        """How many wait for each contact, in each of the places, and when the oldest was queued."""
        blocked = {row[0] for row in self._places.disk.rows(_BLOCKED)}
        return [row[1:] for place in places for row in place.rows(TOTALS) if row[0] not in blocked]


def _in_order(found: list[tuple[Any, ...]]) -> list[OutboxRow]:
    """Rows of all places, oldest first."""
    return sorted((_row(values) for values in found), key=lambda row: row.id)


def _row(values: tuple[Any, ...]) -> OutboxRow:
    columns = list(values)
    for index in _FLAGS:
        columns[index] = bool(columns[index])
    return OutboxRow(*columns)
