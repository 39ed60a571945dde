"""What may befall a story: bad or clogged networks, full or failing disks, wrong clocks. It all heals."""

from __future__ import annotations

from collections.abc import Sequence

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
        match self._pick(12):
            case 0 | 1 | 2 | 3 | 4 | 5:
                self._network.faults = (_EASE, _STORM, _SLOW, _AWAY)[self._pick(4)]
            case 6:
                self._network.cut_all()
            case 7:
                other = self._people[self._pick(len(self._people))]
                self._network.silent.symmetric_difference_update({(person.onion, other.onion)})
            case 8:
                self._network.clogged = not self._network.clogged
            case 9 | 10 if self._disks is not None:
                self._disks.failing.symmetric_difference_update({person.name})
            case 9 | 10:
                person.disk_full = not person.disk_full
            case _:
                person.clock.offset = _JUMPS[self._pick(len(_JUMPS))] if not person.clock.offset else 0.0

    def heal(self) -> None:
        """All is well from now on."""
        self._network.faults = Faults()
        self._network.silent.clear()
        self._network.clogged = False
        if self._disks is not None:
            self._disks.failing.clear()
        for person in self._people:
            person.disk_full = False
            person.clock.offset = 0.0

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))
