"""A pseudo-terminal with a program in it: every byte that it writes is kept, for any emulator to draw."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncIterator, Callable, Mapping

import pyte

from tests.support.opinions import OpinionatedScreen, cells_of
from tests.support.process_tree import is_at_work

_LOOK_SECONDS = 0.02
_QUIET_LOOKS = 8
_PATIENCE = 60.0


class PtyTerminal:
    """One program. `written` is what it wrote; `meant` the screen of a terminal that counts as it does."""

    def __init__(self, command: list[str], environment: Mapping[str, str], size: tuple[int, int]) -> None:
        self.written = bytearray()
        self.meant = OpinionatedScreen(*size)
        self._stream = pyte.ByteStream(self.meant)
        self._sizes = [(0, size)]
        self._ended = False
        self._pid, self._master = pty.fork()
        if self._pid == 0:
            try:
                self._set_size(0, size)
                os.execve(command[0], command, dict(environment))
            finally:
                os._exit(127)
        asyncio.get_running_loop().add_reader(self._master, self._read)

    @property
    def text(self) -> str:
        """What is seen, without colours."""
        return "\n".join(map("".join, cells_of(self.meant)))

    def draw_on(self, screen: pyte.Screen) -> None:
        """Draw on another screen what was drawn here since the beginning, in the sizes that there were."""
        stream = pyte.ByteStream(screen)
        ends = [begin for begin, _size in self._sizes[1:]] + [len(self.written)]
        for (begin, (columns, rows)), end in zip(self._sizes, ends, strict=True):
            screen.resize(rows, columns)
            stream.feed(bytes(self.written[begin:end]))

    def type(self, text: str) -> None:
        """What a keyboard sends: text, or the bytes of a key."""
        self.type_bytes(text.encode())

    def type_bytes(self, data: bytes) -> None:
        """What another keyboard sends, or a terminal with another encoding."""
        os.write(self._master, data)

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as when somebody drags the corner of the window."""
        self._sizes.append((len(self.written), (columns, rows)))
        self.meant.resize(rows, columns)
        self._set_size(self._master, (columns, rows))

    async def until(self, *texts: str) -> str:
        """Wait until one of `texts` is seen and nothing more is drawn; gives what is seen."""
        return await self.until_so(lambda: any(text in self.text for text in texts), f"one of {texts}")

    async def until_all(self, *texts: str) -> str:
        """Wait until all of `texts` are seen at once: they may be drawn one after the other."""
        return await self.until_so(lambda: all(text in self.text for text in texts), f"all of {texts}")

    async def until_gone(self, text: str) -> str:
        """Wait until `text` is not seen any more."""
        return await self.until_so(lambda: text not in self.text, f"an end of {text!r}")

    async def until_so(self, condition: Callable[[], bool], wanted: str) -> str:
        """Wait until `condition` holds and nothing more is drawn; gives what is seen."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not condition():
                    assert not self._ended, self.text
                    await asyncio.sleep(_LOOK_SECONDS)
                await self.quiet()
        except TimeoutError:
            raise AssertionError(f"{wanted} did not come; this was seen:\n{self.text}") from None
        return self.text

    async def quiet(self) -> None:
        """Wait until the program has written nothing for a moment, and has not been kept waiting either."""
        before, looks = -1, 0
        while looks < _QUIET_LOOKS:
            rests = before == len(self.written) and not is_at_work(self._pid)
            before, looks = len(self.written), looks + 1 if rests else 0
            await asyncio.sleep(_LOOK_SECONDS)

    async def close(self) -> None:
        """End the program, by force if it does not want to."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitpid, self._pid, 0)
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)

    def _read(self) -> None:
        try:
            got = os.read(self._master, 65536)
        except OSError:  # how Linux says that the other end is closed
            got = b""
        self.written += got
        self._stream.feed(got)
        if not got:
            self._ended = True
            asyncio.get_running_loop().remove_reader(self._master)

    @staticmethod
    def _set_size(descriptor: int, size: tuple[int, int]) -> None:
        columns, rows = size
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextlib.asynccontextmanager
async def pty_terminal(
    command: list[str], environment: Mapping[str, str], size: tuple[int, int]
) -> AsyncIterator[PtyTerminal]:
    """A program in a terminal; it is gone afterwards."""
    terminal = PtyTerminal(command, environment, size)
    try:
        yield terminal
    finally:
        await terminal.close()
