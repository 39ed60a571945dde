"""One offered file and the blob that contacts find of it, without nodes or links."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.seeded_rng import SeededRng
from tests.support.stores import SECOND, add_contact, open_store, write
from tuichat.model import FileReason
from tuichat.node.blobs import Blobs, OfferedBlob
from tuichat.node.file_progress import FileBook
from tuichat.node.jobs import OffLoop
from tuichat.node.offering import Offering, Source
from tuichat.store.records import FileRow
from tuichat.store.store import Store


class Offered:
    """A file that was offered.

    Attributes:
        off_loop: reads and seals.
        fetched, changed: what was told of.
    """

    def __init__(self, store: Store, row: FileRow) -> None:
        self.store = store
        self.row = row
        self.source = Path(row.source)
        self.off_loop: OffLoop = asyncio.to_thread
        self.fetched: list[int] = []
        self.changed: list[tuple[int, FileReason]] = []
        self.blobs = Blobs(
            store,
            FileBook(store, lambda: 0.0),
            lambda work: self.off_loop(work),
            self.fetched.append,
            lambda file, reason: self.changed.append((file, reason)),
        )

    def find(self) -> OfferedBlob | None:
        """What lies at its path."""
        return self.blobs.find(self.row.path)

    def end(self, how: str) -> None:
        """Let it be over, or rest."""
        match how:
            case "ended":
                self.store.transfers.end(self.row.id, "cancelled", "", SECOND)
            case "paused":
                self.store.transfers.update(self.row.id, state="paused", paused_by="them")
            case "blocked":
                self.store.contacts.update(self.row.contact, state="blocked")
            case "removed":
                self.store.contacts.remove(self.row.contact)
            case _:
                raise AssertionError(how)


@asynccontextmanager
async def offered(directory: Path, size: int) -> AsyncIterator[Offered]:
    """A file of random bytes, read for its offer."""
    source = directory / "source"
    source.write_bytes(random.Random(size).randbytes(size))
    store = open_store(directory)
    contact = add_contact(store).id

    offering = Offering(store, SeededRng(b"offers"), asyncio.to_thread)
    offer = Source(source, is_copy=False, name="a", place="", size=size, media_type="")
    row = await offering.prepare(contact, offer, None, SECOND)
    message = write(store, contact, 1)
    store.transfers.announce(row.id, message.id, row.root)
    kept = store.transfers.get(row.id)
    assert kept is not None
    try:
        yield Offered(store, kept)
    finally:
        store.close()
