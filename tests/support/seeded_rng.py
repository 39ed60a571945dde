"""Randomness that repeats: the same seed gives the same bytes, or the one draw is known beforehand."""

from __future__ import annotations

import hashlib


class SeededRng:
    """An Rng that hashes its seed and a counter."""

    def __init__(self, seed: bytes = b"") -> None:
        self._seed = seed
        self._counter = 0

    def bytes(self, count: int) -> bytes:
        self._counter += 1
        return hashlib.shake_256(self._seed + self._counter.to_bytes(8, "big")).digest(count)

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * int.from_bytes(self.bytes(4), "big") / (1 << 32)


class FixedRng:
    """Gives the same bytes at every draw, which must ask for just so many."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn = drawn

    def bytes(self, count: int) -> bytes:
        assert count == len(self._drawn)
        return self._drawn

    def uniform(self, low: float, high: float) -> float:
        return low
