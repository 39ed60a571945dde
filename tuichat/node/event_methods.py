"""The methods of the local API that tell what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tuichat.model import AnyEvent, EventLog
from tuichat.node.events import EventHub
from tuichat.node.restored import notices
from tuichat.node.weaknesses import Weaknesses
from tuichat.store.store import Store


class EventMethods:
    """That part of `NodeApi`, for whoever has these."""

    _store: Store
    _hub: EventHub
    _weaknesses: Weaknesses

    def subscribe(self, since: int | None = None, log: str | None = None) -> AsyncIterator[AnyEvent]:
        told_first = [*notices(self._store, self._hub.now()), *self._weaknesses.take()]
        return self._hub.subscribe(since, told_first, log)

    def follow(self, since: int | None = None, log: str | None = None) -> AsyncIterator[AnyEvent]:
        """As `subscribe`, for the holder of a token: what the owner is told once waits for the owner."""
        return self._hub.follow(since, log)

    async def event_log(self) -> EventLog:
        return self._hub.log()
