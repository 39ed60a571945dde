"""Rounds of work and power losses, each decided by its number.

Run one again: python -m tests.support.power_rounds NUMBER STATES
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.support.power_disk import DiskLog
from tests.support.power_loss import PowerLoss, Result
from tests.support.power_lost import moments
from tests.support.power_people import people
from tests.support.power_writer import Synchronous, rows
from tests.support.seeded_rng import SeededRng

_SYNCS = 100
"""About as many syncs as a round of writing has."""


def play(number: int, states: int, synchronous: Synchronous = "FULL", result: Result | None = None) -> Result:
    """About so many states of two people's disks, and of a writer's: of one whose power was lost before, too,
    and of one whose disk failed a sync. They are added to `result`, if there is one.
    """
    fast = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        places = iter(Path(directory) / str(count) for count in range(10))
        written = rows(_made(places), number, synchronous)
        # What the others leave need not open at all.
        left = _lost(written[0], number) if synchronous == "FULL" else None
        logs = [
            (people(_made(places), number, synchronous, losses=synchronous == "FULL"), 4, True),
            (written, 3, True),
            (rows(_made(places), -number, synchronous, found=left), 2, True),
            (rows(_made(places), number, synchronous, failing=1 + number % _SYNCS), 1, False),
        ]
        total = result or Result()
        state = _made(places)
        for kind, (recorded, share, exact) in enumerate(logs):
            loss = PowerLoss(state, total, exact=exact)
            loss.try_states(f"round {number} {kind}", recorded, states * share // 10)
    return total


def _made(places: Iterator[Path]) -> Path:
    place = next(places)
    place.mkdir()
    return place


def _lost(log: DiskLog, number: int) -> dict[str, bytes]:
    """What is left when the power goes at some moment."""
    rng = SeededRng(b"lost %d" % number)
    chosen = int(rng.uniform(log.present, len(log.operations)))
    return next(disk.lose("torn", rng) for moment, disk in moments(log) if moment == chosen)


if __name__ == "__main__":
    chosen = argparse.ArgumentParser()
    chosen.add_argument("number", type=int)
    chosen.add_argument("states", type=int)
    arguments = chosen.parse_args()
    outcome = play(arguments.number, arguments.states)
    print(outcome.tried, outcome.digest, *outcome.failures, sep="\n")
