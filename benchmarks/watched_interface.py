"""`python -m benchmarks.watched_interface ...` is `python -m tuichat ...`, and tells its loop's long steps.

A step is one callback of the event loop: while it runs no key is heard and nothing is drawn. Each that takes
a millisecond or more becomes a line in the file that the environment names as `BENCHMARK_STEPS`: its wall
time and what its thread computed meanwhile, in microseconds, and the name of the task whose step it was.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuichat.__main__ import main

FILE: Final = "BENCHMARK_STEPS"

_LEAST_SECONDS: Final = 0.001
_run = asyncio.Handle._run


@dataclass(frozen=True, slots=True)
class Step:
    """One that took long: seconds on the clock, seconds of the processor, whose it was."""

    wall: float
    computed: float
    task: str


class Steps:
    """What the interface wrote into its file so far; `new` reads what came since the last time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def new(self) -> list[Step]:
        """The steps since the last call."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            lines = file.read()
            self._read = file.tell()
        found = []
        for line in lines.decode().splitlines():
            wall, computed, task = line.split(" ", 2)
            found.append(Step(int(wall) / 1e6, int(computed) / 1e6, task))
        return found


def _watch(file: int) -> None:
    def timed(handle: asyncio.Handle) -> None:
        began, computed = time.perf_counter(), time.thread_time()
        _run(handle)
        took = time.perf_counter() - began
        if took >= _LEAST_SECONDS:
            computed = time.thread_time() - computed
            os.write(file, b"%d %d %s\n" % (took * 1e6, computed * 1e6, _name(handle).encode()))

    asyncio.Handle._run = timed  # type: ignore[method-assign, assignment]


def _name(handle: asyncio.Handle) -> str:
    callback = getattr(handle, "_callback", None)
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return owner.get_name()
    return str(getattr(callback, "__qualname__", callback))


if __name__ == "__main__":
    _watch(os.open(os.environ[FILE], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600))
    sys.exit(main())
