"""Work off the event loop: it has ended before what it works with is closed or given to somebody else.

Who is cancelled leaves at once, but a thread cannot be stopped: it reads and writes on. If its file were
closed meanwhile, the same descriptor could soon be another file's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Result = TypeVar("Result")

OffLoop = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something that takes long or waits for the disk, without holding up the event loop."""


class Jobs:
    """What one user of files has running.

    Args:
        at_once: how many run at a time, those included that nobody waits for any more; None for any number.
    """

    def __init__(self, off_loop: OffLoop, at_once: int | None = None) -> None:
        self._off_loop = off_loop
        self._turns = None if at_once is None else asyncio.Semaphore(at_once)
        self._running: set[asyncio.Future[Any]] = set()

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work`. Who is cancelled while it waits for its turn has it not done at all."""
        if self._turns is not None:
            await self._turns.acquire()
        job = asyncio.ensure_future(self._off_loop(work))
        self._running.add(job)
        job.add_done_callback(self._over)
        result: Result = await asyncio.shield(job)
        return result

    def _over(self, job: asyncio.Future[Any]) -> None:
        self._running.discard(job)
        if self._turns is not None:
            self._turns.release()
        if not job.cancelled():
            job.exception()  # who wanted to know may be gone

    async def ended(self) -> None:
        """Wait until none runs."""
        while self._running:
            await asyncio.wait(self._running)


async def to_the_end(work: Awaitable[Result]) -> Result:
    """Do all of it, also if the caller is cancelled meanwhile; that is then raised afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # nobody will ask how it ended
        raise
