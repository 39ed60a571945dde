"""Fetching files at a terminal: a bar that moves and leaves nothing, also when it is interrupted."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.homes import new_home
from tests.support.memory_node import MemoryNode
from tuichat import bootstrap
from tuichat.api.server import ApiServer

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
CLEARED = b"\r\x1b[K"


@dataclass
class Watched:
    """A command whose standard error is a terminal."""

    process: asyncio.subprocess.Process
    terminal: asyncio.StreamReader

    async def seen(self, part: bytes) -> None:
        """Wait until it stands on the terminal."""
        async with asyncio.timeout(SECONDS):
            await self.terminal.readuntil(part)

    async def end(self) -> tuple[int | None, bytes, bytes]:
        """Exit code, standard output, and the rest of what the terminal saw."""
        async with asyncio.timeout(SECONDS):
            output, _errors = await self.process.communicate()
            return self.process.returncode, output, await self.terminal.read()


class _UntilHungUp(asyncio.StreamReaderProtocol):
    """A terminal whose other end was closed gives an error instead of an end."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(None)


@asynccontextmanager
async def watched(node: MemoryNode, *words: str, **changes: str) -> AsyncIterator[Watched]:
    """The command, at the node in memory."""
    async with new_home() as home:
        home.paths.home.mkdir(mode=0o700)
        server = ApiServer(node, bootstrap.socket_path(home.paths, create=True))
        await server.start()
        ours, theirs = pty.openpty()
        reader = asyncio.StreamReader()
        with os.fdopen(ours, "rb", buffering=0) as end:
            transport, _protocol = await asyncio.get_running_loop().connect_read_pipe(
                lambda: _UntilHungUp(reader), end
            )
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tuichat", "--home", str(home.paths.home), *words),
                env={**os.environ, "LANG": "C.UTF-8", "TERM": "xterm", "COLUMNS": "100", **changes}
                | {"PYTHONPATH": str(ROOT)},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=theirs,
            )
            os.close(theirs)
            try:
                yield Watched(process, reader)
            finally:
                transport.close()
                await server.close()


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), files=True)


async def test_bar_moves_and_leaves_nothing_but_the_place(node: MemoryNode) -> None:
    node.fetches = True
    async with watched(node, "files", "accept", "1", "--wait") as command:
        code, output, seen = await command.end()
    assert (code, output.split()[:2]) == (0, [b"1", b"complete"])
    lines = [line.decode() for line in seen.split(CLEARED)]
    assert "harbour.jpg  ▓▓▓▓▓▓▓▓▓▓░░░░░░ 68%  1.6 MB of 2.4 MB  1.9 MB/s  1 s  8 circuits" in lines
    assert lines[-1] == ""


async def test_bar_needs_no_more_than_the_terminal_has(node: MemoryNode) -> None:
    node.fetches = True
    async with watched(
        node, "files", "accept", "1", "--wait", LC_ALL="POSIX", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    ) as command:
        _code, _output, seen = await command.end()
    assert b"##########------ 68%" in seen
    async with watched(node, "files", "accept", "1", "--wait", TERM="dumb") as command:
        assert (await command.end())[2] == b""


async def test_interrupted_bar_is_taken_away(node: MemoryNode) -> None:
    async with watched(node, "files", "accept", "1", "--wait") as command:
        await command.seen(b"waiting")
        node.progress(1, 1_700_000, rate=1000, circuits=8)
        await command.seen(b"70%")
        command.process.send_signal(signal.SIGINT)
        code, output, seen = await command.end()
    assert (code, output) == (130, b"")
    assert seen.endswith(CLEARED)


async def test_reading_what_is_sent_is_said_while_it_lasts(node: MemoryNode) -> None:
    async with watched(node, "send", "bob", "--file", str(Path(__file__))) as command:
        code, output, seen = await command.end()
    assert (code, b"test_cli_files.py" in output) == (0, True)
    assert seen == CLEARED + b"Reading what is to be sent..." + CLEARED
