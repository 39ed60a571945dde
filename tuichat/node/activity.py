"""How long ago a person was at work.

Whichever clock says longer counts: the monotonic one stands still while the machine sleeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tuichat.clock import Clock

LOOK_SECONDS: Final = 5.0
"""How often it is looked at the latest, so that a machine that wakes up is locked soon."""


class Activity:
    """Counts from when it is made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._going_on = 0
        self.note()

    def note(self) -> None:
        """Somebody is at work now."""
        self._monotonic, self._now = self._clock.monotonic(), self._clock.now()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Somebody is at work until it ends: what they asked for is under way."""
        self._going_on += 1
        try:
            yield
        finally:
            self._going_on -= 1
            self.note()

    def idle_seconds(self) -> float:
        """How long nobody was."""
        if self._going_on:
            return 0.0
        return max(self._clock.monotonic() - self._monotonic, self._clock.now() - self._now)
