"""The records of contacts, messages, files and the node, and their limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

ContactState = Literal["requested", "pending", "accepted", "blocked"]
Direction = Literal["in", "out"]
MessageKind = Literal["text", "file", "timer", "unsupported"]
FileState = Literal["offered", "waiting", "active", "paused", "complete", "declined", "cancelled", "failed"]
FileReason = Literal["", "changed", "space", "unreadable", "expired", "peer", "restored", "damaged"]
MENDABLE: Final[frozenset[FileReason]] = frozenset({"space", "unreadable"})
"""Why a file failed that may be gone on with: the disk's reasons, not the sender's."""

PausedBy = Literal["", "me", "them", "both"]
MessageState = Literal["queued", "sent", "delivered", "read", "failed", "cancelled"]
Presence = Literal["", "here", "away"]
Unsent = Literal["", "asked", "done"]
InviteState = Literal["open", "bound", "closed", "revoked", "expired"]
NodeKind = Literal["none", "detached", "daemon"]
LinkStage = Literal["offline", "waiting", "descriptor", "rendezvous", "handshake", "linked"]
NetworkProblem = Literal[
    "", "missing", "too_old", "clock_skew", "blocked", "bridge", "no_network", "died", "control"
]
ServiceStage = Literal["offline", "tor", "publishing", "unpublished", "checking", "reachable", "no_answer"]
Light = Literal["green", "yellow", "red"]

API_VERSION = 1
"""The version of the local API that a node speaks, and of the records here that go over it."""

MAX_TEXT_BYTES = 48 * 1024
"""The longest message text, in bytes of UTF-8. Longer goes as a file."""

MAX_NAME_CHARACTERS = 64
"""The longest name, petname or suggested, in characters."""

MAX_REQUEST_BYTES = 4 * 1024
"""The longest text of a contact request, in bytes of UTF-8."""


def from_milliseconds(value: int) -> datetime:
    """A stored time (milliseconds of Unix time) as an aware datetime; out-of-range claims are clamped."""
    clamped = min(max(value, 0), 253_402_300_799_000)
    return datetime.fromtimestamp(clamped / 1000, tz=UTC)


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is never changed after it is made."""


class Conversation(Record, frozen=True, kw_only=True):
    """Where messages stand, and how this person keeps it.

    Attributes:
        muted: it neither rings nor counts among what is new.
        pinned: it stands before the others.
        archived: it is not listed until something comes in.
        unread_from: the message at which reading stopped last; None since it was answered.
        timer: after how many seconds texts and files disappear on both sides, 0 for never.
        retention: after how many seconds messages are deleted here, 0 for never; None is as the settings say.
        memory: what is said is in the node's memory only, and gone when it ends or locks.
    """

    muted: bool = False
    pinned: bool = False
    archived: bool = False
    unread_from: int | None = None
    timer: int = 0
    retention: int | None = None
    memory: bool = False


class Contact(Record, frozen=True, kw_only=True):
    """A person: an onion address, the petname given here, and how things stand between us.

    Attributes:
        key_changed: the address showed another signing key than the one known here; nothing is sent until
            the person decides.
        alike: petnames of other contacts that this one's petname or suggested name can be mistaken for.
        mixed: a word of the petname or of the suggested name mixes scripts that nobody mixes.
        tags: words that this person gave the contact, in order.
        conversation: of the two of us.
        typing, presence: what they let us know of themselves over the present link.
    """

    id: int
    address: str
    name: str
    suggested_name: str
    state: ContactState
    verified: bool
    confirmed: bool
    online: bool
    stage: LinkStage
    request_text: str
    queued: int
    unread: int
    created_at: datetime
    last_message_at: datetime | None
    key_changed: bool = False
    alike: tuple[str, ...] = ()
    mixed: bool = False
    tags: tuple[str, ...] = ()
    conversation: Conversation = Conversation()
    typing: bool = False
    presence: Presence = ""


