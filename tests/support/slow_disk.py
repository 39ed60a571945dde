"""Work off the event loop as threads do it: later, in any order, and also for who has stopped waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.support.seeded_rng import SeededRng


class SlowDisk:
    """See `OffLoop`; in virtual time.

    Args:
        longest: each job takes between nothing and so many seconds.
    """

    def __init__(self, longest: float = 0.2) -> None:
        self._longest = longest
        self._rng = SeededRng(b"slow disk")
        self._left: int | None = None
        self._dead = False
        self._changed = asyncio.Event()

    async def __call__(self, work: Callable[[], Any]) -> Any:
        job = asyncio.ensure_future(self._later(work))
        job.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(job)

    async def _later(self, work: Callable[[], Any]) -> Any:
        await asyncio.sleep(self._rng.uniform(0, self._longest))
        while self._left == 0:
            self._changed.clear()
            await self._changed.wait()
        if self._left is not None:
            self._left -= 1
        if self._dead:
            raise OSError("the process is gone")
        return work()

    def let_only(self, jobs: int) -> None:
        """Do so many jobs from now on; the others wait."""
        self._left = jobs
        self._changed.set()

    def die(self) -> None:
        """Do nothing any more, as threads of a process that was killed."""
        self._dead = True
        self.let_all()

    def let_all(self) -> None:
        """Hold nothing back any more."""
        self._left = None
        self._changed.set()
