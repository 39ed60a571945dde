"""A program in a pseudo terminal: started, written to, resized, and read until it shows something."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

_CHUNK = 1 << 16
_PATIENCE = 60.0


class Terminal:
    """Use with `with`; at the end the program is killed if it still runs.

    Attributes:
        started: `time.perf_counter()` just before the process was made.
        pid: of the program.
        output: everything it wrote since the last `forget`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 100,
        rows: int = 30,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        surroundings = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environment or {})}
        self.output = bytearray()
        self.started = time.perf_counter()
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:  # pragma: no cover - this is the program
            _set_size(0, columns, rows)
            os.execvpe(command[0], list(command), surroundings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def write(self, keys: bytes) -> None:
        """Type."""
        os.write(self._descriptor, keys)

    def resize(self, columns: int, rows: int) -> None:
        """Another size; the program gets its signal."""
        _set_size(self._descriptor, columns, rows)

    def forget(self) -> None:
        """Drop what was read."""
        self.output.clear()

    def read_until(self, *markers: bytes, timeout: float = _PATIENCE) -> float:
        """Read until all of `markers` were written; when that was, as `time.perf_counter()`.

        Raises:
            TimeoutError: not within `timeout` seconds. EOFError: the program ended before.
        """
        deadline = time.perf_counter() + timeout
        while not all(marker in self.output for marker in markers):
            if not self._read(deadline - time.perf_counter()):
                raise TimeoutError(f"the program did not show {markers}: {bytes(self.output[-2000:])!r}")
        return time.perf_counter()

    def read_until_quiet(self, seconds: float, timeout: float = _PATIENCE) -> float:
        """Read until nothing is written for so long; when the last bytes came, as `time.perf_counter()`."""
        last = time.perf_counter()
        deadline = last + timeout
        while last < deadline and self._read(seconds):
            last = time.perf_counter()
        return last

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            data = os.read(self._descriptor, _CHUNK)
        except OSError:  # Linux says EIO when the program has ended
            data = b""
        if not data:
            raise EOFError(f"the program ended: {bytes(self.output[-4000:]).decode(errors='replace')}")
        self.output += data
        return True


def _set_size(descriptor: int, columns: int, rows: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
