"""The parts of file transfers, put together for one node."""

from __future__ import annotations

from tuichat.node.accepting import Accepting, AcceptingParts
from tuichat.node.carrier import CarrierParts
from tuichat.node.contact_book import ContactBook
from tuichat.node.conversations import Conversations
from tuichat.node.events import EventHub
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_progress import FileBook
from tuichat.node.links import Links
from tuichat.node.offering import Offering
from tuichat.node.parts import NodeParts
from tuichat.node.receiving import Receiving
from tuichat.node.sending import Sending, SendingParts
from tuichat.node.sweeping import Sweeping
from tuichat.node.transfers import TransferParts, Transfers


def make_transfers(
    parts: NodeParts,
    hub: EventHub,
    book: ContactBook,
    files: FileBook,
    links: Links,
    conversations: Conversations,
) -> Transfers:
    """A node's transfers, not started."""
    sweeping = Sweeping(parts.store, parts.off_loop)
    notes = FileNotes(parts.store, hub, links, parts.identity.onion, parts.rng, parts.kem)
    sending = SendingParts(
        store=parts.store,
        hub=hub,
        book=book,
        files=files,
        notes=notes,
        links=links,
        sweeping=sweeping,
        check_may_send=conversations.check_may_send,
        offering=Offering(parts.store, parts.rng, parts.off_loop),
        rules=parts.files,
        rng=parts.rng,
        off_loop=parts.off_loop,
    )
    accepting = AcceptingParts(
        store=parts.store,
        hub=hub,
        notes=notes,
        sweeping=sweeping,
        rules=parts.files,
        rng=parts.rng,
        off_loop=parts.off_loop,
    )
    carrying = CarrierParts(
        store=parts.store,
        hub=hub,
        book=files,
        notes=notes,
        transport=parts.transport,
        rules=parts.files,
        clock=parts.clock,
        off_loop=parts.off_loop,
        stage=links.stage,
    )
    return Transfers(
        TransferParts(
            store=parts.store,
            hub=hub,
            book=book,
            files=files,
            notes=notes,
            sending=Sending(sending),
            accepting=Accepting(accepting),
            receiving=Receiving(carrying, sweeping),
            rules=parts.files,
            clock=parts.clock,
            off_loop=parts.off_loop,
            check_may_send=conversations.check_may_send,
            cancel_message=conversations.cancel,
        )
    )
