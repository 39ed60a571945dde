"""The parts behind `DeskMethods`, put together for one node."""

from __future__ import annotations

from dataclasses import dataclass

from tuichat.network.addresses import address_of
from tuichat.node.contact_book import ContactBook
from tuichat.node.desk import Desk
from tuichat.node.erasing import Erasing
from tuichat.node.events import EventHub
from tuichat.node.exports import ExportParts, Exports
from tuichat.node.file_progress import FileBook
from tuichat.node.imports import ImportParts, Imports
from tuichat.node.links import Links
from tuichat.node.memory import Memory
from tuichat.node.parts import NodeParts
from tuichat.node.transfers import Transfers


@dataclass(frozen=True, slots=True)
class DeskParts:
    """What `DeskMethods` work with."""

    desk: Desk
    erasing: Erasing
    exports: Exports
    imports: Imports
    memory: Memory


def make_desk(
    parts: NodeParts, hub: EventHub, book: ContactBook, files: FileBook, links: Links, transfers: Transfers
) -> DeskParts:
    """A node's."""
    onion = parts.identity.onion
    exports = ExportParts(
        address=address_of(onion), store=parts.store, hub=hub, book=book, files=files, off_loop=parts.off_loop
    )
    imports = ImportParts(
        own_onion=onion,
        store=parts.store,
        hub=hub,
        links=links,
        sweeping=transfers.sweeping,
        rules=parts.files,
        rng=parts.rng,
        off_loop=parts.off_loop,
        still_works=parts.still_works,
    )
    erasing = Erasing(parts.store, hub, book, links, transfers)
    return DeskParts(
        desk=Desk(parts.store, hub, book),
        erasing=erasing,
        exports=Exports(exports),
        imports=Imports(imports),
        memory=Memory(parts.store, hub, book, erasing, transfers.notes),
    )
