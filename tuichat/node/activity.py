"""How long ago a person was at work.

Whichever clock says longer counts: the monotonic one stands still while the machine sleeps.
"""

from __future__ import annotations

from typing import Final

from tuichat.clock import Clock

LOOK_SECONDS: Final = 5.0
"""How often it is looked at the latest, so that a machine that wakes up is locked soon."""


class Activity:
    """Counts from when it is made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.note()

    def note(self) -> None:
        """Somebody is at work now."""
        self._monotonic, self._now = self._clock.monotonic(), self._clock.now()

    def idle_seconds(self) -> float:
        """How long nobody was."""
        return max(self._clock.monotonic() - self._monotonic, self._clock.now() - self._now)
