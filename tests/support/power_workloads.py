"""What real nodes and a real store do to their disks, recorded.

`people` is two nodes that talk over a bad network: requests, sessions, retries, cancels, locks and restarts.
`rows` is one store under random writes, small steps and large ones, with the log emptied at all times.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.support.power_disk import DiskLog
from tests.support.power_promises import Said, database_of
from tests.support.power_taps import DATABASE, Taps, recording_promises
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork, SimulatedTransport
from tests.support.stores import KEY, SECOND, add_contact, receive, wire_id
from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.errors import TuichatError
from tuichat.network.addresses import address_of
from tuichat.node.node import Node, NodeParts
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""FULL is how the product opens; the others are what must be found out."""

_HURRIED_CHECKPOINT = 24
"""Pages in the log after which SQLite moves them into the file: at its own 1,000 it would seldom happen."""


def open_store(directory: Path, synchronous: Synchronous) -> Store:
    """The directory's store, opened with the product's code."""
    store = Store.open(directory / DATABASE, KEY, synchronous="OFF" if synchronous == "OFF" else "FULL")
    if synchronous == "NORMAL":
        database_of(store).run("PRAGMA synchronous = NORMAL")
    return store


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
        store = open_store(self.directory, self.synchronous)
        self.taps.opened(store)
        database_of(store).run(f"PRAGMA wal_autocheckpoint = {_HURRIED_CHECKPOINT}")
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


def rows(directory: Path, seed: int, synchronous: Synchronous = "FULL") -> list[DiskLog]:
    """One store's log."""
    place = directory / "rows"
    place.mkdir()
    with recording_promises(place) as taps:
        _Writer(place, SeededRng(b"rows %d" % seed), taps, synchronous).work()
        return [taps.log_in(place)]


class _Writer:
    def __init__(self, directory: Path, rng: SeededRng, taps: Taps, synchronous: Synchronous) -> None:
        self._directory = directory
        self._rng = rng
        self._taps = taps
        self._synchronous = synchronous
        self._number = 0

    def work(self) -> None:
        self._open()
        self._contact = add_contact(self._store).id
        for _ in range(60):
            self._step()
        self._store.close()

    def _open(self) -> None:
        self._store = open_store(self._directory, self._synchronous)
        self._taps.opened(self._store)
        database_of(self._store).run(f"PRAGMA wal_autocheckpoint = {_HURRIED_CHECKPOINT}")

    def _step(self) -> None:
        match int(self._rng.uniform(0, 9)):
            case 0:
                self._store.checkpoint()
            case 1:
                self._store.close()
                self._open()
            case 2:
                with self._store.transaction():
                    for _ in range(1 + int(self._rng.uniform(0, 12))):
                        self._message()
            case 3:
                self._store.messages.mark_read(self._contact, self._number // 2)
            case 4:
                row = SessionRow(self._contact, gen=1, sealed=self._number)
                self._store.sessions.put(row)
            case 5 if (other := self._store.contacts.by_petname("Eve")) is not None:
                self._store.contacts.remove(other.id)
            case 5:
                other = add_contact(self._store, "Eve", bytes([9]) * 32)
                receive(self._store, other.id, self._number, "gone soon" * 500)
            case _:
                self._message()
        self._said()

    def _message(self) -> None:
        self._number += 1
        text = "x" * int(self._rng.uniform(0, 70) ** 2 / 2)
        with_queue = self._rng.uniform(0, 1) < 0.5
        if not with_queue:
            receive(self._store, self._contact, self._number, text)
            return
        inside = database_of(self._store).step()
        with inside:
            message = self._store.messages.add(
                self._contact,
                "out",
                wire_id(self._number),
                "text",
                text,
                sent_at=SECOND,
                received_at=None,
                state="queued",
            )
            self._store.outbox.add(
                self._contact,
                message=message.id,
                wire_id=message.wire_id,
                body=text.encode(),
                queued_at=SECOND,
            )

    def _said(self) -> None:
        for row in self._store.messages.page(self._contact, 3):
            if row.direction == "out":
                self._taps.log_in(self._directory).mark(Said(self._contact, row.wire_id, row.text))
