"""People with real nodes: a profile each, its daemon as a process of its own, and the command line.

A person can be killed at any moment and started again; what they say meanwhile is said exactly once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from onion.binary import advisories, ask_version, find_tor
from tuichat.api.client import AsyncClient
from tuichat.bootstrap import profile_paths, socket_path
from tuichat.crypto.identity import Identity
from tuichat.errors import UnreachableError
from tuichat.model import Contact, Direction, Message
from tuichat.store.profile import open_profile

PATIENCE: Final = 250.0
"""Seconds after which whatever is awaited will not come."""

ROOT: Final = Path(__file__).parents[2]
_LOOK_AGAIN: Final = 0.1
_COMMAND_SECONDS: Final = 90.0


@dataclass(frozen=True, slots=True)
class Said:
    """What a command gave: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


class Person:
    """Somebody with a home in `directory`, on the Tor network that the fragment `torrc` describes.

    Attributes:
        name: what the others call them.
        own_name: what they call themselves.
        log: what their nodes have said, all together.

    Args:
        marks: added to the environment of every process of theirs.
    """

    def __init__(self, name: str, directory: Path, torrc: Path, marks: dict[str, str] | None = None) -> None:
        self.name = name
        self.own_name = f"{name.title()} of Long Name"
        self.address = ""
        self.log = directory / f"{name}.log"
        self.paths = profile_paths(directory / name, "default", None)
        self._environment = {**os.environ, **(marks or {}), "TUICHAT_TOR__EXTRA_TORRC": str(torrc)}
        self._environment.pop("TUICHAT_TOR__BINARY", None)  # by which tests find no tor
        self._daemon: asyncio.subprocess.Process | None = None
        self._client: AsyncClient | None = None
        self._running = asyncio.Event()

    @property
    def identity(self) -> Identity:
        """Their keys, read from disk."""
        return open_profile(self.paths, None).identity

    @property
    def pid(self) -> int:
        """Their node's process."""
        assert self._daemon is not None
        return self._daemon.pid

    # -- processes --

    async def command(self, *words: str) -> Said:
        """Run `tuichat --home ... words` to its end."""
        process = await self._spawn(*words)
        try:
            out, err = await asyncio.wait_for(process.communicate(), _COMMAND_SECONDS)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        assert process.returncode is not None
        return Said(process.returncode, out.decode(), err.decode())

    async def must(self, *words: str) -> str:
        """The output of a command that succeeds."""
        said = await self.command(*words)
        if said.code != 0:
            raise AssertionError(f"tuichat {words[0]} exited with {said.code}: {said.err}")
        return said.out

    async def create(self) -> None:
        """Make the profile."""
        self.address = (await self.must("init", "--no-passphrase", "--name", self.own_name)).strip()

    async def start(self) -> None:
        """Start the daemon and wait until it serves."""
        with self.log.open("ab") as log:
            self._daemon = await self._spawn("daemon", "run", output=log.fileno())
        async with asyncio.timeout(PATIENCE):
            while self._client is None:
                if self._daemon.returncode is not None:
                    said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                    raise AssertionError(f"the node ended with {self._daemon.returncode}: {said}")
                try:
                    self._client = await AsyncClient.open(socket_path(self.paths))
                    await self._client.hello()
                except UnreachableError:
                    await self._let_go()
                    await asyncio.sleep(_LOOK_AGAIN)
        self._running.set()

    async def kill(self) -> None:
        """SIGKILL the node: it can neither say nor save anything any more."""
        self._running.clear()
        assert self._daemon is not None
        self._daemon.kill()
        await self._daemon.wait()
        await self._let_go()

    async def stop(self) -> None:
        """End the node in order, or by force if it does not."""
        self._running.clear()
        await self._let_go()
        if self._daemon is not None and self._daemon.returncode is None:
            self._daemon.terminate()
            try:
                await asyncio.wait_for(self._daemon.wait(), 20.0)
            except TimeoutError:
                self._daemon.kill()
                await self._daemon.wait()

    def tor_pids(self) -> list[int]:
        """Every tor that is the node's child, but none that only tells its version."""
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(pid) for pid in found if _runs_tor(Path(f"/proc/{pid}"))]

    def tor_pid(self) -> int | None:
        """The tor that is the node's child, while there is one."""
        return next(iter(self.tor_pids()), None)

    def kill_tor(self) -> None:
        """SIGKILL the node's tor."""
        pid = self.tor_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)

    async def _spawn(self, *words: str, output: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tuichat", "--home", str(self.paths.home), *words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._environment,
            cwd=ROOT,
        )

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def complaints(self) -> list[str]:
        """What their nodes have said, line by line, but for known weaknesses of the tor that is installed."""
        known = tuple(advisories(await ask_version(find_tor())))
        return [line for line in self.log.read_text().splitlines() if not line.endswith(known)]

    # -- what they do and see --

    async def node(self) -> AsyncClient:
        """Their node, as soon as it runs."""
        async with asyncio.timeout(PATIENCE):
            await self._running.wait()
        assert self._client is not None
        return self._client

    async def say(self, other: Person, text: str) -> None:
        """Send once, whatever dies meanwhile; returns when the message is stored."""
        node = await self.node()
        try:
            await node.send(other.address, text)
            return
        except UnreachableError:
            pass
        while True:  # whether it was stored just before the end is written in the history alone
            node = await self._next_node(node)
            try:
                recent = await node.messages(other.address, limit=50)
                if not any(message.text == text and message.direction == "out" for message in recent):
                    await node.send(other.address, text)
                return
            except UnreachableError:
                continue

    async def _next_node(self, gone: AsyncClient) -> AsyncClient:
        async with asyncio.timeout(PATIENCE):
            while (node := await self.node()) is gone:  # noqa: ASYNC110 - whoever killed it starts it again
                await asyncio.sleep(_LOOK_AGAIN)
        return node

    async def contact(self, other: Person) -> Contact | None:
        """The other as their contact, in whatever state."""
        found = await (await self.node()).contact_list()
        return next((contact for contact in found if contact.address == other.address), None)

    async def messages(self, other: Person) -> list[Message]:
        """The whole history."""
        return await (await self.node()).messages(other.address, limit=100_000)

    async def texts(self, other: Person, direction: Direction) -> list[str]:
        """What was said in one direction, in the order of the history."""
        return [each.text for each in await self.messages(other) if each.direction == direction]

    async def printed(self, other: Person, most: int) -> list[dict[str, Any]]:
        """The history as the command line prints it for a script."""
        out = await self.must("messages", other.address, "--limit", str(most), "--json")
        return [json.loads(line) for line in out.splitlines()]

    async def queued(self) -> int:
        """How many messages wait for an acknowledgement."""
        return (await (await self.node()).status()).outbox.queued

    async def reachable(self) -> None:
        """Wait until the node has reached its own service."""

        async def looked() -> bool:
            return (await (await self.node()).status()).service.reachable

        await until(looked)

    async def online(self, other: Person) -> None:
        """Wait for a link with the other."""

        async def linked() -> bool:
            contact = await self.contact(other)
            return contact is not None and contact.online

        await until(linked)


