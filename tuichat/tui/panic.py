"""The panic key: pressed three times within two seconds it wipes the profile, without a question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

PRESSES: Final = 3
WITHIN_SECONDS: Final = 2.0

REPEAT_SECONDS: Final = 0.12
"""What comes sooner behind a press is a key that is held down; terminals do not tell one from the other."""


class PanicKey:
    """Counts presses; a key that is held down is pressed twice at most, and any other key begins anew.

    Args:
        key: Textual's name of the key, "" for none.
        monotonic: seconds.
    """

    def __init__(self, key: str, monotonic: Callable[[], float]) -> None:
        self._key = key
        self._monotonic = monotonic
        self._presses: list[float] = []
        self._last = float("-inf")

    def pressed(self, key: str) -> bool:
        """Take in a key; whether it was the one that makes it so."""
        if not self._key or key != self._key:
            self._presses.clear()
            return False
        now, last = self._monotonic(), self._last
        self._last = now
        if now < last + REPEAT_SECONDS:
            return False
        self._presses = [*(at for at in self._presses if now < at + WITHIN_SECONDS), now]
        return len(self._presses) >= PRESSES
