"""The interface on terminals that can do less, far away, and within tmux, screen and mosh, the real ones."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pyte
import pytest

from tests.support.console_fonts import ON_EVERY_CONSOLE
from tests.support.drawn_interface import drawn_interface, served
from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.pty_terminal import PtyTerminal, pty_terminal

SIZE = (80, 24)
MODERN = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
FAR = {"SSH_CONNECTION": "192.0.2.7 51000 192.0.2.1 22", "SSH_TTY": "/dev/pts/1"}
COPIED = base64.b64encode(b"meet at eight").decode()
COLOURS = re.compile(rb"\x1b\[(?:[0-9]+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


def node_of_two() -> MemoryNode:
    """People and messages in ASCII, so that every other sign is the interface's own."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob", stage="linked", verified=True)
    node.person("alice", stage="waiting")
    node.set_tor(bootstrap=100, summary="Done", running=True)
    node.set_service(published=True, reachable=True)
    node.outgoing("bob", "where?", state="delivered")
    node.outgoing("alice", "call me", state="queued")
    node.incoming("bob", "meet at eight")
    return node


async def opened(terminal: PtyTerminal) -> None:
    """Bob's conversation is open and nothing is under way."""
    await terminal.until("reachable")
    terminal.type("/query bob\r")
    await terminal.until("meet at eight")


def reversed_cells(terminal: PtyTerminal) -> int:
    screen = terminal.meant
    return sum(screen.buffer[y][x].reverse for y in range(screen.lines) for x in range(screen.columns))


async def test_the_linux_console_is_shown_signs_that_it_has_and_english() -> None:
    environment = {"TERM": "linux", "LANG": "zh_CN.UTF-8"}
    async with drawn_interface(node_of_two(), SIZE, environment) as terminal:
        await opened(terminal)
        shown = terminal.text
        terminal.type("one\rtwo\rthree")  # pasted by a mouse: nothing says so
        shown += await terminal.until_all("one", "three", "(1)")  # only what waited before waits
        terminal.type("\x15" * 5)
        terminal.type("\x1b[[A")  # F1, as the console sends it
        shown += await terminal.until("new line")
        terminal.type("\x1b")
        await terminal.until_gone("new line")
        terminal.type("/invite 1h\r")
        shown += await terminal.until("tuichat1:")
        terminal.type("c")
        shown += await terminal.until("The Linux console has no clipboard")
        assert {sign for sign in shown if not sign.isascii()} <= ON_EVERY_CONSOLE
        assert "─" in shown
        assert b"\x1b[38;" not in terminal.written
        terminal.type("\x1b")
        await terminal.until_so(lambda: reversed_cells(terminal) > 0, "the cursor, which blinks,")


async def rests(terminal: PtyTerminal) -> None:
    """Nothing is written for longer than a cursor that blinks takes to be drawn twice."""
    async with asyncio.timeout(60):
        before = -1
        while before != len(terminal.written):
            before = len(terminal.written)
            await asyncio.sleep(1.2)


def scribble(terminal: PtyTerminal) -> None:
    """What `wall` does to a screen: everything is somewhere else, and something stands above it."""
    pyte.ByteStream(terminal.meant).feed(b"\x1b[24;1H\r\nBroadcast message: lunch" * 12)


async def test_far_away_nothing_moves_and_without_colours_the_focus_is_seen() -> None:
    async with drawn_interface(node_of_two(), SIZE, {"TERM": "vt100", "LANG": "C.UTF-8", **FAR}) as terminal:
        await opened(terminal)
        await rests(terminal)
        costs = []
        for count in range(1, 5):
            before = len(terminal.written)
            terminal.type("a")
            await terminal.until(f" > {'a' * count} ")
            costs.append(len(terminal.written) - before)
        assert min(costs) < 60
        assert not COLOURS.search(terminal.written)
        assert b"\x1b[?1003h" not in terminal.written
        assert reversed_cells(terminal) == 1
        whole = terminal.text
        scribble(terminal)
        assert "Broadcast" in terminal.text
        terminal.type("\x0c")
        await terminal.until_so(lambda: terminal.text == whole, "everything as it was")
        terminal.type_bytes(b"\xc4\xe3b")
        await terminal.until("aaaa\ufffd\ufffdb")
        terminal.type("\x1b[Z")
        await terminal.until("││14:00")  # the edge of the history, where the focus is now


