"""The second implementation and the product shake hands, both ways, under every psk, and refuse alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.independent import invite_peer, kem_peer
from tests.independent.alterations import altered
from tests.independent.identity_peer import Person
from tests.independent.noise_link import REKEY_EVERY, Answerer, Caller, PeerLink
from tests.independent.primitives_peer import Refused
from tests.support.fixed_clock import START
from tests.support.handshakes import LOW_ORDER_U, Meeting, person
from tests.support.seeded_rng import SeededRng
from tests.vectors.rebuild_transcript import sample_frames
from tuichat.crypto.identity import Identity
from tuichat.errors import PeerError
from tuichat.protocol import frames, invites, knock
from tuichat.protocol.link import Link

DAY = int(START) // 86_400
PAIR = bytes(range(32))
SECRET = bytes(range(32, 64))
PSKS: dict[str, tuple[Callable[[bytes, bytes], bytes], Callable[[bytes, bytes], bytes]]] = {
    "public": (lambda _, onion: invite_peer.public_psk(onion), lambda _, onion: knock.public_psk(onion)),
    "invite": (
        lambda _, onion: invite_peer.invite_psk(SECRET, onion),
        lambda _, onion: invites.invite_psk(SECRET, onion),
    ),
    "pair": (
        lambda caller, onion: invite_peer.pair_psk(PAIR, caller, onion),
        lambda caller, onion: knock.pair_psk(PAIR, onion, caller),
    ),
}


def peer(identity: Identity) -> Person:
    """The same person in the second implementation."""
    return Person(identity.onion_seed, identity.sig_seed, identity.ik_secret, identity.epoch)


class Crossing:
    """A caller and a callee, one of each implementation, and a psk that each derives for itself."""

    def __init__(self, variant: str = "public", day: int = DAY) -> None:
        self.rng = SeededRng(b"crossing")
        caller, callee = person("caller"), person("callee")
        ours, theirs = PSKS[variant]
        self.peer_psk = ours(caller.onion, callee.onion)
        self.meeting = Meeting(psk=theirs(caller.onion, callee.onion), rng=self.rng)
        self.day = day

    def peer_caller(self, versions: tuple[int, int] = (1, 1)) -> Caller:
        callee, draw = self.meeting.callee, self.rng.bytes
        me = peer(self.meeting.caller)
        return Caller(me, callee.onion, self.peer_psk, self.day, draw(32), draw(64), versions)

    def peer_answerer(self) -> Answerer:
        draw = self.rng.bytes
        return Answerer(
            peer(self.meeting.callee),
            {"the one": self.peer_psk},
            self.day,
            draw(32),
            lambda ek: kem_peer.encapsulate(ek, draw(32)),
        )

    def peer_calls(self, early: list[bytes]) -> tuple[PeerLink, Link, list[bytes]]:
        caller = self.peer_caller()
        answering = self.meeting.answer(caller.message_1())
        caller.read_message_2(answering.message2)
        message_3, mine = caller.message_3(early)
        certificate, received, theirs = answering.read_message3(message_3)
        assert certificate.onion == self.meeting.caller.onion
        return mine, theirs, received

    def product_calls(self, early: list[bytes]) -> tuple[PeerLink, Link, list[bytes]]:
        answerer, dialling = self.peer_answerer(), self.meeting.dial()
        assert answerer.read_message_1(dialling.message1) == "the one"
        message_3, theirs = dialling.read_message2(answerer.message_2()).finish(early)
        received, mine = answerer.read_message_3(message_3, self.meeting.caller.onion)
        return mine, theirs, received


@pytest.mark.parametrize("dialler", ["peer", "product"])
@pytest.mark.parametrize("variant", PSKS)
def test_every_handshake_completes_and_every_frame_passes_both_ways(variant: str, dialler: str) -> None:
    crossing = Crossing(variant)
    samples = [frames.encode(frame) for frame in sample_frames().values()]
    call = crossing.peer_calls if dialler == "peer" else crossing.product_calls
    for early in ([], samples[:1], samples):
        mine, theirs, received = call(early)
        assert received == early
        for frame in samples:
            assert theirs.open(mine.sending.seal(frame)) == frame
            assert mine.receiving.open(theirs.seal(frame)) == frame
        for _ in range(3):
            assert mine.exporter == theirs.exporter
            mine.step_exporter()
            theirs.next_exporter()


def test_both_rekey_both_ways_at_the_same_frame() -> None:
    mine, theirs, _ = Crossing().peer_calls([])
    for number in range(REKEY_EVERY + 3):
        frame = number.to_bytes(3, "big")
        assert theirs.open(mine.sending.seal(frame)) == frame
        assert mine.receiving.open(theirs.seal(frame)) == frame


@pytest.mark.parametrize("late", [-2, -1, 0, 1, 2])
def test_clocks_may_differ_by_a_day_and_not_by_two(late: int) -> None:
    crossing = Crossing(day=DAY + late)
    dialling, caller = crossing.meeting.dial(), crossing.peer_caller()
    if abs(late) <= 1:
        assert crossing.peer_answerer().read_message_1(dialling.message1) == "the one"
        assert len(crossing.meeting.answer(caller.message_1()).message2) == 1434
    else:
        with pytest.raises(Refused):
            crossing.peer_answerer().read_message_1(dialling.message1)
        with pytest.raises(PeerError):
            crossing.meeting.answer(caller.message_1())


@pytest.mark.parametrize("versions", [(0, 0), (0, 1), (0, 9), (1, 9), (2, 9), (1, 0)])
def test_both_find_the_common_version_or_none(versions: tuple[int, int]) -> None:
    message_1 = Crossing().peer_caller(versions).message_1()
    if versions[0] <= 1 <= versions[1]:
        assert Crossing().meeting.answer(message_1).version == 1
        answerer = Crossing().peer_answerer()
        answerer.read_message_1(message_1)
        assert answerer.version == 1
    else:
        with pytest.raises(PeerError):
            Crossing().meeting.answer(message_1)
        with pytest.raises(Refused):
            Crossing().peer_answerer().read_message_1(message_1)


def test_both_refuse_an_altered_message_1() -> None:
    for wrong in altered(Crossing().peer_caller().message_1(), 31):
        with pytest.raises(PeerError):
            Crossing().meeting.answer(wrong)
        with pytest.raises(Refused):
            Crossing().peer_answerer().read_message_1(wrong)


def test_both_refuse_an_altered_message_2() -> None:
    crossing = Crossing()
    caller, dialling = crossing.peer_caller(), crossing.meeting.dial()
    to_peer = crossing.meeting.answer(caller.message_1()).message2
    answerer = crossing.peer_answerer()
    answerer.read_message_1(dialling.message1)
    to_product = answerer.message_2()
    state = caller.state
    for wrong in altered(to_peer, 41):
        caller.state = state.twin()
        with pytest.raises(Refused):
            caller.read_message_2(wrong)
    for wrong in altered(to_product, 41):
        with pytest.raises(PeerError):
            dialling.read_message2(wrong)
    assert dialling.read_message2(to_product).certificate.onion == crossing.meeting.callee.onion


def test_both_refuse_an_altered_message_3() -> None:
    crossing = Crossing()
    caller, dialling, answerer = crossing.peer_caller(), crossing.meeting.dial(), crossing.peer_answerer()
    answering = crossing.meeting.answer(caller.message_1())
    caller.read_message_2(answering.message2)
    to_product, _ = caller.message_3([b"\x11"])
    answerer.read_message_1(dialling.message1)
    to_peer, _ = dialling.read_message2(answerer.message_2()).finish([b"\x11"])
    state = answerer.state
    for wrong in altered(to_product, 17):
        with pytest.raises(PeerError):
            answering.read_message3(wrong)
    for wrong in altered(to_peer, 17):
        answerer.state = state.twin()
        with pytest.raises(Refused):
            answerer.read_message_3(wrong)
    assert answering.read_message3(to_product)[1] == [b"\x11"]


@pytest.mark.parametrize("packed", [b"\0\0", b"\0\1", b"\0\2a", b"\0", b"\0\1a\0", b"\0\1a\0\0"])
def test_both_refuse_frames_that_do_not_fill_message_3(
    packed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.independent.noise_link.pack_frames", lambda _: packed)
    crossing = Crossing()
    caller, other, answerer = crossing.peer_caller(), crossing.peer_caller(), crossing.peer_answerer()
    answering = crossing.meeting.answer(caller.message_1())
    caller.read_message_2(answering.message2)
    with pytest.raises(PeerError):
        answering.read_message3(caller.message_3([])[0])
    answerer.read_message_1(other.message_1())
    other.read_message_2(answerer.message_2())
    with pytest.raises(Refused):
        answerer.read_message_3(other.message_3([])[0])


def test_both_refuse_who_calls_with_the_answerers_own_name() -> None:
    crossing = Crossing()
    caller, other, answerer = crossing.peer_caller(), crossing.peer_caller(), crossing.peer_answerer()
    caller.me = other.me = peer(crossing.meeting.callee)
    answering = crossing.meeting.answer(caller.message_1())
    caller.read_message_2(answering.message2)
    with pytest.raises(PeerError):
        answering.read_message3(caller.message_3([])[0])
    answerer.read_message_1(other.message_1())
    other.read_message_2(answerer.message_2())
    with pytest.raises(Refused):
        answerer.read_message_3(other.message_3([])[0])


@pytest.mark.parametrize("point", LOW_ORDER_U)
def test_both_refuse_an_ephemeral_of_low_order(point: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.independent.noise_link.x25519_public", lambda _: point)
    message_1 = Crossing().peer_caller().message_1()
    with pytest.raises(PeerError):
        Crossing().meeting.answer(message_1)
    with pytest.raises(Refused):
        Crossing().peer_answerer().read_message_1(message_1)


def test_an_altered_frame_or_one_out_of_turn_opens_for_neither() -> None:
    mine, theirs, _ = Crossing().peer_calls([])
    messages = [mine.sending.seal(b"one"), mine.sending.seal(b"two")]
    answer = theirs.seal(b"three")
    for wrong in [*altered(answer, 1), messages[0]]:
        with pytest.raises(Refused):
            mine.receiving.open(wrong)
    assert mine.receiving.open(answer) == b"three"
    with pytest.raises(PeerError):
        theirs.open(messages[1])
