"""What each side's word about a file changes."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from tuichat.model import Direction
from tuichat.node.file_steps import End, Step, taken
from tuichat.store.records import FileRow


def file(direction: Direction, **changes: Any) -> FileRow:
    row = FileRow(
        id=1,
        contact=1,
        message=1,
        direction=direction,
        wire_id=bytes(16),
        name="a",
        place="",
        size=1,
        media_type="",
        state="offered",
        key=bytes(32),
        root=bytes(32),
        path=bytes(32),
        offered_at=0,
        expires_at=0,
    )
    return replace(row, **changes)


def after(row: FileRow, step: Step, *, mine: bool) -> FileRow:
    outcome = taken(row, step, mine=mine)
    if outcome is None:
        return row
    if isinstance(outcome, End):
        return replace(row, state=outcome.state, reason=outcome.reason, ended_at=1, paused_by="")
    return replace(row, **outcome)


RECEIVERS = (Step.ACCEPTED, Step.DECLINED, Step.CANCELLED, Step.PAUSED, Step.GOES_ON, Step.COMPLETE)
SENDERS = (Step.CANCELLED, Step.PAUSED, Step.GOES_ON, Step.CHANGED)


@pytest.mark.parametrize("step", [Step.ACCEPTED, Step.DECLINED, Step.COMPLETE])
def test_sender_has_no_say_in_what_is_the_receivers(step: Step) -> None:
    assert taken(file("in"), step, mine=False) is None
    assert taken(file("out"), step, mine=True) is None


def test_receiver_cannot_say_that_the_file_changed() -> None:
    assert taken(file("out"), Step.CHANGED, mine=False) is None
    assert taken(file("in"), Step.CHANGED, mine=True) is None


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("mine", [True, False])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_what_has_ended_does_not_change_any_more(direction: Direction, mine: bool, step: Step) -> None:
    assert taken(file(direction, ended_at=1, state="complete"), step, mine=mine) is None


def test_accepted_file_waits_and_accepting_twice_changes_nothing() -> None:
    row = after(file("out"), Step.ACCEPTED, mine=False)
    assert (row.accepted, row.state) == (True, "waiting")
    assert taken(row, Step.ACCEPTED, mine=False) is None


@pytest.mark.parametrize("first", [True, False])
def test_file_that_both_pause_rests_until_both_let_it_go_on(first: bool) -> None:
    row = after(file("in", accepted=True, state="waiting"), Step.PAUSED, mine=first)
    assert (row.state, row.paused_by) == ("paused", "me" if first else "them")
    row = after(row, Step.PAUSED, mine=not first)
    assert (row.state, row.paused_by) == ("paused", "both")
    row = after(row, Step.GOES_ON, mine=first)
    assert (row.state, row.paused_by) == ("paused", "them" if first else "me")
    row = after(row, Step.GOES_ON, mine=not first)
    assert (row.state, row.paused_by) == ("waiting", "")


def test_offer_that_rests_is_an_offer_again_afterwards_and_can_be_accepted_meanwhile() -> None:
    row = after(file("in"), Step.PAUSED, mine=False)
    assert (row.state, after(row, Step.GOES_ON, mine=False).state) == ("paused", "offered")
    row = after(row, Step.ACCEPTED, mine=True)
    assert (row.state, row.accepted) == ("paused", True)
    assert after(row, Step.GOES_ON, mine=False).state == "waiting"


@pytest.mark.parametrize(
    ("step", "state", "reason"),
    [
        (Step.DECLINED, "declined", "peer"),
        (Step.CANCELLED, "cancelled", "peer"),
        (Step.COMPLETE, "complete", ""),
    ],
)
def test_what_the_receiver_ends_is_told_as_theirs(step: Step, state: str, reason: str) -> None:
    row = after(file("out", accepted=True), step, mine=False)
    assert (row.state, row.reason) == (state, reason)


def test_file_that_changed_has_failed_for_both() -> None:
    assert taken(file("in"), Step.CHANGED, mine=False) == End("failed", "changed")
    assert taken(file("out"), Step.CHANGED, mine=True) == End("failed", "changed")


@pytest.mark.parametrize("theirs", SENDERS)
@pytest.mark.parametrize("mine", RECEIVERS)
def test_steps_that_cross_end_alike_in_either_order(mine: Step, theirs: Step) -> None:
    row = file("in", accepted=mine is not Step.ACCEPTED, state="waiting")
    one = after(after(row, mine, mine=True), theirs, mine=False)
    other = after(after(row, theirs, mine=False), mine, mine=True)
    assert (one.ended_at, one.paused_by, one.accepted) == (
        other.ended_at,
        other.paused_by,
        other.accepted,
    ) or (one.ended_at == other.ended_at == 1)


def test_every_order_of_two_pauses_and_two_leaves_leads_to_the_same_state() -> None:
    """Each side's own words stay in their order; how the two mingle does not matter."""
    ends = set()
    for order in set(permutations([True, True, False, False])):
        row, said = file("in", accepted=True, state="waiting"), {True: 0, False: 0}
        for side in order:
            step = (Step.PAUSED, Step.GOES_ON)[said[side]]
            said[side] += 1
            row = after(row, step, mine=side)
        ends.add((row.state, row.paused_by))
    assert ends == {("waiting", "")}