def _runs_tor(process: Path) -> bool:
    try:
        command = (process / "cmdline").read_bytes().split(b"\0")
        return (process / "comm").read_text().strip() == "tor" and b"-f" in command
    except (FileNotFoundError, ProcessLookupError):
        return False  # it has just ended


async def until(condition: Callable[[], Awaitable[bool]], patience: float = PATIENCE) -> None:
    """Look again and again until the condition holds; a node that is away meanwhile holds nothing."""
    async with asyncio.timeout(patience):
        while not await _holds(condition):  # noqa: ASYNC110 - other processes bring it about
            await asyncio.sleep(_LOOK_AGAIN)


async def _holds(condition: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await condition()
    except UnreachableError:
        return False


async def delivered(*people: Person) -> None:
    """Wait until nobody has anything to send any more."""

    async def settled() -> bool:
        return not any([await person.queued() for person in people])

    await until(settled)


async def befriend(alice: Person, bob: Person, text: str) -> None:
    """Alice asks with `text`, Bob accepts, both are linked; all by commands."""
    await alice.must("contact", "add", bob.address, "--name", bob.name, "--message", text)

    async def asked() -> bool:
        contact = await bob.contact(alice)
        return contact is not None and contact.state == "pending"

    await until(asked)
    shown = await bob.must("contact", "requests")
    if text not in shown or alice.address not in shown:
        raise AssertionError("the request is not shown as it was made")
    await bob.must("contact", "accept", alice.address)
    await bob.must("contact", "rename", alice.address, alice.name)
    await alice.online(bob)
    await bob.online(alice)