class Quote(Record, frozen=True, kw_only=True):
    """What a reply answers, as this history has it now.

    Attributes:
        message, direction: None if it is not in this history, or not yet.
        text: how it begins; of a file without words its name. "" if there is nothing to say.
    """

    message: int | None = None
    direction: Direction | None = None
    text: str = ""
    unsent: bool = False


class Message(Record, frozen=True, kw_only=True):
    """One line of a conversation's history, as this profile has it.

    Attributes:
        reply_to: the message that it answers, if that is in this history; `quote` says more.
        edited: its text is not the first one.
        reactions: the emoji of both people; `my_reactions` those of this one.
        unsent: its author took it back: "asked" until the other node has confirmed that it did so, too.
        timer: after how many seconds it disappears; of the kind timer, what was set, 0 for off.
        expires_at: when it disappears here at the latest, as things are now.
    """

    id: int
    contact: int
    direction: Direction
    kind: MessageKind
    text: str
    sent_at: datetime
    received_at: datetime | None
    state: MessageState
    reply_to: int | None = None
    edited: bool = False
    reactions: tuple[str, ...] = ()
    file: int | None = None
    quote: Quote | None = None
    my_reactions: tuple[str, ...] = ()
    unsent: Unsent = ""
    timer: int | None = None
    expires_at: datetime | None = None


class File(Record, frozen=True, kw_only=True):
    """A file that was offered, by me (`out`) or to me (`in`), and how far it is.

    Attributes:
        message: the line of the history that offers it.
        name: a label; on disk a file in the inbox has a name of its own.
        place: the folders that it lies in, joined by "/", a label too.
        size, bytes_done: bytes; done is what was checked and is on disk, or was fetched from me.
        media_type: what the sender took it for; `sniffed_type` what the received bytes look like, "" before.
        accepted: the receiver has said that it wants it; an offer may be paused before.
        reason: why it failed or was cancelled, "" if there is nothing to say.
        paused_by: who wants it paused.
        circuits: how many carry it now; rate: bytes a second now.
        path: where it is read from or was put; "" for one that is not there yet.
        group: the same number for files that were sent in one go.
        width, height: of a picture, as the sender claims; None if unknown.
        expires_at: when the offer ends.
    """

    id: int
    contact: int
    message: int | None
    direction: Direction
    name: str
    place: str = ""
    size: int
    media_type: str
    sniffed_type: str = ""
    state: FileState
    reason: FileReason = ""
    paused_by: PausedBy = ""
    bytes_done: int = 0
    circuits: int = 0
    rate: int = 0
    path: str = ""
    group: int | None = None
    width: int | None = None
    height: int | None = None
    accepted: bool = False
    offered_at: datetime
    expires_at: datetime


class Sent(Record, frozen=True, kw_only=True):
    """What became of a path that was sent.

    Attributes:
        message, file: the line of the history, and the offer.
        cleaned, warnings: what was taken out of a copy of it, and what may still be in it, in words.
    """

    message: Message
    file: File
    cleaned: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Found(Record, frozen=True, kw_only=True):
    """A message that was looked for.

    Attributes:
        places: where its text has what was looked for, each the first character and the one behind the last,
            counted in Unicode characters; in order, none overlapping another, the first hundred of them.
        file_name: of its file, "" if it has none; name_places: the same in that.
    """

    message: Message
    places: tuple[tuple[int, int], ...] = ()
    file_name: str = ""
    name_places: tuple[tuple[int, int], ...] = ()


class FoundPage(Record, frozen=True, kw_only=True):
    """What was found, the newest first; `whole` is false while older messages are not in the index yet."""

    found: tuple[Found, ...]
    whole: bool = True


class TorState(Record, frozen=True, kw_only=True):
    """Where tor stands. `bootstrap` is 0 to 100; `problem` says what hinders it, "" if nothing.
    `detail` has tor's own English words about the problem, such as how it ended and what it said last.
    """

    version: str = ""
    bootstrap: int = 0
    summary: str = ""
    problem: NetworkProblem = ""
    detail: str = ""
    running: bool = False


