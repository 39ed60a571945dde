"""Random stories of several real nodes on a bad network: each message once, in order, none lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import regressions
from tests.support.outcome import Backups, Complaint, Outcome, Story
from tests.support.schedule import play
from tuichat.errors import StorageError
from tuichat.node.housekeeping import Housekeeper
from tuichat.node.outbox import Outbox

PLAIN = 1_180
WITH_FAILING_DISKS = 160
WITH_BACKUPS = 140
WITH_RESTORED_BACKUPS = 120
WITH_BACKUPS_ON_FAILING_DISKS = 60
WITH_BURSTS = 10
WITH_THE_REAL_KEM = 20
"""With 24 in test_restored_profiles.py these are 2,000 and more."""

BLOCK = 20


@pytest.mark.parametrize("first", range(0, PLAIN, BLOCK))
def test_each_message_arrives_once_and_in_order(first: int) -> None:
    outcomes = _all_well(Story(seed) for seed in range(first, first + BLOCK))
    assert sum(outcome.deliveries for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("first", range(0, WITH_FAILING_DISKS, BLOCK))
def test_disks_that_fail_lose_nothing_that_was_said_to_be_kept(first: int) -> None:
    outcomes = _all_well(Story(seed, failing=True) for seed in range(first, first + BLOCK))
    assert sum(outcome.struck for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("backups", ["one", "all"])
@pytest.mark.parametrize("first", range(0, WITH_BACKUPS, BLOCK))
def test_old_backups_double_and_invert_nothing_and_lose_only_what_they_forget(
    first: int, backups: Backups
) -> None:
    outcomes = _all_well(Story(seed, backups) for seed in range(first, first + BLOCK))
    assert sum(outcome.restorations for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("first", range(1_000, 1_000 + WITH_RESTORED_BACKUPS, BLOCK))
def test_restored_backups_double_and_invert_nothing_and_lose_only_what_they_forget(first: int) -> None:
    outcomes = _all_well(Story(seed, "restored") for seed in range(first, first + BLOCK))
    assert sum(outcome.restorations for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("backups", ["one", "all", "restored"])
@pytest.mark.parametrize("first", range(0, WITH_BACKUPS_ON_FAILING_DISKS, BLOCK))
def test_old_backups_on_disks_that_fail_lose_only_what_they_forget(first: int, backups: Backups) -> None:
    outcomes = _all_well(Story(seed, backups, failing=True) for seed in range(first, first + BLOCK))
    assert sum(outcome.struck for outcome in outcomes) > BLOCK


@pytest.mark.parametrize("story", [Story(0, bursts=True), Story(0, "all", failing=True, bursts=True)])
def test_hundreds_of_messages_at_once_arrive_once_and_in_order(story: Story) -> None:
    outcomes = _all_well(replace(story, seed=seed) for seed in range(WITH_BURSTS))
    assert sum(outcome.deliveries for outcome in outcomes) > 100 * WITH_BURSTS


@pytest.mark.parametrize("backups", ["none", "all"])
def test_with_the_real_kem_messages_arrive_once_and_in_order(backups: Backups) -> None:
    _all_well(Story(seed, backups, real_kem=True) for seed in range(WITH_THE_REAL_KEM))


def test_stories_that_once_found_a_mistake_stay_well() -> None:
    assert regressions.stories()
    _all_well(regressions.stories())


def test_failing_story_is_told_as_a_command_and_joins_the_others(tmp_path: Path) -> None:
    file = tmp_path / "regressions.txt"
    file.write_text("1 none\n", encoding="utf-8")
    story = Story(2, "all", failing=True)
    lost = replace(play(Story(3)), story=story, wrong=(Complaint("lost", 2, "alice to bob"),))
    told = regressions.joined([lost, replace(lost, story=Story(1)), play(Story(4))], file)
    assert [line.rpartition("schedule ")[2] for line in told] == [
        "2 all --failing  # alice to bob: 2 lost",
        "1 none  # alice to bob: 2 lost",
    ]
    assert all(line.startswith("PYTHONHASHSEED=0 ") for line in told)
    assert regressions.stories(file) == [Story(1), story]


def test_what_fails_inside_a_node_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Housekeeper) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Housekeeper, "_empty_log", fail)
    outcome = play(Story(1))
    assert outcome.count("failed")
    assert "house failed: ZeroDivisionError" in outcome.told


def test_what_fails_in_a_story_is_a_complaint_of_that_story(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Outbox, "queue_text", fail)
    assert "ZeroDivisionError at fail" in play(Story(1)).told


def test_refusal_of_a_disk_that_is_well_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **_options: object) -> None:
        raise StorageError("The disk failed.")

    monkeypatch.setattr(Outbox, "queue_text", fail)
    assert "StorageError at fail" in play(Story(1)).told


@pytest.mark.parametrize("backups", ["none", "all"])
def test_same_seed_gives_the_same_run(backups: Backups) -> None:
    assert play(Story(7, backups)) == play(Story(7, backups))
    assert play(Story(7, backups)).digest != play(Story(8, backups)).digest


def test_same_seed_gives_the_same_run_in_every_process() -> None:
    """Whatever order sets have there, and wherever things lie in memory."""
    stories = ["7", "3 none --failing", "5 restored --failing", "2 all --bursts", "4 none --real-kem"]
    assert _played_apart(stories, "1") == _played_apart(stories, "2")


def _played_apart(stories: list[str], hash_seed: str) -> str:
    code = (
        "import sys; from tests.support.schedule import Story, play;"
        "print([play(Story.read(words)) for words in sys.argv[1:]])"
    )
    command = [sys.executable, "-c", code, *stories]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, check=True
    )
    assert "digest" in done.stdout
    return done.stdout


def _all_well(stories: Iterable[Story]) -> list[Outcome]:
    outcomes = [play(story) for story in stories]
    assert regressions.joined(outcomes) == []
    return outcomes
