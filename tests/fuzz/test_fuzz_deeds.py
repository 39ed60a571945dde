"""Whatever two people do to each other's messages, and however it crosses: both come to see the same."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.fixed_clock import FixedClock
from tests.support.stores import open_store, wire_id
from tuichat.model import Direction
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import Changes, EventHub
from tuichat.node.inbox import Inbox
from tuichat.node.message_deeds import MessageDeeds
from tuichat.protocol.bodies import THE_TWO_OF_US, Body, Edit, Reaction, Text, Timer, Unsend, encode_body
from tuichat.store.records import MessageRow, SessionRow
from tuichat.store.store import Store

bounded = settings(max_examples=100, deadline=None, database=None, derandomize=True)

MESSAGES = 3
"""So many messages of each person there are at most."""

targets = st.integers(0, MESSAGES - 1)
emoji = st.sampled_from(["👍", "🎉", "👩🏽‍🚀"])
sides = st.sampled_from([0, 1])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("say"), sides, targets),
        st.tuples(st.just("edit"), sides, targets, st.text("abc", max_size=3)),
        st.tuples(st.just("unsend"), sides, targets),
        st.tuples(st.just("react"), sides, sides, targets, emoji, st.sampled_from([0, 1])),
        st.tuples(st.just("set"), sides, st.integers(1, 3), st.sampled_from([0, 30, 60])),
        st.tuples(st.just("carry"), sides),
    ),
    max_size=40,
)


class Side:
    """One person's history with the other, and what is on its way to them."""

    def __init__(self, store: Store, number: int) -> None:
        self.store = store
        onion = wire_id(number) * 2
        self.contact = store.contacts.add(onion, "accepted", f"person {number}", created_at=0).id
        book = ContactBook(store, Presence(lambda _: "offline", lambda *_: False))
        self.hub = EventHub(store, FixedClock(), lambda _: None, book.message)
        self.leaving: deque[bytes] = deque()
        self.taken = 0
        self.said = 0

    def find(self, direction: Direction, number: int) -> MessageRow | None:
        return self.store.messages.by_wire_id(self.contact, direction, wire_id(number + 1))

    def leave(self, body: Body) -> None:
        self.leaving.append(encode_body(body))

    def new_id(self) -> bytes:
        self.said += 1
        return wire_id(1000 + self.said)

    def take(self, raw: bytes) -> None:
        self.taken += 1
        envelope = (self.taken.to_bytes(32, "big"), self.taken, raw)
        with self.hub.change() as changes:
            Inbox(self.store, self.contact).take(
                SessionRow(self.contact, delivered=self.taken - 1), envelope, 0, changes
            )

    def seen(self, mine: Direction) -> dict[tuple[str, bytes], tuple[Any, ...]]:
        """Every message, by whose it is; `mine` is the direction of this side's own as one side sees them."""
        found = {}
        for row in self.store.messages.page(self.contact, 100):
            by_me = row.direction == "out"
            reactions = sorted(
                (emoji, (author == "out") is (mine == "out"))
                for author, emoji in self.store.deeds.reactions(row.id)
            )
            if row.kind == "timer":
                continue
            author = "one" if by_me is (mine == "out") else "other"
            earlier = tuple(self.store.deeds.earlier(row.id))
            found[author, row.wire_id] = (row.text, row.edited, bool(row.unsent), tuple(reactions), earlier)
        return found


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as directory:
        opened = open_store(Path(directory))
        yield opened
        opened.close()


def set_timer(side: Side, later: int, seconds: int) -> None:
    """A person sets the timer, under a revision that the other may draw, too."""
    known = side.store.conversations.get(side.contact)
    assert known is not None
    revision = known.timer_revision + later
    side.store.conversations.update(side.contact, timer=seconds, timer_revision=revision)
    side.leave(Timer(THE_TWO_OF_US, side.new_id(), 0, seconds, revision))


def do(side: Side, step: tuple[Any, ...], changes: Changes) -> None:
    """One step of one person, as their node does it: at home at once, and a body for the other."""
    if step[0] == "set":
        set_timer(side, step[2], step[3])
        return
    deeds = MessageDeeds(side.store)
    name, target = step[0], step[-1] if step[0] in ("say", "unsend") else step[2]
    if name == "say" and side.find("out", target) is None:
        body = Text(THE_TWO_OF_US, wire_id(target + 1), 0, "hello")
        side.store.messages.add(
            side.contact, "out", body.id, "text", "hello", sent_at=0, received_at=None, state="delivered"
        )
        side.leave(body)
    elif name == "react":
        _name, _side, whose, target, picture, given_ = step
        row = side.find("out" if whose else "in", target)
        if row is not None and deeds.react(row, "out", picture, changes, given=given_ == 1):
            side.leave(Reaction(THE_TWO_OF_US, side.new_id(), row.wire_id, picture, given_))
    elif (row := side.find("out", target)) is not None:
        if name == "edit" and deeds.edit(row, [step[3]], changes):
            side.leave(Edit(THE_TWO_OF_US, side.new_id(), 0, row.wire_id, step[3]))
        elif name == "unsend" and deeds.unsend(row, "asked", 0, changes):
            side.leave(Unsend(THE_TWO_OF_US, side.new_id(), row.wire_id))


def all_ids_differ(side: int, step: tuple[Any, ...]) -> tuple[Any, ...]:
    """Two people never draw the same id: the second one's messages have other numbers."""
    if step[0] == "set":
        return step
    if step[0] == "react":
        author = side if step[2] else 1 - side
        return (*step[:3], step[3] + author * MESSAGES, *step[4:])
    place = 2
    return (*step[:place], step[place] + side * MESSAGES, *step[place + 1 :])


@bounded
@given(steps)
def test_two_histories_converge_whatever_is_done_and_however_it_crosses(
    store: Store, taken: list[tuple[Any, ...]]
) -> None:
    numbers = len(store.contacts.all())
    pair = Side(store, numbers), Side(store, numbers + 1)
    for step in taken:
        side = step[1]
        if step[0] == "carry":
            if pair[side].leaving:
                pair[1 - side].take(pair[side].leaving.popleft())
        else:
            with pair[side].hub.change() as changes:
                do(pair[side], all_ids_differ(side, step), changes)
    for side in (0, 1):
        while pair[side].leaving:
            pair[1 - side].take(pair[side].leaving.popleft())
    assert pair[0].seen("out") == pair[1].seen("in")
    timers = [store.conversations.get(side.contact) for side in pair]
    assert timers[0] is not None
    assert timers[1] is not None
    assert timers[0].timer == timers[1].timer
    assert store.deeds.waiting(pair[0].contact) == store.deeds.waiting(pair[1].contact) == 0


any_value = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**64 - 1) | st.floats() | st.binary(max_size=20) | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=5,
)
ids = st.integers(0, 3).map(wire_id)
odd_deeds = st.builds(
    lambda kind, own, rest: msgspec.msgpack.encode([kind, THE_TWO_OF_US, own, *rest]),
    st.sampled_from([1, 5, 6, 7, 8, 9]),
    ids,
    st.lists(ids | st.text() | st.integers(0, 2) | any_value, max_size=5),
)


@bounded
@given(st.lists(odd_deeds | st.binary(max_size=40), max_size=12))
def test_whatever_is_said_about_messages_the_next_one_arrives(store: Store, bodies: list[bytes]) -> None:
    side = Side(store, len(store.contacts.all()))
    for raw in bodies:
        side.take(raw)
    side.take(encode_body(Text(THE_TWO_OF_US, b"last" * 4, 0, "the last")))
    assert store.messages.page(side.contact, 1)[-1].text == "the last"
