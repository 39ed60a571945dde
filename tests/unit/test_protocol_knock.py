"""Knocks, pre-shared keys and the preamble."""

from __future__ import annotations

import pytest

from tests.support.fixed_clock import START
from tests.support.handshakes import person
from tuichat.errors import PeerError
from tuichat.protocol.knock import Preamble, answered_knocks, knock, pair_psk, parse_preamble, public_psk

ALICE = person("alice").onion
BOB = person("bob").onion
PSK = bytes(range(32))
DAY = 86_400


@pytest.mark.parametrize("offset", [-DAY, 0, DAY])
def test_knock_of_yesterday_today_and_tomorrow_is_answered(offset: int) -> None:
    assert knock(PSK, BOB, START + offset) in answered_knocks(PSK, BOB, START)


@pytest.mark.parametrize("offset", [-2 * DAY, 2 * DAY])
def test_knock_of_another_day_is_not(offset: int) -> None:
    assert knock(PSK, BOB, START + offset) not in answered_knocks(PSK, BOB, START)


def test_knock_changes_with_psk_answerer_and_day_and_not_within_a_day() -> None:
    midnight = START - START % DAY
    assert knock(PSK, BOB, midnight) == knock(PSK, BOB, midnight + DAY - 0.5)
    assert len({knock(PSK, BOB, START), knock(PSK, ALICE, START), knock(bytes(32), BOB, START)}) == 3
    assert len(set(answered_knocks(PSK, BOB, START))) == 3


def test_clock_before_1970_still_knocks() -> None:
    assert knock(PSK, BOB, -5.0) == knock(PSK, BOB, 0.0)
    assert knock(PSK, BOB, 0.0) in answered_knocks(PSK, BOB, -DAY)


def test_pair_psk_is_the_same_for_both_and_for_nobody_else() -> None:
    assert pair_psk(PSK, ALICE, BOB) == pair_psk(PSK, BOB, ALICE)
    assert len({pair_psk(PSK, ALICE, BOB), pair_psk(bytes(32), ALICE, BOB), pair_psk(PSK, ALICE, ALICE)}) == 3
    assert public_psk(ALICE) != public_psk(BOB)


def test_preamble_comes_back_as_it_went() -> None:
    preamble = Preamble(1, 3, bytes(range(16)))
    assert len(bytes(preamble)) == 22
    assert parse_preamble(bytes(preamble)) == preamble


@pytest.mark.parametrize("data", [b"", b"TUIC", bytes(22), b"TUIC" + bytes(17), b"TUIC" + bytes(19)])
def test_other_bytes_are_no_preamble(data: bytes) -> None:
    with pytest.raises(PeerError):
        parse_preamble(data)


@pytest.mark.parametrize(("lowest", "highest"), [(1, 1), (0, 1), (1, 255)])
def test_common_version_is_found(lowest: int, highest: int) -> None:
    assert Preamble(lowest, highest, bytes(16)).version() == 1


@pytest.mark.parametrize(("lowest", "highest"), [(0, 0), (2, 2), (2, 1), (255, 0)])
def test_no_common_version_is_refused(lowest: int, highest: int) -> None:
    with pytest.raises(PeerError):
        Preamble(lowest, highest, bytes(16)).version()
