"""What arrives in a conversation: bodies in their order become history, each once (S6)."""

from __future__ import annotations

from typing import Final

import msgspec

from tuichat.node.deed_arrivals import DeedArrivals
from tuichat.node.events import Changes
from tuichat.node.file_arrivals import FileArrivals
from tuichat.node.timer_rules import last_moment, take_timer
from tuichat.protocol.bodies import (
    MAX_TEXT_BYTES,
    THE_TWO_OF_US,
    Body,
    Edit,
    File,
    FileState,
    Opaque,
    Reaction,
    Receipt,
    Text,
    Timer,
    Unsend,
    Void,
    decode_body,
    opaque,
)
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import MessageRow, SessionRow
from tuichat.store.store import Store

BODIES_AT_ONCE: Final = 32
BYTES_AT_ONCE: Final = 256 * 1024
"""What waited is delivered in parts of so much: one envelope may release thousands of bodies."""

_HASH_LENGTH: Final = 32


class Inbox:
    """Takes opened envelopes of one contact into the store. Each call belongs inside a transaction."""

    def __init__(self, store: Store, contact: int) -> None:
        self._store = store
        self._contact = contact
        self._files = FileArrivals(store, contact)
        self._deeds = DeedArrivals(store, contact)

    def take(
        self, session: SessionRow, envelope: tuple[bytes, int, bytes], now: int, changes: Changes
    ) -> list[bytes]:
        """Take in one new envelope: its (hash, seq, body).

        Returns its hash if it is delivered, or none when it must wait. What waited for it is for
        `take_waiting`. `now` is in milliseconds.
        """
        digest, seq, body = envelope
        sessions = self._store.sessions
        sessions.remember_opened(self._contact, digest, seq)
        if seq != session.delivered + 1:
            sessions.hold(self._contact, seq, digest + body)
            return []
        self._deliver(body, now, changes)
        return [digest]

    def take_waiting(self, last: int, now: int, changes: Changes) -> list[bytes]:
        """Take in a part of the bodies that waited for number `last`, which is delivered.

        Returns the hashes of their envelopes in order; none if the next number is not there. A part ends with
        `BODIES_AT_ONCE`, or with the body that brings it to `BYTES_AT_ONCE`.
        """
        sessions = self._store.sessions
        delivered: list[bytes] = []
        size = 0
        while len(delivered) < BODIES_AT_ONCE and size < BYTES_AT_ONCE:
            seq = last + len(delivered) + 1
            held = sessions.held(self._contact, seq)
            if held is None:
                break
            sessions.release(self._contact, seq)
            delivered.append(held[:_HASH_LENGTH])
            size += len(held)
            self._deliver(held[_HASH_LENGTH:], now, changes)
        return delivered

    def take_late(self, row: MessageRow, changes: Changes) -> bool:
        """Put in place what was kept unread as this row of the history; whether it can be read now."""
        body = _understood(row.body)
        if isinstance(body, Opaque):
            return False
        self._store.messages.remove(row.id)
        self._take(body, row.received_at or row.sent_at, changes, at=row.id)
        if row.state == "read":
            self._store.messages.mark_read(self._contact, row.id, row.received_at or row.sent_at)
        return True

    def _deliver(self, raw: bytes, now: int, changes: Changes) -> None:
        self._take(_understood(raw), now, changes)

    def _take(self, body: Body | Opaque, now: int, changes: Changes, at: int | None = None) -> None:
        """`at` is the row of the history where it belongs; at its end if None."""
        if isinstance(body, Void) or not self._store.sessions.know(self._contact, body.id):
            return
        match body:
            case Text() | Opaque():
                self._add(body, now, changes, at)
            case File():
                self._deeds.arrived(self._files.offer(body, now, changes, at), now, changes)
            case FileState():
                self._files.note(body, now, changes)
            case Edit() | Unsend() | Reaction():
                self._deeds.take(body, now, changes)
            case Receipt():
                self._seen(body, changes)
            case Timer():
                take_timer(self._store, self._contact, body, now, changes, at)

    def _seen(self, receipt: Receipt, changes: Changes) -> None:
        row = self._store.messages.by_wire_id(self._contact, "out", receipt.seen)
        for message in () if row is None else self._store.messages.seen_by_them(self._contact, row.id):
            changes.message(message)

    def _add(self, body: Text | Opaque, now: int, changes: Changes, at: int | None = None) -> None:
        readable = body if isinstance(body, Text) else Text(THE_TWO_OF_US, body.id, now, "")
        row = self._store.messages.add(
            self._contact,
            "in",
            body.id,
            "text" if readable is body else "unsupported",
            readable.text,
            sent_at=readable.sent_at,
            received_at=now,
            state="delivered",
            body=body.raw if isinstance(body, Opaque) else b"",
            reply_to=readable.reply,
            at=at,
            timer=readable.ttl,
            expires_at=last_moment(now, readable.ttl),
        )
        changes.message(row.id, new=True)
        self._deeds.arrived(row, now, changes)


def _understood(raw: bytes) -> Body | Opaque:
    """A body that belongs here and fits, its text sanitised; else one that nobody can read."""
    body = decode_body(raw)
    if isinstance(body, Opaque | Void):
        return body
    if isinstance(body, Text | Edit):
        body = msgspec.structs.replace(body, text=sanitize_text(body.text))
        if _is_too_long(body.text):
            return opaque(raw)
    return opaque(raw) if body.conversation != THE_TWO_OF_US else body


def _is_too_long(text: str) -> bool:
    """Whether a text has grown beyond the limit: a TAB becomes four spaces, some characters three of them."""
    return len(text.encode()) > MAX_TEXT_BYTES
