"""What waited is taken in: bodies for one before them by parts, deeds for their message as if behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.stores import add_contact, open_store, wire_id
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.inbox import BODIES_AT_ONCE, BYTES_AT_ONCE, Inbox
from tuichat.protocol.bodies import (
    MAX_TEXT_BYTES,
    THE_TWO_OF_US,
    Body,
    Edit,
    Reaction,
    Text,
    Unsend,
    encode_body,
)
from tuichat.store.deeds import EARLIER_KEPT, MAX_WAITING
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


TARGET = wire_id(1)
FIRST = Text(THE_TWO_OF_US, TARGET, 0, "first")


def edits(*texts: str) -> list[Body]:
    """Edits of the message, in order."""
    return [Edit(THE_TWO_OF_US, wire_id(100 + number), 0, TARGET, text) for number, text in enumerate(texts)]


def deliver(store: Store, contact: int, bodies: list[Body]) -> None:
    """Each in a transaction of its own."""
    inbox, hub = Inbox(store, contact), hub_of(store)
    for seq, body in enumerate(bodies):
        with hub.change() as changes:
            inbox.take(
                SessionRow(contact, delivered=seq), (digest(seq + 1), seq + 1, encode_body(body)), 0, changes
            )
    store.sessions.forget(contact)


def shown(store: Store, contact: int) -> tuple[object, ...]:
    """What is known of the message."""
    row = store.messages.by_wire_id(contact, "in", TARGET)
    assert row is not None
    said = (row.text, row.edited, row.unsent, row.reacted)
    return (*said, store.deeds.reactions(row.id), store.deeds.earlier(row.id))


LIKED = Reaction(THE_TWO_OF_US, wire_id(50), TARGET, "👍", 1)
TAKEN_BACK = Unsend(THE_TWO_OF_US, wire_id(51), TARGET)


@pytest.mark.parametrize(
    "deeds",
    [
        edits("second", "third"),
        edits("first", "second", "second", "first", "first"),
        edits("first"),
        edits("a\x1bb", "ab\t"),
        edits(*map(str, range(EARLIER_KEPT + 3))),
        [*edits("second"), LIKED],
        [LIKED, TAKEN_BACK, *edits("second")],
        [*edits("second", "third"), TAKEN_BACK, LIKED],
    ],
)
def test_deeds_that_overtook_their_message_end_as_if_they_had_come_behind_it(
    store: Store, deeds: list[Body]
) -> None:
    early, late = add_contact(store, "Early", b"e" * 32).id, add_contact(store, "Late", b"l" * 32).id
    deliver(store, early, [*deeds, FIRST])
    deliver(store, late, [FIRST, *deeds])
    assert shown(store, early) == shown(store, late)
    assert store.deeds.waiting(early) == 0


def test_however_many_edits_overtook_their_text_it_is_written_once(store: Store) -> None:
    contact = add_contact(store).id
    deliver(store, contact, edits(*map(str, range(MAX_WAITING))))
    store._database.run("CREATE TEMP TABLE written (text TEXT)")
    store._database.run(
        """CREATE TEMP TRIGGER writes AFTER UPDATE OF text ON main.messages
        BEGIN INSERT INTO written VALUES (NEW.text); END"""
    )
    deliver(store, contact, [FIRST])
    assert store._database.rows("SELECT text FROM written") == [(str(MAX_WAITING - 1),)]
    assert shown(store, contact)[:2] == (str(MAX_WAITING - 1), MAX_WAITING)
