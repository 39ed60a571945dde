"""Telling the other side what became of a file: a note that travels as messages do, and in no history."""

from __future__ import annotations

from tuichat.clock import Rng
from tuichat.crypto.kem import Kem
from tuichat.node.events import Changes, EventHub
from tuichat.node.file_arrivals import apply
from tuichat.node.file_steps import Step
from tuichat.node.links import Links
from tuichat.node.outbox import Outbox, Sealing
from tuichat.protocol.bodies import ID_LENGTH, THE_TWO_OF_US, FileState
from tuichat.store.records import ContactRow, FileRow
from tuichat.store.store import Store


class FileNotes:
    """Steps that this side takes.

    Args:
        own_onion: 32 bytes.
    """

    def __init__(
        self, store: Store, hub: EventHub, links: Links, own_onion: bytes, rng: Rng, kem: Kem
    ) -> None:
        self._store = store
        self._hub = hub
        self._links = links
        self._own_onion = own_onion
        self._rng = rng
        self._kem = kem

    def take(self, contact: ContactRow, row: FileRow, step: Step, changes: Changes) -> bool:
        """Take a step and queue the word about it, inside a transaction; False if it changes nothing."""
        if not apply(self._store, row, step, self._hub.now(), changes, mine=True):
            return False
        self.say(contact, row, step)
        return True

    def say(self, contact: ContactRow, row: FileRow, step: Step) -> None:
        """Queue the word alone, inside a transaction."""
        self.say_of(contact, row.wire_id, step)

    def say_of(self, contact: ContactRow, file: bytes, step: Step) -> None:
        """The same of a file that is named by its wire id."""
        note = FileState(THE_TWO_OF_US, self._rng.bytes(ID_LENGTH), file, int(step))  # type: ignore[arg-type]
        at_once = self._links.takes_at_once(contact.id)
        self.outbox(contact).queue_note(note, self._hub.now(), given=at_once)

    def sent(self, contact: ContactRow) -> None:
        """After the commit: let the contact's link take it."""
        self._links.queued(contact.id)

    def outbox(self, contact: ContactRow) -> Outbox:
        """The contact's queue."""
        return Outbox(self._store, contact.id, Sealing(self._own_onion, contact.onion, self._rng, self._kem))
