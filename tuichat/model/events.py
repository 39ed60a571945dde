"""What happens, as clients are told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from tuichat.model.desk import Draft
from tuichat.model.records import (
    Contact,
    File,
    LinkStage,
    Message,
    Presence,
    Record,
    ServiceState,
    TorState,
)

MissedReason = Literal["pruned", "slow", "other_log", "away"]


class Event(Record, frozen=True, kw_only=True, tag_field="type"):
    """Something happened. `seq` numbers durable events without gaps; passing ones have none."""

    at: datetime
    seq: int | None = None


class MessageEvent(Event, frozen=True, kw_only=True, tag="message"):
    """A message came into the history, or changed (its state, its text)."""

    message: Message
    new: bool


class MessageRemovedEvent(Event, frozen=True, kw_only=True, tag="message_removed"):
    """A message is gone from the history: its time was over. `contact` is whose it was, if that is known."""

    message: int
    contact: int | None = None


class FileEvent(Event, frozen=True, kw_only=True, tag="file"):
    """A file's state changed (then it has a number), or it went on (then it has none)."""

    file: File


class FileRemovedEvent(Event, frozen=True, kw_only=True, tag="file_removed"):
    """A file is gone from the list, with its message, whose time was over. `contact` is whose it was."""

    file: int
    contact: int | None = None


class ContactEvent(Event, frozen=True, kw_only=True, tag="contact"):
    """A contact appeared or changed; a new `pending` one is somebody's request."""

    contact: Contact


class ContactRemovedEvent(Event, frozen=True, kw_only=True, tag="contact_removed"):
    """A contact was removed or its request rejected."""

    contact: int


class ConversationErasedEvent(Event, frozen=True, kw_only=True, tag="conversation_erased"):
    """All that was said with a contact is gone; the contact stays."""

    contact: int


class DraftEvent(Event, frozen=True, kw_only=True, tag="draft"):
    """What is being written to a contact is another text now; `writer` is who said so."""

    draft: Draft
    writer: str = ""


class InputEvent(Event, frozen=True, kw_only=True, tag="input"):
    """Something was written that can be called back; `writer` is who said so."""

    text: str
    writer: str = ""


class LinkEvent(Event, frozen=True, kw_only=True, tag="link"):
    """A contact's link moved to another stage. `retry_at` is when the next dial is due, while waiting."""

    contact: int
    stage: LinkStage
    retry_at: datetime | None = None


class SignEvent(Event, frozen=True, kw_only=True, tag="sign"):
    """A contact began or stopped to write, came or left, as far as they let us know."""

    contact: int
    typing: bool
    presence: Presence


class TorEvent(Event, frozen=True, kw_only=True, tag="tor"):
    """tor's state changed."""

    tor: TorState


class ServiceEvent(Event, frozen=True, kw_only=True, tag="service"):
    """Our onion service was published, lost, or probed."""

    service: ServiceState


class NoticeEvent(Event, frozen=True, kw_only=True, tag="notice"):
    """A sentence for the person that belongs to no message; `contact` if it concerns one."""

    text: str
    level: Literal["info", "warning", "error"] = "info"
    contact: int | None = None


class LockedEvent(Event, frozen=True, kw_only=True, tag="locked"):
    """The profile was locked or unlocked."""

    locked: bool


class ClosingEvent(Event, frozen=True, kw_only=True, tag="closing"):
    """The node is about to end; with "handover" another takes its place within seconds: reconnect.

    With "wipe" the profile is gone.
    """

    reason: Literal["handover", "stop", "idle", "wipe"]


class MissedEvent(Event, frozen=True, kw_only=True, tag="missed"):
    """Durable events from `first` to `last` were not told, and maybe passing ones; read the state anew.

    Attributes:
        first, last: both 0 if only passing events were lost.
        reason: "pruned": they are too old to be told. "slow": the reader let too many wait; who subscribes
            again since `first` - 1 is told those that are still kept. "other_log": the number that the
            reader goes on from is of another log, or of none; these are all that this one had. "away": said
            by the client itself: another node has taken the place of the one that it listened to.
    """

    first: int
    last: int
    reason: MissedReason = "slow"


class EventLog(Record, frozen=True, kw_only=True):
    """The log that numbers durable events.

    Attributes:
        log: which one: a profile that comes out of a backup, or begins anew, has another.
        first, last: the oldest event that can be told and the newest; 0 if there was none yet.
    """

    log: str
    first: int
    last: int


AnyEvent = (
    MessageEvent
    | MessageRemovedEvent
    | FileEvent
    | FileRemovedEvent
    | ContactEvent
    | ContactRemovedEvent
    | ConversationErasedEvent
    | DraftEvent
    | InputEvent
    | LinkEvent
    | SignEvent
    | TorEvent
    | ServiceEvent
    | NoticeEvent
    | LockedEvent
    | ClosingEvent
    | MissedEvent
)


def takes_away(event: object, message: Message) -> bool:
    """Whether an event says that a message is not there any more."""
    match event:
        case MessageRemovedEvent(message=gone):
            return gone == message.id
        case ConversationErasedEvent(contact=contact) | ContactRemovedEvent(contact=contact):
            return contact == message.contact
    return False
