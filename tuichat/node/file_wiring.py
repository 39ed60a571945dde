"""The parts of file transfers, put together for one node."""

from __future__ import annotations

from dataclasses import dataclass

from tuichat.clock import Clock, Rng
from tuichat.crypto.kem import Kem
from tuichat.network.transport import Transport
from tuichat.node.contact_book import ContactBook
from tuichat.node.conversations import Conversations
from tuichat.node.events import EventHub
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_places import FileRules
from tuichat.node.file_progress import FileBook
from tuichat.node.links import Links
from tuichat.node.offering import Offering
from tuichat.node.pull import OffLoop
from tuichat.node.receiving import Receiving, ReceivingParts
from tuichat.node.sending import Sending, SendingParts
from tuichat.node.transfers import TransferParts, Transfers
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class FileParts:
    """What a node has for its files; `own_onion` is 32 bytes."""

    store: Store
    hub: EventHub
    book: ContactBook
    files: FileBook
    links: Links
    conversations: Conversations
    transport: Transport
    own_onion: bytes
    rules: FileRules
    clock: Clock
    rng: Rng
    kem: Kem
    off_loop: OffLoop


def make_transfers(parts: FileParts) -> Transfers:
    """A node's transfers, not started."""
    notes = FileNotes(parts.store, parts.hub, parts.links, parts.own_onion, parts.rng, parts.kem)
    sending = SendingParts(
        store=parts.store,
        hub=parts.hub,
        book=parts.book,
        files=parts.files,
        notes=notes,
        links=parts.links,
        offering=Offering(parts.store, parts.rng, parts.off_loop),
        rules=parts.rules,
        rng=parts.rng,
        off_loop=parts.off_loop,
    )
    receiving = ReceivingParts(
        store=parts.store,
        hub=parts.hub,
        book=parts.files,
        notes=notes,
        transport=parts.transport,
        rules=parts.rules,
        clock=parts.clock,
        off_loop=parts.off_loop,
        stage=parts.links.stage,
    )
    return Transfers(
        TransferParts(
            store=parts.store,
            hub=parts.hub,
            book=parts.book,
            files=parts.files,
            notes=notes,
            sending=Sending(sending),
            receiving=Receiving(receiving),
            rules=parts.rules,
            clock=parts.clock,
            rng=parts.rng,
            off_loop=parts.off_loop,
            check_may_send=parts.conversations.check_may_send,
            cancel_message=parts.conversations.cancel,
        )
    )
