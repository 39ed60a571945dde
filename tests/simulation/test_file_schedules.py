"""Files under random deeds, disks, networks and crashes: they are whole in the end, or leave nothing."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.file_story import HOUR, KIB, MIB, FileStory, play
from tests.support.simulated_node import SimulatedNode
from tests.support.slow_disk import SlowDisk
from tuichat.errors import TuichatError
from tuichat.model import File

SEEDS = range(12)
SIZES = (0, 1, 64 * KIB, 300 * KIB, MIB, 5 * MIB)
ENDED = ("complete", "declined", "cancelled")


class Play:
    """Two people who do this and that with files.

    Attributes:
        content: what each file that was offered is, by its name.
        asking: what each node is being asked.
    """

    def __init__(self, made: FileStory, seed: int) -> None:
        self.made = made
        self.chance = random.Random(seed)
        self.content: dict[str, bytes] = {}
        self.chosen = made.directory / "chosen"
        self.chosen.mkdir()
        self.doing: list[asyncio.Task[None]] = []
        self.asking: dict[str, set[asyncio.Task[object]]] = {"alice": set(), "bob": set()}
        self.crashing = {"alice": asyncio.Lock(), "bob": asyncio.Lock()}
        for person in (made.alice, made.bob):
            person.off_loop = SlowDisk(self.chance.choice([0.0, 0.2, 2.0]))
        self._set_faults(*self.chance.choice([(0.0, 0.0, 0.0), (0.01, 0.0, 0.0), (0.01, 0.002, 0.002)]))

    async def run(self) -> None:
        """Some deeds, then peace."""
        deeds = [self.offer] * 2 + [self.answer] * 3 + [self.trouble]
        for _deed in range(self.chance.randint(10, 40)):
            deed = self.chance.choice(deeds)
            self.doing.append(asyncio.ensure_future(deed(*self._people())))
            await asyncio.sleep(self.chance.choice([0, 0.1, 1, 5, 60]))
        await asyncio.gather(*self.doing)
        self._set_faults(0.0, 0.0, 0.0)
        for person in (self.made.alice, self.made.bob):
            person.off_loop = SlowDisk(0.0)
        await self.made.linked()
        await self._settle()

    def _set_faults(self, cut: float, lose: float, corrupt: float) -> None:
        faults = self.made.network.faults
        faults.cut, faults.lose, faults.corrupt = cut, lose, corrupt

    def _people(self) -> tuple[SimulatedNode, SimulatedNode]:
        both = [self.made.alice, self.made.bob]
        self.chance.shuffle(both)
        return both[0], both[1]

    async def offer(self, person: SimulatedNode, other: SimulatedNode) -> None:
        """Offer a file or three."""
        paths = []
        for _file in range(self.chance.choice([1, 1, 3])):
            name = f"file {len(self.content)}"
            path = self.made.write(name, self.chance.choice(SIZES))
            self.content[name] = path.read_bytes()
            paths.append(str(path))
        await self._try(person, lambda: person.node.file_send(other.name, paths, as_is=True))

    async def answer(self, person: SimulatedNode, _other: SimulatedNode) -> None:
        """Do something with one of the files, whether it makes sense or not."""
        if not person.running or not (files := await person.node.file_list()):
            return
        file = self.chance.choice(files[-6:])
        to = self.chance.choice(["", "", str(self.chosen)])
        whole = self.chance.random() < 0.3
        deeds: list[Callable[[], Awaitable[object]]] = [
            *[lambda: person.node.file_accept(file.id, to, whole)] * 4,
            lambda: person.node.file_decline(file.id),
            lambda: person.node.file_cancel(file.id),
            *[lambda: person.node.file_pause(file.id)] * 2,
            *[lambda: person.node.file_resume(file.id)] * 3,
        ]
        await self._try(person, self.chance.choice(deeds))

    async def trouble(self, person: SimulatedNode, _other: SimulatedNode) -> None:
        """A crash, a bad network, or somebody who tidies up the inbox."""
        match self.chance.randint(0, 4):
            case 0 | 1:
                await self._crash(person)
            case 2:
                self.made.network.cut_all()
            case 3:
                self.made.network.clogged = True
                await asyncio.sleep(self.chance.choice([1, 30]))
                self.made.network.clogged = False
            case _:
                for part in (self.made.directory / person.name / "inbox").glob("*.part"):
                    part.unlink()

    async def _crash(self, person: SimulatedNode) -> None:
        async with self.crashing[person.name]:
            person.die()
            disk, person.off_loop = person.off_loop, SlowDisk(self.chance.choice([0.0, 0.2, 2.0]))
            assert isinstance(disk, SlowDisk)
            disk.die()
            for asked in self.asking[person.name]:  # the process is gone, and with it what it was asked
                asked.cancel()
            await person.crash()
            await person.start()

    async def _try(self, person: SimulatedNode, deed: Callable[[], Awaitable[object]]) -> None:
        """Ask a node for something that it may refuse."""
        if not person.running:
            return
        asked = asyncio.ensure_future(deed())
        self.asking[person.name].add(asked)
        await asyncio.wait({asked})
        self.asking[person.name].discard(asked)
        error = None if asked.cancelled() else asked.exception()
        if error is not None and not isinstance(error, TuichatError):
            raise error

    async def _settle(self) -> None:
        """Let everything go on that can, and wait for it."""
        for _round in range(4):
            for person in (self.made.alice, self.made.bob):
                for file in await person.node.file_list():
                    await self._resume(person, file)
            await asyncio.sleep(HOUR)

    async def _resume(self, person: SimulatedNode, file: File) -> None:
        await self._try(person, lambda: person.node.file_resume(file.id))

    async def check(self) -> None:
        """What is complete is equal, nothing else is on a disk, and the two agree on what has ended."""
        for person, other in ((self.made.alice, self.made.bob), (self.made.bob, self.made.alice)):
            mine = [file for file in await person.node.file_list() if file.direction == "in"]
            for file in mine:
                assert file.state in ("offered", "failed", *ENDED)
                if file.state == "complete":
                    assert Path(file.path).read_bytes() == self.content[file.name]
            complete = {Path(file.path) for file in mine if file.state == "complete"}
            inbox = self.made.directory / person.name / "inbox"
            assert set(self.made.on_disk(person)) == {path.name for path in complete if path.parent == inbox}
            assert person.node._store.transfers.remains() == []
            for row in person.node._store.transfers.all():
                theirs = other.node._store.transfers.by_wire_id(1, "out", row.wire_id)
                if row.direction == "in":
                    assert theirs is not None
                    _agree(person.node._transfers.get(row.id), other.node._transfers.get(theirs.id))
        assert not list(self.chosen.glob(".*"))


def _agree(received: File, sent: File) -> None:
    assert (received.state in ENDED) == (sent.state in ENDED) or "failed" in (received.state, sent.state)
    if "complete" in (received.state, sent.state):
        assert received.state == sent.state or received.reason == sent.reason == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_done_files_are_whole_or_leave_nothing(
    tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(made: FileStory) -> None:
        played = Play(made, seed)
        await played.run()
        await played.check()

    play(tmp_path, story)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
