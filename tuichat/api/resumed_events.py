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
    node ends it waits for the next one, which goes on after the last durable event that was told. A
    `MissedEvent` of reason "away" comes first, for passing events are lost by then; if more is, further ones
    say so. Only one iterator of a client goes on: an older one ends. It ends at `close` of the client, too.

    Raises what `AsyncClient.reconnect` raises, when no node comes any more.
    """

    def __init__(
        self, client: AsyncClient, since: int | None, log: str | None, patience: float | None
    ) -> None:
        self._client = client
        self._since = since
        self._log = log
        self._patience = patience
        self._line = client.line
        self._buffer = self._line.subscribe(since, log)

    @property
    def since(self) -> int | None:
        """After which durable event another iterator can go on from here; None if nothing is known yet."""
        if self._since is not None:
            return self._since
        return None if self._line.log is None else self._line.log.last

    @property
    def log(self) -> str | None:
        """Which log that number is of."""
        return self._log if self._line.log is None else self._line.log.log

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
                self._since = event.last or self._since
            elif event.seq is not None:
                self._since = event.seq
            return event
        return await self._resume()

    async def aclose(self) -> None:
        """Listen no more."""
        await self._buffer.aclose()

    async def _resume(self) -> AnyEvent:
        await self._client.reconnect(self._patience)
        self._since, self._log = self.since, self.log
        self._line = self._client.line
        self._buffer = self._line.subscribe(self._since, self._log)
        now = from_milliseconds(int(SystemClock().now() * 1000))
        return MissedEvent(at=now, first=0, last=0, reason="away")
