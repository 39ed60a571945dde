"""Stories that once found a mistake, planted or not, each in a line as the command takes it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.support.outcome import Outcome, Story

FILE = Path(__file__).parents[1] / "simulation" / "regressions.txt"


def stories(file: Path = FILE) -> list[Story]:
    """All that are kept."""
    return [Story.read(line) for line in file.read_text(encoding="utf-8").splitlines()]


def joined(outcomes: Iterable[Outcome], file: Path = FILE) -> list[str]:
    """The commands that play again what went wrong. Those stories are kept from now on."""
    bad = [outcome for outcome in outcomes if outcome.wrong]
    known = set(stories(file))
    with file.open("a", encoding="utf-8") as kept:
        kept.writelines(
            f"{outcome.story.words}  # {outcome.told}\n" for outcome in bad if outcome.story not in known
        )
    return [outcome.replay for outcome in bad]
