"""Whatever a contact says about files, it is kept or passed over, and the next message arrives."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fetching import accepted_row
from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import flip
from tests.support.stores import add_contact, open_store
from tuichat.crypto.file_chunks import MAX_SIZE
from tuichat.model import FileEvent
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.file_places import names_for
from tuichat.node.file_progress import FileBook
from tuichat.node.inbox import Inbox
from tuichat.protocol.bodies import (
    MAX_CAPTION_BYTES,
    MAX_FILE_NAME,
    MAX_PLACE,
    MAX_TTL,
    THE_TWO_OF_US,
    Body,
    File,
    FileState,
    Opaque,
    Text,
    decode_body,
    encode_body,
)
from tuichat.protocol.labels import disk_name, disk_place, label, place
from tuichat.store.records import SessionRow

bounded = settings(max_examples=150, deadline=None, database=None, derandomize=True)

some_ids = st.integers(0, 5).map(lambda number: number.to_bytes(16, "big"))
keys = st.binary(min_size=32, max_size=32)
sides = st.one_of(st.none(), st.integers(1, 1_000_000))
offers = st.builds(
    File,
    st.just(THE_TWO_OF_US),
    some_ids,
    st.integers(0, 10**14),
    st.text(min_size=1, max_size=MAX_FILE_NAME),
    st.integers(0, MAX_SIZE),
    st.text(max_size=100),
    st.text(max_size=MAX_CAPTION_BYTES // 4),
    keys,
    keys,
    keys,
    st.one_of(st.none(), some_ids),
    st.text(max_size=MAX_PLACE) | st.lists(st.text(max_size=5), max_size=40).map("/".join),
    sides,
    sides,
    st.none() | st.integers(1, MAX_TTL),
)
notes = st.builds(FileState, st.just(THE_TWO_OF_US), some_ids, some_ids, st.integers(1, 7))
any_value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=40)
    | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """One about files as it should be, or altered in a bit, an element, or its length."""
    raw = encode_body(draw(offers | notes))
    match draw(st.integers(0, 3)):
        case 0:
            return raw
        case 1:
            return flip(raw, draw(st.integers(0, len(raw) - 1)))
        case 2:
            return raw[: draw(st.integers(0, len(raw)))] + draw(st.binary(max_size=4))
        case _:
            elements: list[Any] = msgspec.msgpack.decode(raw)
            elements[draw(st.integers(0, len(elements) - 1))] = draw(any_value)
            return msgspec.msgpack.encode(elements)


class Reader:
    """A contact's history, into which bodies are taken one after the other."""

    def __init__(self, directory: Path) -> None:
        self.store = open_store(directory)
        self.contact = add_contact(self.store).id
        self.book = FileBook(self.store, lambda: 0.0)
        contacts = ContactBook(self.store, Presence(lambda _: "offline", lambda *_: False))
        self.hub = EventHub(self.store, FixedClock(), contacts.contact, contacts.message, self.book.get)
        self.told: list[FileEvent] = []
        self.hub.listen(lambda event: self.told.append(event) if isinstance(event, FileEvent) else None)
        self._numbers = itertools.count(1)
        for number in range(3):
            mine = accepted_row(self.contact, Path(), direction="out", state="offered", accepted=False)
            self.store.transfers.add(
                replace(mine, wire_id=number.to_bytes(16, "big"), path=bytes([number]) * 32)
            )

    def take(self, raw: bytes) -> None:
        """As from an envelope whose turn it is."""
        number = next(self._numbers)
        session = SessionRow(self.contact, delivered=number - 1)
        with self.hub.change() as changes:
            delivered = Inbox(self.store, self.contact).take(
                session, (number.to_bytes(32, "big"), number, raw), self.hub.now(), changes
            )
        assert delivered == [number.to_bytes(32, "big")]

    def take_text(self) -> None:
        """The next message, which arrives."""
        number = next(self._numbers)
        self.take(encode_body(Text(THE_TWO_OF_US, (1 << 100 | number).to_bytes(16, "big"), 0, f"{number}")))
        (newest,) = self.store.messages.page(self.contact, 1)
        assert newest.text == f"{number}"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with tempfile.TemporaryDirectory() as directory:
        made = Reader(Path(directory))
        yield made
        made.store.close()


@bounded
@given(bodies())
def test_random_or_altered_body_about_files_never_raises(raw: bytes) -> None:
    assert isinstance(decode_body(raw), Body | Opaque)


@bounded
@given(raws=st.lists(bodies(), max_size=6))
def test_bodies_about_files_never_keep_the_next_message_away(reader: Reader, raws: list[bytes]) -> None:
    for raw in raws:
        reader.take(raw)
    reader.take_text()
    for row in reader.store.transfers.all():
        file = reader.book.record(row)
        assert 1 <= len(file.name) <= MAX_FILE_NAME
        assert len(file.place) <= MAX_PLACE
        assert (file.path, file.bytes_done) == ("", row.size if file.state == "complete" else 0)
        assert file.direction == "out" or file.state in ("offered", "paused", "cancelled", "failed")


@bounded
@given(st.text(min_size=1, max_size=MAX_FILE_NAME), st.text(max_size=MAX_PLACE))
def test_no_claim_leads_out_of_the_directory_that_was_chosen(name: str, where: str) -> None:
    chosen = Path("/chosen")
    folders = disk_place(place(where.split("/")))
    final = chosen.joinpath(*folders, disk_name(label(name)))
    for path, _count in zip(names_for(final), range(3), strict=False):
        assert path.parts[: 2 + len(folders)] == ("/", "chosen", *folders)
        assert len(path.parts) == 3 + len(folders)
        assert not {".", ".."} & set(path.parts)
        assert all(len(part.encode()) <= 255 and "\0" not in part for part in path.parts)
