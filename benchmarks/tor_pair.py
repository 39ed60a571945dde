"""Two people on a private Tor network, whose link can be cut.

The people are two daemons of `tuichat daemon run`, each with its own tor. All rendezvous circuits of such a
network are equally long, so theirs can be compared with those of other programs on it.

Only the first person dials: the second one's tor maps the first one's address to nowhere. Otherwise both
would dial the moment a link is lost, and nobody could tell whose dial was measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from benchmarks.homes import ROOT, Home
from onion.controller import Controller
from onion.endpoint import Endpoint
from onion.errors import TorError
from tuichat.api.client import AsyncClient
from tuichat.model import AnyEvent, File, FileEvent, LinkEvent, Message, MessageEvent, ServiceEvent

FIRST, SECOND = "first", "second"

_SETTINGS = '[tor]\nextra_torrc = "{torrc}"\n'
_BOOT_SECONDS = 150.0
_PATIENCE = 120.0
_FILE_PATIENCE = 1200.0


@contextlib.asynccontextmanager
async def private_network(
    latency_ms: float, directory: Path, torrc: Path | None = None
) -> AsyncIterator[Path]:
    """A private Tor network in a process of its own, or that of `torrc`; gives the torrc of its members."""
    if torrc is not None:
        yield torrc
        return
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", "-m", "onion.private_network"),
        *("--latency", str(latency_ms), "--directory", str(directory)),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_BOOT_SECONDS):
            while line := (await process.stdout.readline()).decode():
                if line.startswith("For its members:"):
                    break
                print(line.strip(), file=sys.stderr)
            else:
                raise RuntimeError("the private network did not come up")
        yield Path(line.partition(":")[2].strip())
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


class Person:
    """A profile whose node runs, a client of it, and the time of each event it told.

    `perf_counter` times are those at which an event was read here.
    """

    def __init__(self, home: Home, client: AsyncClient) -> None:
        self.home = home
        self.client = client
        self._told: list[tuple[float, AnyEvent]] = []
        self._more = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    async def delivered(self, message: Message) -> float:
        """When an own message was acknowledged; waits for it."""
        return await self._first(
            lambda event: (
                isinstance(event, MessageEvent)
                and event.message.id == message.id
                and event.message.state == "delivered"
            )
        )

    async def received(self, text: str) -> float:
        """When a message of this text came; waits for it."""
        return await self._first(
            lambda event: (
                isinstance(event, MessageEvent)
                and event.message.direction == "in"
                and event.message.text == text
            )
        )

    async def published(self) -> float:
        """When the own service was told to be published; waits for it."""
        return await self._first(lambda event: isinstance(event, ServiceEvent) and event.service.published)

    async def file_is(self, wanted: Callable[[File], bool]) -> File:
        """The first file told of since the last `forget` that is so; waits for it."""
        found: list[File] = []

        def is_wanted(event: AnyEvent) -> bool:
            if isinstance(event, FileEvent) and wanted(event.file):
                found.append(event.file)
            return bool(found)

        await self._first(is_wanted, _FILE_PATIENCE)
        return found[0]

    async def link_lost(self) -> float:
        """When a link was lost since the last `forget`; waits for it."""
        return await self._first(lambda event: isinstance(event, LinkEvent) and event.stage != "linked")

    def forget(self) -> None:
        """Look at later events only."""
        self._told.clear()

    async def close(self) -> None:
        """Let go of the node."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self.client.close()

    async def _read(self) -> None:
        async for event in self.client.subscribe():
            self._told.append((time.perf_counter(), event))
            async with self._more:
                self._more.notify_all()

    async def _first(self, wanted: Callable[[AnyEvent], bool], patience: float = _PATIENCE) -> float:
        async with asyncio.timeout(patience), self._more:
            while True:
                for at, event in self._told:
                    if wanted(event):
                        return at
                await self._more.wait()


class People:
    """The first person, who dials, and the second. Make them with `people`."""

    def __init__(self, directory: Path, torrc: Path, module: str = "tuichat") -> None:
        self._stack = contextlib.AsyncExitStack()
        plain = _SETTINGS.format(torrc=torrc)
        self._homes = {FIRST: Home(directory / FIRST, plain, module)}
        self.first_address = self._homes[FIRST].make_profile()
        blind = directory / "blind.torrc"
        blind.write_text(torrc.read_text() + f"MapAddress {self.first_address}.onion 127.0.0.1\n")
        self._homes[SECOND] = Home(directory / SECOND, _SETTINGS.format(torrc=blind), module)
        self.second_address = self._homes[SECOND].make_profile()
        self.first: Person
        self.second: Person

    async def start(self, name: str) -> Person:
        """Start a person's node and follow its events."""
        home = self._homes[name]
        await asyncio.to_thread(home.start)
        person = Person(home, await AsyncClient.open(home.socket))
        setattr(self, name, person)
        return person

    async def stop(self, name: str) -> None:
        """End a person's node."""
        person: Person | None = getattr(self, name, None)
        if person is not None:
            await person.close()
        await asyncio.to_thread(self._homes[name].stop)

    async def befriend(self) -> None:
        """Each adds the other, which counts as accepted at once; returns when they are linked."""
        await asyncio.gather(*(_reachable(person.client) for person in (self.first, self.second)))
        await self.second.client.contact_add(self.first_address, FIRST)
        await self.first.client.contact_add(self.second_address, SECOND)
        await self.warm("hello")

    async def warm(self, text: str) -> None:
        """Let a message through, which makes a link if there is none."""
        message = await self.first.client.send(SECOND, text)
        await self.first.delivered(message)

    async def cut_link(self) -> None:
        """Close the circuits between the two at the first one's tor; returns when its node knows."""
        home = self.first.home
        self.first.forget()
        controller = await Controller.connect(
            Endpoint(path=home.paths.run_directory() / "control"),
            lambda _event: None,
            home.paths.tor / "control_auth_cookie",
        )
        try:
            for line in (await controller.get_info("circuit-status")).splitlines():
                if "PURPOSE=HS_CLIENT_REND" in line:
                    with contextlib.suppress(TorError):
                        await controller.call(f"CLOSECIRCUIT {line.split()[0]}")
        finally:
            await controller.close()
        await self.first.link_lost()

    async def close(self) -> None:
        """End both nodes."""
        for name in (FIRST, SECOND):
            await self.stop(name)


@contextlib.asynccontextmanager
async def people(directory: Path, torrc: Path, module: str = "tuichat") -> AsyncIterator[People]:
    """Two people who are linked; their nodes run `module`."""
    both = await asyncio.to_thread(People, directory, torrc, module)
    try:
        await asyncio.gather(*(both.start(name) for name in (FIRST, SECOND)))
        await both.befriend()
        yield both
    finally:
        await both.close()


async def _reachable(client: AsyncClient) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not (await client.status()).service.reachable:  # noqa: ASYNC110 - its process brings it about
            await asyncio.sleep(0.2)
