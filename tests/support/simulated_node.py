"""The real node on the simulated network: it can be killed between any two steps, and started again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork, SimulatedTransport
from tests.support.virtual_time import VirtualClock
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import Kem
from tuichat.errors import StorageError
from tuichat.model import Contact, Direction, Message
from tuichat.network.addresses import address_of
from tuichat.node.file_places import FileRules
from tuichat.node.jobs import OffLoop
from tuichat.node.node import Node
from tuichat.node.parts import NodeParts
from tuichat.node.reach import Visibility
from tuichat.node.signs import SignRules
from tuichat.store.store import Store

KEY = bytes(range(32))

_MOST_PAGES = 0xFFFFFFFE
"""SQLite's own limit."""


@dataclass(slots=True)
class Life:
    """From one start of a node to its end, or to its sudden death.

    Attributes:
        store: what the node keeps, in the file `database`.
        ending: it is being closed in order.
    """

    node: Node
    transport: SimulatedTransport
    store: Store
    database: Path
    ending: bool = False


class SimulatedNode:
    """One person.

    Attributes:
        off_loop: does what waits for the disk.
        still_works: see `NodeParts`.
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
        self.signs = SignRules()
        self.off_loop: OffLoop = at_once
        self.still_works: Callable[[], None] = lambda: None
        self._lives = 0
        self._key = KEY
        self._life: Life | None = None
        self._dying: list[asyncio.Task[None]] = []
        self.identity = Identity.generate(rng, 1_790_000_000.0)
        self.sent: dict[str, list[str]] = {}
        self.crashes = 0
        self.restorations = 0
        self.failures: list[BaseException] = []
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
        if self._life is not None:
            pages = 1 if now else _MOST_PAGES  # a limit below the file's size becomes its size
            self._life.store._database.run(f"PRAGMA max_page_count = {pages}")

    @property
    def address(self) -> str:
        return address_of(self.identity.onion)

    @property
    def node(self) -> Node:
        return self._present.node

    @property
    def transport(self) -> SimulatedTransport:
        return self._present.transport

    @property
    def store(self) -> Store:
        return self._present.store

    @property
    def running(self) -> bool:
        return self._life is not None and not self._life.ending

    @property
    def _present(self) -> Life:
        assert self._life is not None
        return self._life

    async def start(self) -> None:
        if not self._database.exists():
            self._database.write_bytes(_new_database())
        store = Store.open(self._database, self._key, synchronous="OFF")
        transport = SimulatedTransport(self._network, self.identity.onion)
        parts = NodeParts(
            store=store,
            identity=self.identity,
            name=self.name,
            transport=transport,
            clock=self.clock,
            rng=self._rng,
            kem=self.kem,
            files=FileRules.inside(self._directory / self.name),
            off_loop=lambda work: self.off_loop(work),
            still_works=lambda: self.still_works(),
            visibility=self.visibility,
            signs=self.signs,
        )
        self._life = Life(Node(parts), transport, store, self._database)
        self.disk_full = False  # who starts it has made room
        await self.node.start()
        await self.node.go_online()

    async def stop(self) -> None:
        """End in order, unless the process dies over it."""
        life = self._life
        if life is None or life.ending:
            return
        life.ending = True
        try:
            await life.node.close()
        finally:
            self.failures += life.transport.failures
            if self._life is life:
                self._life = None
            else:
                _remove(life.database)

    async def crash(self) -> None:
        """Lose everything that is not on disk at this moment, and every connection with it."""
        self.die()
        await asyncio.gather(*self._dying)

    def die(self, *, told: bool = True) -> None:
        """The same, between two steps of the loop: nothing of what is under way goes on.

        Unless those connected are `told`, as by a tor that closes circuits, each finds out by itself.
        """
        life, self._life = self._life, None
        if life is None:
            return
        self.crashes += 1
        self._lives += 1
        _copy(life.database, self._database)
        life.transport.vanish(told=told)
        if not life.ending:
            task = asyncio.get_running_loop().create_task(self._bury(life))
            self._dying.append(task)
            task.add_done_callback(self._dying.remove)

    async def _bury(self, life: Life) -> None:
        """End the tasks of who is dead: what they still write and say reaches nobody."""
        with suppress(StorageError):  # the disk may have died before
            await life.node.close()
        self.failures += life.transport.failures
        _remove(life.database)

    def back_up(self) -> None:
        """Keep a copy of what is on disk at this moment, in place of an earlier one."""
        _remove(self._backup)
        _copy(self._database, self._backup)

    async def restore(self) -> None:
        """Lose everything since the backup, and go on from there."""
        self.restorations += 1
        with suppress(StorageError):  # a disk that is given up anyway
            await self.stop()
        _remove(self._database)
        self._lives += 1
        _copy(self._backup, self._database)
        await self.start()

    async def say(self, other: SimulatedNode, text: str, reply_to: int | None = None) -> Message:
        message = await self.node.send(other.name, text, reply_to)
        self.sent.setdefault(other.name, []).append(text)
        row = None if self._life is None else self.store.messages.get(message.id)
        if row is not None:
            self._network.said[row.wire_id] = text
        return message

    async def edit(self, other: SimulatedNode, message: Message, text: str) -> str:
        """Edit a message to the other; its words until now if those never leave, for no link has had them."""
        row = self.store.messages.get(message.id)
        assert row is not None
        if (await self.node.edit(message.id, text)).edited:
            return ""
        before, said = self._network.said[row.wire_id], self.sent[other.name]
        said[said.index(before)] = self._network.said[row.wire_id] = text
        return before

    def first_text(self, message: Message) -> str:
        """What a message said when it was written, whatever was done to it since."""
        if not message.edited and not message.unsent:
            return message.text
        row = self.store.messages.get(message.id)
        assert row is not None
        return self._network.said.get(row.wire_id, message.text)

    async def history(self, other: SimulatedNode, direction: Direction = "in") -> list[str]:
        """What arrived from the other, in order, as it was written; or what went to them."""
        texts: list[str] = []
        after = 0
        while page := await self.node.messages(other.name, limit=5000, after=after):
            texts += [self.first_text(message) for message in page if message.direction == direction]
            after = page[-1].id
        return texts

    async def contact(self, other: SimulatedNode) -> Contact:
        """What the other is to this person."""
        contacts = await self.node.contact_list()
        return next(contact for contact in contacts if contact.address == other.address)

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


@cache
def _new_database() -> bytes:
    """What opening a store makes where there is none: once for everybody, for it takes its time."""
    with TemporaryDirectory() as directory:
        path = Path(directory) / "new.db"
        Store.open(path, KEY, synchronous="OFF").close()
        return path.read_bytes()


def _copy(database: Path, to: Path) -> None:
    for ending in ("", "-wal"):
        source = database.with_name(database.name + ending)
        if source.exists():
            shutil.copyfile(source, to.with_name(to.name + ending))


def _remove(database: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


async def until(condition: object, seconds: float, *, longest_pause: float = 600.0) -> bool:
    """Let virtual time pass until the async condition holds; False if it does not within `seconds`."""
    deadline, pause = asyncio.get_running_loop().time() + seconds, 5.0
    while asyncio.get_running_loop().time() < deadline:
        if await condition():  # type: ignore[operator]
            return True
        await asyncio.sleep(pause)
        pause = min(pause * 1.2, longest_pause)  # asked all the time, a day's waiting would be mostly asking
    return False
