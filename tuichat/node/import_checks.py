"""What an export may say: its lines made into rows, or refused. Pure, without store or disk.

Words are sanitised as a peer's are, for anybody may have changed them. Nothing is verified: an export holds
no keys, so that there would be nothing to hold a contact to; and nothing waits to be sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import (
    MAX_TAGS,
    MAX_TEXT_BYTES,
    Direction,
)
from tuichat.model.exported import (
    FILES,
    ExportedContact,
    ExportedEarlier,
    ExportedFile,
    ExportedMessage,
)
from tuichat.network.addresses import onion_of
from tuichat.node.desk import checked_tag
from tuichat.node.message_deeds import MOST_REACTIONS
from tuichat.node.request_text import kept_request_text
from tuichat.protocol.bodies import MAX_REVISION, MAX_TTL, MIN_TIMER
from tuichat.protocol.emoji import one_emoji
from tuichat.protocol.labels import label, place
from tuichat.protocol.sanitize import sanitize_name, sanitize_text
from tuichat.store.export_source import NoExportError
from tuichat.store.messages import LATEST
from tuichat.store.records import ContactRow, FileRow, MessageRow

MOST_CONTACTS: Final = 10_000
"""So many contacts an export may have."""

_NAME: Final = re.compile("[0-9a-f]{32}")
_LARGEST_ID: Final = 2**40
_LARGEST_FILE: Final = 2**53
_LARGEST_PICTURE: Final = 2**31
_ENDED: Final = frozenset({"complete", "declined", "cancelled", "failed"})
_WAITING: Final = frozenset({"queued", "sent"})
_NOWHERE: Final = 0
"""The id of no message: what an answer answers that is not in the history."""


def refused(what: str, number: int) -> NoExportError:
    """Why a line is not taken."""
    return NoExportError(_("The export is damaged or was changed: {what} {id}.").format(what=what, id=number))


def contact_row(line: ExportedContact, own_onion: bytes) -> ContactRow:
    """A contact. Raises NoExportError."""
    checks = _Checks("contact", line.id)
    try:
        onion = onion_of(line.address)
        tags = [checked_tag(tag) for tag in line.tags]
    except UsageError:
        raise checks.no() from None
    name = sanitize_name(line.name)
    checks.that(name != "" and not name.startswith("-") and onion != own_onion)
    checks.that(len(tags) <= MAX_TAGS and not _is_address(name))
    timer = line.conversation.timer
    checks.that(timer == 0 or MIN_TIMER <= timer <= MAX_TTL)
    checks.that(0 <= line.timer_revision <= MAX_REVISION)
    return ContactRow(
        id=line.id,
        onion=onion,
        state=line.state,
        petname=name,
        suggested_name=sanitize_name(line.suggested_name),
        request_text=kept_request_text(line.request_text),
        created_at=checks.time(line.created_at),
    )


@dataclass(frozen=True, slots=True)
class WireNames:
    """How two nodes name imported messages.

    Of one's own identity they keep the names that they had, so that contacts can go on about them. Under
    another address each gets one that nobody else's has: the old ones would tell whose history it is.

    Attributes:
        own_onion: this profile's, 32 bytes.
        kept: the export is of the same identity.
    """

    own_onion: bytes
    kept: bool

    def of(self, line: ExportedMessage, checks: _Checks) -> bytes:
        """The message's own, 16 bytes."""
        kept = checks.name(line.wire_id)
        return kept if kept and self.kept else self._new(line.id)

    def answered(self, line: ExportedMessage, checks: _Checks) -> bytes | None:
        """That of the message that it answers; None for none."""
        kept = checks.name(line.answers)
        if line.quote is None:
            return None
        return kept if kept and self.kept else self._new(line.reply_to or _NOWHERE)

    def _new(self, number: int) -> bytes:
        """As none of a contact's is, should that profile be imported, too."""
        return self.own_onion[:8] + number.to_bytes(8, "big")


