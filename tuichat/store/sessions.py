"""Delivery sessions (S1): counts per contact, opened envelopes, held bodies, and ids of known messages."""

from __future__ import annotations

from tuichat.store.places import Places
from tuichat.store.records import SessionRow

_PUT = """
    INSERT INTO sessions (contact, gen, sid, sealed, delivered, acked, ratchet) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (contact) DO UPDATE SET gen = excluded.gen, sid = excluded.sid, sealed = excluded.sealed,
        delivered = excluded.delivered, acked = excluded.acked, ratchet = excluded.ratchet
"""


class Sessions:
    """What delivery must remember of each contact through a crash."""

    def __init__(self, places: Places) -> None:
        self._database = places.disk
        self._places = places

    def get(self, contact: int) -> SessionRow:
        """The contact's session; all zero if it never had one."""
        query = "SELECT contact, gen, sid, sealed, delivered, acked, ratchet FROM sessions WHERE contact = ?"
        values = self._database.row(query, (contact,))
        return SessionRow(contact) if values is None else SessionRow(*values)

    def put(self, row: SessionRow) -> None:
        """Keep a session's counts and ratchet, in place of the earlier ones."""
        values = (row.contact, row.gen, row.sid, row.sealed, row.delivered, row.acked, row.ratchet)
        self._database.run(_PUT, values)

    def opened_seq(self, contact: int, envelope_hash: bytes) -> int | None:
        """The number of the envelope with this hash, None if it was not opened in this session."""
        query = "SELECT seq FROM opened WHERE contact = ? AND hash = ?"
        row = self._database.row(query, (contact, envelope_hash))
        return None if row is None else int(row[0])

    def remember_opened(self, contact: int, envelope_hash: bytes, seq: int) -> None:
        """Note an opened envelope; neither its hash nor its number may be taken."""
        query = "INSERT INTO opened (contact, hash, seq) VALUES (?, ?, ?)"
        self._database.run(query, (contact, envelope_hash, seq))

    def seq_taken(self, contact: int, seq: int) -> bool:
        """Whether an envelope of this number was opened in this session (and not pruned)."""
        query = "SELECT 1 FROM opened WHERE contact = ? AND seq = ?"
        return self._database.row(query, (contact, seq)) is not None

    def prune_opened(self, contact: int, below_seq: int) -> None:
        """Forget opened envelopes with smaller numbers."""
        self._database.run("DELETE FROM opened WHERE contact = ? AND seq < ?", (contact, below_seq))

    def hold(self, contact: int, seq: int, body: bytes) -> None:
        """Keep an opened body until the ones before it are delivered."""
        query = "INSERT INTO held (contact, seq, body) VALUES (?, ?, ?)"
        self._places.of(contact).run(query, (contact, seq, body))

    def held(self, contact: int, seq: int) -> bytes | None:
        """The held body of this number."""
        row = self._places.row("SELECT body FROM held WHERE contact = ? AND seq = ?", (contact, seq))
        return None if row is None else bytes(row[0])

    def release(self, contact: int, seq: int) -> None:
        """Drop a held body: it is delivered now."""
        self._places.run("DELETE FROM held WHERE contact = ? AND seq = ?", (contact, seq))

    def forget(self, contact: int) -> None:
        """Drop hashes and held bodies: a new session begins. Known message ids stay."""
        with self._places.step():
            self._database.run("DELETE FROM opened WHERE contact = ?", (contact,))
            self._places.run("DELETE FROM held WHERE contact = ?", (contact,))

    def knows(self, contact: int, wire_id: bytes) -> bool:
        """Whether a message of this id ever came from the contact."""
        query = "SELECT 1 FROM known WHERE contact = ? AND wire_id = ?"
        return self._database.row(query, (contact, wire_id)) is not None

    def know(self, contact: int, wire_id: bytes) -> bool:
        """Note that a message came from the contact; whether it is new. Holds over all sessions."""
        query = "INSERT OR IGNORE INTO known (contact, wire_id) VALUES (?, ?)"
        return self._database.run(query, (contact, wire_id)) == 1
