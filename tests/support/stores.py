"""Stores for tests: made in a given directory, without waiting for the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tuichat.model import Direction
from tuichat.store.records import ContactRow, FileRow, MessageRow
from tuichat.store.store import Store

KEY = bytes(range(32))
ONION = bytes([7]) * 32
SECOND = 1_700_000_000_000
DAY = 86_400_000


def open_store(directory: Path) -> Store:
    """The store of a directory, made when absent."""
    return Store.open(directory / "tuichat.db", KEY, synchronous="OFF")


def add_contact(store: Store, petname: str = "Ada", onion: bytes = ONION) -> ContactRow:
    """An accepted contact."""
    return store.contacts.add(onion, "accepted", petname, created_at=SECOND)


def wire_id(number: int) -> bytes:
    """A message id that no other number has."""
    return number.to_bytes(16, "big")


def receive(store: Store, contact: int, number: int, text: str = "hello") -> MessageRow:
    """A message from a contact."""
    at = SECOND + number
    return store.messages.add(
        contact, "in", wire_id(number), "text", text, sent_at=at, received_at=at, state="delivered"
    )


def write(store: Store, contact: int, number: int, text: str = "hello") -> MessageRow:
    """A message to a contact, in the history only."""
    return store.messages.add(
        contact, "out", wire_id(number), "text", text, sent_at=SECOND, received_at=None, state="queued"
    )


def offer(store: Store, contact: int, number: int, direction: Direction = "in", **changes: Any) -> FileRow:
    """A file that is offered, and its message."""
    message = (receive if direction == "in" else write)(store, contact, number)
    row = FileRow(
        id=0,
        contact=contact,
        message=message.id,
        direction=direction,
        wire_id=wire_id(number),
        name=f"file {number}",
        place="",
        size=10,
        media_type="text/plain",
        state="offered",
        key=bytes([number]) * 32,
        root=bytes([number]) * 32,
        path=bytes([number]) * 32,
        offered_at=SECOND,
        expires_at=SECOND + DAY,
    )
    return store.transfers.add(replace(row, **changes))
