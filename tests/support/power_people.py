"""What two real nodes do to their disks, recorded: they talk over a bad network, with requests, sessions,
retries, cancels, emptied logs and restarts. Where power losses are part of the story, they go on after them
from what was left, and in the end everything that was said must have arrived once and in order.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.power_disk import DiskLog
from tests.support.power_lost import FATES, moments
from tests.support.power_promises import Said
from tests.support.power_taps import Taps, recording_promises
from tests.support.power_writer import Synchronous, open_recorded
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork, SimulatedTransport
from tests.support.simulated_node import until
from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.errors import TuichatError
from tuichat.network.addresses import address_of
from tuichat.node.file_places import FileRules
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts

_TURNS = 14
_DAY = 86_400.0


def people(
    directory: Path, seed: int, synchronous: Synchronous = "FULL", *, losses: bool = False
) -> list[DiskLog]:
    """Two people's logs; with `losses` one for each life that begins with a power loss."""
    with recording_promises() as taps:
        network = SimulatedNetwork(SeededRng(b"network %d" % seed))
        both = [
            _Person(name, directory, network, SeededRng(f"{name} {seed}".encode()), taps, synchronous)
            for name in ("alice", "bob")
        ]
        run_virtual(_Story(both, network, SeededRng(b"story %d" % seed), losses).tell())
        return [log for person in both for log in person.logs]


@dataclass
class _Person:
    name: str
    home: Path
    network: SimulatedNetwork
    rng: SeededRng
    taps: Taps
    synchronous: Synchronous
    said: list[str] = field(default_factory=list)
    logs: list[DiskLog] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.identity = Identity.generate(self.rng, VirtualClock.EPOCH)
        self.address = address_of(self.identity.onion)
        self._live_on({})

    def _live_on(self, files: dict[str, bytes]) -> None:
        """Have a disk with these files."""
        self._directory = self.home / f"{self.name} {len(self.logs)}"
        self._directory.mkdir()
        for name, content in files.items():
            (self._directory / name).write_bytes(content)
        self.logs.append(self.taps.record(self._directory))

    async def start(self) -> None:
        store = open_recorded(self._directory, self.taps, self.synchronous)
        self.transport = SimulatedTransport(self.network, self.identity.onion)
        parts = NodeParts(
            store=store,
            identity=self.identity,
            name=self.name,
            transport=self.transport,
            clock=VirtualClock(),
            rng=self.rng,
            kem=MlKem768(),
            files=FileRules.inside(self._directory),
        )
        self.node = Node(parts)
        await self.node.start()
        await self.node.go_online()

    async def stop(self) -> None:
        await self.node.close()
        self.logs[-1].broken += [type(failure).__name__ for failure in self.transport.failures]

    async def lose_power(self, rng: SeededRng) -> None:
        """Go on from what is left of the disk."""
        fate = FATES[int(rng.uniform(0, len(FATES)))]
        *_, (_, disk) = moments(self.logs[-1])
        self._live_on(disk.lose(fate, rng))
        await self.node.close()  # its own disk is not looked at any more
        await self.start()

    async def say(self, other: _Person, text: str) -> int:
        message = await self.node.send(other.name, text)
        row = self.node._store.messages.get(message.id)
        assert row is not None
        self.logs[-1].mark(Said(row.contact, row.wire_id, row.text))
        self.said.append(text)
        return message.id

    async def take_back_last(self, message: int) -> None:
        try:
            await self.node.cancel(message)
        except TuichatError:
            return  # it may have left
        self.said.pop()

    async def heard(self, other: _Person) -> list[str]:
        """What arrived, in order."""
        messages = await self.node.messages(other.name, limit=5000)
        return [message.text for message in messages if message.direction == "in"]

    async def settled(self) -> bool:
        return self.node.queued_count() == 0


class _Story:
    def __init__(self, both: list[_Person], network: SimulatedNetwork, rng: SeededRng, losses: bool) -> None:
        self._both = both
        self._network = network
        self._rng = rng
        self._losses = losses

    async def tell(self) -> None:
        one, other = self._both
        for person in self._both:
            await person.start()
        await one.node.contact_add(other.address, other.name, "hello")
        await other.node.contact_add(one.address, one.name)
        for turn in range(_TURNS):
            await self._turn(turn)
        self._network.faults = Faults()
        for person in self._both:
            await until(person.settled, _DAY)
        await asyncio.sleep(60.0)
        for person, reader in ((one, other), (other, one)):
            if await reader.heard(person) != person.said:
                person.logs[-1].broken.append("what was said did not arrive once and in order")
        for person in self._both:
            await person.stop()

    async def _turn(self, turn: int) -> None:
        one, other = self._both[:: 1 - 2 * self._pick(2)]
        for number in range(1 + self._pick(3)):
            last = await one.say(other, f"{one.name} {turn} {number}" + "." * self._pick(3000))
        match self._pick(6):
            case 0:
                self._network.cut_all()
            case 1:
                self._network.faults = Faults(unreachable=1.0, lose=1.0)
            case 2:
                await one.take_back_last(last)
            case 3:
                await one.stop()
                await one.start()
            case 4 if self._losses:
                await self._both[self._pick(2)].lose_power(self._rng)
            case _:
                self._network.faults = Faults()
        await asyncio.sleep(self._rng.uniform(0, 6) ** 2)

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))
