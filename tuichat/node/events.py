"""Changes to the profile, told to every subscriber after they are on disk.

What changes durably goes through `EventHub.change`: one transaction of the store, the events of it written
inside and told after the commit. A subscriber can go on later from the number of the last event it saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from weakref import WeakSet

from tuichat.clock import Clock
from tuichat.event_buffer import EventBuffer
from tuichat.model import (
    AnyEvent,
    Contact,
    ContactEvent,
    ContactRemovedEvent,
    ConversationErasedEvent,
    EventLog,
    File,
    FileEvent,
    FileRemovedEvent,
    Message,
    MessageEvent,
    MessageRemovedEvent,
    MissedEvent,
    from_milliseconds,
)
from tuichat.node.replay import Page, Replay
from tuichat.store.records import EventRow, EventType
from tuichat.store.store import Store


class Changes:
    """What one transaction changed, in order; each thing is told once."""

    def __init__(self) -> None:
        self.told: dict[tuple[EventType, int], bool] = {}
        self.whose: dict[tuple[EventType, int], int] = {}

    def message(self, message: int, *, new: bool = False) -> None:
        """A message is new or changed."""
        self.told[("message", message)] = new or self.told.get(("message", message), False)

    def message_removed(self, message: int, contact: int) -> None:
        """A message is gone that was a contact's."""
        self.told.pop(("message", message), None)
        self.whose[("message_removed", message)] = contact
        self.told[("message_removed", message)] = False

    def file(self, file: int) -> None:
        """A file was offered, or its state changed."""
        self.told[("file", file)] = False

    def file_removed(self, file: int, contact: int) -> None:
        """A file is gone from the list that was a contact's, or offered to one."""
        self.told.pop(("file", file), None)
        self.told[("file_removed", file)] = False
        self.whose[("file_removed", file)] = contact

    def contact(self, contact: int) -> None:
        """A contact is new or changed."""
        self.told[("contact", contact)] = False

    def erased(self, contact: int) -> None:
        """What was said with a contact is gone: nothing else is told of its messages."""
        self.told[("conversation_erased", contact)] = False

    def contact_removed(self, contact: int) -> None:
        """A contact is gone."""
        self.told.pop(("contact", contact), None)
        self.told[("contact_removed", contact)] = False


