"""Random stories of several real nodes on a bad network, for as long as you like.

Claim: whatever is cut, killed, full, set back or restored from an old backup, each message is in the other's
history once, in order, and none that was acknowledged is missing.

`./test` plays 2,000 stories; this goes on with other seeds, in as many processes as there are processors,
until 10,000 stories and 1,000,000 deliveries are reached: in some of the stories somebody says hundreds of
things at once. It prints what it reached, the rate, and a hash over every message on the network and all
histories: the same seeds give the same hash. The exit code is 1 if anything was wrong, or if less was reached
in the time there is by itself; each story that went wrong is printed as the command that plays it again, and
joins those that `./test` always plays (`tests/simulation/regressions.txt`).
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks import options, report
from tests.support import regressions
from tests.support.outcome import KINDS, Kind, Outcome, Story
from tests.support.schedule import play

STORIES = 10_000
DELIVERIES = 1_000_000
MINUTES = 25.0

_TURNS = (
    Story(0),
    Story(0, bursts=True),
    Story(0, "one"),
    Story(0, failing=True),
    Story(0, "all"),
    Story(0, "all", failing=True, bursts=True),
    Story(0, "restored"),
    Story(0, "restored", failing=True),
    Story(0, real_kem=True),
    Story(0, "one", failing=True),
)
"""What kinds of stories follow one another."""

_WORDS: dict[Kind, str] = {
    "lost": "messages lost",
    "doubled": "messages doubled",
    "inverted": "messages out of order",
    "invented": "messages never sent",
    "diverged": "histories that differ",
    "resealed": "numbers sealed twice",
    "stuck": "queues that stayed",
    "hot": "pairs that called hot",
    "failed": "unforeseen failures",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Play and print."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    options.add_minutes(made, MINUTES)
    made.add_argument("--first", type=int, default=1_000_000, metavar="SEED", help="where to begin")
    made.add_argument("--stories", type=options.at_least_one, metavar="N", help="exactly so many instead")
    chosen = options.parse(made, arguments)
    os.environ["PYTHONHASHSEED"] = "0"  # for the processes that play
    told = Told()
    deadline = time.monotonic() + options.ends_after(chosen)
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        for outcome in pool.imap(_play, _seeds(chosen.first, chosen.stories), chunksize=4):
            told.add(outcome)
            if chosen.stories is None and (told.enough or time.monotonic() > deadline):
                pool.terminate()
                break
    told.show()
    return 1 if told.bad or (chosen.stories is None and told.fell_short(chosen)) else 0


def _seeds(first: int, count: int | None) -> Iterator[int]:
    return iter(range(first, first + (count or 100 * STORIES)))


def _play(seed: int) -> Outcome:
    return play(replace(_TURNS[seed % len(_TURNS)], seed=seed))


class Told:
    """What the stories came to so far.

    Attributes:
        bad: how many stories went wrong.
    """

    def __init__(self) -> None:
        self.bad = 0
        self._stories = self._deliveries = self._crashes = self._restorations = self._struck = 0
        self._drained = 0.0
        self._wrong: Counter[Kind] = Counter()
        self._hash = hashlib.blake2b(digest_size=16)
        self._began = time.monotonic()

    def add(self, outcome: Outcome) -> None:
        """In the order of the seeds."""
        self._stories += 1
        self._deliveries += outcome.deliveries
        self._crashes += outcome.crashes
        self._restorations += outcome.restorations
        self._struck += outcome.struck
        self._drained = max(self._drained, outcome.drained)
        self._hash.update(outcome.digest.encode())
        for complaint in outcome.wrong:
            self._wrong[complaint.kind] += complaint.times
        for replay in regressions.joined([outcome]):
            self.bad += 1
            print(replay, flush=True)

    @property
    def enough(self) -> bool:
        """Whether both aims are reached."""
        return self._stories >= STORIES and self._deliveries >= DELIVERIES

    def fell_short(self, chosen: argparse.Namespace) -> bool:
        """Whether an aim was missed in the time there is by itself. Says so."""
        stories = options.fell_short(chosen, self._stories, STORIES, "stories")
        return options.fell_short(chosen, self._deliveries, DELIVERIES, "deliveries") or stories

    def show(self) -> None:
        """Print the figures."""
        seconds = time.monotonic() - self._began
        report.heading(f"Stories played in {seconds:.0f} s")
        _line("stories", f"{self._stories:,} of {STORIES:,}")
        _line("deliveries", f"{self._deliveries:,} of {DELIVERIES:,}")
        _line("crashes", f"{self._crashes:,}")
        _line("backups gone on from", f"{self._restorations:,}")
        _line("failures of disks", f"{self._struck:,}")
        rate = f"{self._stories / seconds:.1f} stories, {self._deliveries / seconds:,.0f} deliveries"
        _line("a second", rate)
        _line("worst time to empty queues", f"{self._drained:.0f} s of virtual time, between people in touch")
        for kind in KINDS:
            _line(_WORDS[kind], f"{self._wrong[kind]}")
        _line("stories that went wrong", f"{self.bad}   target: 0")
        _line("hash", self._hash.hexdigest())


def _line(what: str, figure: str) -> None:
    print(f"  {what:<27} {figure}")


if __name__ == "__main__":
    sys.exit(main())
