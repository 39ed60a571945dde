"""The interface line by line in front of a real node: on a dumb terminal, and in a pipe."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.fixed_clock import FixedClock
from tests.support.homes import new_home
from tests.support.memory_node import MemoryNode
from tests.support.tmux_terminal import tmux_terminal
from tuichat.api.server import ApiServer

PATIENCE = 90.0
LOADED = re.compile(r"^import time:.*\| *([\w.]+)\n", re.MULTILINE)


class DumbTerminal:
    """A process on a terminal of its own, with TERM=dumb, that can be typed to and read."""

    def __init__(self, home: Path) -> None:
        self._master, terminal = pty.openpty()
        environment = {**os.environ, "TERM": "dumb", "LANG": "C.UTF-8"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tuichat", "--home", str(home)],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=environment,
            start_new_session=True,
            preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # makes it the controlling one
        )
        self.terminal = terminal
        self.seen = ""
        self._more = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._master, self._read)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    async def until(self, text: str) -> None:
        """Wait until `text` was shown."""
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.seen:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            raise AssertionError(f"{text!r} did not come:\n{self.seen}") from None

    async def end(self) -> int:
        """Wait until the process has ended; gives its exit code."""
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(self.process.wait)

    def echoes(self) -> bool:
        """Whether what is typed is seen."""
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.terminal)
        os.close(self._master)

    def _read(self) -> None:
        self.seen += os.read(self._master, 65_536).decode(errors="replace").replace("\r\n", "\n")
        self._more.set()


@asynccontextmanager
async def dumb_terminal(home: Path) -> AsyncIterator[DumbTerminal]:
    terminal = DumbTerminal(home)
    try:
        yield terminal
    finally:
        terminal.close()


async def test_a_first_run_on_a_dumb_terminal_with_a_real_node() -> None:
    async with new_home() as home:
        async with dumb_terminal(home.paths.home) as terminal:
            await terminal.until("New passphrase: ")
            assert not terminal.echoes(), "whoever sees the prompt may type at once"
            terminal.type("five secret words\nfive secret words\n")  # the second before it is asked for
            await terminal.until("The same passphrase again: ")
            await terminal.until("Enter skips it. ")
            assert terminal.echoes()
            terminal.type("Ada\n")
            await terminal.until("/help shows every command. Ctrl+D or /quit leaves.")
            await terminal.until("> ")
            terminal.type("\x03")
            await terminal.until("Ctrl+C does not quit here")
            terminal.type("/invite 30m\n")
            await terminal.until("tuichat1:")
            terminal.type("/lock\n")
            await terminal.until("Enter asks for the passphrase.")
            terminal.type("\n")
            await terminal.until("Passphrase: ")
            assert not terminal.echoes()
            terminal.process.send_signal(signal.SIGTERM)
            assert await terminal.end() == 130
            assert terminal.echoes(), "the terminal was left as it was found"
            assert "five secret words" not in terminal.seen
            assert "\x1b" not in terminal.seen
            assert "Traceback" not in terminal.seen
        stop = [sys.executable, "-m", "tuichat", "--home", str(home.paths.home), "daemon", "stop"]
        await asyncio.to_thread(subprocess.run, stop, check=False, capture_output=True, timeout=60)


async def test_a_line_is_edited_completed_brought_back_and_not_torn_where_the_terminal_can_do_that() -> None:
    node = MemoryNode.sample(FixedClock())
    await node.input_add("said before")
    async with new_home() as home, tmux_terminal() as terminal:
        home.make_profile()
        server = ApiServer(node, home.socket)
        home.paths.run_directory(create=True)
        await server.start()
        environment = {"LANG": "C.UTF-8", "PYTHONPATH": os.environ["PYTHONPATH"]}
        command = [sys.executable, "-m", "tuichat", "--home", str(home.paths.home), "--plain"]
        try:
            terminal.start(command, environment, (80, 24))
            await terminal.until("\n>")
            terminal.type("/que")
            terminal.press("Tab")
            await terminal.until("> /query")
            terminal.type("bo")
            terminal.press("Tab", "Enter")
            await terminal.until("bob>")
            terminal.type("half a sen")
            await terminal.until("bob> half a sen")
            terminal.press("Left", "Left", "Left")
            node.incoming("bob", "in between")
            seen = await terminal.until("14:00 bob: in between\nbob> half a sen")
            assert seen.count("half a sen") == 1
            terminal.type("第二 ")
            await terminal.until("bob> half a 第二 sen\n")
            terminal.press("BSpace", "BSpace", "BSpace", "C-e")
            terminal.type("tence")
            terminal.press("Enter")
            await terminal.until("me: half a sentence [queued]\nbob>")
            terminal.press("Up", "Up", "Up")
            await terminal.until("bob> said before")
            terminal.press("C-c")
            await terminal.until("Ctrl+C does not quit here: /quit or Ctrl+D does.\nbob> said before")
            terminal.press("C-u", "C-d")
            await terminal.until("Enter alone stays.")
            terminal.press("Enter")
            await node.lock()
            await terminal.until("Enter asks for the passphrase.")
            terminal.type("\nfive secret words\n")  # what comes ahead of the question is thrown away
            assert "five secret words" not in await terminal.until("Passphrase:")
            terminal.press("C-d")
            await terminal.until("exit code 0")
        finally:
            await server.close()


async def test_messages_come_and_go_on_a_dumb_terminal_and_in_a_pipe() -> None:
    node = MemoryNode.sample(FixedClock())
    async with new_home() as home:
        home.make_profile()
        server = ApiServer(node, home.socket)
        home.paths.run_directory(create=True)
        await server.start()
        try:
            async with dumb_terminal(home.paths.home) as terminal:
                await terminal.until("> ")
                terminal.type("/query bob\n")
                await terminal.until("bob> ")
                node.incoming("bob", "typed while \x1b[31mred\x1b[0m came in")
                await terminal.until("came in\nbob> ")
                node.incoming("alice", "elsewhere")
                await terminal.until("[alice] 1 new")
                terminal.type("one\ntwo\n")
                await terminal.until("2 lines came at once.")
                terminal.type("each\n")
                await terminal.until("me: two [queued]")
                terminal.type("\x04")
                await terminal.until("Type keep, quit; Enter alone stays.")
                terminal.type("keep\n")
                assert await terminal.end() == 0
                assert node.kept
                assert "\x1b" not in terminal.seen
            piped = [sys.executable, "-X", "importtime", "-m", "tuichat", "--home", str(home.paths.home)]
            lines = "/query alice\nfrom a pipe\n/nonsense\n"
            done = await asyncio.to_thread(
                subprocess.run,
                [*piped, "--plain"],
                input=lines,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
            assert done.returncode == 2
            assert "me: from a pipe [queued]" in done.stdout
            assert "alice> " not in done.stdout
            beside = [*piped, "--plain", "status"]
            refused = await asyncio.to_thread(subprocess.run, beside, capture_output=True, timeout=PATIENCE)
            assert refused.returncode == 2
            loaded = {name.partition(".")[0] for name in LOADED.findall(done.stderr)}
            assert "tuichat" in loaded
            assert loaded & {"textual", "aiohttp", "nacl", "apsw"} == set()
        finally:
            await server.close()