class EventHub:
    """Tells subscribers what happens.

    Attributes:
        committed: something was committed since this was last set to False.

    Args:
        contact: the present record of a contact id, None when it is gone.
        message: the present record of a message id, None when it is gone.
        file: the present record of a file's id, None when it is gone.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        contact: Callable[[int], Contact | None],
        message: Callable[[int], Message | None],
        file: Callable[[int], File | None] = lambda _file: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._contact = contact
        self._message = message
        self._file = file
        self._listeners: list[Callable[[AnyEvent], None]] = []
        self._subscribers: list[EventBuffer] = []
        self._guests: WeakSet[EventBuffer] = WeakSet()
        self.committed = False

    @contextmanager
    def change(self) -> Iterator[Changes]:
        """One transaction; what it changed is told after the commit, nothing if it fails."""
        changes = Changes()
        rows: list[tuple[EventRow, bool]] = []
        with self._store.transaction():
            yield changes
            at = self.now()
            for (kind, subject), new in changes.told.items():
                contact = changes.whose.get((kind, subject))
                seq = self._store.events.append(at, kind, subject, contact)
                rows.append((EventRow(seq, at, kind, subject, contact), new))
        self.committed = True
        for row, new in rows:
            event = self._event(row, new)
            if event is not None:
                self.tell(event)

    def tell(self, event: AnyEvent) -> None:
        """Tell a passing event, or one that is on disk already."""
        for listener in self._listeners:
            listener(event)
        self._subscribers = [subscriber for subscriber in self._subscribers if not subscriber.closed]
        for subscriber in self._subscribers:
            subscriber.put(event)

    def listen(self, listener: Callable[[AnyEvent], None]) -> None:
        """Call a part of the node at each event; it must not wait."""
        self._listeners.append(listener)

    def tell_file(self, file: int) -> None:
        """Tell how far a file is, without any change on disk."""
        record = self._file(file)
        if record is not None:
            self.tell(FileEvent(at=self._at(), file=record))

    def tell_message(self, message: int) -> None:
        """Tell that a message looks different without any change on disk (sent, no longer sent)."""
        record = self._message(message)
        if record is not None:
            self.tell(MessageEvent(at=self._at(), message=record, new=False))

    def subscribe(
        self, since: int | None, told_first: Iterable[AnyEvent] = (), log: str | None = None
    ) -> EventBuffer:
        """Events from now on, behind `told_first`; with `since`, the durable ones after that number first.

        With `log`, `since` is a number of that log. What cannot be told is told of by a MissedEvent.
        """
        buffer = EventBuffer() if since is None else self._replay(since, log)
        first = list(told_first)
        buffer.grow(len(first))
        for event in first:
            buffer.put(event)
        self._subscribers.append(buffer)
        return buffer

    def follow(self, since: int | None, log: str | None = None) -> EventBuffer:
        """As `subscribe`, for somebody who is not the owner: what is told once is not told to them."""
        buffer = self.subscribe(since, (), log)
        self._guests.add(buffer)
        return buffer

    def log(self) -> EventLog:
        """Which log it is, and how far it reaches."""
        first, last = self._store.events.bounds()
        return EventLog(log=self._store.events.log(), first=first, last=last)

    @property
    def has_listeners(self) -> bool:
        """Whether the owner is subscribed now."""
        return any(not each.closed and each not in self._guests for each in self._subscribers)

    def close(self) -> None:
        """End every subscription."""
        for subscriber in self._subscribers:
            subscriber.close()
        self._subscribers = []

    def now(self) -> int:
        """The time in milliseconds."""
        return int(self._clock.now() * 1000)

    def _replay(self, since: int, log: str | None) -> Replay:
        kept = self.log()
        missed: MissedEvent | None = None
        if since > kept.last or log not in (None, kept.log):
            first = min(kept.last, 1)
            missed = MissedEvent(at=self._at(), first=first, last=kept.last, reason="other_log")
            since = kept.last
        elif kept.last and since < kept.first - 1:
            missed = MissedEvent(at=self._at(), first=since + 1, last=kept.first - 1, reason="pruned")
            since = kept.first - 1
        return Replay(self._page, since, kept.last, missed)

    def _page(self, since: int, limit: int) -> Page:
        rows = self._store.events.since(since, limit)
        if rows and rows[0].seq > since + 1:  # a reader so slow that what it was to read has been dropped
            gap = MissedEvent(at=self._at(), first=since + 1, last=rows[0].seq - 1, reason="pruned")
            return [(gap.last, gap)]
        return [(row.seq, self._event(row, new=False)) for row in rows]

    def _event(self, row: EventRow, new: bool) -> AnyEvent | None:
        at = from_milliseconds(row.at)
        if row.type == "contact_removed":
            return ContactRemovedEvent(at=at, seq=row.seq, contact=row.subject)
        if row.type == "message_removed":
            return MessageRemovedEvent(at=at, seq=row.seq, message=row.subject, contact=row.contact)
        if row.type == "file_removed":
            return FileRemovedEvent(at=at, seq=row.seq, file=row.subject, contact=row.contact)
        if row.type == "conversation_erased":
            return ConversationErasedEvent(at=at, seq=row.seq, contact=row.subject)
        if row.type == "contact":
            contact = self._contact(row.subject)
            return None if contact is None else ContactEvent(at=at, seq=row.seq, contact=contact)
        if row.type == "file":
            file = self._file(row.subject)
            return None if file is None else FileEvent(at=at, seq=row.seq, file=file)
        message = self._message(row.subject)
        return None if message is None else MessageEvent(at=at, seq=row.seq, message=message, new=new)

    def _at(self) -> datetime:
        return from_milliseconds(self.now())
