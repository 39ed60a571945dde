"""What the world was told, and must find true in a store that was opened again after a power loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet import Ratchet
from tuichat.crypto.ratchet_keys import message_key
from tuichat.crypto.ratchet_state import SendingChain
from tuichat.store.database import Database
from tuichat.store.records import MessageRow, OutboxRow, SessionRow
from tuichat.store.store import Store

_ALL = 1_000_000


@dataclass
class Found:
    """What a store holds, read once for many questions."""

    sessions: dict[int, SessionRow] = field(default_factory=dict)
    messages: dict[tuple[int, str, bytes], list[MessageRow]] = field(default_factory=dict)
    waiting: dict[tuple[int, bytes], OutboxRow] = field(default_factory=dict)
    numbered: dict[tuple[int, int], OutboxRow] = field(default_factory=dict)
    opened: dict[tuple[int, bytes], int] = field(default_factory=dict)
    next_keys: dict[int, bytes] = field(default_factory=dict)

    def said(self, contact: int, wire_id: bytes) -> MessageRow | None:
        """The one message that I wrote under this id."""
        rows = self.messages.get((contact, "out", wire_id), [])
        return rows[0] if len(rows) == 1 else None


def find(store: Store) -> Found:
    """Read everything that a promise can be about."""
    found = Found()
    for contact in store.contacts.all():
        session = store.sessions.get(contact.id)
        found.sessions[contact.id] = session
        if session.ratchet:
            chain = Ratchet.decode(session.ratchet)._state.sending
            if isinstance(chain, SendingChain):
                found.next_keys[contact.id] = message_key(chain.chain_key)
        for message in store.messages.page(contact.id, _ALL):
            found.messages.setdefault((contact.id, message.direction, message.wire_id), []).append(message)
        for row in store.outbox.unacked(contact.id, limit=_ALL):
            found.waiting[contact.id, row.wire_id] = row
            if row.envelope is not None:
                found.numbered[contact.id, row.seq] = row
    opened = database_of(store).rows("SELECT contact, hash, seq FROM opened")
    found.opened = {(contact, digest): seq for contact, digest, seq in opened}
    return found


class Promise(Protocol):
    """Something told."""

    def broken(self, found: Found) -> str | None:
        """How it is not true; None if it is."""
        ...


@dataclass(frozen=True)
class Said:
    """`send` returned: the message is in the history, and in the queue until delivered or taken back."""

    contact: int
    wire_id: bytes
    text: str

    def broken(self, found: Found) -> str | None:
        message = found.said(self.contact, self.wire_id)
        if message is None or message.text != self.text:
            return "a message that was taken is not there once"
        if message.state in ("queued", "sent") and (self.contact, self.wire_id) not in found.waiting:
            return "a message that was taken is not in the queue"
        return None


@dataclass(frozen=True)
class Left:
    """An envelope left: it is on disk byte for byte until acknowledged, and its key will not come again."""

    contact: int
    gen: int
    row: OutboxRow
    key: bytes = field(repr=False)

    def broken(self, found: Found) -> str | None:
        session = found.sessions.get(self.contact)
        if session is None or session.gen < self.gen:
            return "the session is older than an envelope that left"
        if found.next_keys.get(self.contact) == self.key:
            return "the next key is one that left"
        if session.gen == self.gen:
            if session.sealed < self.row.seq:
                return "the count is older than an envelope that left"
            now = found.numbered.get((self.contact, self.row.seq))
            if now is not None and now.envelope != self.row.envelope:
                return "another envelope has the number of one that left"
            if now is None and session.acked < self.row.seq:
                return "an envelope that left is not there"
        return self._message(found)

    def _message(self, found: Found) -> str | None:
        if self.row.message is None or (self.contact, self.row.wire_id) in found.waiting:
            return None
        message = found.said(self.contact, self.row.wire_id)
        if message is None or message.state not in ("delivered", "read"):
            return "a message that left is neither queued nor delivered"
        return None


@dataclass(frozen=True)
class Acknowledged:
    """An acknowledgement left: every message that had arrived is there once, and is not taken again."""

    contact: int
    gen: int
    digest: bytes
    arrived: frozenset[tuple[bytes, str]]

    def broken(self, found: Found) -> str | None:
        session = found.sessions.get(self.contact)
        if session is None or session.gen < self.gen:
            return "the session is older than an acknowledgement"
        if session.gen == self.gen:
            seq = found.opened.get((self.contact, self.digest))
            if seq is None or seq > session.delivered:
                return "an acknowledged envelope would be opened again"
        for wire_id, text in self.arrived:
            rows = found.messages.get((self.contact, "in", wire_id), [])
            if [row.text for row in rows] != [text]:
                return "an acknowledged message is not there once"
        return None


@dataclass(frozen=True)
class Begun:
    """A session was named to the contact: it does not end by itself."""

    contact: int
    gen: int

    def broken(self, found: Found) -> str | None:
        session = found.sessions.get(self.contact)
        if session is None or session.gen < self.gen:
            return "a session that was agreed on is forgotten"
        return None


@dataclass(frozen=True)
class Committed:
    """A commit returned, and this is everything that the database held then, as a hash."""

    content: bytes


def database_of(store: Store) -> Database:
    return store._database


_STRUCTURES = "search_index_data"
_STRUCTURE = 10


def content_of(database: Database) -> bytes:
    """The hash of all rows of all tables, and of the schema."""
    schema = database.rows("SELECT name, sql FROM sqlite_schema ORDER BY name")
    tables = [name for name, sql in schema if sql and sql.startswith("CREATE TABLE")]
    rows = {name: list(database.rows(f'SELECT * FROM "{name}"')) for name in (*tables, "sqlite_sequence")}
    if _STRUCTURES in rows:
        rows[_STRUCTURES] = [(number, _structure(number, block)) for number, block in rows[_STRUCTURES]]
    return blake2b_256(msgspec.msgpack.encode((database.one("PRAGMA user_version"), schema, rows)))


def _structure(number: int, block: bytes) -> bytes:
    """A block of the index, without what its structure says first: how often settings of it were changed, as
    far as the connection that wrote it had read that (FTS5, "structure record format").
    """
    return block[4:] if number == _STRUCTURE else block
