"""A file on its way in, on disk: each chunk is checked before it is written, and noted once it is safe.

What was checked is written at once. The store is told of it after the disk was (`save`), so that its map
never says more than there is. A kill in between loses no chunk either: those below the `horizon`, beyond
which nothing was asked for yet, are looked for on disk at the next beginning (`look`). Whoever closes in
order leaves nothing to look for: a sender could otherwise have much read, by pausing again and again.

The map is believed until all is there. Then what earlier runs wrote is read back once (`is_whole`): a disk
loses, and others write where the person chose to have the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Final

from tuichat.crypto.file_chunks import ChunkCipher, Layout
from tuichat.crypto.kdf import blake2b_256
from tuichat.node.file_places import names_for
from tuichat.node.file_progress import Progress, load_map
from tuichat.node.jobs import Jobs, OffLoop
from tuichat.node.pieces import ChunkMap
from tuichat.store.part_file import PartFile
from tuichat.store.records import FileRow
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART

SAVE_SECONDS: Final = 1.0
"""How often what was written is made safe and noted."""

AHEAD: Final = 256
"""The horizon moves by so many chunks at a time."""


class Landing:
    """The partial file of one run of fetching.

    Args:
        progress: told of each chunk that is there.
        seen: the chunks that an earlier run just before wrote or read back; kept up to date.
    """

    def __init__(
        self,
        store: Store,
        row: FileRow,
        off_loop: OffLoop,
        progress: Progress,
        seen: ChunkMap | None = None,
    ) -> None:
        self._store = store
        self._row = row
        self._progress = progress
        self._layout = Layout(row.size)
        self._cipher = ChunkCipher(row.key, row.wire_id, self._layout)
        self._done = load_map(store, row)
        self._safe = load_map(store, row)
        self._seen = seen or ChunkMap(self._layout.chunks)
        self._written: set[int] = set()
        self._unsaved: set[int] = set()
        self._horizon = row.fetched
        self._jobs = Jobs(off_loop)
        self._part: PartFile | None = None

    def missing(self) -> Iterable[int]:
        """The chunks that are not there, ascending."""
        return self._done.missing()

    async def open(self) -> None:
        """Before anything else. Raises OSError if it is not what was made."""
        await self._jobs.run(self._open)

    def _open(self) -> None:
        names = names_for(Path(self._row.target))
        self._part = PartFile(Path(self._row.stored_as), self._row.size, names)

    async def close(self) -> None:
        """As soon as nothing reads or writes there any more; what was written is safe then.

        Raises:
            OSError: the disk is full, or fails.
        """
        await self._jobs.ended()
        if self._part is None:
            return
        try:
            for index in sorted(self._written):
                self._note(index)
            await self.save()
            if self._horizon:
                self._store.transfers.update(self._row.id, fetched=0)
        finally:
            await self._jobs.run(self._part.close)

    async def look(self) -> None:
        """Find the chunks that were written before the store was told."""
        for index in list(self._done.missing(min(self._horizon, self._layout.chunks))):
            expected = self._store.transfers.hash_of(self._row.id, index)
            if await self._jobs.run(partial(self._kept_again, index, expected)):
                self._note(index)
        await self.save()

    async def is_whole(self) -> bool:
        """Read back what is there and this run did not write; whether all of it is what was offered. What is
        not is missing from now on.
        """
        lost = []
        for index in self._seen.missing():
            expected = self._store.transfers.hash_of(self._row.id, index)
            if await self._jobs.run(partial(self._read_back, index, expected)) is None:
                lost.append(index)
            else:
                self._seen.add(index)
        self._forget(lost)
        return not lost

    def _forget(self, lost: list[int]) -> None:
        for index in lost:
            self._done.remove(index)
            self._safe.remove(index)
            self._progress.bytes_done -= self._layout.plain_length(index)
        self._note_safe(lost)

    def _read_back(self, index: int, expected: bytes) -> bytes | None:
        """A chunk's plaintext, if it is on disk."""
        assert self._part is not None
        plaintext = self._part.read(index * self._layout.chunk, self._layout.plain_length(index))
        if len(plaintext) != self._layout.plain_length(index):
            return None
        return plaintext if blake2b_256(self._cipher.seal(index, plaintext)) == expected else None

    def _kept_again(self, index: int, expected: bytes) -> bool:
        """Write a chunk anew if it is on disk: one that failed to keep it once need not say so again."""
        plaintext = self._read_back(index, expected)
        if plaintext is None:
            return False
        assert self._part is not None
        self._part.write(index * self._layout.chunk, plaintext)
        return True

    def ahead(self, index: int) -> None:
        """Chunks below `index` will be asked for."""
        if index > self._horizon:
            self._horizon = index + AHEAD
            self._store.transfers.update(self._row.id, fetched=self._horizon)

    async def keep(self, index: int, sealed: bytes) -> None:
        """Check a chunk and write it.

        Raises:
            ChunkError: it is not the one that was offered.
            OSError: the disk is full, or fails.
        """
        expected = self._store.transfers.hash_of(self._row.id, index)
        await self._jobs.run(lambda: self._write(index, sealed, expected))
        self._note(index)

    def _write(self, index: int, sealed: bytes, expected: bytes) -> None:
        assert self._part is not None
        self._part.write(index * self._layout.chunk, self._cipher.open(index, sealed, expected))
        self._written.add(index)  # also if nobody waits for it any more

    def _note(self, index: int) -> None:
        self._written.discard(index)
        self._seen.add(index)
        if self._done.add(index):
            self._unsaved.add(index)
            self._progress.add(self._layout.plain_length(index))

    async def keep_saving(self) -> None:
        """Save now and then."""
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self.save()

    async def save(self) -> None:
        """Note in the store what was written, once it is safe on disk."""
        unsaved, self._unsaved = self._unsaved, set()
        if not unsaved or self._part is None:
            return
        try:
            await self._jobs.run(self._part.sync)
        except asyncio.CancelledError:
            self._unsaved |= unsaved
            raise
        for index in unsaved:
            self._safe.add(index)
        self._note_safe(unsaved)

    def _note_safe(self, changed: Iterable[int]) -> None:
        with self._store.transaction():
            for part in sorted({index // HASHES_IN_PART for index in changed}):
                bits = self._safe.part(part, HASHES_IN_PART)
                self._store.transfers.set_done(self._row.id, part, bits)
