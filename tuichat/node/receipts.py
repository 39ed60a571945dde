"""Read receipts: how far this person has seen what a contact wrote, if they are to be told."""

from __future__ import annotations

from tuichat.clock import Rng
from tuichat.node.conversations import Conversations
from tuichat.node.events import EventHub
from tuichat.node.links import Links
from tuichat.protocol.bodies import ID_LENGTH, THE_TWO_OF_US, Receipt, decode_body
from tuichat.store.records import ContactRow, OutboxRow
from tuichat.store.store import Store


class Receipts:
    """Queues one receipt for all that was seen; one that has not left yet is replaced."""

    def __init__(
        self, store: Store, hub: EventHub, conversations: Conversations, links: Links, rng: Rng
    ) -> None:
        self._store = store
        self._hub = hub
        self._conversations = conversations
        self._links = links
        self._rng = rng

    def tell(self, contact: ContactRow, up_to: int) -> None:
        """Everything of a contact up to message id `up_to` has been seen."""
        seen = self._store.messages.newest_seen(contact.id, up_to)
        if contact.state != "accepted" or seen is None:
            return
        at_once = self._links.takes_at_once(contact.id)
        with self._hub.change():
            self._cancel(contact)
            receipt = Receipt(THE_TWO_OF_US, self._rng.bytes(ID_LENGTH), seen)
            self._conversations.outbox(contact).queue_note(receipt, self._hub.now(), given=at_once)
        self._links.queued(contact.id)

    def withdraw(self) -> None:
        """Nobody is to be told any more: what no link has had does not leave. Raises StorageError."""
        for contact in self._store.contacts.all():
            if self._waiting(contact):
                with self._hub.change():
                    self._cancel(contact)

    def _cancel(self, contact: ContactRow) -> None:
        for row in self._waiting(contact):
            self._conversations.outbox(contact).cancel(row, self._rng.bytes(ID_LENGTH))

    def _waiting(self, contact: ContactRow) -> list[OutboxRow]:
        notes = self._store.outbox.waiting_notes(contact.id)
        return [row for row in notes if isinstance(decode_body(row.body), Receipt)]
