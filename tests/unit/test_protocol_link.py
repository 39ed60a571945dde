"""A link that stands."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.support.handshakes import Meeting, flip
from tuichat.crypto.identity import parse_certificate
from tuichat.crypto.kdf import hmac_sha256, kdf
from tuichat.crypto.noise import CipherState, Split
from tuichat.errors import PeerError
from tuichat.protocol.link import MAX_FRAME, REKEY_INTERVAL, Link, LinkStart, newest_link_wins

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
LOW, HIGH = bytes(32), b"\xff" * 32


def pair(nonce: int = 0) -> tuple[Link, Link]:
    """Two ends of a link in which so many messages went each way before."""
    remote = parse_certificate(Meeting().callee.certificate)

    def end(sending: bytes, receiving: bytes) -> Link:
        ciphers = CipherState(sending, nonce), CipherState(receiving, nonce)
        return Link(Split(*ciphers, b"x" * 32, b"h" * 32, remote.ik), remote)

    return end(KEY, OTHER_KEY), end(OTHER_KEY, KEY)


def test_frames_pass_both_ways_in_order() -> None:
    mine, theirs, _, _ = Meeting().links()
    for turn in range(20):
        frame = b"frame %d" % turn
        assert theirs.open(mine.seal(frame)) == frame
        assert mine.open(theirs.seal(frame)) == frame


def test_the_two_directions_have_different_keys() -> None:
    mine, theirs = pair()
    assert mine.seal(b"frame") != theirs.seal(b"frame")


def test_message_sent_back_to_its_sender_is_refused() -> None:
    mine, _ = pair()
    with pytest.raises(PeerError):
        mine.open(mine.seal(b"frame"))


def test_every_altered_byte_kills_the_link() -> None:
    length = len(pair()[0].seal(b"frame"))
    for position in range(length):
        mine, theirs = pair()
        message = mine.seal(b"frame")
        with pytest.raises(PeerError):
            theirs.open(flip(message, position))
        with pytest.raises(PeerError):
            theirs.open(message)


def test_replayed_message_kills_the_link() -> None:
    mine, theirs = pair()
    message = mine.seal(b"frame")
    theirs.open(message)
    with pytest.raises(PeerError):
        theirs.open(message)
    with pytest.raises(PeerError):
        theirs.open(mine.seal(b"next"))


def test_swapped_messages_kill_the_link() -> None:
    mine, theirs = pair()
    first, second = mine.seal(b"first"), mine.seal(b"second")
    with pytest.raises(PeerError):
        theirs.open(second)
    with pytest.raises(PeerError):
        theirs.open(first)


def test_dropped_message_kills_the_link() -> None:
    mine, theirs = pair()
    mine.seal(b"lost")
    with pytest.raises(PeerError):
        theirs.open(mine.seal(b"next"))


def test_dead_link_seals_nothing() -> None:
    mine, _ = pair()
    with pytest.raises(PeerError):
        mine.open(b"")
    with pytest.raises(PeerError):
        mine.seal(b"frame")


@pytest.mark.parametrize("length", [0, 1, 15, 16, 65536, 100_000])
def test_message_of_an_impossible_length_kills_the_link(length: int) -> None:
    with pytest.raises(PeerError):
        pair()[0].open(bytes(length))


def test_empty_frame_is_refused_even_when_sealed_properly() -> None:
    _, theirs = pair()
    with pytest.raises(PeerError):
        theirs.open(CipherState(KEY).encrypt(b"", b""))


def test_frame_empty_or_too_long_is_a_bug_here() -> None:
    mine, theirs = pair()
    for frame in (b"", bytes(MAX_FRAME + 1)):
        with pytest.raises(ValueError):
            mine.seal(frame)
    message = mine.seal(bytes(MAX_FRAME))
    assert len(message) == 65535
    assert len(theirs.open(message)) == MAX_FRAME


def test_keys_change_after_every_65536_messages_and_the_counter_goes_on() -> None:
    mine, theirs = pair(REKEY_INTERVAL - 1)
    by_hand = CipherState(KEY, REKEY_INTERVAL - 1)
    last, first = mine.seal(b"last of this key"), mine.seal(b"first of the next")
    assert by_hand.encrypt(b"", b"last of this key") == last
    by_hand.rekey()
    assert by_hand.encrypt(b"", b"first of the next") == first
    assert theirs.open(last) == b"last of this key"
    assert theirs.open(first) == b"first of the next"


def test_link_lives_through_three_keys() -> None:
    mine, theirs = pair()
    for turn in range(2 * REKEY_INTERVAL + 2):
        frame = turn.to_bytes(4, "big")
        assert theirs.open(mine.seal(frame)) == frame
    assert mine.open(theirs.seal(b"the other way never changed its key")) != b""


def test_exporter_steps_alike_on_both_sides() -> None:
    mine, theirs = pair()
    assert mine.exporter == hmac_sha256(b"x" * 32, b"tuichat/1 exporter" + b"h" * 32)
    seen = [mine.exporter]
    for _ in range(3):
        mine.next_exporter()
        theirs.next_exporter()
        assert mine.exporter == theirs.exporter
        seen.append(mine.exporter)
    assert len(set(seen)) == 4
    assert all(kdf(before, "next", b"", 32) == after for before, after in pairwise(seen))


def test_no_two_links_share_an_exporter() -> None:
    meeting = Meeting()
    assert meeting.links()[0].exporter != meeting.links()[0].exporter


@pytest.mark.parametrize("gap", [0.0, 5.0, 30.0])
def test_of_two_links_dialled_at_once_the_lower_onions_stays_whatever_came_first(gap: float) -> None:
    assert newest_link_wins(LinkStart(HIGH, 100.0), LinkStart(LOW, 100.0 + gap))
    assert newest_link_wins(LinkStart(HIGH, 100.0 + gap), LinkStart(LOW, 100.0))
    assert not newest_link_wins(LinkStart(LOW, 100.0), LinkStart(HIGH, 100.0 + gap))
    assert not newest_link_wins(LinkStart(LOW, 100.0 + gap), LinkStart(HIGH, 100.0))


def test_otherwise_the_newest_link_stays() -> None:
    assert newest_link_wins(LinkStart(LOW, 100.0), LinkStart(HIGH, 130.1))
    assert newest_link_wins(LinkStart(HIGH, 100.0), LinkStart(LOW, 500.0))
    assert newest_link_wins(LinkStart(LOW, 100.0), LinkStart(LOW, 101.0))
