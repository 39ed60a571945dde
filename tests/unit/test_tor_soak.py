"""What the soak over real tor calls wrong, and what it does not."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from benchmarks.tor_soak import Soak, differences
from benchmarks.tor_troubles import TROUBLES

SAID = ["one", "two", "three", "four"]


def test_equal_histories_are_right() -> None:
    assert differences("here", SAID, SAID) == []


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (["one", "two", "four"], "1 lost"),
        ([], "4 lost"),
        (["one", "two", "two", "three", "four"], "1 doubled"),
        (["one", "three", "two", "four"], "1 out of order"),
        (["four", "three", "two", "one"], "3 out of order"),
        (["one", "two", "three", "four", "five"], "1 never said"),
    ],
)
def test_each_kind_of_difference_is_counted(found: list[str], wrong: str) -> None:
    assert differences("here", SAID, found) == [f"here: {wrong}"]


def test_a_seed_gives_its_troubles_again_and_each_as_often_as_any_other() -> None:
    runs = [[each.name for each in islice(Soak(random.Random(7))._troubles(), 30)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert sorted(runs[0]) == sorted(3 * [trouble.name for trouble in TROUBLES])
