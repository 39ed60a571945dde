"""One file between a store that wants it and the bytes of its blob, without nodes, links or circuits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.support.stores import SECOND, add_contact, open_store
from tuichat.crypto.file_chunks import ChunkCipher, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.node.file_progress import Progress, load_map
from tuichat.node.jobs import OffLoop
from tuichat.node.landing import Landing
from tuichat.node.pieces import ChunkMap
from tuichat.store.part_file import reserve
from tuichat.store.records import FileRow
from tuichat.store.store import Store

KIB = 1024
KEY, FILE, PATH = bytes(range(32)), bytes(range(100, 116)), bytes(range(200, 232))


@dataclass(frozen=True)
class Fetched:
    """A file that was accepted, in a store whose map says that nothing is there."""

    store: Store
    row: FileRow
    plain: list[bytes]
    sealed: list[bytes]
    hashes: list[bytes]

    @property
    def blob(self) -> bytes:
        """What lies at the path."""
        return b"".join([*self.hashes, *self.sealed])

    def landing(self, off_loop: OffLoop, seen: ChunkMap | None = None) -> Landing:
        """A new one, as after a start, or with what an earlier one has `seen`."""
        row = self.store.transfers.get(self.row.id)
        assert row is not None
        return Landing(self.store, row, off_loop, Progress(0, lambda: 0.0), seen)

    @staticmethod
    def kill(landing: Landing) -> None:
        """End it as a kill of the process does."""
        assert landing._part is not None
        landing._part.close()
        landing._part = None

    @property
    def noted(self) -> list[int]:
        """The chunks that the store says are there."""
        done = load_map(self.store, self.row)
        return [index for index in range(done.count) if index in done]

    def on_disk(self, index: int) -> bytes:
        """What is where a chunk belongs."""
        chunk = Layout(self.row.size).chunk
        return Path(self.row.stored_as).read_bytes()[index * chunk :][: len(self.plain[index])]


@contextmanager
def fetched(directory: Path, size: int, *, listed: bool = True) -> Iterator[Fetched]:
    """A file of random bytes; `listed`: its list of hashes is in the store."""
    layout = Layout(size)
    cipher = ChunkCipher(KEY, FILE, layout)
    content = random.Random(size).randbytes(size)
    plain = [content[at : at + layout.chunk] for at in range(0, size, layout.chunk)]
    sealed = [cipher.seal(index, each) for index, each in enumerate(plain)]
    hashes = [blake2b_256(each) for each in sealed]
    root = Root(KEY, size)
    root.update(b"".join(hashes))
    part = directory / "part"
    reserve(part, size)
    store = open_store(directory)
    row = accepted_row(add_contact(store).id, part, size=size, root=root.digest())
    made = Fetched(store, store.transfers.add(row), plain, sealed, hashes)
    if listed:
        store.transfers.put_hashes(made.row.id, 0, b"".join(hashes))
    try:
        yield made
    finally:
        store.close()


def accepted_row(contact: int, part: Path, **changes: Any) -> FileRow:
    """One that waits to be fetched into `part`."""
    row = FileRow(
        id=0,
        contact=contact,
        message=None,
        direction="in",
        wire_id=FILE,
        name="a",
        place="",
        size=0,
        media_type="",
        state="waiting",
        key=KEY,
        root=b"",
        path=PATH,
        offered_at=SECOND,
        expires_at=SECOND,
        stored_as=str(part),
        accepted=True,
    )
    return replace(row, **changes)
