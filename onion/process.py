"""A tor process: started with a torrc on its standard input, ended by its own pid, its output kept short."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable
from pathlib import Path

from onion.errors import TorError
from onion.sentence import reason_of

_KEPT_LINES = 40
_LINE_BYTES = 4096
_TERM_SECONDS = 8.0


class TorProcess:
    """One running tor.

    The configuration goes in on standard input (`-f -`), so nothing of it is in the process list or on disk.
    """

    def __init__(self, process: asyncio.subprocess.Process, on_line: Callable[[str], None] | None) -> None:
        self._process = process
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._on_line = on_line
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def spawn(
        cls,
        binary: Path,
        torrc: str,
        on_line: Callable[[str], None] | None = None,
        *,
        verify_only: bool = False,
    ) -> TorProcess:
        """Start `binary` with the configuration `torrc`.

        Args:
            binary: a tor executable.
            torrc: the whole configuration; the system's own files are not read.
            on_line: told each line that tor prints.
            verify_only: it reads the configuration, says what it finds, and ends.

        Raises:
            TorError: the binary cannot be executed (code "missing").
        """
        try:
            process = await asyncio.create_subprocess_exec(
                binary,
                "--defaults-torrc",
                "/dev/null",
                "-f",
                "-",
                *(["--verify-config"] if verify_only else []),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                # Ctrl+C in a terminal must reach us, and tor only through us.
                start_new_session=True,
            )
        except OSError as error:
            raise TorError(
                "missing",
                "tor could not be executed: {reason}.",
                reason=reason_of(error),
            ) from error
        assert process.stdin is not None
        running = cls(process, on_line)
        process.stdin.write(torrc.encode())
        process.stdin.close()
        return running

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def exit_status(self) -> int | None:
        """As the system tells it, negative for a signal; None while it runs."""
        return self._process.returncode

    def output(self) -> list[str]:
        """The last lines that tor printed."""
        return list(self._lines)

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        # Not through asyncio, whose way reaps a child that has just ended before its watcher does. What has
        # not been waited for keeps its pid, so this can hit no other process.
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def wait(self) -> int:
        """Wait for its end; returns the exit status."""
        return await self._process.wait()

    async def stop(self, grace: float = _TERM_SECONDS) -> None:
        """SIGTERM, then SIGKILL after `grace` seconds; returns when it is gone. Idempotent.

        A cancelled stop still kills: no tor is left behind. One that stands still (SIGSTOP) is continued, so
        that it can end in order.
        """
        self.send_signal(signal.SIGTERM)
        self.send_signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(grace):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            self.send_signal(signal.SIGKILL)
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        pending = b""
        while data := await self._process.stdout.read(_LINE_BYTES):
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace")
                self._lines.append(text)
                if self._on_line is not None:
                    self._on_line(text)
            pending = pending[-_LINE_BYTES:]
