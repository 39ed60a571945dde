"""What callers may cost: unfinished calls and, for those we do not know, handshakes a second and time.

Strangers share one budget, every contact and every invite has its own: a flood of strangers takes nothing
from the people this person chose.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

MAX_STRANGERS: Final = 64
"""Unfinished calls under the public key; beyond this strangers get the bare 404."""

MAX_CALLS_EACH: Final = 4
"""Unfinished calls under one contact's secrets, or one invite."""

STRANGERS_PER_SECOND: Final = 16.0
"""Handshakes begun with strangers, in the long run: about 3% of a core."""

STRANGERS_AT_ONCE: Final = 64.0
"""Handshakes begun with strangers at once after a quiet time."""

REST: Final = 3.0
"""After a stranger's request comes a pause so many times as long: a quarter of the time is theirs at most."""

STRANGERS: Final = 0
"""The name of the strangers' budget; contacts' are their ids, invites' the negative of theirs."""


class Budget:
    """Counts calls.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._open: Counter[int] = Counter()
        self._left = STRANGERS_AT_ONCE
        self._filled_at = monotonic()

    def allows(self, whose: int) -> bool:
        """Whether one more handshake may begin; for a stranger it is paid for by asking."""
        if whose != STRANGERS:
            return self._open[whose] < MAX_CALLS_EACH
        now = self._monotonic()
        filled = self._left + (now - self._filled_at) * STRANGERS_PER_SECOND
        self._left, self._filled_at = min(filled, STRANGERS_AT_ONCE), now
        if self._open[STRANGERS] >= MAX_STRANGERS or self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def enter(self, whose: int) -> Callable[[], None]:
        """A call has begun; call what is returned when it has ended or become a link, once or more."""
        self._open[whose] += 1
        entered = True

        def leave() -> None:
            nonlocal entered
            if entered:
                entered = False
                self._open[whose] -= 1
                if not self._open[whose]:
                    del self._open[whose]

        return leave


class Turns:
    """One after another, with rests. A request is a commit to disk, and during that nobody else is served.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._taken = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; at its end wait until others had theirs."""
        async with self._taken:
            began = self._monotonic()
            try:
                yield
            finally:
                await asyncio.sleep(REST * (self._monotonic() - began))
