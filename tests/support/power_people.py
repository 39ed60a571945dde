"""What two real nodes do to their disks, recorded: they talk over a bad network, with requests, sessions,
retries, cancels, emptied logs and restarts.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from tests.support.power_disk import DiskLog
from tests.support.power_promises import Said
from tests.support.power_taps import Taps, recording_promises
from tests.support.power_writer import Synchronous, open_recorded
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork, SimulatedTransport
from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.errors import TuichatError
from tuichat.network.addresses import address_of
from tuichat.node.node import Node, NodeParts


@dataclass
class _Person:
    name: str
    directory: Path
    network: SimulatedNetwork
    rng: SeededRng
    taps: Taps
    synchronous: Synchronous

    def __post_init__(self) -> None:
        self.identity = Identity.generate(self.rng, VirtualClock.EPOCH)
        self.address = address_of(self.identity.onion)

    async def start(self) -> None:
        store = open_recorded(self.directory, self.taps, self.synchronous)
        self.transport = SimulatedTransport(self.network, self.identity.onion)
        parts = NodeParts(
            store=store,
            identity=self.identity,
            name=self.name,
            transport=self.transport,
            clock=VirtualClock(),
            rng=self.rng,
            kem=MlKem768(),
        )
        self.node = Node(parts)
        await self.node.start()
        await self.node.go_online()

    async def say(self, other: _Person, text: str) -> int:
        message = await self.node.send(other.name, text)
        self.taps.log_in(self.directory).mark(_said(self, message.id))
        return message.id

    async def take_back(self, message: int) -> None:
        try:
            await self.node.cancel(message)
        except TuichatError:
            return  # it may have left


def _said(person: _Person, message: int) -> Said:
    row = person.node._store.messages.get(message)
    assert row is not None
    return Said(row.contact, row.wire_id, row.text)


def people(directory: Path, seed: int, synchronous: Synchronous = "FULL") -> list[DiskLog]:
    """Two people's logs."""
    places = [directory / name for name in ("alice", "bob")]
    for place in places:
        place.mkdir()
    with recording_promises(*places) as taps:
        network = SimulatedNetwork(SeededRng(b"network %d" % seed))
        both = [
            _Person(place.name, place, network, SeededRng(f"{place.name} {seed}".encode()), taps, synchronous)
            for place in places
        ]
        run_virtual(_story(both, network, SeededRng(b"story %d" % seed)))
        return [taps.log_in(place) for place in places]


async def _story(both: list[_Person], network: SimulatedNetwork, rng: SeededRng) -> None:
    for person in both:
        await person.start()
    await both[0].node.contact_add(both[1].address, both[1].name, "hello")
    await both[1].node.contact_add(both[0].address, both[0].name)
    for number in range(14):
        one, other = both[:: 1 - 2 * int(rng.uniform(0, 2))]
        said = [
            await one.say(other, f"{one.name} {number} {each}" + "." * int(rng.uniform(0, 3000)))
            for each in range(1 + int(rng.uniform(0, 3)))
        ]
        match int(rng.uniform(0, 6)):
            case 0:
                network.cut_all()
            case 1:
                network.faults = Faults(unreachable=1.0, lose=1.0)
            case 2:
                await one.take_back(said[-1])
            case 3:
                await one.node.close()
                await one.start()
            case _:
                network.faults = Faults()
        await asyncio.sleep(rng.uniform(0, 6) ** 2)
    network.faults = Faults()
    await asyncio.sleep(120.0)
    for person in both:
        await person.node.close()
