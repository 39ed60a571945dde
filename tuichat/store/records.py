"""The rows that the store keeps and the engine works on. Times are integer milliseconds of Unix time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tuichat.model import (
    ContactState,
    Direction,
    FileReason,
    FileState,
    MessageKind,
    MessageState,
    PausedBy,
    Unsent,
)


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A contact as kept. Key material is left out of the repr.

    Attributes:
        id: row number, never used again after removal.
        onion, sig, ik, epoch: pinned keys (K3); sig, ik None and epoch 0 until first seen.
        state: requested (by me), pending (from them), accepted or blocked.
        petname: unique; suggested_name: what the peer calls themself, already sanitised.
        confirmed: it answered once at its address when I called (C7).
        pair_sent, pair_received: 32-byte secrets (C1, C3); last_pair: the one that worked last.
        request_text: of my request or theirs.
        invite: the text of the invite by which I came to them, "" if none or used up.
        reach: the client-authorization key by which their service admits me.
        other_sig: another SIG that the address showed; other_refused: the person keeps to the pinned one.
        version: the highest version of the protocol that a link had, pinned like the keys; 0 before any.
    """

    id: int
    onion: bytes
    state: ContactState
    petname: str
    suggested_name: str = ""
    sig: bytes | None = None
    ik: bytes | None = None
    epoch: int = 0
    confirmed: bool = False
    verified: bool = False
    pair_sent: bytes | None = field(default=None, repr=False)
    pair_received: bytes | None = field(default=None, repr=False)
    last_pair: Literal["", "sent", "received"] = ""
    request_text: str = ""
    created_at: int = 0
    last_linked_at: int | None = None
    invite: str = field(default="", repr=False)
    reach: bytes | None = field(default=None, repr=False)
    other_sig: bytes | None = None
    other_refused: bool = False
    version: int = 0

    @property
    def never_met(self) -> bool:
        """Whether it is known from an export only: no key was seen, no secret given or taken."""
        return self.sig is None and self.pair_sent is None and self.pair_received is None

    @property
    def key_changed(self) -> bool:
        """Whether another SIG was shown and the person has not decided about it."""
        return self.other_sig is not None and not self.other_refused


InviteState = Literal["open", "bound", "closed", "revoked"]


@dataclass(frozen=True, slots=True)
class InviteRow:
    """An invite that this person made; `onion` is who used it. Times in milliseconds."""

    id: int
    secret: bytes = field(repr=False)
    created_at: int
    expires_at: int
    state: InviteState = "open"
    onion: bytes | None = None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One line of history. `id` orders it; `wire_id` (16 bytes) is how the two nodes name it.

    Attributes:
        body: the opaque bytes of a message of a kind that this version does not know, else b"".
        reply_to: the wire id of the message that it answers.
        edited: how many times its text was changed.
        unsent: its author took it back: the other node was asked, or has done it.
        reacted: how many reactions it has.
        timer: after how many seconds it disappears; of a line about the timer, what it was set to.
        expires_at: when it is deleted.
    """

    id: int
    contact: int
    direction: Direction
    wire_id: bytes
    kind: MessageKind
    text: str
    sent_at: int
    received_at: int | None
    state: MessageState
    body: bytes = b""
    reply_to: bytes | None = None
    edited: int = 0
    unsent: Unsent = ""
    reacted: int = 0
    timer: int | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A body on its way to a contact, until its envelope is acknowledged.

    Attributes:
        id: order of queueing.
        message: the history row it carries, None for a void and for what one node tells the other.
        wire_id: 16 bytes, kept over every sealing.
        body: encoded body; envelope: sealed bytes under the present session, None before one exists,
            and while a text that was corrected waits to leave.
        seq: its number in the session, 0 before sealing.
        given: whether any envelope of it was ever handed to a link.
        void: it only fills the place of a number.
        subject: the message that it carries or is about; None if no person waits for it.
    """

    id: int
    contact: int
    message: int | None
    wire_id: bytes
    body: bytes = field(repr=False)
    seq: int = 0
    envelope: bytes | None = field(default=None, repr=False)
    envelope_hash: bytes | None = field(default=None, repr=False)
    given: bool = False
    queued_at: int = 0
    void: bool = False
    subject: int | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A contact's delivery session (S1). `sid` is 16 bytes, all zero for none; `ratchet` is then empty."""

    contact: int
    gen: int = 0
    sid: bytes = bytes(16)
    sealed: int = 0
    delivered: int = 0
    acked: int = 0
    ratchet: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that was offered. `wire_id` (16 bytes) is the offer's message id and the file's own.

    Attributes:
        message: the history row that offers it; None once that is gone.
        name, place, media_type: the sender's words, sanitised.
        key, root, path: 32 bytes each, erased (b"") when the offer has ended.
        source: of `out`: the absolute path that is read.
        source_is_copy: that path is a copy that was made for this, removed with the offer.
        stored_as: of `in`: the absolute path of the file on disk, partial or complete; "" before consent.
        target: of `in`: the directory into which it is put in the end, "" for the inbox.
        accepted: the receiver has said that it wants it.
        fetched: of `in`: chunks below this number may be on disk though the store does not say so.
        ended_at: when it came into its last state, None before.
        group: one number for files that were sent in one go; group_id: its 16 bytes on the wire.
    """

    id: int
    contact: int
    message: int | None
    direction: Direction
    wire_id: bytes
    name: str
    place: str
    size: int
    media_type: str
    state: FileState
    key: bytes = field(repr=False)
    root: bytes = field(repr=False)
    path: bytes = field(repr=False)
    offered_at: int
    expires_at: int
    sniffed_type: str = ""
    reason: FileReason = ""
    paused_by: PausedBy = ""
    source: str = field(default="", repr=False)
    source_is_copy: bool = False
    stored_as: str = field(default="", repr=False)
    target: str = field(default="", repr=False)
    accepted: bool = False
    fetched: int = 0
    ended_at: int | None = None
    group_id: bytes | None = None
    group: int | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """How this person keeps the conversation with a contact.

    `unread_from` is the id of the message at which reading stopped last, None since it was answered. `timer`
    is after how many seconds texts and files disappear, 0 for never; of its changes the one of the latest
    `timer_revision` holds. `retention` is after how many seconds messages are deleted here, 0 for never, None
    for what the settings say. `memory` says where what is said is kept: "" on disk, "on" in memory only,
    "left" on disk again while what was said before is still in memory.
    """

    contact: int
    muted: bool = False
    pinned: bool = False
    archived: bool = False
    unread_from: int | None = None
    timer: int = 0
    timer_revision: int = 0
    retention: int | None = None
    memory: Literal["", "on", "left"] = ""


@dataclass(frozen=True, slots=True)
class HeldRow:
    """An opened body that waits for the ones before it."""

    contact: int
    seq: int
    body: bytes = field(repr=False)


EventType = Literal[
    "message", "message_removed", "contact", "contact_removed", "conversation_erased", "file", "file_removed"
]


@dataclass(frozen=True, slots=True)
class EventRow:
    """A durable event by reference: what it tells is read from the present rows when it is replayed.

    `contact` is told where the subject is gone and was somebody's: a removed message's or file's.
    """

    seq: int
    at: int
    type: EventType
    subject: int
    contact: int | None = None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of a bot's; `contacts` is None for everybody. Times in milliseconds."""

    id: int
    name: str
    contacts: tuple[int, ...] | None
    methods: tuple[str, ...]
    events: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
