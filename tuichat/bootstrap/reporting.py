"""A node's report to the service manager: that it starts, serves, lives, reads its settings, and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from tuichat.bootstrap.service_manager import ServiceManager
from tuichat.bootstrap.service_words import standing
from tuichat.clock import Clock
from tuichat.errors import TuichatError
from tuichat.model import Status

LOOK_SECONDS: Final = 2.0
"""How often it is looked how the node stands."""

EXTENSION_SECONDS: Final = 60.0
"""So much longer it may take to start or to end; asked for again after a third of it."""

LONGEST_SECONDS: Final = 3600.0
"""For so long the time to start, or to end, is extended; a node that takes longer hangs."""


class Report:
    """Where no manager waits for it, all of this does nothing.

    Args:
        manager: who is told.
        status: asks the node how it stands: its loop, and, unless it is locked, its database have to answer.
        clock: whose monotonic time is the system's, as the manager has it.
    """

    def __init__(
        self, manager: ServiceManager, status: Callable[[], Awaitable[Status]], clock: Clock
    ) -> None:
        self._manager = manager
        self._status = status
        self._clock = clock
        self._is_ready = False
        self._said = ""
        self._due = clock.monotonic()

    @asynccontextmanager
    async def patience(self) -> AsyncIterator[None]:
        """Ask for more time while the body lasts: a large database is read for minutes."""
        asking = asyncio.ensure_future(self._ask_for_time())
        try:
            yield
        finally:
            asking.cancel()
            await asyncio.wait({asking})

    async def ready(self) -> None:
        """The node serves, locked or not."""
        self._is_ready = True
        self._manager.tell(READY=1)
        await self._look()

    async def keep(self) -> None:
        """Tell how the node stands whenever that changes, and give the signs of life; goes on for ever.

        Who cannot say how it stands gives none.
        """
        while self._manager:
            if await self._look():
                self.still_works()
            pause, period = LOOK_SECONDS, self._period
            if period is not None:
                pause = min(pause, max(self._due - self._clock.monotonic(), period / 10))
            await asyncio.sleep(pause)

    def still_works(self) -> None:
        """A sign of life, if one is due: also of work that keeps the loop, in which `keep` cannot give it."""
        now, period = self._clock.monotonic(), self._period
        if period is not None and now >= self._due:
            self._manager.tell(WATCHDOG=1)
            self._due = now + period

    def reloading(self) -> None:
        """The settings are read again; `reloaded` has to follow."""
        if self._is_ready:
            self._manager.tell(RELOADING=1, MONOTONIC_USEC=int(self._clock.monotonic() * 1e6))

    def reloaded(self) -> None:
        """They were read, or stay as they were."""
        if self._is_ready:
            self._manager.tell(READY=1, STATUS=self._said)

    def stopping(self) -> None:
        """The node ends."""
        self._is_ready = False
        self._manager.tell(STOPPING=1)

    @property
    def _period(self) -> float | None:
        seconds = self._manager.watchdog_seconds
        return None if seconds is None else seconds / 2

    async def _look(self) -> bool:
        """Tell how the node stands, if that has changed; whether it could say."""
        if not self._manager:
            return True
        try:
            words = standing(await self._status())
        except TuichatError as error:
            words = error.message
            alive = False
        else:
            alive = True
        if words != self._said:
            self._said = words
            self._manager.tell(STATUS=words)
        return alive

    async def _ask_for_time(self) -> None:
        until = self._clock.monotonic() + LONGEST_SECONDS
        while self._manager and self._clock.monotonic() < until:
            await asyncio.sleep(EXTENSION_SECONDS / 12)
            self._manager.tell(EXTEND_TIMEOUT_USEC=int(EXTENSION_SECONDS * 1e6))
            await asyncio.sleep(EXTENSION_SECONDS / 4)
