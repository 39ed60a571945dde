"""What contacts may fetch: files that I offered, sealed again from disk for each request.

A chunk leaves only if it is, sealed, what its hash in the list says: a file that was changed since would put
two plaintexts under one nonce. The first chunk that is not ends the offer.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Final

from tuichat.crypto.file_chunks import HASH_LENGTH, ChunkCipher, Layout
from tuichat.crypto.kdf import blake2b_256
from tuichat.errors import DamagedError, StorageError
from tuichat.media.identity import Identity
from tuichat.model import FileReason
from tuichat.node.file_list import PART_BYTES
from tuichat.node.file_progress import FileBook
from tuichat.node.jobs import Jobs, OffLoop
from tuichat.node.pieces import ChunkMap
from tuichat.store.records import FileRow
from tuichat.store.store import Store

READS_AT_ONCE: Final = 4
"""So many ranges are sealed at a time, in all, those included that whoever asked for is gone."""


_PASSING: Final = frozenset(
    {
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN, errno.EBUSY),
        *(errno.EIO, errno.ENXIO, errno.ENODEV, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN),
        *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH),
    }
)
"""What is wrong with this system or a disk for a while, and not with a file: nothing of it has left."""


class ChangedError(Exception):
    """The file is not what was offered, or cannot be read any more."""

    def __init__(self, reason: FileReason) -> None:
        super().__init__(reason)
        self.reason: FileReason = reason


class Blobs:
    """Finds offers by their paths.

    Args:
        book: told what was fetched.
        off_loop: runs reading and sealing.
        on_fetched: told the id of a file of which something was fetched.
        on_changed: told the id of a file that is not what was offered, and why; the offer is over then.
    """

    def __init__(
        self,
        store: Store,
        book: FileBook,
        off_loop: OffLoop,
        on_fetched: Callable[[int], None],
        on_changed: Callable[[int, FileReason], None],
    ) -> None:
        self.store = store
        self.book = book
        self.jobs = Jobs(off_loop, READS_AT_ONCE)
        self.on_fetched = on_fetched
        self.on_changed = on_changed
        self._fetched: dict[int, ChunkMap] = {}

    def find(self, path: bytes) -> OfferedBlob | None:
        """What lies there for whoever knows the path; None for anything else, and while it rests."""
        try:
            row = self.store.transfers.by_path(path) if path else None
            contact = None if row is None else self.store.contacts.get(row.contact)
        except (StorageError, DamagedError):
            return None
        if row is None or contact is None or contact.state != "accepted":
            return None
        if row.ended_at is not None or row.paused_by or row.message is None:
            return None
        return OfferedBlob(self, row)

    def is_over(self, row: FileRow) -> bool:
        """Whether an offer has ended, or its contact may have nothing any more."""
        try:
            contact = self.store.contacts.get(row.contact)
            is_open = self.store.transfers.is_open(row.id)
        except (StorageError, DamagedError):
            return False
        return not is_open or contact is None or contact.state != "accepted"

    def note_fetched(self, row: FileRow, chunks: range) -> None:
        """Chunks of a file are leaving; each counts once while the node runs."""
        layout = Layout(row.size)
        fetched = self._fetched.setdefault(row.id, ChunkMap(layout.chunks))
        fresh = sum(layout.plain_length(index) for index in chunks if fetched.add(index))
        progress = self.book.progress(row)
        progress.add(min(fresh, row.size - progress.bytes_done))
        self.on_fetched(row.id)

    def forget(self, file: int) -> None:
        """The offer is over."""
        self._fetched.pop(file, None)
        self.book.settle(file)


class OfferedBlob:
    """A `Blob`: the list of a file's hashes and its sealed chunks."""

    def __init__(self, blobs: Blobs, row: FileRow) -> None:
        self._blobs = blobs
        self._row = row
        self._layout = Layout(row.size)

    @property
    def is_over(self) -> bool:
        """An offer that rests is not: what was sealed for whoever fetches may still leave."""
        return self._blobs.is_over(self._row)

    @property
    def length(self) -> int:
        return self._layout.blob_length

    @property
    def share(self) -> int:
        return self._row.contact

    async def read(self, offset: int, length: int) -> bytes | None:
        try:
            if self._blobs.find(self._row.path) is None:
                return None  # it was taken back since it was found: a request may wait for its turn
            if offset + length <= self._layout.list_length:
                return self._read_list(offset, length)
            chunks = self._layout.chunks_at(offset, length)
            return None if chunks is None else await self._read_chunks(chunks)
        except (StorageError, DamagedError):
            return None

    def _read_list(self, offset: int, length: int) -> bytes | None:
        if offset % HASH_LENGTH or length % HASH_LENGTH or length <= 0:
            return None
        hashes = bytearray()
        for part in range(offset // PART_BYTES, -(-(offset + length) // PART_BYTES)):
            hashes += self._blobs.store.transfers.hashes(self._row.id, part)
        begin = offset % PART_BYTES
        return bytes(hashes[begin : begin + length])

    async def _read_chunks(self, chunks: range) -> bytes | None:
        expected = [self._blobs.store.transfers.hash_of(self._row.id, index) for index in chunks]
        try:
            sealed = await self._blobs.jobs.run(lambda: self._seal(chunks, expected))
        except ChangedError as error:
            self._blobs.on_changed(self._row.id, error.reason)
            return None
        except OSError:
            return None  # whoever asks again may have it
        if self._blobs.find(self._row.path) is None:
            return None  # it was taken back meanwhile
        self._blobs.note_fetched(self._row, chunks)
        return sealed

    def _seal(self, chunks: range, expected: list[bytes]) -> bytes:
        """Read and seal; ChangedError if anything is not as it was offered, OSError if that passes."""
        cipher = ChunkCipher(self._row.key, self._row.wire_id, self._layout)
        parts = []
        for index, plaintext in zip(chunks, self._plaintexts(chunks), strict=True):
            sealed = cipher.seal(index, plaintext)
            if blake2b_256(sealed) != expected[index - chunks.start]:
                raise ChangedError("changed")
            parts.append(sealed)
        return b"".join(parts)

    def _plaintexts(self, chunks: range) -> list[bytes]:
        try:
            return read_chunks(self._row.source, self._layout, chunks)
        except OSError as error:
            if error.errno in _PASSING:
                raise
            raise ChangedError("unreadable") from error


def read_chunks(source: str, layout: Layout, chunks: range, known: Identity | None = None) -> list[bytes]:
    """Chunks of a regular file, which is the one that is known, if any is.

    Raises:
        ChangedError: it has another size, is another file, or was written to.
        OSError: it cannot be read, or is no regular file.
    """
    descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("no regular file")
        if status.st_size != layout.size or (known is not None and Identity.of(status) != known):
            raise ChangedError("changed")
        found = [os.pread(descriptor, layout.plain_length(index), index * layout.chunk) for index in chunks]
    finally:
        os.close(descriptor)
    if any(len(data) != layout.plain_length(index) for index, data in zip(chunks, found, strict=True)):
        raise ChangedError("changed")
    return found
