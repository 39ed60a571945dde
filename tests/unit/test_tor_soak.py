"""What the soak over real tor calls wrong, and what it does not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from subprocess import PIPE

import pytest

from benchmarks.tor_clock import TorClock, library
from benchmarks.tor_soak import Soak, differences, main
from benchmarks.tor_troubles import TROUBLES
from tests.support.people import PATIENCE

TELLING = "import sys, time\nfor _ in sys.stdin: print(time.time(), time.monotonic())"
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
    count = 3 * len(TROUBLES)
    runs = [[each.name for each in islice(Soak(random.Random(7))._troubles(), count)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert sorted(runs[0]) == sorted(3 * [trouble.name for trouble in TROUBLES])


def test_one_trouble_alone_comes_again_and_again() -> None:
    (one,) = (trouble for trouble in TROUBLES if trouble.name == "links cut")
    assert list(islice(Soak(random.Random(7), (one,))._troubles(), 3)) == [one, one, one]


def test_without_the_library_that_sets_clocks_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main([]) == 1
    assert capsys.readouterr().err.strip().endswith("sudo apt-get install faketime")


def test_clock_of_what_is_started_is_set_while_it_runs_and_the_time_by_which_it_waits_is_not(
    tmp_path: Path,
) -> None:
    clock = TorClock(tmp_path / "clock")
    environment = {**os.environ, **clock.environment, "LD_PRELOAD": library()}
    with subprocess.Popen(
        [sys.executable, "-u", "-c", TELLING], env=environment, stdin=PIPE, stdout=PIPE, text=True
    ) as process:
        for ahead in (-86_400, 0):
            clock.set_ahead(ahead)
            since = time.monotonic()
            while abs(told(process)[0] - time.time() - ahead) > 60:
                assert time.monotonic() - since < PATIENCE
            assert told(process)[1] == pytest.approx(time.monotonic(), abs=60)
    assert process.returncode == 0


def told(process: subprocess.Popen[str]) -> tuple[float, float]:
    """What a process takes the time of day and the monotonic time for."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    wall, monotonic = process.stdout.readline().split()
    return float(wall), float(monotonic)
