"""A clock that stands still until a test moves it."""

from __future__ import annotations

START = 1_795_269_600.0
"""Saturday 21 November 2026, 14:00 UTC."""


class FixedClock:
    """Both clocks, moved by `advance` alone."""

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._monotonic = 1000.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._monotonic += seconds
