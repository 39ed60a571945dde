"""A subscription that begins with the past: events of the journal, a page at a time, then live ones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from tuichat.event_buffer import EventBuffer
from tuichat.model import AnyEvent, MissedEvent

PAGE: Final = 50
"""So many events are read at once; between two pages others get their turn."""

Page = list[tuple[int, AnyEvent | None]]
"""Numbers in order, and what there is to tell of each: nothing where its subject is gone."""


class Replay(EventBuffer):
    """What is put into it waits until the past was told, in order and without a gap.

    Args:
        read: at most so many events after a number.
        since: the number after which the past begins; `until` is its last.
        missed: what of it can no longer be told.
    """

    def __init__(
        self, read: Callable[[int, int], Page], since: int, until: int, missed: MissedEvent | None
    ) -> None:
        super().__init__()
        self._read = read
        self._since = since
        self._until = until
        self._past: deque[AnyEvent] = deque([] if missed is None else [missed])

    def __len__(self) -> int:
        return len(self._past) + self._until - self._since + super().__len__()

    @property
    def replaying(self) -> bool:
        """Whether what comes next is of the past: it waits for its reader, and costs nothing meanwhile."""
        return bool(self._past) or self._since < self._until

    async def __anext__(self) -> AnyEvent:
        while self.replaying:
            if self._past:
                return self._past.popleft()
            if self.closed:  # the journal may be closed as well; the reader goes on from its last number
                self._since = self._until
                break
            self._read_page()
            await asyncio.sleep(0)
        return await super().__anext__()

    def _read_page(self) -> None:
        page = self._read(self._since, min(PAGE, self._until - self._since))
        self._since = page[-1][0] if page else self._until
        self._past.extend(event for _number, event in page if event is not None)

    async def aclose(self) -> None:
        """As of any buffer: forget what waits."""
        self._past.clear()
        self._since = self._until
        await super().aclose()
