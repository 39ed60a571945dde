"""Bodies that waited for one before them are taken in by parts, in order, each with its own transaction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.stores import add_contact, open_store
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.inbox import BODIES_AT_ONCE, BYTES_AT_ONCE, Inbox
from tuichat.protocol.bodies import MAX_TEXT_BYTES, THE_TWO_OF_US, Text, encode_body
from tuichat.store.records import SessionRow
from tuichat.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def hub_of(store: Store) -> EventHub:
    book = ContactBook(store, Presence(lambda _: "offline", lambda *_: False))
    return EventHub(store, FixedClock(), book.contact, book.message)


def digest(seq: int) -> bytes:
    return seq.to_bytes(32, "big")


def hold(store: Store, contact: int, texts: dict[int, str]) -> None:
    """Texts that came too early, by their numbers."""
    inbox, hub = Inbox(store, contact), hub_of(store)
    for seq, text in texts.items():
        body = encode_body(Text(THE_TWO_OF_US, seq.to_bytes(16, "big"), 0, text))
        with hub.change() as changes:
            assert inbox.take(SessionRow(contact), (digest(seq), seq, body), 0, changes) == []


def parts(store: Store, contact: int, last: int) -> list[list[bytes]]:
    """What is taken in by each call from number `last` on, until nothing more is."""
    inbox, hub = Inbox(store, contact), hub_of(store)
    taken: list[list[bytes]] = []
    while True:
        with hub.change() as changes:
            part = inbox.take_waiting(last, 0, changes)
        if not part:
            return taken
        taken.append(part)
        last += len(part)


def test_what_waited_is_delivered_in_order_by_parts_of_bounded_number(store: Store) -> None:
    contact = add_contact(store).id
    count = 3 * BODIES_AT_ONCE + 5
    hold(store, contact, {seq: f"text {seq}" for seq in range(count + 1, 1, -1)})
    taken = parts(store, contact, 1)
    assert [len(part) for part in taken] == [BODIES_AT_ONCE] * 3 + [5]
    assert [each for part in taken for each in part] == [digest(seq) for seq in range(2, count + 2)]
    texts = [row.text for row in store.messages.page(contact, 1000)]
    assert texts == [f"text {seq}" for seq in range(2, count + 2)]


def test_a_part_of_long_bodies_is_bounded_by_their_bytes(store: Store) -> None:
    contact = add_contact(store).id
    hold(store, contact, dict.fromkeys(range(2, 22), "x" * MAX_TEXT_BYTES))
    taken = parts(store, contact, 1)
    assert sum(map(len, taken)) == 20
    assert max(map(len, taken)) * MAX_TEXT_BYTES < BYTES_AT_ONCE + MAX_TEXT_BYTES


def test_a_gap_holds_up_what_is_behind_it(store: Store) -> None:
    contact = add_contact(store).id
    hold(store, contact, {2: "b", 3: "c", 5: "e"})
    assert parts(store, contact, 1) == [[digest(2), digest(3)]]
    assert parts(store, contact, 3) == []
    assert parts(store, contact, 4) == [[digest(5)]]


def test_the_envelope_that_was_missing_is_taken_in_alone(store: Store) -> None:
    contact = add_contact(store).id
    hold(store, contact, {2: "b", 3: "c"})
    body = encode_body(Text(THE_TWO_OF_US, bytes(16), 0, "a"))
    with hub_of(store).change() as changes:
        assert Inbox(store, contact).take(SessionRow(contact), (digest(1), 1, body), 0, changes) == [
            digest(1)
        ]
    assert [row.text for row in store.messages.page(contact, 10)] == ["a"]
    assert parts(store, contact, 1) == [[digest(2), digest(3)]]
