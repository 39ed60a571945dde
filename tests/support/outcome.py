"""Which story, and what it came to."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Backups = Literal["none", "one", "all", "restored"]
"""Who goes on from old backups: nobody, one of the people, or any of them, from a copy of the database that
knows of nothing; "restored": any of them, by way of the product's own backup file."""

Kind = Literal["lost", "doubled", "inverted", "invented", "diverged", "resealed", "stuck", "hot", "failed"]
"""What can be wrong: a message is missing, in a history twice, before one that was sent earlier, or there
though never sent; two histories show a message differently; two envelopes have one number; a queue is not
empty in time; two call each other without a pause; something else failed."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Story:
    """Which story: the same one is the same to the last byte.

    Attributes:
        failing: disks do not fill, but fail.
        bursts: somebody at times says hundreds of things at once.
        real_kem: with ML-KEM itself, which takes its time, in place of the simulated one.
    """

    seed: int
    backups: Backups = "none"
    failing: bool = False
    bursts: bool = False
    real_kem: bool = False

    @property
    def words(self) -> str:
        """As the command takes it."""
        flags = {"--failing": self.failing, "--bursts": self.bursts, "--real-kem": self.real_kem}
        return " ".join([str(self.seed), self.backups, *(flag for flag, given in flags.items() if given)])

    @classmethod
    def read(cls, line: str) -> Story:
        """The story of a command's words, up to a "#". Exits on a mistake."""
        chosen = argparse.ArgumentParser(prog="python -m tests.support.schedule")
        chosen.add_argument("seed", type=int)
        chosen.add_argument("backups", nargs="?", choices=get_args(Backups), default="none")
        for flag in ("--failing", "--bursts", "--real-kem"):
            chosen.add_argument(flag, action="store_true")
        return cls(**vars(chosen.parse_args(line.split("#")[0].split())))


class Complaint(NamedTuple):
    """Something that is wrong, how often, and where."""

    kind: Kind
    times: int
    where: str

    def __str__(self) -> str:
        return f"{self.where}: {self.times} {self.kind}"


@dataclass(frozen=True)
class Outcome:
    """What a story came to.

    Attributes:
        struck: how often a disk failed.
        drained: seconds from when all was well until those in touch before had nothing queued any more.
        digest: over every message on the network with its time, and over the histories.
    """

    story: Story
    deliveries: int = 0
    crashes: int = 0
    restorations: int = 0
    struck: int = 0
    drained: float = 0.0
    wrong: tuple[Complaint, ...] = ()
    digest: str = ""

    def count(self, kind: Kind) -> int:
        """How much of this kind is wrong."""
        return sum(complaint.times for complaint in self.wrong if complaint.kind == kind)

    @property
    def told(self) -> str:
        """What is wrong, in a line."""
        return "; ".join(map(str, self.wrong))

    @property
    def replay(self) -> str:
        """The command that plays it again, and what was wrong."""
        command = "PYTHONHASHSEED=0 .venv/bin/python -m tests.support.schedule"
        return f"{command} {self.story.words}  # {self.told}"
