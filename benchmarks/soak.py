"""Random stories of several real nodes on a bad network, for as long as you like.

Claim: whatever is cut, killed, full, set back or restored from an old backup, each message is in the other's
history once, in order, and none that was acknowledged is missing.

`./test` plays 2,000 stories; this goes on with other seeds, in as many processes as there are processors,
until the time is over or 10,000 stories and 1,000,000 deliveries are reached. It prints what it reached, the
rate, and a hash over all histories: the same seeds give the same hash. The exit code is 1 if anything was
wrong; each such story is printed as the command that plays it again, and joins those that `./test` always
plays (`tests/simulation/regressions.txt`).
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence

from benchmarks import options, report
from tests.support.schedule import REGRESSIONS, Backups, Outcome, play

STORIES = 10_000
DELIVERIES = 1_000_000

_TURNS: tuple[Backups, ...] = ("none", "none", "none", "one", "all", "none")
"""Of six stories two have somebody who goes on from an old backup. In the last kind disks fail."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    made.add_argument("--minutes", type=float, default=10.0, metavar="N", help="at most (default 10)")
    made.add_argument("--first", type=int, default=1_000_000, metavar="SEED", help="where to begin")
    made.add_argument("--stories", type=options.at_least_one, metavar="N", help="exactly so many instead")
    chosen = options.parse(made, arguments)
    told = Told()
    deadline = time.monotonic() + 60 * chosen.minutes
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for outcome in pool.imap(_story, _seeds(chosen.first, chosen.stories), chunksize=4):
            told.add(outcome)
            if chosen.stories is None and (told.enough or time.monotonic() > deadline):
                pool.terminate()
                break
    told.show()
    return 1 if told.wrong else 0


def _seeds(first: int, count: int | None) -> Iterator[int]:
    return iter(range(first, first + (count or 100 * STORIES)))


def _story(seed: int) -> Outcome:
    turn = seed % len(_TURNS)
    return play(seed, backups=_TURNS[turn], failing=turn == len(_TURNS) - 1)


class Told:
    """What the stories came to so far."""

    def __init__(self) -> None:
        self.stories = self.deliveries = self.crashes = self.restorations = self.wrong = 0
        self._hash = hashlib.blake2b(digest_size=16)
        self._began = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """In the order of the seeds."""
        self.stories += 1
        self.deliveries += outcome.deliveries
        self.crashes += outcome.crashes
        self.restorations += outcome.restorations
        self._hash.update(outcome.digest.encode())
        if outcome.wrong:
            self.wrong += 1
            print(outcome.replay, flush=True)
            with REGRESSIONS.open("a", encoding="utf-8") as file:
                file.write(f"{outcome.words}  # {'; '.join(outcome.wrong)}\n")

    @property
    def enough(self) -> bool:
        """Whether both aims are reached."""
        return self.stories >= STORIES and self.deliveries >= DELIVERIES

    def show(self) -> None:
        """Print the figures."""
        seconds = time.monotonic() - self._began
        report.heading(f"Stories played in {seconds:.0f} s")
        print(f"  stories                    {self.stories:,} of {STORIES:,}")
        print(f"  deliveries                 {self.deliveries:,} of {DELIVERIES:,}")
        print(f"  crashes, backups restored  {self.crashes:,}, {self.restorations:,}")
        print(f"  a second                   {self.stories / seconds:.1f} stories, ", end="")
        print(f"{self.deliveries / seconds:.0f} deliveries")
        print(f"  losses, doubles, inversions, jams in  {self.wrong} stories")
        print(f"  hash                       {self._hash.hexdigest()}")


if __name__ == "__main__":
    sys.exit(main())
