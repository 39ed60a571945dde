"""What callers may cost: unfinished calls, handshakes a second and, for those we do not know, time.

Strangers share one budget, every contact and every invite has its own: a flood of strangers takes nothing
from the people this person chose.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

MAX_STRANGERS: Final = 64
"""Unfinished calls under the public key. One more, and the one that has let us wait longest for message 3 is
given up: who says nothing keeps nobody out. If all have said it, the next gets the bare 404."""

MAX_CALLS_EACH: Final = 4
"""Unfinished calls under one contact's secrets, or one invite."""

STRANGERS_PER_SECOND: Final = 16.0
"""Handshakes begun with strangers, in the long run: about 3% of a core."""

STRANGERS_AT_ONCE: Final = 64.0
"""Handshakes begun with strangers at once after a quiet time."""

EACH_PER_SECOND: Final = 1.0
EACH_AT_ONCE: Final = 8.0
"""The same for one contact, or one invite: its message 1 may be repeated as often as its holder likes."""

REST: Final = 3.0
"""After a stranger's request comes a pause so many times as long: a quarter of the time is theirs at most."""

STRANGERS: Final = 0
"""The name of the strangers' budget; contacts' are their ids, invites' the negative of theirs."""


class _Bucket:
    """Fills at a rate up to a depth; each handshake takes one out."""

    def __init__(self, per_second: float, depth: float, now: float) -> None:
        self._per_second = per_second
        self._depth = depth
        self._left = depth
        self._filled_at = now

    def is_full(self, now: float) -> bool:
        return self._filled(now) >= self._depth

    def pays(self, now: float) -> bool:
        self._left, self._filled_at = self._filled(now), now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def _filled(self, now: float) -> float:
        return min(self._left + (now - self._filled_at) * self._per_second, self._depth)


class Budget:
    """Counts calls.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._open: Counter[int] = Counter()
        self._strangers = _Bucket(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE, monotonic())
        self._each: dict[int, _Bucket] = {}
        self._waiting: dict[object, Callable[[], None]] = {}

    def allows(self, whose: int) -> bool:
        """Whether one more handshake may begin; it is paid for by asking."""
        if whose != STRANGERS:
            return self._open[whose] < MAX_CALLS_EACH and self._pays(whose)
        is_full = self._open[STRANGERS] >= MAX_STRANGERS
        if (is_full and not self._waiting) or not self._pays(STRANGERS):
            return False
        if is_full:
            self._waiting.pop(next(iter(self._waiting)))()
        return True

    @contextmanager
    def awaiting(self, whose: int, give_up: Callable[[], None]) -> Iterator[None]:
        """While message 3 is awaited; a stranger may be given up meanwhile to make room for another."""
        call = object()
        if whose == STRANGERS:
            self._waiting[call] = give_up
        try:
            yield
        finally:
            self._waiting.pop(call, None)

    def _pays(self, whose: int) -> bool:
        now = self._monotonic()
        if whose == STRANGERS:
            return self._strangers.pays(now)
        self._each = {name: bucket for name, bucket in self._each.items() if not bucket.is_full(now)}
        return self._each.setdefault(whose, _Bucket(EACH_PER_SECOND, EACH_AT_ONCE, now)).pays(now)

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
