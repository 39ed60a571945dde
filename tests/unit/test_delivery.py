"""Delivery by hand: two ends, frames carried one by one, states as crashes and old backups leave them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import Meeting
from tests.support.stores import add_contact, open_store
from tuichat.crypto.kdf import blake2b_256
from tuichat.errors import PeerError
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.delivery import IN_FLIGHT, Delivery, DeliveryContext, SessionTroubles
from tuichat.node.events import EventHub
from tuichat.node.outbox import Outbox
from tuichat.protocol.bodies import THE_TWO_OF_US, Text, encode_body
from tuichat.protocol.frames import Accepted, Ack, Env, Frame, Hello, Keep, New, Resync
from tuichat.protocol.link import Link
from tuichat.protocol.padding import seal_envelope
from tuichat.protocol.session import LAST_GENERATION, NO_SESSION, SessionState, is_consistent
from tuichat.store.records import SessionRow
from tuichat.store.store import Store


@dataclass
class End:
    """One side: a store with one contact, and the frames that it wants to send."""

    store: Store
    contact: int
    troubles: SessionTroubles = field(default_factory=SessionTroubles)
    leaving: deque[Frame] = field(default_factory=deque)
    sent: list[int] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    seconds: float = 0.0
    delivery: Delivery | None = None
    words: int = 0

    def __post_init__(self) -> None:
        book = ContactBook(self.store, Presence(lambda _: "offline", lambda *_: False))
        self.hub = EventHub(self.store, FixedClock(), book.contact, book.message)

    def link(self, link: Link, *, dialler: bool) -> Delivery:
        self.leaving.clear()
        self.delivery = Delivery(
            DeliveryContext(
                store=self.store,
                hub=self.hub,
                contact=self.contact,
                link=link,
                dialler=dialler,
                troubles=self.troubles,
                send=self.leaving.append,
                on_sent=self.sent.extend,
                on_delivered=self.delivered.append,
                monotonic=lambda: self.seconds,
            )
        )
        self.delivery.begin()
        return self.delivery

    def write(self, text: str) -> int:
        self.words += 1
        wire_id = blake2b_256(f"{id(self)} {self.words}".encode())[:16]
        with self.hub.change():
            message = Outbox(self.store, self.contact).queue_text(wire_id, text, self.words, given=False)
        if self.delivery is not None:
            self.delivery.pump()
        return message.id

    def read(self) -> list[str]:
        rows = self.store.messages.page(self.contact, 5000)
        return [row.text for row in rows if row.direction == "in"]

    @property
    def session(self) -> SessionRow:
        return self.store.sessions.get(self.contact)

    def give(self, frame: Frame) -> list[Frame]:
        """Handle one frame; what leaves because of it."""
        assert self.delivery is not None
        self.leaving.clear()
        self.delivery.handle(frame)
        return list(self.leaving)


class Ends:
    """The dialler and the answerer."""

    def __init__(self, directory: Path) -> None:
        self.dialler, self.answerer = (self._end(directory / name) for name in ("dialler", "answerer"))
        self.links: tuple[Link, Link] | None = None

    @staticmethod
    def _end(directory: Path) -> End:
        directory.mkdir()
        store = open_store(directory)
        return End(store, add_contact(store).id)

    def connect(self) -> None:
        mine, theirs, _certificate, _frames = Meeting().links()
        self.links = mine, theirs
        self.answerer.link(theirs, dialler=False)
        self.dialler.link(mine, dialler=True)

    def carry(self, most: int = 10_000) -> int:
        """Carry frames both ways until none leaves; how many were carried."""
        carried = 0
        while carried < most and (self.dialler.leaving or self.answerer.leaving):
            for one, other in ((self.dialler, self.answerer), (self.answerer, self.dialler)):
                if one.leaving:
                    carried += 1
                    assert other.delivery is not None
                    other.delivery.handle(one.leaving.popleft())
        return carried


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    ends = Ends(tmp_path)
    yield ends
    ends.dialler.store.close()
    ends.answerer.store.close()


def test_first_link_begins_a_session_and_delivers_what_waited(ends: Ends) -> None:
    first = ends.dialler.write("one")
    ends.answerer.write("uno")
    ends.connect()
    ends.dialler.write("two")
    ends.carry()
    assert ends.answerer.read() == ["one", "two"]
    assert ends.dialler.read() == ["uno"]
    assert ends.dialler.session.sid == ends.answerer.session.sid != NO_SESSION
    assert ends.dialler.delivered[0] == first
    assert ends.dialler.store.outbox.totals() == (0, None)


def test_next_link_keeps_the_session_and_resends_the_same_bytes(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    sid = ends.dialler.session.sid
    ends.dialler.write("lost on the way")
    lost = [frame for frame in ends.dialler.leaving if isinstance(frame, Env)]
    ends.connect()
    again = [frame for frame in ends.dialler.leaving if isinstance(frame, Env)]
    assert [frame.envelope for frame in again] == [frame.envelope for frame in lost] != []
    ends.carry()
    assert ends.answerer.read() == ["lost on the way"]
    assert ends.dialler.session.sid == sid


def test_lost_acknowledgement_is_given_again_and_nothing_is_doubled(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    ends.dialler.write("once")
    envelope = ends.dialler.leaving[-1]
    first, second = ends.answerer.give(envelope), ends.answerer.give(envelope)
    assert first == second != []
    assert isinstance(first[0], Ack)
    assert ends.answerer.read() == ["once"]


def test_envelope_that_came_early_waits_unacknowledged_for_its_turn(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    for text in ("one", "two", "three"):
        ends.dialler.write(text)
    one, two, three = list(ends.dialler.leaving)
    assert ends.answerer.give(three) == []
    assert ends.answerer.give(three) == []
    assert ends.answerer.read() == []
    assert len(ends.answerer.give(one)) == 1
    acks = ends.answerer.give(two)
    assert ends.answerer.read() == ["one", "two", "three"]
    assert [ack.hash for ack in acks if isinstance(ack, Ack)] == [
        blake2b_256(frame.envelope) for frame in (two, three) if isinstance(frame, Env)
    ]


def test_restored_old_backup_of_either_side_gets_a_new_session_and_loses_nothing(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    old = ends.answerer.session
    for text in ("one", "two"):
        ends.dialler.write(text)
    ends.carry()
    ends.answerer.store.sessions.put(old)
    ends.dialler.write("three")
    ends.connect()
    ends.carry()
    ends.answerer.write("back")
    ends.carry()
    assert ends.answerer.read() == ["one", "two", "three"]
    assert ends.dialler.read() == ["back"]
    assert ends.dialler.session.gen > old.gen


def test_envelope_of_another_session_makes_the_answerer_ask_once_for_a_hello(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    stray = Env(b"another session!", seal_envelope(1, b"x"))
    assert ends.answerer.give(stray) == [Resync(NO_SESSION)]
    assert ends.answerer.give(stray) == []


def test_envelope_of_another_session_makes_the_dialler_say_hello_once_until_answered(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    stray = Env(b"another session!", seal_envelope(1, b"x"))
    said = ends.dialler.give(stray)
    assert [type(frame) for frame in said] == [Hello]
    assert ends.dialler.give(stray) == []
    assert [type(frame) for frame in ends.dialler.give(Keep())] == [Hello]
    assert ends.dialler.give(Keep()) == []


@pytest.mark.parametrize("seq", [2, 3003, 2**40])
def test_number_that_is_taken_or_too_far_stops_the_session_until_a_new_one(ends: Ends, seq: int) -> None:
    ends.connect()
    ends.carry()
    ends.dialler.write("one")
    ends.dialler.write("two")
    ends.carry()
    body = encode_body(Text(THE_TWO_OF_US, bytes(16), 0, "forged"))
    sid = ends.answerer.session.sid
    assert ends.answerer.give(Env(sid, seal_envelope(seq, body))) == [Resync(sid)]
    ends.dialler.write("three")
    (three,) = ends.dialler.leaving
    assert ends.answerer.give(three) == []
    ends.dialler.give(Resync(sid))
    hello = ends.dialler.leaving[0]
    assert isinstance(hello, Hello)
    assert hello.need
    ends.carry()
    assert ends.answerer.read() == ["one", "two", "three"]
    assert ends.answerer.session.sid != sid


def test_dialler_that_cannot_open_an_envelope_needs_a_new_session(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    broken = bytearray(seal_envelope(1, b"x"))
    broken[-1] = 1
    said = ends.dialler.give(Env(ends.dialler.session.sid, bytes(broken)))
    assert [frame.need for frame in said if isinstance(frame, Hello)] == [True]
    ends.carry()
    ends.answerer.write("after")
    ends.carry()
    assert ends.dialler.read() == ["after"]


def test_new_session_for_need_is_made_once_a_minute(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    needy = Hello(1, ends.answerer.session.sid, 0, 0, 0, need=True)
    assert isinstance(ends.answerer.give(needy)[0], New)
    with pytest.raises(PeerError):
        ends.answerer.give(needy)
    ends.answerer.seconds = 61
    assert isinstance(ends.answerer.give(needy)[0], New)


def test_last_generation_ends_the_link_and_stores_nothing(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    before = ends.answerer.session
    with pytest.raises(PeerError):
        ends.answerer.give(Hello(LAST_GENERATION, bytes(16), 0, 0, 0, need=False))
    assert ends.answerer.session == before


def test_session_that_this_link_did_not_name_is_refused(ends: Ends) -> None:
    ends.connect()
    with pytest.raises(PeerError):
        ends.dialler.give(New(1, b"sixteen bytes id"))
    assert ends.dialler.session.sid == NO_SESSION


def test_answers_to_no_hello_change_nothing(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    before = ends.dialler.session
    assert ends.dialler.give(Keep()) == []
    assert ends.dialler.give(New(9, b"sixteen bytes id")) == []
    assert ends.dialler.session == before


@pytest.mark.parametrize("frame", [Keep(), New(1, bytes(16)), Resync(bytes(16)), Accepted(b"")])
def test_answerer_refuses_frames_of_the_other_role(ends: Ends, frame: Frame) -> None:
    ends.connect()
    with pytest.raises(PeerError):
        ends.answerer.give(frame)


@pytest.mark.parametrize("frame", [Hello(0, bytes(16), 0, 0, 0, need=False), Accepted(b"")])
def test_dialler_refuses_frames_of_the_other_role(ends: Ends, frame: Frame) -> None:
    ends.connect()
    with pytest.raises(PeerError):
        ends.dialler.give(frame)


def test_unknown_kind_is_kept_acknowledged_and_does_not_block(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    sid = ends.answerer.session.sid
    assert ends.answerer.give(Env(sid, seal_envelope(1, b"\xc1 from the future")))
    body = encode_body(Text(b"another conversa", bytes(16), 0, "a group's"))
    assert ends.answerer.give(Env(sid, seal_envelope(2, body)))
    rows = ends.answerer.store.messages.page(ends.answerer.contact, 10)
    assert [(row.kind, row.text) for row in rows] == [("unsupported", ""), ("unsupported", "")]
    assert rows[0].body == b"\xc1 from the future"


def test_peers_text_is_sanitised_before_it_is_stored(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    body = encode_body(Text(THE_TWO_OF_US, bytes(16), 0, "\x1b]52;c;aGk=\x07hi\u202e"))
    ends.answerer.give(Env(ends.answerer.session.sid, seal_envelope(1, body)))
    (text,) = ends.answerer.read()
    assert text.endswith("hi")
    assert not set(text) & set("\x1b\x07\u202e")


def test_window_bounds_what_is_on_the_way_not_the_queue(ends: Ends) -> None:
    for number in range(IN_FLIGHT + 40):
        ends.dialler.write(str(number))
    ends.connect()
    ends.carry(3)
    assert sum(isinstance(frame, Env) for frame in ends.dialler.leaving) <= IN_FLIGHT
    ends.carry()
    assert ends.answerer.read() == [str(number) for number in range(IN_FLIGHT + 40)]


def test_acknowledgement_of_nothing_or_of_an_old_session_is_ignored(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    message = ends.dialler.write("here")
    assert ends.dialler.give(Ack(ends.dialler.session.sid, bytes(32))) == []
    assert ends.dialler.give(Ack(b"another session!", bytes(32))) == []
    row = ends.dialler.store.messages.get(message)
    assert row is not None
    assert row.state == "queued"


def test_a_session_is_judged_by_each_of_its_counts() -> None:
    sid = b"sixteen bytes id"
    mine = SessionState(gen=3, sid=sid, sealed=10, delivered=5, acked=8)
    good = Hello(3, sid, sealed=7, delivered=9, acked=4, need=False)
    assert is_consistent(mine, good)
    for bad in (
        Hello(3, sid, 7, 9, 4, need=True),
        Hello(3, b"another session!", 7, 9, 4, need=False),
        Hello(3, sid, 7, 11, 4, need=False),
        Hello(3, sid, 4, 9, 4, need=False),
        Hello(3, sid, 7, 9, 6, need=False),
        Hello(3, sid, 7, 7, 4, need=False),
    ):
        assert not is_consistent(mine, bad)
    nothing = SessionState()
    assert not is_consistent(nothing, nothing.hello(need=False))
