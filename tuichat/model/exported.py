"""An export: a directory that anybody can read, and that another profile can be made of.

    tuichat-export.json    a `Manifest`; written last, so that without it an export is not whole
    INCOMPLETE             there only while the export is being made, or after it was broken off
    contacts.jsonl         a line for each contact: `ExportedContact`, ids ascending
    messages/ID.jsonl      a line for each message with contact ID: `ExportedMessage`, ids ascending
    earlier/ID.jsonl       a line for each earlier text of those: `ExportedEarlier`; not there without any
    files.jsonl            a line for each file that was offered: `ExportedFile`, ids ascending
    files/ID               the bytes of file ID, if they were on the disk
    pages/ID.html          the conversation with contact ID, to be read; nothing is imported from it

Lines are UTF-8 JSON objects without line feeds inside, at most `MAX_LINE` bytes with the one at the end.
Times are RFC 3339 in UTC. Fields that a reader does not know are passed over; a change that would mislead
such a reader raises `EXPORT_VERSION`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from tuichat.model.records import ContactState, Conversation, File, Message, Record

EXPORT_VERSION: Final = 1
MANIFEST: Final = "tuichat-export.json"
INCOMPLETE: Final = "INCOMPLETE"
CONTACTS: Final = "contacts.jsonl"
MESSAGES: Final = "messages"
EARLIER: Final = "earlier"
FILE_LINES: Final = "files.jsonl"
FILES: Final = "files"
PAGES: Final = "pages"

MAX_LINE: Final = 1024 * 1024
"""The longest line of an export, in bytes: the longest text fits in with every character escaped."""


class Manifest(Record, frozen=True, kw_only=True):
    """What an export says of itself. `address` is whose it is; the counts are of lines."""

    format: Literal["tuichat-export"] = "tuichat-export"
    version: int = EXPORT_VERSION
    made_at: datetime
    address: str
    contacts: int
    messages: int
    files: int


class ExportedContact(Record, frozen=True, kw_only=True):
    """A contact without its keys, and how the conversation with it is kept.

    `timer_revision` says which of two changes of its timer is the later one.
    """

    id: int
    address: str
    name: str
    suggested_name: str
    state: ContactState
    verified: bool
    request_text: str
    created_at: datetime
    tags: tuple[str, ...] = ()
    conversation: Conversation = Conversation()
    timer_revision: int = 0


class ExportedMessage(Message, frozen=True, kw_only=True):
    """A message.

    Attributes:
        wire_id: how the two nodes name it, 32 hexadecimal digits; "" in an export from before it was in it.
        answers: how they name the message that it answers; "" for none.
    """

    wire_id: str = ""
    answers: str = ""


class ExportedEarlier(Record, frozen=True, kw_only=True):
    """A text that an edited message had before; of one message the oldest comes first."""

    message: int
    text: str


class ExportedFile(File, frozen=True, kw_only=True):
    """A file; `stored` is where its bytes lie in the export, "" if they were not on the disk."""

    stored: str = ""


class Exported(Record, frozen=True, kw_only=True):
    """An export that was made. `missing` counts files that were moved or removed since."""

    path: str
    contacts: int
    messages: int
    files: int
    missing: int


class Imported(Record, frozen=True, kw_only=True):
    """What came out of an export.

    Attributes:
        same_identity: the export was made by the one whose profile this is.
        verified: so many contacts were verified there, and are not here.
        ended: so many messages and files waited or were on their way there, and are over here.
    """

    contacts: int
    messages: int
    files: int
    same_identity: bool
    verified: int
    ended: int
