"""Who may dial now: few at once, as each dial costs tor circuits, and nobody for ever behind others.

What somebody has just written goes first, and two places are kept for it: it does not wait until dials to
people who are away have failed, which takes each up to two minutes. If even so no place is free, whoever has
dialled in vain for long gives way. Then come contacts for whom something is queued, then the others; but each
fourth place goes to the others. Among equals come first those who failed less often, then those met last.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from tuichat.clock import Clock

PLACES: Final = 8
KEPT_PLACES: Final = 2
"""Of them, for what was just written."""

EVERY: Final = 4
"""Of so many places in turn one is for contacts for whom nothing is queued."""

IN_VAIN_SECONDS: Final = 15.0
"""A dial that has taken longer may have to give way."""


@dataclass(eq=False, slots=True)
class Turn:
    """One dial, from its waiting to its end.

    Attributes:
        fresh: a person has just asked for it.
        queued: something waits for the contact.
        failures: how many dials failed in a row before.
        met_at: when the contact was linked last, in milliseconds.
        give_way: ends the dial early.
        came, since, leaves: the line's own: it has a place; since when; it was told to give way.
    """

    fresh: bool
    queued: bool
    failures: int
    met_at: int
    give_way: Callable[[], None]
    came: asyncio.Event = field(default_factory=asyncio.Event)
    since: float = 0.0
    leaves: bool = False


class DialLine:
    """The places, and who waits for one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: list[Turn] = []
        self._dialling: list[Turn] = []
        self._given = 0
        self._due = False

    @asynccontextmanager
    async def turn(self, turn: Turn) -> AsyncIterator[None]:
        """Wait for a place and keep it meanwhile."""
        self._waiting.append(turn)
        self._look_soon()
        try:
            await turn.came.wait()
            yield
        finally:
            (self._dialling if turn in self._dialling else self._waiting).remove(turn)
            self._look_soon()

    def hurry(self, turn: Turn) -> None:
        """A person has just asked for this one."""
        turn.fresh = True
        self._look_soon()

    def _look_soon(self) -> None:
        """Look when all who come at the same moment are here."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._due = False
        while (turn := self._next()) is not None:
            self._waiting.remove(turn)
            self._dialling.append(turn)
            turn.since = self._clock.monotonic()
            turn.came.set()
        self._make_room()

    def _next(self) -> Turn | None:
        if len(self._dialling) >= PLACES:
            return None
        fresh = [turn for turn in self._waiting if turn.fresh]
        if fresh:
            return min(fresh, key=_rank)
        if sum(not turn.fresh for turn in self._dialling) >= PLACES - KEPT_PLACES or not self._waiting:
            return None
        self._given += 1
        return min(self._of_turn(self._given % EVERY != 0), key=_rank)

    def _of_turn(self, queued: bool) -> list[Turn]:
        """Who waits, of those whose turn it is if there are any."""
        return [turn for turn in self._waiting if turn.queued == queued] or self._waiting

    def _make_room(self) -> None:
        """If fresh ones wait all the same, let as many give way, or look again when those dialled long."""
        missing = sum(turn.fresh for turn in self._waiting) - sum(turn.leaves for turn in self._dialling)
        longest = sorted((turn for turn in self._dialling if not turn.leaves), key=_claim)
        for turn in longest[: max(missing, 0)]:
            left = turn.since + IN_VAIN_SECONDS - self._clock.monotonic()
            if left > 0:
                asyncio.get_running_loop().call_later(left, self._look_soon)
            else:
                turn.leaves = True
                turn.give_way()


def _rank(turn: Turn) -> tuple[int, int]:
    return turn.failures, -turn.met_at


def _claim(turn: Turn) -> tuple[bool, float]:
    """Who gives way first: nobody asks for it now, and it has taken longest."""
    return turn.fresh, turn.since
