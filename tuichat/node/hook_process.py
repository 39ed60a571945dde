"""One run of a hook's program: a bare environment, a deadline, and no ear for what it says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Final

GRACE_SECONDS: Final = 2.0
"""How long a program may tidy up between SIGTERM and SIGKILL."""

_ENVIRONMENT: Final = ("PATH", "HOME", "LANG")


def bare_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a program is told of the node's environment: PATH, HOME and LANG."""
    return {
        "PATH": os.defpath,
        **{name: environment[name] for name in _ENVIRONMENT if name in environment},
    }


class HookProcess:
    """A program in a session of its own, which reads `line` and whose output goes nowhere."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._ended = asyncio.Event()
        try:
            self._watched = os.pidfd_open(process.pid)
        except OSError:  # too many open files: nobody would see its end, so it does not run
            _end(process)
            raise
        asyncio.get_running_loop().add_reader(self._watched, self._notice_end)

    @classmethod
    async def start(
        cls, words: Sequence[str], line: bytes, environment: Mapping[str, str], starters: Executor
    ) -> HookProcess:
        """Start it, in a thread of `starters`: a program may lie on a disk that does not answer.

        Raises:
            OSError: there is no such program, or it cannot be run.
        """
        started = starters.submit(_start, list(words), line, bare_environment(environment))
        try:
            return cls(await asyncio.wrap_future(started))
        except asyncio.CancelledError:
            started.add_done_callback(_end_unwanted)
            raise

    async def wait(self, deadline: float) -> int | None:
        """Wait for its end, and end it after `deadline` seconds; the exit code, None if it was ended.

        What it leaves running in its process group is ended with it.
        """
        try:
            if await self._ends_within(deadline):
                return self._reap()
            self._signal(signal.SIGTERM)
            await self._ends_within(GRACE_SECONDS)
            return None
        finally:
            self.kill()

    def kill(self) -> None:
        """End it and its group at once. The group is its own until it is reaped, so no other can be hit."""
        if self._process.returncode is None:
            self._signal(signal.SIGKILL)
        if self._watched >= 0:
            asyncio.get_running_loop().remove_reader(self._watched)
            os.close(self._watched)
            self._watched = -1
        with contextlib.suppress(subprocess.TimeoutExpired):  # one that hangs in the kernel is left to it
            self._process.wait(timeout=0.2)

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _notice_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._watched)
        self._ended.set()

    def _reap(self) -> int:
        """The exit code; the rest of the group is ended before the group's number is free again."""
        self._signal(signal.SIGKILL)
        return self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, number)


def _start(words: list[str], line: bytes, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    descriptor = os.memfd_create("hook", os.MFD_CLOEXEC)  # a pipe would have to be fed
    try:
        os.write(descriptor, line)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return subprocess.Popen(
            words,
            stdin=descriptor,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _end_unwanted(started: Future[subprocess.Popen[bytes]]) -> None:
    """End a program whose start took longer than anybody waited."""
    if not started.cancelled() and started.exception() is None:
        _end(started.result())


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=0.2)
