"""Writing and reading: what a person sends, takes back, and leafs through."""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Final

from tuichat.clock import Rng
from tuichat.crypto.kem import Kem
from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import MAX_TEXT_BYTES, Message
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.node.keys import Keys
from tuichat.node.links import Links
from tuichat.node.outbox import Outbox, Sealing
from tuichat.node.timer_rules import time_to_live
from tuichat.protocol.bodies import ID_LENGTH, THE_TWO_OF_US, Text
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import ContactRow, MessageRow
from tuichat.store.store import Store

LARGEST_PAGE: Final = 5000
PAGE_BYTES: Final = 4 * 1024 * 1024
"""How many bytes of text a page has at most. As JSON twice as many at worst: far below an answer's limit."""


@dataclass(frozen=True, slots=True)
class ConversationParts:
    """What conversations work with; `own_onion` is 32 bytes."""

    own_onion: bytes
    store: Store
    hub: EventHub
    book: ContactBook
    keys: Keys
    links: Links
    rng: Rng
    kem: Kem


class Conversations:
    """The messages of every contact."""

    def __init__(self, parts: ConversationParts) -> None:
        self._with = parts
        self._store = parts.store
        self._hub = parts.hub
        self._book = parts.book

    def send(self, ref: str, text: str, reply_to: int | None = None) -> Message:
        """Queue a text, durably, and hand it to the contact's link if there is one."""
        row = self._book.find(ref)
        self.check_may_send(row)
        clean = checked_text(text)
        reply = None if reply_to is None else self._answered(row, reply_to).wire_id
        at_once = self._with.links.takes_at_once(row.id)
        now = self._hub.now()
        with self._hub.change() as changes:
            name = self._with.rng.bytes(ID_LENGTH)
            body = Text(THE_TWO_OF_US, name, now, clean, time_to_live(self._store, row.id), reply)
            message = self.outbox(row).queue_text(body, now, given=at_once)
            changes.message(message.id, new=True)
        self._with.links.queued(row.id)
        return self.get(message.id)

    def _answered(self, contact: ContactRow, message: int) -> MessageRow:
        """The message that a reply to this contact answers."""
        row = self._store.messages.get(message)
        if row is None:
            raise no_message(message)
        if row.contact != contact.id:
            raise UsageError(
                _("Message {id} stands in another conversation, so no answer to it can be sent here.").format(
                    id=message
                )
            )
        if row.kind in ("unsupported", "timer") or row.unsent or row.state == "cancelled":
            raise UsageError(_("Message {id} says nothing that could be answered.").format(id=message))
        return row

    def outbox(self, row: ContactRow) -> Outbox:
        """A contact's queue."""
        sealing = Sealing(self._with.own_onion, row.onion, self._with.rng, self._with.kem)
        return Outbox(self._store, row.id, sealing)

    def check_may_send(self, row: ContactRow) -> None:
        """Raises TuichatError if nothing may be sent to this contact now."""
        if row.state == "pending":
            raise UsageError(
                _("{name} waits for your answer.").format(name=row.petname),
                _("Accept first: tuichat contact accept {name}").format(name=quote(row.petname)),
            )
        if row.state == "blocked":
            raise UsageError(
                _("You have blocked {name}.").format(name=row.petname),
                _("Unblock first: tuichat contact unblock {name}").format(name=quote(row.petname)),
            )
        self._with.keys.check_may_send(row)

    def cancel(self, message: int) -> Message:
        """Take back what was never given to a link (S7)."""
        record = self.get(message)
        row = self._store.outbox.by_message(message)
        if record.direction == "in" or row is None or record.state == "cancelled":
            raise UsageError(_("Only a message that still waits can be cancelled."))
        if row.message is not None and record.kind == "timer":
            raise UsageError(
                _("A timer is not taken back but set anew."), _("For example: tuichat timer REF off")
            )
        if row.given:
            raise UsageError(
                _("This message may have left already, so it cannot be cancelled."),
                _("To take it back on both sides: tuichat unsend {id}").format(id=message),
            )
        contact = self._store.contacts.get(row.contact)
        assert contact is not None
        with self._hub.change() as changes:
            outbox = self.outbox(contact)
            for queued in (row, *self._store.outbox.about(message)):
                outbox.cancel(queued, self._with.rng.bytes(ID_LENGTH))
            self._store.messages.mark_cancelled(message, self._hub.now())
            changes.message(message)
            file = self._store.transfers.by_message(message)
            if file is not None and file.ended_at is None:
                self._store.transfers.end(file.id, "cancelled", "", self._hub.now())
                changes.file(file.id)
        return self.get(message)

    def get(self, message: int) -> Message:
        """One message. Raises NotFoundError."""
        record = self._book.message(message)
        if record is None:
            raise no_message(message)
        return record

    def page(self, ref: str, limit: int, before: int | None, after: int | None) -> list[Message]:
        """A part of a history, oldest first: less than `limit` if texts are long, none only at its end."""
        row = self._book.find(ref)
        if not 1 <= limit <= LARGEST_PAGE:
            raise UsageError(_("A page has 1 to {most} messages.").format(most=LARGEST_PAGE))
        if before is not None and after is not None:
            raise UsageError(_("Ask for messages before one or after one, not both."))
        rows = self._store.messages.page(row.id, limit, before, after, PAGE_BYTES)
        return [self._book.message_record(each) for each in rows]

    def mark_read(self, ref: str, up_to: int) -> ContactRow | None:
        """Everything received up to a message id has been seen; of whom, if any of it was unread before."""
        row = self._book.find(ref)
        marked = 0
        if self._store.messages.unread(row.id):
            with self._hub.change() as changes:
                marked = self._store.messages.mark_read(row.id, up_to, self._hub.now())
                if marked:
                    changes.contact(row.id)
        return row if marked else None

    def mark_shown(self, ref: str, first: int, last: int) -> None:
        """Received messages with these ids were shown: their timers run, if they did not before."""
        row = self._book.find(ref)
        with self._hub.change() as changes:
            if self._store.messages.mark_shown(row.id, first, last, self._hub.now()):
                changes.contact(row.id)


def no_message(message: int) -> NotFoundError:
    """Why nothing can be done with a message's number."""
    return NotFoundError(_("There is no message {id}.").format(id=message))


def checked_text(text: str) -> str:
    """The text as both histories keep it: sanitised here, so that the peer's sanitising changes nothing."""
    clean = sanitize_text(text)
    if not clean.strip():
        raise UsageError(_("There is nothing to send: the message is empty."))
    size = len(clean.encode())
    if size > MAX_TEXT_BYTES:
        raise UsageError(
            _("The message has {size} bytes; at most {most} fit.").format(size=size, most=MAX_TEXT_BYTES),
            _("Send it in parts, or as a file (--file)."),
        )
    return clean
