"""Counting what others can make this node do: so many times an hour, and no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

HOUR: Final = 3600.0


class Hourly:
    """Args: most: times in any hour; monotonic: seconds."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._times: deque[float] = deque()

    def allows(self) -> bool:
        """Whether it may be done once more; it counts by asking."""
        now = self._monotonic()
        while self._times and self._times[0] <= now - HOUR:
            self._times.popleft()
        if len(self._times) >= self._most:
            return False
        self._times.append(now)
        return True
