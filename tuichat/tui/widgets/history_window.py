"""The part of a conversation that is in memory: a run of messages without gaps, bounded at both ends."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from tuichat.model import Message

CAPACITY = 2_000
"""How many messages are kept; paging on drops as many at the other end."""

AROUND = 100
"""With fewer messages than this beyond the edge of the view the next page is asked for; and so many do not
leave for those that arrive."""


class HistoryWindow:
    """Messages in the order of their ids. `has_older`/`has_newer` say whether the node has more."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.has_older = False
        self.has_newer = False
        self._ids: list[int] = []

    def __len__(self) -> int:
        return len(self.messages)

    def replace(self, messages: Sequence[Message], *, has_older: bool, has_newer: bool = False) -> None:
        """Start over with another run."""
        self.messages = list(messages)
        self._ids = [message.id for message in self.messages]
        self.has_older = has_older
        self.has_newer = has_newer
        self._drop_oldest()

    def prepend(self, messages: Sequence[Message], *, has_older: bool) -> None:
        """Put an older page before the run; what is then too much leaves at the new end."""
        fresh = [message for message in messages if not self._ids or message.id < self._ids[0]]
        self.messages[:0] = fresh
        self._ids[:0] = [message.id for message in fresh]
        self.has_older = has_older
        if len(self.messages) > CAPACITY:
            del self.messages[CAPACITY:], self._ids[CAPACITY:]
            self.has_newer = True

    def extend(self, messages: Sequence[Message], *, has_newer: bool) -> None:
        """Put a newer page after the run; what is then too much leaves at the old end."""
        fresh = [message for message in messages if not self._ids or message.id > self._ids[-1]]
        self.messages.extend(fresh)
        self._ids.extend(message.id for message in fresh)
        self.has_newer = has_newer
        self._drop_oldest()

    def put(self, message: Message, place: int | None = None) -> bool:
        """Take in a message that arrived or changed; False if it belongs to a part that is not here.

        Args:
            place: the message at which somebody reads. Rather than that it leaves at the old end, what
                arrives stays out.
        """
        index = self.index(message.id)
        if index is not None:
            self.messages[index] = message
            return True
        if self._ids and message.id < self._ids[-1]:
            return False
        if place is not None and len(self._ids) >= CAPACITY and self.nearest(place) < AROUND:
            self.has_newer = True
        if self.has_newer:
            return False
        self.extend([message], has_newer=False)
        return True

    def take_away(self, message: int) -> bool:
        """A message is gone; whether it was here."""
        index = self.index(message)
        if index is not None:
            del self.messages[index], self._ids[index]
        return index is not None

    def index(self, message: int) -> int | None:
        """Where the message of this id stands; None if it is not here."""
        at = bisect_left(self._ids, message)
        return at if at < len(self._ids) and self._ids[at] == message else None

    def nearest(self, message: int) -> int:
        """Where the message of this id stands, or would; within bounds unless the run is empty."""
        return max(0, min(bisect_left(self._ids, message), len(self._ids) - 1))

    def _drop_oldest(self) -> None:
        surplus = len(self.messages) - CAPACITY
        if surplus > 0:
            del self.messages[:surplus], self._ids[:surplus]
            self.has_older = True
