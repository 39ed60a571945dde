"""One client's stream of events, which goes on while the node behind it is locked and opened again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tuichat.event_buffer import EventBuffer
from tuichat.model import AnyEvent, MissedEvent
from tuichat.node.node import Node
from tuichat.node.replay import Replay

_LAST_EVENTS = 1.0


class Stream:
    """Carries the events of whichever node is open to one reader.

    Args:
        since: the durable event after which the reader wants them, or None for those from now on.
        log: the log that numbers it, None if that is not known.
        is_guest: the reader holds a token.
    """

    def __init__(self, since: int | None, log: str | None = None, *, is_guest: bool = False) -> None:
        self.buffer = EventBuffer()
        self._since = since
        self._log = log
        self._is_guest = is_guest
        self._carrying: asyncio.Task[None] | None = None

    @property
    def left(self) -> bool:
        """Whether the reader has gone, or the stream has ended."""
        return self.buffer.closed

    def join(self, node: Node) -> None:
        """Carry the events of `node`, beginning after the last durable one that was carried."""
        subscribe = node.follow if self._is_guest else node.subscribe
        events = subscribe(self._since, self._log)
        self._carrying = asyncio.get_running_loop().create_task(self._carry(events))
        if isinstance(events, EventBuffer):
            if not isinstance(events, Replay):  # whose past waits for the reader
                self.buffer.grow(len(events))
            self._carrying.add_done_callback(lambda _task: events.close())

    async def part(self) -> None:
        """The node has closed: carry what it told last, then wait for another."""
        if self._carrying is not None:
            _done, late = await asyncio.wait([self._carrying], timeout=_LAST_EVENTS)
            for task in late:
                task.cancel()
            self._carrying = None

    def end(self) -> None:
        """No more events: the reader gets what waits."""
        self.buffer.close()
        if self._carrying is not None:
            self._carrying.cancel()
            self._carrying = None

    async def _carry(self, events: AsyncIterator[AnyEvent]) -> None:
        async for event in events:
            if event.seq is not None:
                self._since = event.seq
            elif isinstance(event, MissedEvent) and event.reason == "other_log":
                self._since, self._log = event.last, None
            self.buffer.put(event)
            if isinstance(events, Replay) and events.replaying:
                await self.buffer.room()
            if self.buffer.closed:
                return