def message_row(line: ExportedMessage, contact: int, names: WireNames) -> MessageRow:
    """A message; one that waited is not sent any more. Raises NoExportError."""
    checks = _Checks("message", line.id)
    text = sanitize_text(line.text)
    checks.that(line.contact == contact and len(text.encode()) <= MAX_TEXT_BYTES)
    checks.that(line.direction == "out" or (line.received_at is not None and line.unsent != "asked"))
    checks.that(line.reply_to == (None if line.quote is None else line.quote.message))
    checks.that(line.reply_to is None or 1 <= line.reply_to <= _LARGEST_ID)
    checks.that(line.kind == "text" or not line.edited)
    if line.unsent:
        checks.that(not (text or line.quote or line.edited or line.reactions))
    reactions_of(line)
    checks.that(line.timer is None or 0 <= line.timer <= MAX_TTL)
    checks.that(line.expires_at is None or line.timer is not None)
    return MessageRow(
        id=line.id,
        contact=contact,
        direction=line.direction,
        wire_id=names.of(line, checks),
        kind=line.kind,
        text=text,
        sent_at=checks.time(line.sent_at),
        received_at=None if line.received_at is None else checks.time(line.received_at),
        state="cancelled" if line.state in _WAITING else line.state,
        reply_to=names.answered(line, checks),
        edited=int(line.edited),
        unsent=line.unsent,
        timer=line.timer,
        expires_at=None if line.expires_at is None else checks.time(line.expires_at),
    )


def reactions_of(line: ExportedMessage) -> list[tuple[Direction, str]]:
    """Who reacted to a message with what, oldest first. Raises NoExportError."""
    checks = _Checks("message", line.id)
    checks.that(len(line.reactions) <= 2 * MOST_REACTIONS)
    mine = list(line.my_reactions)
    found: list[tuple[Direction, str]] = []
    for emoji in line.reactions:
        checks.that(one_emoji(emoji) == emoji != "")
        found.append(("out", mine.pop(0)) if mine[:1] == [emoji] else ("in", emoji))
    checks.that(not mine and len(set(found)) == len(found))
    checks.that(max(len(line.my_reactions), len(found) - len(line.my_reactions)) <= MOST_REACTIONS)
    return found


def earlier_text(line: ExportedEarlier) -> str:
    """What a message said before. Raises NoExportError."""
    text = sanitize_text(line.text)
    _Checks("message", line.message).that(len(text.encode()) <= MAX_TEXT_BYTES)
    return text


def file_row(line: ExportedFile, at: str) -> FileRow:
    """A file that lies at the path `at` now, "" for nowhere; the name of its message is still to be put in.

    Raises NoExportError.
    """
    checks = _Checks("file", line.id)
    checks.that(line.message is not None and 0 <= line.size <= _LARGEST_FILE)
    checks.that(line.stored in ("", f"{FILES}/{line.id}"))
    checks.that(line.group is None or 1 <= line.group <= _LARGEST_ID)
    checks.that(all(side is None or 0 <= side <= _LARGEST_PICTURE for side in (line.width, line.height)))
    is_over = line.state in _ENDED
    incoming = line.direction == "in"
    return FileRow(
        id=line.id,
        contact=line.contact,
        message=line.message,
        direction=line.direction,
        wire_id=bytes(16),
        name=label(line.name),
        place=place(line.place.split("/")) if line.place else "",
        size=line.size,
        media_type=sanitize_name(line.media_type, 255),
        state=line.state if is_over else "cancelled",
        key=b"",
        root=b"",
        path=b"",
        offered_at=checks.time(line.offered_at),
        expires_at=checks.time(line.expires_at),
        sniffed_type=sanitize_name(line.sniffed_type, 255),
        reason=line.reason if is_over else "restored",
        source="" if incoming else at,
        stored_as=at if incoming and line.state == "complete" else "",
        accepted=incoming and line.state == "complete",
        ended_at=checks.time(line.offered_at),
        group_id=None if line.group is None else line.group.to_bytes(16, "big"),
        width=line.width,
        height=line.height,
    )


class _Checks:
    """Of one line."""

    def __init__(self, what: str, number: int) -> None:
        self._what = what
        self._number = number
        self.that(1 <= number <= _LARGEST_ID)

    def no(self) -> NoExportError:
        """Why it is not taken."""
        return refused(self._what, self._number)

    def that(self, holds: bool) -> None:
        """Refuse the line unless this holds."""
        if not holds:
            raise self.no()

    def name(self, digits: str) -> bytes:
        """16 bytes; none for no digits."""
        self.that(digits == "" or _NAME.fullmatch(digits) is not None)
        return bytes.fromhex(digits)

    def time(self, at: datetime) -> int:
        """Milliseconds of Unix time; what is later than the store keeps of any sender is brought to that."""
        self.that(at.tzinfo is not None and at.timestamp() >= 0)
        return min(round(at.timestamp() * 1000), LATEST)


def _is_address(name: str) -> bool:
    try:
        onion_of(name)
    except UsageError:
        return False
    return True
