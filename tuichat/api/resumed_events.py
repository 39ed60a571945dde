"""Events that go on over the end of a node, with honest gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuichat.clock import SystemClock
from tuichat.errors import UnreachableError
from tuichat.model import AnyEvent, MissedEvent, from_milliseconds

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient


class ResumedEvents:
    """An asynchronous iterator over a node's events, and over those of the nodes that take its place.

    It begins to listen when it is made, so what is read of the node's state afterwards misses nothing. When a
    node ends it waits for the next one, which goes on after the last durable event that was given; a
    `MissedEvent` says that some can no longer be told, or, with first and last 0, that passing ones may be
    missing, and durable ones too if none had a number yet: then read the state anew. Only one iterator of a
    client goes on: an older one ends. It ends at `close` of the client, too.

    Raises what `AsyncClient.reconnect` raises, when no node comes any more.
    """

    def __init__(self, client: AsyncClient, since: int | None, patience: float | None) -> None:
        self._client = client
        self._since = since
        self._patience = patience
        self._line = client.line
        self._buffer = self._line.subscribe(since)

    @property
    def since(self) -> int | None:
        """The number of the last durable event that was given: what `events` can go on after."""
        return self._since

    def __aiter__(self) -> ResumedEvents:
        return self

    async def __anext__(self) -> AnyEvent:
        try:
            event = await anext(self._buffer)
        except StopAsyncIteration:
            if self._client.closed or not self._line.has_ended_under(self._buffer):
                raise
        except UnreachableError:
            if self._client.closed or self._line.refusal is not None:
                raise
        else:
            if isinstance(event, MissedEvent):
                self._since = max(self._since or 0, event.last) or None
            elif event.seq is not None:
                self._since = event.seq
            return event
        return await self._resume()

    async def aclose(self) -> None:
        """Listen no more."""
        await self._buffer.aclose()

    async def _resume(self) -> AnyEvent:
        await self._client.reconnect(self._patience)
        self._line = self._client.line
        self._buffer = self._line.subscribe(self._since)
        now = from_milliseconds(int(SystemClock().now() * 1000))
        return MissedEvent(at=now, first=0, last=0)
