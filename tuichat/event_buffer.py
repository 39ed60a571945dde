"""Events on their way to one reader who may be slow: a bounded queue that owns up to what it dropped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from tuichat.model import AnyEvent, MissedEvent

DEFAULT_LIMIT = 1000


class EventBuffer:
    """An asynchronous iterator over the events put into it.

    When `limit` events wait, all of them are replaced by one `MissedEvent`: a reader that far behind reads
    the state anew anyway. Its range covers the durable events dropped; 0 to 0 if only passing ones were.
    The record after which it was closed ends the iteration, or the error given to `close` is raised there.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = max(limit, 2)
        self._events: deque[AnyEvent] = deque()
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._closed = False
        self._error: Exception | None = None

    def __len__(self) -> int:
        return len(self._events)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be put."""
        return self._closed

    def grow(self, count: int) -> None:
        """Let `count` more events wait: a replay is long without its reader being slow."""
        self._limit += count

    def put(self, event: AnyEvent) -> None:
        """Add an event; never waits, never fails. After `close` it is dropped in silence."""
        if self._closed:
            return
        if len(self._events) >= self._limit:
            missed = _missed(self._events, event)
            self._events.clear()
            self._events.append(missed)
        self._events.append(event)
        self._changed.set()
        if len(self._events) > self._limit // 2:
            self._has_room.clear()

    def close(self, error: Exception | None = None) -> None:
        """Let the reader have what waits, then end, or raise `error`."""
        if not self._closed:
            self._closed = True
            self._error = error
            self._changed.set()
            self._has_room.set()

    async def room(self) -> None:
        """Return once less than half of the limit waits, or nothing more will be put."""
        await self._has_room.wait()

    async def aclose(self) -> None:
        """The reader leaves: forget what waits and end."""
        self._events.clear()
        self.close()

    def __aiter__(self) -> EventBuffer:
        return self

    async def __anext__(self) -> AnyEvent:
        while not self._events:
            if self._closed:
                error, self._error = self._error, None
                raise error if error is not None else StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        event = self._events.popleft()
        if len(self._events) <= self._limit // 2:
            self._has_room.set()
        return event


def _missed(dropped: Iterable[AnyEvent], now: AnyEvent) -> MissedEvent:
    first = last = 0
    for event in dropped:
        if isinstance(event, MissedEvent):
            low, high = event.first, event.last
        else:
            low = high = event.seq or 0
        first = first or low
        last = max(last, high)
    return MissedEvent(at=now.at, first=first, last=last)
