"""Conversations that are kept in memory only: what a person chooses, and what cannot be in one.

Their messages, what waits of them, what is being written and the index of it are in the store's memory, gone
when it closes. What delivery needs to know stays on disk: numbers, hashes, ids and the ratchet (ADR 0024).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tuichat.errors import DamagedError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import AnyEvent, Contact, MessageEvent
from tuichat.node.contact_book import ContactBook
from tuichat.node.erasing import Erasing
from tuichat.node.events import EventHub
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_steps import Step
from tuichat.store.store import Store


class Memory:
    """Those of one profile."""

    def __init__(
        self, store: Store, hub: EventHub, book: ContactBook, erasing: Erasing, notes: FileNotes
    ) -> None:
        self._store = store
        self._hub = hub
        self._book = book
        self._erasing = erasing
        self._notes = notes
        self._closed = False
        hub.listen(self._heard)

    async def set(self, ref: str, wanted: bool, *, erase: bool) -> Contact:
        """Keep what is said with a contact from now on in memory only, or on disk.

        Args:
            erase: what was said before is erased; else it stays where it is.

        Raises:
            UsageError: to be erased by going back to the disk.
        """
        row = self._book.find(ref)
        if erase and not wanted:
            raise UsageError(
                _("What was said is erased only where a conversation begins to be in memory only."),
                _("To erase it anyway: tuichat contact erase REF"),
            )
        if wanted is not self._store.conversations.in_memory(row.id):
            self._store.open_memory()
            with self._hub.change() as changes:
                self._store.conversations.set_memory(row.id, wanted=wanted)
                changes.contact(row.id)
        if erase:
            return await self._erasing.erase(ref)
        contact = self._book.contact(row.id)
        assert contact is not None
        return contact

    def close(self) -> None:
        """Say nothing any more."""
        self._closed = True

    # -- files: they would be on disk --

    def _heard(self, event: AnyEvent) -> None:
        """Decline what is offered, behind the step in which it came."""
        if isinstance(event, MessageEvent) and event.new:
            message = event.message
            if message.direction == "in" and message.kind == "file" and message.file is None:
                asyncio.get_running_loop().call_soon(self._decline, message.id)

    def _decline(self, message: int) -> None:
        row = None if self._closed else self._store.messages.get(message)
        contact = None if row is None else self._store.contacts.get(row.contact)
        if row is None or contact is None:
            return
        with suppress(StorageError, DamagedError):  # it is told by whoever commits next
            with self._hub.change():
                self._notes.say_of(contact, row.wire_id, Step.DECLINED)
            self._notes.sent(contact)
