"""Erasing all that was said with a contact, who stays one.

The session goes with it: numbers of envelopes that waited are missing from it, so that the next link begins
another, as after a block. What the contact has of the same conversation is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuichat.errors import NotFoundError
from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.node.file_forgetting import forget_disappearing
from tuichat.node.file_steps import Step
from tuichat.node.kept_queue import keep_what_says_nothing
from tuichat.node.links import Links
from tuichat.node.transfers import Transfers
from tuichat.store.records import ContactRow, FileRow, SessionRow
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class Erasing:
    """Does it for one node."""

    store: Store
    hub: EventHub
    book: ContactBook
    links: Links
    transfers: Transfers

    async def erase(self, ref: str) -> Contact:
        """Erase history, queue, drafts, inputs and offers; the log of the database is emptied as well.

        What was taken back is taken back there all the same, and the timer holds there as it does here.
        Files that have come stay where they are, but for those in the inbox that would have disappeared.
        """
        contact = self.book.find(ref).id
        ended = self._end_files(contact)
        await self.transfers.leave(contact)
        while self.links.has(contact):  # they may call meanwhile
            await self.links.drop(contact)
        row = self.store.contacts.get(contact)  # somebody may have blocked or removed them meanwhile
        if row is None:
            raise _gone()
        try:
            self._erase(row, ended)
            self.store.checkpoint()
        finally:  # a disk that fails does not part the two
            if row.state in ("accepted", "requested"):
                self.links.add(contact)
        record = self.book.contact(contact)
        if record is None:
            raise _gone()
        return record

    def _end_files(self, contact: int) -> list[FileRow]:
        """What is under way ends first, so that nobody works on what is gone."""
        unfinished = self.store.transfers.unfinished(contact)
        with self.hub.change() as changes:
            for file in unfinished:
                self.store.transfers.end(file.id, "cancelled", "", self.hub.now())
                changes.file(file.id)
        return unfinished

    def _erase(self, row: ContactRow, ended: list[FileRow]) -> None:
        with self.hub.change() as changes:
            forget_disappearing(self.store, row.id, changes)
            session = self.store.sessions.get(row.id)
            keep_what_says_nothing(self.store, row.id)
            self.store.conversations.erase(row.id)
            self.store.sessions.forget(row.id)
            self.store.sessions.put(SessionRow(row.id, gen=session.gen))
            if row.state == "accepted":
                self.store.contacts.update(row.id, request_text="")
                for file in ended:
                    if file.message is not None:
                        self.transfers.notes.say(row, file, Step.CANCELLED)
            changes.erased(row.id)
            changes.contact(row.id)


def _gone() -> NotFoundError:
    return NotFoundError(_("This contact is gone."))
