"""The events that a client with a token is told of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from tuichat.model import (
    AnyEvent,
    ClosingEvent,
    Contact,
    ContactEvent,
    ContactRemovedEvent,
    ConversationErasedEvent,
    DraftEvent,
    File,
    FileEvent,
    FileRemovedEvent,
    InputEvent,
    LinkEvent,
    LockedEvent,
    MessageEvent,
    MessageRemovedEvent,
    MissedEvent,
    NoticeEvent,
    Scope,
    ServiceEvent,
    SignEvent,
    Status,
    TorEvent,
)

_ABOUT_THE_NODE = (TorEvent, ServiceEvent)


class ScopedEvents:
    """An iterator over those of `events` that the scope has; it ends when the token does.

    Numbers stay as they are: those of other events are left out.
    """

    def __init__(self, events: AsyncIterator[AnyEvent], scope: Scope, lives: Callable[[], bool]) -> None:
        self._events = events
        self._scope = scope
        self._lives = lives

    def __aiter__(self) -> ScopedEvents:
        return self

    async def __anext__(self) -> AnyEvent:
        while True:
            event = await anext(self._events)
            if not self._lives():
                raise StopAsyncIteration
            if (seen := seen_of(event, self._scope)) is not None:
                return seen

    async def aclose(self) -> None:
        """The reader leaves."""
        close: Any = getattr(self._events, "aclose", None)
        if close is not None:
            await close()


def seen_of(event: AnyEvent, scope: Scope) -> AnyEvent | None:
    """An event as a token's holder is told it, None if not at all."""
    if isinstance(event, LockedEvent | ClosingEvent | MissedEvent):
        return event
    if isinstance(event, DraftEvent | InputEvent) or type(event).__struct_config__.tag not in scope.events:
        return None
    whose = contact_of(event)
    if scope.addresses is not None:
        if isinstance(event, NoticeEvent):  # a sentence may name others
            return None
        if whose is None and not isinstance(event, _ABOUT_THE_NODE):
            return None
        if whose is not None and whose not in scope.addresses:
            return None
    return _less(event, scope)


def contact_of(event: AnyEvent) -> int | None:
    """Whom an event is about, None for nobody."""
    match event:
        case MessageEvent():
            return event.message.contact
        case FileEvent():
            return event.file.contact
        case ContactEvent():
            return event.contact.id
        case ContactRemovedEvent() | ConversationErasedEvent() | LinkEvent() | SignEvent():
            return event.contact
        case MessageRemovedEvent() | FileRemovedEvent() | NoticeEvent():
            return event.contact
    return None


def told(record: Any, scope: Scope) -> Any:
    """A record without what it says of others, and without paths that are not for the bot."""
    if isinstance(record, File) and record.direction == "out":
        return msgspec.structs.replace(record, path="")
    if isinstance(record, Status):  # tor's own words name files
        return msgspec.structs.replace(record, tor=msgspec.structs.replace(record.tor, detail=""))
    if isinstance(record, Contact) and not scope.everybody:
        return msgspec.structs.replace(record, alike=())
    return record


def _less(event: AnyEvent, scope: Scope) -> AnyEvent:
    if isinstance(event, FileEvent):
        return msgspec.structs.replace(event, file=told(event.file, scope))
    if isinstance(event, TorEvent):
        return msgspec.structs.replace(event, tor=msgspec.structs.replace(event.tor, detail=""))
    if isinstance(event, ContactEvent):
        return msgspec.structs.replace(event, contact=told(event.contact, scope))
    return event
