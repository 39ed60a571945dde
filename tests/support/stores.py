"""Stores for tests: made in a given directory, without waiting for the disk."""

from __future__ import annotations

from pathlib import Path

from tuichat.store.records import ContactRow, MessageRow
from tuichat.store.store import Store

KEY = bytes(range(32))
ONION = bytes([7]) * 32
SECOND = 1_700_000_000_000


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
