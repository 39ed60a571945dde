"""How timers are written and said, and which of two changes holds."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from tuichat.durations import parse_duration
from tuichat.errors import UsageError
from tuichat.node.timer_rules import LOOK_BACK, holds, is_later, last_moment, next_revision
from tuichat.protocol.bodies import MAX_REVISION, THE_TWO_OF_US, Timer
from tuichat.store.records import ConversationRow
from tuichat.timer_words import parse_timer, short_time, time_words, timer_line


@pytest.mark.parametrize(
    ("text", "seconds"), [("off", 0), (" OFF ", 0), ("30s", 30), ("1h", 3600), ("2w", 1_209_600)]
)
def test_timer_is_read(text: str, seconds: int) -> None:
    assert parse_timer(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "0s", "0d", "1", "-1h", "1 h", "1.5h"])
def test_what_is_no_timer_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_timer(text)


@pytest.mark.parametrize(
    ("seconds", "short", "words"),
    [
        (1, "1s", "1 second"),
        (90, "90s", "90 seconds"),
        (60, "1m", "1 minute"),
        (5400, "90m", "90 minutes"),
        (7200, "2h", "2 hours"),
        (86_400, "1d", "1 day"),
        (31_622_400, "366d", "366 days"),
    ],
)
def test_timer_is_said_in_the_largest_unit(seconds: int, short: str, words: str) -> None:
    assert (short_time(seconds), time_words(seconds)) == (short, words)
    assert parse_duration(short) == seconds
    assert timer_line(seconds).endswith(words)


def test_changes_come_to_the_same_in_any_order() -> None:
    changes = [
        Timer(THE_TWO_OF_US, bytes(16), 0, seconds, revision)
        for seconds, revision in product((0, 30, 60), (1, 2))
    ]
    ends = set()
    for order in permutations(changes):
        known = ConversationRow(1)
        for change in order:
            if holds(change, known):
                known = ConversationRow(1, timer=change.seconds, timer_revision=change.revision)
        ends.add((known.timer, known.timer_revision))
    assert ends == {(30, 2)}


def test_revision_follows_the_clock_and_never_falls_behind_what_is_known() -> None:
    assert next_revision(ConversationRow(1), 5_000) == 5
    assert next_revision(ConversationRow(1, timer_revision=9), 5_000) == 10
    assert next_revision(ConversationRow(1), -5_000) == 1


HALF = MAX_REVISION // 2
ODD = (1, 2, 1_795_269_600, 2**40, 2**41, HALF, HALF + 1, MAX_REVISION - 1, MAX_REVISION)
"""What a contact may say that does not go by its clock."""


def test_of_two_revisions_one_is_later_and_both_where_no_clocks_are_so_far_apart() -> None:
    near = (1, 2, 1_795_269_600, LOOK_BACK + 1)
    for one, other in permutations(near, 2):
        assert is_later(one, other) is (one > other)
    for one, other in permutations((1, LOOK_BACK + 2, MAX_REVISION - LOOK_BACK), 2):
        assert is_later(one, other)
    assert is_later(1, MAX_REVISION)
    assert not is_later(MAX_REVISION, 1)
    assert not any(is_later(each, each) for each in ODD)
    assert all(is_later(each, 0) for each in ODD)


@pytest.mark.parametrize("revision", ODD)
def test_whatever_a_contact_says_either_side_can_change_the_timer_again(revision: int) -> None:
    known = ConversationRow(1, timer=30, timer_revision=revision)
    for _change in range(5):
        change = Timer(THE_TWO_OF_US, bytes(16), 0, 86_400, next_revision(known, 1_795_269_600_000))
        assert holds(change, known)
        known = ConversationRow(1, timer=change.seconds, timer_revision=change.revision)
    assert known.timer == 86_400


def test_latest_deadline_is_thirty_days_after_the_time_itself() -> None:
    assert last_moment(7, None) is None
    assert last_moment(7, 60) == 7 + (60 + 30 * 86_400) * 1000
