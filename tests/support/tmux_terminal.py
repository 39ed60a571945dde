"""A terminal to type into and look at: tmux with a socket, and so a server, of its own."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

_LOOK_SECONDS = 0.1
_PATIENCE = 180.0  # a private network and two nodes on a machine that does other things too
_ENDED = "exit code "


class TmuxTerminal:
    """One window with one command in it."""

    def __init__(self, socket: Path) -> None:
        self._tmux = ("tmux", "-u", "-S", str(socket), "-f", "/dev/null")

    def start(self, command: list[str], environment: Mapping[str, str], size: tuple[int, int]) -> None:
        """Run `command`, and show its exit code when it has ended."""
        variables = [f"{name}={value}" for name, value in environment.items()]
        words = shlex.join(["env", *variables, *command])
        columns, lines = map(str, size)
        self._run("new-session", "-d", "-x", columns, "-y", lines, f"{words}; echo {_ENDED}$?; exec cat")

    def screen(self) -> str:
        """What is seen, without colours."""
        return self._run("capture-pane", "-p")

    def places(self, text: str) -> list[tuple[int, int]]:
        """The rows and columns where `text` is on the screen, as tmux counts cells."""
        self._run("set-option", "-g", "mode-keys", "vi")  # else the cursor goes behind what was found
        self._run("copy-mode")
        self._run("send-keys", "-X", "top-line")
        found: list[tuple[int, int]] = []
        self._run("send-keys", "-X", "search-forward-text", text)
        while (place := self._cursor()) not in found:
            found.append(place)
            self._run("send-keys", "-X", "search-again")
        self._run("send-keys", "-X", "cancel")
        return sorted(found)

    def _cursor(self) -> tuple[int, int]:
        row, column = self._run("display-message", "-p", "#{copy_cursor_y} #{copy_cursor_x}").split()
        return int(row), int(column)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._run("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        """Press keys, named as tmux does: Enter, C-q, F1."""
        self._run("send-keys", *keys)

    def cursor(self) -> tuple[int, int]:
        """The row and column where typed text goes."""
        row, column = self._run("display-message", "-p", "#{cursor_y} #{cursor_x}").split()
        return int(row), int(column)

    def paste(self, text: str) -> None:
        """Paste a text as terminals do, in one piece that is told from what is typed."""
        self._run("set-buffer", text)
        self._run("paste-buffer", "-p", "-d")

    def clipboard(self) -> str:
        """What the program has copied last (OSC 52)."""
        return self._run("show-buffer")

    def close(self) -> None:
        """Close the terminal under whatever runs in it."""
        self._run("kill-server")

    def pid(self) -> int:
        """The shell that the command runs in."""
        return int(self._run("display-message", "-p", "#{pane_pid}"))

    async def until(self, *texts: str) -> str:
        """Wait until one of `texts` is seen; gives the screen."""
        return await self._until(lambda seen: any(text in seen for text in texts), f"one of {texts}")

    async def until_all(self, *texts: str) -> str:
        """Wait until all of `texts` are seen at once, or the command has ended; gives the screen."""
        seen = await self._until(
            lambda seen: _ENDED in seen or all(text in seen for text in texts), f"all of {texts}"
        )
        assert all(text in seen for text in texts), seen
        return seen

    async def _until(self, condition: Callable[[str], bool], wanted: str) -> str:
        seen = ""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not condition(seen):
                    await asyncio.sleep(_LOOK_SECONDS)
                    seen = self.screen()
        except TimeoutError:
            raise AssertionError(f"{wanted} did not come; this was seen:\n{seen}") from None
        return seen

    def _run(self, *words: str) -> str:
        done = subprocess.run((*self._tmux, *words), capture_output=True, text=True, timeout=_PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextlib.asynccontextmanager
async def tmux_terminal() -> AsyncIterator[TmuxTerminal]:
    """A terminal without anything in it yet; its server is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tmux-") as directory:
        terminal = TmuxTerminal(Path(directory) / "socket")
        try:
            yield terminal
        finally:
            with contextlib.suppress(AssertionError):  # a test may have closed it
                terminal.close()
