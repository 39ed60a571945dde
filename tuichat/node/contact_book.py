"""Who my contacts are: finding one by what a person typed, keeping petnames apart, and showing records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from shlex import quote
from typing import Final

from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import (
    MAX_NAME_CHARACTERS,
    Contact,
    Conversation,
    LinkStage,
    Message,
    from_milliseconds,
)
from tuichat.model import Presence as Present
from tuichat.network.addresses import address_of, onion_of
from tuichat.node.likeness import Likely, Likeness
from tuichat.node.message_records import message_record
from tuichat.protocol.sanitize import sanitize_name
from tuichat.store.records import ContactRow, ConversationRow, MessageRow
from tuichat.store.store import Store

SHORTEST_PREFIX: Final = 6
_SHOWN_CANDIDATES: Final = 8
_ADDRESSES_REMEMBERED: Final = 8192


@dataclass(frozen=True, slots=True)
class Presence:
    """What the links know and the store does not.

    Attributes:
        stage: of a contact's link.
        in_flight: whether a contact's message is with its link, unacknowledged.
        signs: whether a contact is writing, and whether they are there.
    """

    stage: Callable[[int], LinkStage]
    in_flight: Callable[[int, int], bool]
    signs: Callable[[int], tuple[bool, Present]] = lambda _contact: (False, "")


@dataclass(frozen=True, slots=True)
class Kept:
    """What this person has made of a contact and of the conversation with them."""

    tags: tuple[str, ...] = ()
    conversation: ConversationRow | None = None

    def record(self) -> Conversation:
        """The conversation as people see it."""
        row = self.conversation
        if row is None:
            return Conversation()
        return Conversation(
            muted=row.muted,
            pinned=row.pinned,
            archived=row.archived,
            unread_from=row.unread_from,
            timer=row.timer,
            retention=row.retention,
            memory=row.memory == "on",
        )


class ContactBook:
    """Reads contacts out of the store for people."""

    def __init__(self, store: Store, presence: Presence) -> None:
        self._store = store
        self._presence = presence
        self._likeness = Likeness()
        self._address = lru_cache(_ADDRESSES_REMEMBERED)(address_of)  # it checks the key each time

    def find(self, ref: str) -> ContactRow:
        """The contact of a petname, an address, or a prefix of one.

        Raises:
            NotFoundError: none, or several: they are its candidates.
        """
        row = self._store.contacts.by_petname(ref) or self._store.contacts.by_petname(sanitize_name(ref))
        return row if row is not None else self._by_address(ref)

    def _by_address(self, ref: str) -> ContactRow:
        try:
            row = self._store.contacts.by_onion(onion_of(ref))
        except UsageError:
            return self._by_prefix(ref)
        if row is None:
            raise NotFoundError(
                _("No contact has this address."), _("Add it with: tuichat contact add ADDRESS")
            )
        return row

    def _by_prefix(self, ref: str) -> ContactRow:
        prefix = ref.strip().lower()
        rows = self._store.contacts.all()
        found = [row for row in rows if self._address(row.onion).startswith(prefix)]
        if len(prefix) < SHORTEST_PREFIX:
            found = []
        if len(found) == 1:
            return found[0]
        if found:
            names = tuple(row.petname for row in found)[:_SHOWN_CANDIDATES]
            raise NotFoundError(_("Several contacts fit this."), _("Type more of the address."), names)
        names = tuple(row.petname for row in rows)[:_SHOWN_CANDIDATES]
        raise NotFoundError(
            _("No contact is called that."), _("See the names with: tuichat contact list"), names
        )

    def check_petname(self, name: str, own: int | None = None) -> str:
        """The petname as it is kept. One that looks like another's is taken: the record says so (`alike`).

        Raises:
            UsageError: empty, too long, begins with a dash, looks like an address, or taken; then a free one
                is suggested.
        """
        clean = sanitize_name(name)
        if not clean:
            raise UsageError(_("A contact's name cannot be empty."))
        if len(name.strip()) > MAX_NAME_CHARACTERS:
            raise UsageError(
                _("A contact's name has at most {most} characters.").format(most=MAX_NAME_CHARACTERS)
            )
        if clean.startswith("-"):
            raise UsageError(
                _("A contact's name cannot begin with a dash."),
                _("Commands would take it for an option."),
            )
        if _is_address(clean):
            raise UsageError(_("A contact's name cannot be an onion address."))
        taken = self._store.contacts.by_petname(clean)
        if taken is not None and taken.id != own:
            free = self.free_petname(clean)
            raise UsageError(_("You already have a contact called {name}.").format(name=clean), "", (free,))
        return clean

    def free_petname(self, wanted: str) -> str:
        """`wanted`, or with the first number behind it that makes it free."""
        name, number = wanted, 1
        while self._store.contacts.by_petname(name) is not None:
            number += 1
            name = f"{wanted[: MAX_NAME_CHARACTERS - 8]}-{number}"
        return name

    def default_petname(self, onion: bytes) -> str:
        """What a contact is called before a person calls it something: the start of its address."""
        return self.free_petname(address_of(onion)[:8])

    # -- records --

    def petname(self, contact: int) -> str:
        """What a contact is called here, "" if there is none."""
        row = self._store.contacts.get(contact)
        return "" if row is None else row.petname

    def contact(self, contact: int) -> Contact | None:
        """The record of one contact, None if it is gone."""
        row = self._store.contacts.get(contact)
        if row is None:
            return None
        last = self._store.messages.page(contact, 1, None, None)
        at = (last[-1].received_at or last[-1].sent_at) if last else None
        summary = (at, self._store.messages.unread(contact), self._store.outbox.count(contact))
        kept = Kept(self._store.tags.of(contact), self._store.conversations.get(contact))
        return self._record(row, summary, self._likeness.of(self._store.contacts.petnames()), kept)

    def all(self) -> list[Contact]:
        """Every contact, by name."""
        summaries, rows = self._store.messages.summaries(), self._store.contacts.all()
        among = self._likeness.of(self._store.contacts.petnames())
        tags, conversations = self._store.tags.all(), self._store.conversations.all()
        return [
            self._record(
                row,
                summaries.get(row.id, (None, 0, 0)),
                among,
                Kept(tags.get(row.id, ()), conversations.get(row.id)),
            )
            for row in rows
        ]

    def mistakable(self, contact: int, *names: str) -> list[int]:
        """Other contacts that one with these petnames can be mistaken for, or the reverse."""
        among = self._likeness.of((contact, name) for name in names)
        return [
            row.id
            for row in self._store.contacts.all()
            if row.id != contact and self._likeness.alike(row, among)
        ]

    def _record(
        self, row: ContactRow, summary: tuple[int | None, int, int], among: Likely, kept: Kept
    ) -> Contact:
        last_at, unread, queued = summary
        stage = self._presence.stage(row.id)
        typing, present = self._presence.signs(row.id)
        return Contact(
            id=row.id,
            address=self._address(row.onion),
            name=row.petname,
            suggested_name=row.suggested_name,
            state=row.state,
            verified=row.verified,
            confirmed=row.confirmed,
            online=stage == "linked",
            stage=stage,
            request_text=row.request_text,
            queued=0 if row.state == "blocked" else queued,  # it waits for nothing
            unread=unread,
            created_at=from_milliseconds(row.created_at),
            last_message_at=None if last_at is None else from_milliseconds(last_at),
            key_changed=row.key_changed,
            alike=self._likeness.alike(row, among),
            mixed=self._likeness.mixed(row),
            tags=kept.tags,
            conversation=kept.record(),
            typing=typing,
            presence=present,
        )

    def message(self, message: int) -> Message | None:
        """The record of one message, None if it is gone."""
        row = self._store.messages.get(message)
        return None if row is None else self.message_record(row)

    def message_record(self, row: MessageRow) -> Message:
        """A message as people see it."""
        in_flight = row.state == "queued" and self._presence.in_flight(row.contact, row.id)
        return message_record(self._store, row, in_flight=in_flight)


def _is_address(text: str) -> bool:
    try:
        onion_of(text)
    except UsageError:
        return False
    return True


def no_other_text(row: ContactRow) -> UsageError:
    """Why somebody I asked, or am in touch with, is not sent another request's text."""
    if row.state == "requested":
        return UsageError(
            _("You have asked {name} already, and a request keeps its text.").format(name=row.petname),
            _("Nothing was changed. Write to them once they have accepted, or remove the request first."),
        )
    return UsageError(
        _("{name} is your contact already, so that no request is sent.").format(name=row.petname),
        _("To write to them: tuichat send {name} TEXT").format(name=quote(row.petname)),
    )