@pytest.fixture
def place() -> Iterator[Path]:
    """Where programs keep their sockets: a short path."""
    with tempfile.TemporaryDirectory(prefix="t-") as directory:
        yield Path(directory)


async def copied(terminal: PtyTerminal, sequence: str) -> None:
    """Choose the newest message, copy it, and wait until the terminal around has it by `sequence`."""
    terminal.type("\x1b")
    await terminal.until("x mark", "c copy", "r reply")
    terminal.type("c")
    await terminal.until("opied")
    await terminal.until_so(lambda: sequence.encode() in terminal.written, repr(sequence))


async def test_tmux_passes_on_what_is_copied_as_it_is_set_up_by_itself(place: Path) -> None:
    tmux = [shutil.which("tmux") or "tmux", "-u", "-S", str(place / "s"), "-f", "/dev/null"]
    try:
        async with drawn_interface(
            node_of_two(), SIZE, MODERN, lambda words: [*tmux, "new", *words]
        ) as terminal:
            await opened(terminal)
            await copied(terminal, f"\x1b]52;;{COPIED}")
            assert "Copied into tmux" in terminal.text
    finally:
        await asyncio.to_thread(subprocess.run, [*tmux, "kill-server"], check=False, capture_output=True)


async def test_screen_passes_on_copies_and_pastes_and_nothing_blinks_in_it(place: Path) -> None:
    environment = {**MODERN, "SCREENDIR": str(place)}
    screen = [shutil.which("screen") or "screen", "-S", "tuichat"]
    around = [*screen, "-U", "-c", "/dev/null"]
    try:
        async with drawn_interface(
            node_of_two(), SIZE, environment, lambda words: [*around, *words]
        ) as terminal:
            await opened(terminal)
            await copied(terminal, f"\x1b]52;c;{COPIED}")
            terminal.type("\x1b[200~two\nlines\x1b[201~")
            await terminal.until_all("two", "lines", "reachable")
            assert b"\x1b[5m" not in terminal.written
            assert b"\x1b[38;5;" in terminal.written
    finally:
        ended = [*screen, "-X", "quit"]
        await asyncio.to_thread(
            subprocess.run, ended, env={**os.environ, **environment}, check=True, capture_output=True
        )


@contextlib.asynccontextmanager
async def mosh_terminal(command: list[str], environment: dict[str, str]) -> AsyncIterator[PtyTerminal]:
    """A terminal with mosh's client in it, and its server on this computer; both are gone afterwards."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    server = ["mosh-server", "new", "-i", "127.0.0.1", "-p", "61000:61999", "-c", "256", "--", *command]
    said = await asyncio.to_thread(
        subprocess.run, server, env={**kept, **environment}, capture_output=True, text=True, check=True
    )
    port, key = re.findall(r"MOSH CONNECT (\d+) (\S+)", said.stdout)[0]
    pid = int(re.findall(r"pid = (\d+)", said.stdout + said.stderr)[0])
    client = [shutil.which("mosh-client") or "mosh-client", "127.0.0.1", port]
    try:
        async with pty_terminal(client, {**kept, **MODERN, "MOSH_KEY": key}, SIZE) as terminal:
            yield terminal
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


async def test_mosh_shows_the_same_and_passes_on_what_is_copied() -> None:
    environment = {**MODERN, **FAR}
    async with (
        served(node_of_two()) as (command, kept),
        mosh_terminal(command, {**kept, **environment}) as terminal,
    ):
        await opened(terminal)
        await copied(terminal, f"\x1b]52;c;{COPIED}")
        terminal.type("\x1b[200~two\nlines\x1b[201~")
        await terminal.until_all("two", "lines")