class ServiceState(Record, frozen=True, kw_only=True):
    """Our own onion service. `reachable` is true only once our own answer came back over a fresh circuit.

    Attributes:
        checked_at: when the two were found out.
        detail: why it could not be published, "" if it could or nobody has tried.
        missed: how many times in a row no answer came.
        stage: how far it is, from what is known of tor and of itself: nothing was begun; tor is on its way to
            the network, or hindered; the service is being published; it could not be, and is tried again; our
            own answer is looked for; it came; it did not, and is looked for again.
        light: green if others can reach us; red if something hinders it; yellow while neither is known.
    """

    published: bool = False
    reachable: bool = False
    checked_at: datetime | None = None
    detail: str = ""
    missed: int = 0
    stage: ServiceStage = "offline"
    light: Light = "yellow"


class ContactCounts(Record, frozen=True, kw_only=True):
    """How many contacts are accepted, and how many of them are linked now."""

    accepted: int = 0
    online: int = 0


class OutboxCounts(Record, frozen=True, kw_only=True):
    """How many messages wait for their contact's acknowledgement, and since when the oldest does.

    Attributes:
        in_memory: of those, how many are lost when the node ends or locks.
    """

    queued: int = 0
    oldest_at: datetime | None = None
    in_memory: int = 0


class Status(Record, frozen=True, kw_only=True):
    """The node at a glance. `address` is None while the profile is locked.

    Attributes:
        kept: a detached node stays without clients until nothing is queued and no transfer is under way.
        transfers: files that were accepted, by either side, and are on their way or wait to be.
        name: what this person calls themself, "" for nothing.
        in_memory: messages that are in the node's memory only, and gone when it ends or locks.
    """

    address: str | None
    node: NodeKind
    locked: bool
    tor: TorState = TorState()
    service: ServiceState = ServiceState()
    contacts: ContactCounts = ContactCounts()
    outbox: OutboxCounts = OutboxCounts()
    version: str = ""
    pid: int | None = None
    kept: bool = False
    transfers: int = 0
    name: str = ""
    in_memory: int = 0


class SafetyNumber(Record, frozen=True, kw_only=True):
    """What two people compare: sixty digits, equal on both sides, and whether they were compared.

    Attributes:
        digits: of the key known here; "" if none is, and only another key was shown.
        code: the same for a QR code, which compares more.
        changed_digits: of the other key that the address showed, "" if none did.
    """

    contact: int
    digits: str
    verified: bool
    code: str = ""
    changed_digits: str = ""


class Invite(Record, frozen=True, kw_only=True):
    """An invite that I made. `text` is told once, when it is made; `used_by` is an address."""

    id: int
    state: InviteState
    created_at: datetime
    expires_at: datetime
    used_by: str | None = None
    text: str = ""


class Backup(Record, frozen=True, kw_only=True):
    """A backup that was written.

    Attributes:
        made_at: what came until then is in it.
        own_passphrase: it opens with the passphrase that was given for it, not with the profile's.
    """

    path: str
    bytes: int
    made_at: datetime
    own_passphrase: bool


class Gap(Record, frozen=True, kw_only=True):
    """A contact of a restored profile, and between which times messages to and from them may be missing."""

    id: int
    address: str
    name: str
    missing_since: datetime
    missing_until: datetime


class Restored(Record, frozen=True, kw_only=True):
    """A profile that was made of a backup.

    Attributes:
        made_at: what came until then is in it.
        contacts: the accepted ones.
        invites_closed: how many invites were still open.
        queued: how many messages wait, and are sent again in case they had left already.
        visibility: who could connect to the service.
    """

    address: str
    made_at: datetime
    restored_at: datetime
    contacts: tuple[Gap, ...]
    invites_closed: int
    queued: int
    visibility: Literal["public", "contacts"]


class DatabaseCheck(Record, frozen=True, kw_only=True):
    """Whether the tables and indexes of the database hang together, and how large it is."""

    sound: bool
    bytes: int


class Hello(Record, frozen=True, kw_only=True):
    """What a node says first: the API's version, its own, and whether it is locked."""

    api: int
    version: str
    node: NodeKind
    pid: int
    locked: bool
