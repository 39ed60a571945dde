"""What arrives in a conversation: bodies in their order become history, each once (S6)."""

from __future__ import annotations

from typing import Final

from tuichat.node.deed_arrivals import DeedArrivals
from tuichat.node.events import Changes
from tuichat.node.file_arrivals import FileArrivals
from tuichat.protocol.bodies import (
    MAX_TEXT_BYTES,
    THE_TWO_OF_US,
    Edit,
    File,
    FileState,
    Opaque,
    Reaction,
    Text,
    Unsend,
    Void,
    decode_body,
    opaque,
)
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import SessionRow
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

    def _deliver(self, raw: bytes, now: int, changes: Changes) -> None:
        body = decode_body(raw)
        if isinstance(body, Void):
            return
        text = sanitize_text(body.text) if isinstance(body, Text | Edit) else ""
        if not isinstance(body, Opaque) and (body.conversation != THE_TWO_OF_US or _is_too_long(text)):
            body = opaque(raw)
        if not self._store.sessions.know(self._contact, body.id):
            return
        match body:
            case Text():
                self._add(body, text, now, changes)
                self._deeds.arrived(body.id, now, changes)
            case File():
                self._files.offer(body, now, changes)
                self._deeds.arrived(body.id, now, changes)
            case FileState():
                self._files.note(body, now, changes)
            case Edit() | Unsend() | Reaction():
                self._deeds.take(body, raw, now, changes)
            case Opaque():
                self._add(body, "", now, changes)

    def _add(self, body: Text | Opaque, text: str, now: int, changes: Changes) -> None:
        is_text = isinstance(body, Text)
        row = self._store.messages.add(
            self._contact,
            "in",
            body.id,
            "text" if is_text else "unsupported",
            text,
            sent_at=body.sent_at if is_text else now,
            received_at=now,
            state="delivered",
            body=b"" if is_text else body.raw,
            reply_to=body.reply if is_text else None,
        )
        changes.message(row.id, new=True)


def _is_too_long(text: str) -> bool:
    """Whether a text has grown beyond the limit: a TAB becomes four spaces, some characters three of them."""
    return len(text.encode()) > MAX_TEXT_BYTES
