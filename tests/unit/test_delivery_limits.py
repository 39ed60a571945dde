"""What one may make a link do: new sessions, sending again; and how much waits for who does not read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.delivery_ends import KEM, End, Ends
from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import Meeting
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.envelope import ENVELOPE_SIZES
from tuichat.crypto.kdf import blake2b_256, kdf
from tuichat.crypto.ratchet import fresh_keys
from tuichat.errors import PeerError
from tuichat.node import delivery
from tuichat.node.delivery import (
    BEGUN_SECONDS,
    HELLO_SECONDS,
    IN_FLIGHT_BYTES,
    MAX_HELLOS,
    MAX_SESSIONS,
    NEED_SECONDS,
    TAKEN_SECONDS,
)
from tuichat.node.live_link import MAX_WAITING_BYTES, LiveLink
from tuichat.protocol.bodies import Void, encode_body
from tuichat.protocol.frames import Ack, Env, Frame, Hello, Keep, New, Resync, encode
from tuichat.protocol.link import LinkStart
from tuichat.protocol.session import NO_SESSION, session_id
from tuichat.store.records import SessionRow

KEYS = fresh_keys(SeededRng(b"keys"), KEM)
LONG = "long " * 8_000


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    ends = Ends(tmp_path)
    ends.connect()
    ends.carry()
    yield ends
    ends.dialler.store.close()
    ends.answerer.store.close()


class Answers:
    """What an answerer may say on the present link: sessions without end."""

    def __init__(self, ends: Ends) -> None:
        self._victim = ends.dialler
        self._exporter = ends.links[-1][1].exporter
        self._gen = ends.dialler.session.gen

    def new(self) -> New:
        """One that follows the present one."""
        self._gen += 1
        sid = session_id(self._exporter, self._gen)
        self._exporter = kdf(self._exporter, "next", b"", 32)
        return New(self._gen, sid, KEYS.dh_public, KEYS.ek_public)

    def force(self) -> list[Frame]:
        """Make the dialler say HELLO, and answer with a new session."""
        self._victim.give(Resync(self._victim.session.sid))
        return self._victim.give(self.new())


def test_dialler_takes_one_more_session_on_a_link_once_a_minute(ends: Ends) -> None:
    answers, victim = Answers(ends), ends.dialler
    answers.force()
    taken = victim.session
    with pytest.raises(PeerError):
        answers.force()
    assert victim.session == taken
    victim.seconds += NEED_SECONDS
    victim.give(answers.new())
    assert victim.session.gen > taken.gen + 1


def test_refused_session_is_made_good_by_the_next_link(ends: Ends) -> None:
    answers = Answers(ends)
    answers.force()
    with pytest.raises(PeerError):
        answers.force()
    ends.dialler.write("still comes")
    ends.connect()
    ends.carry()
    assert ends.answerer.read() == ["still comes"]


def test_answerer_begins_a_few_sessions_over_many_links_and_then_seals_nothing_anew(ends: Ends) -> None:
    victim = ends.answerer
    victim.write("waits")
    forgetful = Hello(0, NO_SESSION, 0, 0, 0, False)
    for number in range(MAX_SESSIONS - 1):  # the first was begun when these two met
        ends.connect()
        assert isinstance(victim.give(forgetful)[0], New), number
    before, queued = victim.session, victim.store.outbox.unacked(victim.contact)
    ends.connect()
    with pytest.raises(PeerError):
        victim.give(forgetful)
    assert (victim.session, victim.store.outbox.unacked(victim.contact)) == (before, queued)
    victim.seconds += BEGUN_SECONDS
    ends.connect()
    assert isinstance(victim.give(forgetful)[0], New)


def test_dialler_takes_a_few_sessions_over_many_links_and_then_no_more(ends: Ends) -> None:
    victim = ends.dialler
    for _ in range(MAX_SESSIONS - 1):
        ends.connect()
        victim.give(Answers(ends).new())
    before = victim.session
    ends.connect()
    with pytest.raises(PeerError):
        victim.give(Answers(ends).new())
    assert victim.session == before
    victim.seconds += TAKEN_SECONDS
    ends.connect()
    victim.give(Answers(ends).new())
    assert victim.session.gen == before.gen + 1


def test_sides_that_refuse_each_others_sessions_for_a_while_agree_again(ends: Ends) -> None:
    """Each has had its fill, not at the same time; they call each other again and again, in turn."""
    for end, since in ((ends.dialler, 0.0), (ends.answerer, 60.0)):
        end.seconds = 100.0
        end.troubles.begun_at.extend([since] * MAX_SESSIONS)
        end.troubles.taken_at.extend([since] * MAX_SESSIONS)
        end.write("waits")
    ends.dialler.store.sessions.put(SessionRow(ends.dialler.contact))  # as after an old backup
    tries = 0
    while not (ends.dialler.read() and ends.answerer.read()):
        tries += 1
        assert tries < 4 * BEGUN_SECONDS
        ends.dialler.seconds += 1
        ends.answerer.seconds += 1
        ends.dialler, ends.answerer = ends.answerer, ends.dialler
        ends.connect()
        with contextlib.suppress(PeerError):
            ends.carry()


def test_window_is_bounded_in_bytes_and_long_texts_arrive_all_the_same(ends: Ends) -> None:
    for number in range(60):
        ends.dialler.write(f"{number} {LONG}")
    assert total(ends.dialler.leaving) <= IN_FLIGHT_BYTES
    ends.carry()
    assert [text.partition(" ")[0] for text in ends.answerer.read()] == [str(n) for n in range(60)]


def test_small_envelopes_fill_the_window_at_once(ends: Ends) -> None:
    for number in range(150):
        ends.dialler.write(str(number))
    assert sum(isinstance(frame, Env) for frame in ends.dialler.leaving) == 128
    assert ends.dialler.delivery is not None
    assert not ends.dialler.delivery.takes_at_once


def test_dialler_whose_session_is_asked_for_again_and_again_closes(ends: Ends) -> None:
    victim = ends.dialler
    sent = flooded(victim, lambda: [Resync(victim.session.sid), Keep()])
    assert sent <= (MAX_HELLOS + 1) * IN_FLIGHT_BYTES


def test_answerer_who_hears_one_hello_after_another_closes(ends: Ends) -> None:
    victim = ends.answerer
    session = victim.session
    sent = flooded(victim, lambda: [Hello(session.gen, session.sid, 0, 0, 0, need=False)])
    assert sent <= (MAX_HELLOS + 1) * IN_FLIGHT_BYTES


def test_hellos_that_are_far_apart_are_answered_for_ever(ends: Ends) -> None:
    victim = ends.answerer
    for _ in range(3 * MAX_HELLOS):
        session = victim.session
        hello = Hello(session.gen, session.sid, 0, 0, 0, need=False)
        assert isinstance(victim.give(hello)[0], Keep)
        victim.seconds += HELLO_SECONDS / (MAX_HELLOS - 2)


def flooded(victim: End, frames: Callable[[], list[Frame]]) -> int:
    """How many bytes leave a node before it ends a link on which these come over and over."""
    for _ in range(60):
        victim.write(LONG)
    sent = 0
    for _ in range(100):
        for frame in frames():
            try:
                sent += total(victim.give(frame))
            except PeerError:
                return sent
    raise AssertionError("the link was never ended")


def total(frames: object) -> int:
    assert hasattr(frames, "__iter__")
    return sum(len(encode(frame)) for frame in frames)


def test_hashes_of_opened_envelopes_are_forgotten_though_batches_cross_the_mark(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "OPENED_KEPT", 8)
    sid, sealer, by = ends.answerer.session.sid, ends.dialler.ratchet, ends.dialler.sealing
    hashes = []
    for first in range(1, 61, 3):
        batch = [
            sealer.seal(seq, encode_body(Void(bytes(16), bytes(16))), by.leaving, by.rng, by.kem)
            for seq in range(first, first + 3)
        ]
        hashes += [blake2b_256(envelope) for envelope in batch]
        for envelope in reversed(batch):  # all three are delivered with the last
            ends.answerer.give(Env(sid, envelope))
    known = [
        ends.answerer.store.sessions.opened_seq(ends.answerer.contact, digest) is not None
        for digest in hashes
    ]
    assert ends.answerer.session.delivered == len(known) == 60
    assert all(known[-8:])
    assert sum(known) <= 2 * 8 + 3


class Unread:
    """A connection whose other side reads nothing."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.closed = False

    async def send(self, message: bytes) -> None:
        self.first.set()
        await asyncio.Event().wait()

    async def receive(self) -> bytes:
        await asyncio.Event().wait()
        return b""

    async def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    "frame",
    [Ack(bytes(16), bytes(32)), *(Env(bytes(16), bytes(size)) for size in ENVELOPE_SIZES)],
    ids=["ack", *map(str, ENVELOPE_SIZES)],
)
async def test_peer_who_does_not_read_is_dropped_once_so_many_bytes_wait(frame: Frame) -> None:
    link, _, _, _ = Meeting().links()
    connection = Unread()
    live = LiveLink(link, connection, LinkStart(bytes(32), 0.0), FixedClock(), SeededRng(b"live"))
    running = asyncio.create_task(live.run(lambda _frame: None))
    count = 0
    while not live.closed:
        live.send(frame)
        count += 1
    assert MAX_WAITING_BYTES / 4 < count * len(encode(frame)) <= MAX_WAITING_BYTES + len(encode(frame))
    await running
    assert connection.closed


async def test_line_is_empty_again_when_the_peer_has_read() -> None:
    link, _, _, _ = Meeting().links()
    connection = Reading()
    live = LiveLink(link, connection, LinkStart(bytes(32), 0.0), FixedClock(), SeededRng(b"live"))
    running = asyncio.create_task(live.run(lambda _frame: None))
    frame = Env(bytes(16), bytes(ENVELOPE_SIZES[-1]))
    for number in range(2 * MAX_WAITING_BYTES // ENVELOPE_SIZES[-1]):
        live.send(frame)
        await connection.until(number + 1)
    assert not live.closed
    live.close()
    await running


class Reading(Unread):
    """One whose other side reads everything."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._came = asyncio.Condition()

    async def send(self, message: bytes) -> None:
        async with self._came:
            self._count += 1
            self._came.notify_all()

    async def until(self, count: int) -> None:
        async with self._came:
            await self._came.wait_for(lambda: self._count >= count)
