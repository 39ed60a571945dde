"""Notices that the clock jumped: the machine slept, or was somewhere else, or somebody set the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tuichat.clock import Clock

LOOK_SECONDS: Final = 10.0
"""How often it is looked; the time of a sleep does not count."""

JUMP_SECONDS: Final = 30.0
"""By how much the wall clock must have left the monotonic one since the last look."""


class ClockWatch:
    """Looks at the clock.

    Args:
        on_jump: called after each jump.
    """

    def __init__(self, clock: Clock, on_jump: Callable[[], None]) -> None:
        self._clock = clock
        self._on_jump = on_jump

    async def keep(self) -> None:
        """For as long as the node runs."""
        before = self._apart()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            before, last = self._apart(), before
            if abs(before - last) >= JUMP_SECONDS:
                self._on_jump()

    def _apart(self) -> float:
        return self._clock.now() - self._clock.monotonic()
