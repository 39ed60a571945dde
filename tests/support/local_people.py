"""Two people on this machine, each with a real node process, who meet within a second and without tor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from tests.support.local_tor import DIRECTORY
from tuichat.api import AsyncClient, UnreachableError

ROOT = Path(__file__).parents[2]
SECONDS = 60.0


class Resident:
    """Somebody with a home in `directory` and a daemon.

    Attributes:
        environment: with it every program finds the home, and the other one.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.home = directory / name
        network, temporary = directory / "net", directory / "tmp"
        for needed in (network, temporary):
            needed.mkdir(exist_ok=True)
        self.environment = {
            **os.environ,
            DIRECTORY: str(network),
            "TMPDIR": str(temporary),
            "TUICHAT_HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        }
        self._processes: list[asyncio.subprocess.Process] = []
        self._daemon: asyncio.subprocess.Process | None = None

    async def create(self, *options: str) -> None:
        """Make the profile."""
        process = await self.tuichat("init", *(options or ("--no-passphrase",)))
        assert await process.wait() == 0

    async def tuichat(self, *words: str) -> asyncio.subprocess.Process:
        """A command of theirs."""
        return await self.program("-m", "tests.support.local_tor", *words)

    async def program(self, *words: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        """A Python program with their environment; its streams are pipes, and its output is `output`."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=asyncio.subprocess.PIPE,
            env=self.environment,
            cwd=ROOT,
        )
        self._processes.append(process)
        return process

    async def start(self) -> None:
        """Start the daemon; it serves soon."""
        self._daemon = await self.tuichat("daemon", "run")

    async def end(self, *, kill: bool = False) -> None:
        """End the daemon, in order unless it is to be killed."""
        assert self._daemon is not None
        (self._daemon.kill if kill else self._daemon.terminate)()
        await asyncio.wait_for(self._daemon.wait(), SECONDS)

    @contextlib.asynccontextmanager
    async def node(self) -> AsyncIterator[AsyncClient]:
        """A client of their daemon, as soon as that serves."""
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    client = AsyncClient.connect(home=self.home)
                    node = await client.__aenter__()
                    break
                except UnreachableError:
                    await asyncio.sleep(0.05)
        try:
            yield node
        finally:
            await client.__aexit__(None, None, None)

    async def close(self) -> None:
        """End whatever is left."""
        for process in self._processes:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), 15)
                except TimeoutError:
                    process.kill()
                    await process.wait()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look again until the condition holds; fails after a while that is long for any machine."""
    async with asyncio.timeout(SECONDS):
        while not await condition():  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(0.05)


async def befriend(asking: AsyncClient, inviting: AsyncClient, asking_name: str, inviting_name: str) -> None:
    """Let the one use an invite of the other, and wait until both are linked."""
    invite = await inviting.invite_create()
    await asking.contact_add(invite.text, inviting_name)

    async def linked() -> bool:
        known = [*await asking.contact_list(), *await inviting.contact_list()]
        return len(known) == 2 and all(contact.online for contact in known)

    await until(linked)
    (contact,) = await inviting.contact_list()
    await inviting.contact_rename(contact.address, asking_name)


@contextlib.asynccontextmanager
async def two_residents(friends_settings: str = "") -> AsyncIterator[tuple[Resident, Resident]]:
    """A robot and a friend who know each other under these names, their daemons running.

    `friends_settings`: of the friend's tuichat.toml; HOME stands for the friend's home.
    """
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        robot, friend = (Resident(name, Path(directory)) for name in ("robot", "friend"))
        try:
            await asyncio.gather(robot.create(), friend.create())
            filled = friends_settings.replace("HOME", str(friend.home))
            (friend.home / "tuichat.toml").write_text(filled, encoding="utf-8")
            await asyncio.gather(robot.start(), friend.start())
            async with robot.node() as there, friend.node() as here:
                await befriend(here, there, "friend", "robot")
            yield robot, friend
        finally:
            await asyncio.gather(robot.close(), friend.close())
