"""What hooks are told of an event: its stable name, and one line of JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from tuichat.model import (
    AnyEvent,
    ContactEvent,
    ContactRemovedEvent,
    ConversationErasedEvent,
    FileEvent,
    FileRemovedEvent,
    LinkEvent,
    MessageEvent,
    MessageRemovedEvent,
    NoticeEvent,
    ServiceEvent,
    SignEvent,
    TorEvent,
)

SCHEMA: Final = 1
_PLAIN: Final[dict[type[Any], str]] = {
    MessageRemovedEvent: "message.removed",
    FileRemovedEvent: "file.removed",
    ContactRemovedEvent: "contact.removed",
    ConversationErasedEvent: "conversation.erased",
    SignEvent: "sign.changed",
    TorEvent: "tor.changed",
    ServiceEvent: "service.changed",
}


def hook_name(event: AnyEvent) -> str | None:
    """The event's name, one of `HOOK_EVENTS`; None for what hooks are not told.

    They are not told what is being written, how far a file is on, and that the node locks or ends.
    """
    match event:
        case MessageEvent(new=True):
            return "message.received" if event.message.direction == "in" else "message.written"
        case MessageEvent():
            return "message.changed"
        case FileEvent():
            return None if event.seq is None else f"file.{event.file.state}"
        case ContactEvent():
            return "contact.request" if event.contact.state == "pending" else "contact.changed"
        case LinkEvent():
            return f"link.{event.stage}"
        case NoticeEvent():
            return f"notice.{event.level}"
    return _PLAIN.get(type(event))


def hook_line(name: str, event: AnyEvent, petname: Callable[[int], str]) -> bytes:
    """What a program reads from its standard input, a line.

    Args:
        petname: from a contact's id, "" for one that is gone.
    """
    fields = msgspec.to_builtins(event)
    contact = contact_of(event)
    told = {"schema": SCHEMA, "event": name, **fields}
    if contact is not None:
        told["contact_name"] = petname(contact)
    return msgspec.json.encode(told) + b"\n"


def contact_of(event: AnyEvent) -> int | None:
    """Whom an event is about, None for nobody."""
    match event:
        case MessageEvent():
            return event.message.contact
        case FileEvent():
            return event.file.contact
        case ContactEvent():
            return event.contact.id
        case LinkEvent() | SignEvent() | NoticeEvent() | ConversationErasedEvent() | FileRemovedEvent():
            return event.contact
    return None
