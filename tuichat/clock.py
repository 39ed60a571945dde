"""Time and randomness, always handed in, so that tests and the simulation decide both.

This is the only module that reads the system's clocks or its random source; a lint rule keeps it so.
"""

from __future__ import annotations

import os
import time
from typing import Protocol


class Clock(Protocol):
    """What time it is."""

    def now(self) -> float:
        """Unix time in seconds; may jump when the user or NTP sets the clock."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...


class Rng(Protocol):
    """Where randomness comes from."""

    def bytes(self, count: int) -> bytes:
        """`count` unpredictable bytes."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high), for jitter only."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


class SystemRng:
    """The kernel's random source."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)

    def uniform(self, low: float, high: float) -> float:
        fraction = int.from_bytes(os.urandom(7), "big") / (1 << 56)
        return low + (high - low) * fraction
