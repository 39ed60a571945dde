"""How this person keeps conversations and contacts, and what is being written: everywhere the same."""

from __future__ import annotations

from typing import Final

from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import (
    MAX_DRAFT_BYTES,
    MAX_INPUT_BYTES,
    MAX_TAG_CHARACTERS,
    MAX_TAGS,
    MAX_WRITER_CHARACTERS,
    Contact,
    Draft,
    DraftEvent,
    InputEvent,
    from_milliseconds,
)
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.protocol.sanitize import sanitize_name
from tuichat.store.conversations import ConversationChanges
from tuichat.store.store import Store

_FOLDED_AT_MOST: Final = 4


class Desk:
    """Keeps it, durably, and tells every client."""

    def __init__(self, store: Store, hub: EventHub, book: ContactBook) -> None:
        self._store = store
        self._hub = hub
        self._book = book

    # -- contacts and conversations --

    def tag(self, ref: str, tags: list[str]) -> Contact:
        """Give a contact tags. Raises UsageError for what is none, and for too many."""
        row = self._book.find(ref)
        wanted = {checked_tag(tag) for tag in tags}
        if len(wanted | set(self._store.tags.of(row.id))) > MAX_TAGS:
            raise UsageError(_("A contact has at most {most} tags.").format(most=MAX_TAGS))
        with self._hub.change() as changes:
            self._store.tags.add(row.id, sorted(wanted))
            changes.contact(row.id)
        return self._record(row.id)

    def untag(self, ref: str, tags: list[str]) -> Contact:
        """Take tags away. Raises NotFoundError for one that the contact does not have."""
        row = self._book.find(ref)
        wanted, present = {checked_tag(tag) for tag in tags}, self._store.tags.of(row.id)
        for tag in sorted(wanted - set(present)):
            raise NotFoundError(
                _("{name} has no tag {tag}.").format(name=row.petname, tag=tag), "", tuple(present)
            )
        with self._hub.change() as changes:
            self._store.tags.remove(row.id, sorted(wanted))
            changes.contact(row.id)
        return self._record(row.id)

    def keep(self, ref: str, wanted: ConversationChanges) -> Contact:
        """Keep a conversation another way.

        Raises:
            NotFoundError: `unread_from` is no message that the contact sent.
        """
        row = self._book.find(ref)
        unread_from = wanted.get("unread_from")
        if unread_from is not None:
            message = self._store.messages.get(unread_from)
            if message is None or message.contact != row.id or message.direction != "in":
                raise NotFoundError(_("There is no message {id}.").format(id=unread_from))
        present = self._store.conversations.get(row.id)
        if any(getattr(present, name) != value for name, value in wanted.items()):
            with self._hub.change() as changes:
                self._store.conversations.update(row.id, **wanted)
                changes.contact(row.id)
        return self._record(row.id)

    # -- what is being written --

    def set_draft(self, ref: str, text: str, writer: str) -> None:
        """Keep what is being written: where messages disappear, so long after the last change as they do.

        Raises UsageError if it is too long.
        """
        check_writer(writer)
        row = self._book.find(ref)
        if len(text.encode()) > MAX_DRAFT_BYTES:
            raise UsageError(_("A draft has at most {most} bytes.").format(most=MAX_DRAFT_BYTES))
        kept, now = self._store.conversations.get(row.id), self._hub.now()
        ends = now + kept.timer * 1000 if kept is not None and kept.timer else None
        with self._hub.change():
            self._store.conversations.set_draft(row.id, text, ends)
        told = DraftEvent(at=from_milliseconds(now), draft=Draft(contact=row.id, text=text), writer=writer)
        self._hub.tell(told)

    def drafts(self) -> list[Draft]:
        """What is being written."""
        drafts = self._store.conversations.drafts()
        return [Draft(contact=contact, text=text) for contact, text in drafts.items()]

    def add_input(self, text: str, ref: str | None, writer: str) -> None:
        """Remember an input, but for one to a contact with whom messages disappear or are in memory only.

        Raises UsageError if it is too long.
        """
        check_writer(writer)
        contact = None if ref is None else self._book.find(ref).id
        present = None if contact is None else self._store.conversations.get(contact)
        if not text.strip() or (present is not None and (present.timer or present.memory == "on")):
            return
        if len(text.encode()) > MAX_INPUT_BYTES:
            raise UsageError(_("An input has at most {most} bytes.").format(most=MAX_INPUT_BYTES))
        with self._hub.change():
            is_new = self._store.inputs.add(text, contact)
        if is_new:
            self._hub.tell(InputEvent(at=from_milliseconds(self._hub.now()), text=text, writer=writer))

    def inputs(self) -> list[str]:
        """What is remembered, oldest first."""
        return self._store.inputs.all()

    def _record(self, contact: int) -> Contact:
        record = self._book.contact(contact)
        if record is None:
            raise NotFoundError(_("This contact is gone."))
        return record


def checked_tag(text: str) -> str:
    """A tag as it is kept: in small letters, without the # that it may be written with.

    Raises:
        UsageError: it is empty, too long, or more than one word.
    """
    tag = _folded(text.strip().removeprefix("#"))
    if not tag or len(tag) > MAX_TAG_CHARACTERS or any(sign.isspace() or sign in "#," for sign in tag):
        raise UsageError(
            _("A tag is one word of at most {most} characters, without # and commas inside.").format(
                most=MAX_TAG_CHARACTERS
            )
        )
    return tag


def _folded(text: str) -> str:
    """In small letters that stay the same if they are given once more: some come apart into a letter and
    marks, and these go together with others.
    """
    for _turn in range(_FOLDED_AT_MOST):
        before, text = text, sanitize_name(text).casefold()
        if text == before:
            break
    return text


def check_writer(writer: str) -> None:
    """See that the name of a front end is one. Raises UsageError."""
    if len(writer) > MAX_WRITER_CHARACTERS:
        raise UsageError(
            _("A writer's name has at most {most} characters.").format(most=MAX_WRITER_CHARACTERS)
        )
