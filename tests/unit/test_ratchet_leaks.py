"""What a thief gets who copies one side's state, and for how long."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.ratchet_thief import Sent, Wiretap
from tests.support.ratchets import Pair, Side, skipped_in, state_of
from tuichat.crypto.ratchet_state import StepDue

TURNS = 8
PER_TURN = 3


def conversation(pair: Pair, tap: Wiretap) -> Iterator[tuple[Side, list[Sent], Side, list[Sent]]]:
    """Turn after turn: who writes, what, who reads, and what of it arrives. One is lost in every turn."""
    for turn in range(TURNS):
        writer, reader = pair.sides if turn % 2 == 0 else pair.sides[::-1]
        written = [tap.seal(writer) for _ in range(PER_TURN)]
        arrived = [written[0], written[2]]
        yield writer, written, reader, arrived


@pytest.mark.parametrize("victim", [0, 1])
def test_a_copied_state_opens_nothing_earlier_but_what_was_skipped(victim: int) -> None:
    pair = Pair()
    tap = Wiretap(pair)
    me = pair.sides[victim]
    mine: list[Sent] = []
    skipped: list[Sent] = []
    for writer, written, reader, arrived in conversation(pair, tap):
        mine += written if writer is me else arrived
        for sent in arrived:
            reader.open(sent.envelope)
        if reader is me:
            skipped += [sent for sent in written if sent not in arrived]
        read = tap.read_with(me.ratchet.encode())
        assert [sent for sent in read if sent in mine] == []
        assert [sent for sent in read if sent in skipped] == skipped
        assert sum(map(len, skipped_in(me.ratchet))) == len(skipped)


@pytest.mark.parametrize("victim", [0, 1])
def test_not_even_breaking_one_of_the_two_opens_anything_earlier(victim: int) -> None:
    pair = Pair()
    tap = Wiretap(pair)
    me = pair.sides[victim]
    opened: list[Sent] = []
    for _, _, reader, arrived in conversation(pair, tap):
        for sent in arrived:
            reader.open(sent.envelope)
        opened += arrived
        for broken in ({"broken_dh": True}, {"broken_kem": True}, {"broken_dh": True, "broken_kem": True}):
            read = tap.read_with(me.ratchet.encode(), **broken)
            assert [sent for sent in read if sent in opened] == []


def leak_and_go_on(victim: int, turns_before: int) -> tuple[Wiretap, bytes, int, int]:
    """The wiretap of a whole conversation, and the state copied after some turns; then the number of the
    chain that was the last at that time, and of the victim's first chain after a step received since."""
    pair = Pair()
    tap = Wiretap(pair)
    me = pair.sides[victim]
    copied, at, healed, stepped_on = b"", 0, 0, False
    for turn, (writer, written, reader, arrived) in enumerate(conversation(pair, tap)):
        if copied and not healed and writer is me and stepped_on:
            healed = written[0].chain
        for sent in arrived:
            was_due = isinstance(state_of(reader.ratchet).sending, StepDue)
            reader.open(sent.envelope)
            now_due = isinstance(state_of(reader.ratchet).sending, StepDue)
            stepped_on |= bool(copied) and reader is me and now_due and not was_due
        if turn + 1 == turns_before:
            copied, at = me.ratchet.encode(), written[0].chain
    return tap, copied, at, healed


@pytest.mark.parametrize("victim", [0, 1])
@pytest.mark.parametrize("turns_before", range(1, 5))
@pytest.mark.parametrize("broken", [{}, {"broken_dh": True}, {"broken_kem": True}])
def test_the_ratchet_heals_when_its_owner_has_received_a_step_and_sealed_the_next(
    victim: int, turns_before: int, broken: dict[str, bool]
) -> None:
    tap, copied, _, healed = leak_and_go_on(victim, turns_before)
    assert 0 < healed <= TURNS - 1
    read = tap.read_with(copied, **broken)
    assert [sent for sent in read if sent.chain >= healed] == []


@pytest.mark.parametrize("victim", [0, 1])
def test_before_it_heals_the_thief_reads_along(victim: int) -> None:
    """That the thief is a good one: copied while the victim waits for a step, it reads that step's chain."""
    turns_before = 3 if victim == 0 else 4  # the victim has just written
    tap, copied, at, healed = leak_and_go_on(victim, turns_before)
    assert healed == at + 2
    along = [sent for sent in tap.sent if sent.chain == at + 1]
    assert len(along) == PER_TURN
    assert [sent for sent in tap.read_with(copied) if sent in along] == along


@pytest.mark.parametrize("victim", [0, 1])
def test_a_thief_who_breaks_both_reads_all_that_follows(victim: int) -> None:
    tap, copied, at, _ = leak_and_go_on(victim, 3)
    read = tap.read_with(copied, broken_dh=True, broken_kem=True)
    following = [sent for sent in tap.sent if sent.chain > at]
    assert [sent for sent in read if sent.chain > at] == following


def test_what_was_offered_in_new_does_not_stay_after_the_first_step() -> None:
    pair = Pair()
    pair.talk(1)
    for secret in (pair.offered.dh_secret, pair.offered.ek_secret, pair.exporter):
        assert secret not in pair.answerer.ratchet.encode()
        assert secret not in pair.dialler.ratchet.encode()
