"""Delivery by hand: two ends, frames carried one by one, states as crashes and old backups leave them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.delivery_ends import KEM, Ends
from tests.support.handshakes import LOW_ORDER_U, flip
from tests.support.seeded_rng import SeededRng
from tuichat.crypto.envelope import ENVELOPE_SIZES
from tuichat.crypto.kdf import blake2b_256
from tuichat.crypto.ratchet import fresh_keys
from tuichat.errors import PeerError
from tuichat.node.delivery import IN_FLIGHT
from tuichat.node.inbox import BODIES_AT_ONCE
from tuichat.protocol.bodies import MAX_TEXT_BYTES, THE_TWO_OF_US, Text, encode_body
from tuichat.protocol.frames import Accepted, Ack, Env, Frame, Hello, Keep, New, Resync
from tuichat.protocol.session import (
    LAST_GENERATION,
    NO_SESSION,
    SessionState,
    is_consistent,
    session_id,
)

KEYS = fresh_keys(SeededRng(b"keys"), KEM)
DH, EK = KEYS.dh_public, KEYS.ek_public
STRAY = Env(b"another session!", bytes(ENVELOPE_SIZES[0]))


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
    assert ends.answerer.give(STRAY) == [Resync(NO_SESSION)]
    assert ends.answerer.give(STRAY) == []


def test_envelope_of_another_session_makes_the_dialler_say_hello_once_until_answered(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    said = ends.dialler.give(STRAY)
    assert [type(frame) for frame in said] == [Hello]
    assert ends.dialler.give(STRAY) == []
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
    before = ends.answerer.session
    assert ends.answerer.give(Env(sid, ends.dialler.forge(seq, body))) == [Resync(sid)]
    assert ends.answerer.session == before
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
    broken = flip(ends.answerer.forge(1, b"x"), 3000)
    before = ends.dialler.session
    said = ends.dialler.give(Env(before.sid, broken))
    assert ends.dialler.session == before
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
        ends.dialler.give(New(1, b"sixteen bytes id", DH, EK))
    assert ends.dialler.session.sid == NO_SESSION


def poisoned(ek: bytes) -> bytes:
    """The key with one coefficient that is not reduced: whoever encapsulated to it would fail each time."""
    return b"\xff\xff" + ek[2:]


@pytest.mark.parametrize("queued", [True, False])
@pytest.mark.parametrize(
    ("dh", "ek"),
    [(DH, poisoned(EK)), *((dh, EK) for dh in LOW_ORDER_U)],
    ids=["poisoned ek", *(f"low-order dh {number}" for number in range(len(LOW_ORDER_U)))],
)
def test_new_session_with_degenerate_keys_ends_the_link_and_stores_nothing(
    ends: Ends, dh: bytes, ek: bytes, queued: bool
) -> None:
    if queued:
        ends.dialler.write("waits")
    ends.connect()
    before = ends.dialler.session
    with pytest.raises(PeerError):
        ends.dialler.give(New(1, session_id(ends.links[-1][0].exporter, 1), dh, ek))
    assert ends.dialler.session == before
    assert before.sid == NO_SESSION
    ends.dialler.write("after")
    ends.connect()
    ends.carry()
    assert ends.answerer.read() == (["waits", "after"] if queued else ["after"])


def test_answers_to_no_hello_change_nothing(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    before = ends.dialler.session
    assert ends.dialler.give(Keep()) == []
    assert ends.dialler.give(New(9, b"sixteen bytes id", DH, EK)) == []
    assert ends.dialler.session == before


@pytest.mark.parametrize("frame", [Keep(), New(1, bytes(16), DH, EK), Resync(bytes(16)), Accepted(b"")])
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
    by, sealer = ends.dialler.sealing, ends.dialler.ratchet
    group = encode_body(Text(b"another conversa", bytes(16), 0, "a group's"))
    for seq, body in enumerate((b"\xc1 from the future", group), 1):
        (ack,) = ends.answerer.give(Env(sid, sealer.seal(seq, body, by.leaving, by.rng, by.kem)))
        assert isinstance(ack, Ack)
    rows = ends.answerer.store.messages.page(ends.answerer.contact, 10)
    assert [(row.kind, row.text) for row in rows] == [("unsupported", ""), ("unsupported", "")]
    assert rows[0].body == b"\xc1 from the future"


def test_peers_text_is_sanitised_before_it_is_stored(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    body = encode_body(Text(THE_TWO_OF_US, bytes(16), 0, "\x1b]52;c;aGk=\x07hi\u202e"))
    ends.answerer.give(Env(ends.answerer.session.sid, ends.dialler.forge(1, body)))
    (text,) = ends.answerer.read()
    assert text.endswith("hi")
    assert not set(text) & set("\x1b\x07\u202e")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\t" * (MAX_TEXT_BYTES // 4), " " * MAX_TEXT_BYTES),
        ("\t" * (MAX_TEXT_BYTES // 4) + "x", None),
        ("\U0001d160" * (MAX_TEXT_BYTES // 4), None),  # one character that NFC makes three of
    ],
)
def test_text_that_is_too_long_once_it_is_sanitised_is_kept_unread(
    ends: Ends, written: str, kept: str | None
) -> None:
    ends.connect()
    ends.carry()
    body = encode_body(Text(THE_TWO_OF_US, bytes(16), 0, written))
    (ack,) = ends.answerer.give(Env(ends.answerer.session.sid, ends.dialler.forge(1, body)))
    assert isinstance(ack, Ack)
    (row,) = ends.answerer.store.messages.page(ends.answerer.contact, 10)
    if kept is None:
        assert (row.kind, row.text, row.body) == ("unsupported", "", body)
    else:
        assert (row.kind, row.text) == ("text", kept)


def test_what_one_envelope_sets_free_is_delivered_in_steps_each_acknowledged_once_it_is_stored(
    ends: Ends,
) -> None:
    ends.connect()
    ends.carry()
    side, sid, count = ends.answerer, ends.answerer.session.sid, 3 * BODIES_AT_ONCE
    envelopes = sealed_texts(ends, count + 1)
    for envelope in envelopes[1:]:
        assert side.give(Env(sid, envelope)) == []
    assert side.delivery is not None
    side.delivery.handle(Env(sid, envelopes[0]))
    read = 1
    while True:
        acks = [frame.hash for frame in side.leaving if isinstance(frame, Ack)]
        assert acks == [blake2b_256(each) for each in envelopes[:read]]
        assert side.read() == [str(seq) for seq in range(1, read + 1)]
        assert side.session.delivered == read
        if not side.delivery.take_waiting():
            break
        read += BODIES_AT_ONCE
    assert read == count + 1


def test_what_a_link_left_undelivered_is_delivered_over_the_next(ends: Ends) -> None:
    ends.connect()
    ends.carry()
    side = ends.answerer
    for text in ("1", "2", "3"):
        ends.dialler.write(text)
    frames = [frame for frame in ends.dialler.leaving if isinstance(frame, Env)]
    for frame in reversed(frames):
        assert side.delivery is not None
        side.delivery.handle(frame)
    assert side.read() == ["1"]
    ends.connect()
    ends.carry()
    assert side.read() == ["1", "2", "3"]
    assert ends.dialler.store.outbox.totals() == (0, None)


def sealed_texts(ends: Ends, count: int) -> list[bytes]:
    """The dialler's next envelopes, which hold their numbers."""
    by, sealer = ends.dialler.sealing, ends.dialler.ratchet
    texts = [Text(THE_TWO_OF_US, seq.to_bytes(16, "big"), 0, str(seq)) for seq in range(1, count + 1)]
    return [
        sealer.seal(seq, encode_body(text), by.leaving, by.rng, by.kem) for seq, text in enumerate(texts, 1)
    ]


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
