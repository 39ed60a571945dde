"""The real node on the simulated network: it can be killed between any two steps, and started again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork, SimulatedTransport
from tests.support.virtual_time import VirtualClock
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import Kem
from tuichat.model import Direction, Message
from tuichat.network.addresses import address_of
from tuichat.node.file_places import FileRules
from tuichat.node.jobs import OffLoop
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts
from tuichat.node.reach import Visibility
from tuichat.store.store import Store

KEY = bytes(range(32))

_MOST_PAGES = 0xFFFFFFFE
"""SQLite's own limit."""


class SimulatedNode:
    """One person.

    Attributes:
        off_loop: does what waits for the disk.
        sent: for each other person's name, the texts whose `send` returned, in order.
        crashes, restorations: how many there were.
    """

    def __init__(self, name: str, directory: Path, network: SimulatedNetwork, rng: SeededRng) -> None:
        self.name = name
        self._directory = directory
        self._network = network
        self._rng = rng
        self.kem: Kem = DeterministicMlKem768()
        self.clock = VirtualClock()
        self.visibility: Visibility = "public"
        self.off_loop: OffLoop = at_once
        self._lives = 0
        self._key = KEY
        self._node: Node | None = None
        self._transport: SimulatedTransport | None = None
        self.identity = Identity.generate(rng, 1_790_000_000.0)
        self.sent: dict[str, list[str]] = {}
        self.crashes = 0
        self.restorations = 0
        self.failures: list[BaseException] = []
        self._store: Store | None = None
        self._disk_full = False

    @property
    def onion(self) -> bytes:
        return self.identity.onion

    @property
    def disk_full(self) -> bool:
        """Whether the database cannot grow: SQLite's own limit, so that its own error comes up."""
        return self._disk_full

    @disk_full.setter
    def disk_full(self, now: bool) -> None:
        self._disk_full = now
        if self._store is not None:
            pages = 1 if now else _MOST_PAGES  # a limit below the file's size becomes its size
            self._store._database.run(f"PRAGMA max_page_count = {pages}")

    @property
    def address(self) -> str:
        return address_of(self.identity.onion)

    @property
    def node(self) -> Node:
        assert self._node is not None
        return self._node

    @property
    def transport(self) -> SimulatedTransport:
        assert self._transport is not None
        return self._transport

    @property
    def running(self) -> bool:
        return self._node is not None

    async def start(self) -> None:
        self._transport = SimulatedTransport(self._network, self.identity.onion)
        store = Store.open(self._database, self._key, synchronous="OFF")
        self._store = store
        self.disk_full = False  # who starts it has made room
        parts = NodeParts(
            store=store,
            identity=self.identity,
            name=self.name,
            transport=self._transport,
            clock=self.clock,
            rng=self._rng,
            kem=self.kem,
            files=FileRules.inside(self._directory / self.name),
            off_loop=lambda work: self.off_loop(work),
            visibility=self.visibility,
        )
        self._node = Node(parts)
        await self._node.start()
        await self._node.go_online()

    async def stop(self) -> None:
        """End in order."""
        node, transport, self._node = self._node, self._transport, None
        self._store = None
        if node is not None and transport is not None:
            await node.close()
            self.failures += transport.failures

    async def crash(self) -> None:
        """Lose everything that is not on disk at this moment, and every connection with it."""
        self.crashes += 1
        before = self._database
        self._lives += 1
        _copy(before, self._database)
        await self.stop()
        _remove(before)

    def back_up(self) -> None:
        """Keep a copy of what is on disk at this moment, in place of an earlier one."""
        _remove(self._backup)
        _copy(self._database, self._backup)

    async def restore(self) -> None:
        """Lose everything since the backup, and go on from there."""
        self.restorations += 1
        before = self._database
        self._lives += 1
        _copy(self._backup, self._database)
        await self.stop()
        _remove(before)
        await self.start()

    async def say(self, other: SimulatedNode, text: str) -> Message:
        message = await self.node.send(other.name, text)
        self.sent.setdefault(other.name, []).append(text)
        return message

    async def history(self, other: SimulatedNode, direction: Direction = "in") -> list[str]:
        """What arrived from the other, in order; or what went to them."""
        messages = await self.node.messages(other.name, limit=5000)
        return [message.text for message in messages if message.direction == direction]

    async def settled(self) -> bool:
        """Whether nothing waits to be acknowledged."""
        return self.running and self.node.queued_count() == 0

    @property
    def _database(self) -> Path:
        return self._directory / f"{self.name}-{self._lives}.db"

    @property
    def _backup(self) -> Path:
        return self._directory / f"{self.name}-backup.db"

    @property
    def log(self) -> Path:
        """The database's write-ahead log."""
        return self._database.with_name(self._database.name + "-wal")


async def at_once(work: Callable[[], Any]) -> Any:
    """In place of a thread, whose moments nobody could repeat."""
    return work()


def _copy(database: Path, to: Path) -> None:
    for ending in ("", "-wal"):
        source = database.with_name(database.name + ending)
        if source.exists():
            shutil.copyfile(source, to.with_name(to.name + ending))


def _remove(database: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


async def until(condition: object, seconds: float) -> bool:
    """Let virtual time pass until the async condition holds; False if it does not within `seconds`."""
    deadline, pause = asyncio.get_running_loop().time() + seconds, 5.0
    while asyncio.get_running_loop().time() < deadline:
        if await condition():  # type: ignore[operator]
            return True
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, 600.0)  # asked all the time, a day's waiting would be mostly asking
    return False
