"""Two linked people on the simulated network who exchange files."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.model import File, FileState
from tuichat.node.parts import Settled
from tuichat.node.signs import SignRules

HOUR = 3600.0
DAY = 24 * HOUR
KIB = 1024
MIB = 1024 * KIB


class FileStory:
    """Alice, who offers, and bob."""

    def __init__(self, directory: Path, network: SimulatedNetwork) -> None:
        self.directory = directory
        self.network = network
        self.alice = SimulatedNode("alice", directory, network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, network, SeededRng(b"bob"))

    async def begin(self) -> None:
        """Both are online and contacts."""
        await self.alice.start()
        await self.bob.start()
        await self.alice.node.contact_add(self.bob.address, "bob")
        await self.bob.node.contact_add(self.alice.address, "alice")
        await self.linked()

    @staticmethod
    def limit(person: SimulatedNode, **limits: int) -> None:
        """What they settle about files from now on, until their next start."""
        rules = person.node._with.files
        person.node.settle(Settled(replace(rules.limits, **limits), SignRules(), 0))

    async def linked(self) -> None:
        """Wait until they have a link."""
        assert await until(self._are_linked, DAY)

    async def _are_linked(self) -> bool:
        both = [await person.node.contact_list() for person in (self.alice, self.bob)]
        return all(contact.online for contacts in both for contact in contacts)

    async def end(self) -> None:
        """Stop both; nothing may have failed unforeseen."""
        for person in (self.alice, self.bob):
            await person.stop()
            assert person.failures == []

    def write(self, name: str, size: int) -> Path:
        """A file of random bytes in a directory of alice's."""
        path = self.directory / "hers" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(f"{name} {size}").randbytes(size))
        return path

    def on_disk(self, person: SimulatedNode) -> list[str]:
        """The names in somebody's inbox."""
        inbox = self.directory / person.name / "inbox"
        return sorted(entry.name for entry in inbox.iterdir()) if inbox.exists() else []

    async def offer(self, *paths: Path, caption: str = "") -> list[File]:
        """Alice offers files; the offers as bob sees them."""
        before = len(await self.bob.node.file_list())
        sent = await self.alice.node.file_send("bob", [str(path) for path in paths], caption, as_is=True)
        async with asyncio.timeout(HOUR):
            while len(await self.bob.node.file_list()) < before + len(sent):  # noqa: ASYNC110 - virtual
                await asyncio.sleep(1)
        return (await self.bob.node.file_list())[before:]

    async def until_offered(self, number: int) -> File:
        """Bob's file of this number, from 1, as soon as it is there."""
        async with asyncio.timeout(HOUR):
            while len(found := await self.bob.node.file_list()) < number:  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(1)
        return found[number - 1]

    async def until_state(self, person: SimulatedNode, file: int, *states: FileState) -> File:
        """Wait until somebody's file is in one of the states."""
        return await until_so(lambda: person.node.file_get(file), lambda found: found.state in states)

    async def until_bytes(self, person: SimulatedNode, file: int, count: int) -> File:
        """Wait until so many bytes are done."""
        return await until_so(
            lambda: person.node.file_get(file), lambda found: found.bytes_done >= count, pause=0.05
        )


async def until_so(
    ask: Callable[[], Awaitable[File]], holds: Callable[[File], bool], pause: float = 0.5
) -> File:
    async with asyncio.timeout(10 * DAY):
        while not holds(found := await ask()):  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(pause)
    return found


@asynccontextmanager
async def file_story(directory: Path) -> AsyncIterator[FileStory]:
    """Alice and bob, linked; stopped at the end."""
    story = FileStory(directory, SimulatedNetwork(SeededRng(b"network")))
    await story.begin()
    yield story
    await story.end()


def play(directory: Path, story: Callable[[FileStory], Coroutine[Any, Any, None]]) -> None:
    """Run a story to its end in virtual time."""

    async def whole() -> None:
        async with file_story(directory) as made:
            await story(made)

    run_virtual(whole())
