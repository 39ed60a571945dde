"""What may befall a story: bad or clogged networks, full or failing disks, wrong clocks. It all heals."""

from __future__ import annotations

from collections.abc import Sequence

from tests.support.disk_faults import DiskFault, Kind
from tests.support.failing_disks import FailingDisks
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork
from tests.support.simulated_node import SimulatedNode

_EASE = Faults(unreachable=0.1)
_STORM = Faults(lose=0.08, duplicate=0.08, reorder=0.08, cut=0.04, unreachable=0.4, longest=8.0)
_SLOW = Faults(late=0.2, latest=90.0, unreachable=0.2)
_AWAY = Faults(unreachable=1.0, lose=1.0)

_JUMPS = (-86_400.0, -600.0, 3_600.0, 86_400.0)
"""How wrong a clock may be, in seconds."""

_SOON = 40
"""A disk fails at one of its next so many operations: a message takes about ten."""


class Troubles:
    """Chooses by its own seeded source."""

    def __init__(
        self,
        network: SimulatedNetwork,
        people: Sequence[SimulatedNode],
        rng: SeededRng,
        disks: FailingDisks | None = None,
    ) -> None:
        self._disks = disks
        self._network = network
        self._people = people
        self._rng = rng

    def befall(self) -> None:
        """One more trouble, or one less."""
        person = self._people[self._pick(len(self._people))]
        match self._pick(12 if self._disks is None else 15):
            case 0 | 1 | 2 | 3 | 4 | 5:
                self._network.faults = (_EASE, _STORM, _SLOW, _AWAY)[self._pick(4)]
            case 6:
                self._network.cut_all()
            case 7:
                other = self._people[self._pick(len(self._people))]
                self._network.silent.symmetric_difference_update({(person.onion, other.onion)})
            case 8:
                self._network.clogged = not self._network.clogged
            case 9 | 10 if self._disks is None:
                person.disk_full = not person.disk_full
            case 11:
                person.clock.offset = _JUMPS[self._pick(len(_JUMPS))] if not person.clock.offset else 0.0
            case _:
                assert self._disks is not None
                self._break_or_repair(self._disks, person.name)

    def on_disk(self, person: SimulatedNode) -> bool:
        """Whether somebody's disk is full, or fails, or is about to."""
        return person.disk_full or (self._disks is not None and self._disks.fails(person.name))

    def _break_or_repair(self, disks: FailingDisks, name: str) -> None:
        if disks.fails(name):
            disks.repair(name)
        else:
            kind: Kind = "full" if self._pick(2) else "failing"
            disks.break_down(name, DiskFault(kind, 1 + self._pick(_SOON), lasting=bool(self._pick(2))))

    def heal(self) -> None:
        """All is well from now on."""
        self._network.faults = Faults()
        self._network.silent.clear()
        self._network.clogged = False
        if self._disks is not None:
            self._disks.repair_all()
        for person in self._people:
            person.disk_full = False
            person.clock.offset = 0.0

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))
