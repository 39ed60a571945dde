"""Offering a file: read to its end once, for the hash of each chunk, then one message that names it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tuichat.clock import Rng
from tuichat.crypto.file_chunks import KEY_LENGTH, ChunkCipher, Layout, Root
from tuichat.crypto.kdf import blake2b_256
from tuichat.errors import StorageError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.media.identity import Identity
from tuichat.node.blobs import ChangedError, read_chunks
from tuichat.node.jobs import OffLoop
from tuichat.protocol.bodies import ID_LENGTH, THE_TWO_OF_US, File
from tuichat.store.records import FileRow
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART
from tuichat.system_reasons import reason_of

OFFER_SECONDS: Final = 30 * 86_400
"""How long an offer holds."""

CHUNKS_AT_ONCE: Final = 16
"""So many are read and sealed in one go: at most 4 MiB in memory."""

PATH_LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is to be offered, as it lies on disk.

    Attributes:
        path: absolute; what is read. is_copy: it was made for this and goes with the offer.
        name, place: what its receiver is told; labels, cleaned.
        size: bytes. width, height: pixels, or None.
        identity: which file it must be all the time that it is read, None for any.
    """

    path: Path
    is_copy: bool
    name: str
    place: str
    size: int
    media_type: str
    width: int | None = None
    height: int | None = None
    identity: Identity | None = None


class Offering:
    """Makes rows of offers that are complete but for their message."""

    def __init__(self, store: Store, rng: Rng, off_loop: OffLoop) -> None:
        self._store = store
        self._rng = rng
        self._off_loop = off_loop

    async def prepare(self, contact: int, source: Source, group_id: bytes | None, now: int) -> FileRow:
        """Read a file and keep the hashes of its sealed chunks; it is nobody's to fetch yet. `now` in ms.

        Raises:
            TuichatError: it cannot be read, or changed while it was read. Nothing is left then.
        """
        row = self._store.transfers.add(
            FileRow(
                id=0,
                contact=contact,
                message=None,
                direction="out",
                wire_id=self._rng.bytes(ID_LENGTH),
                name=source.name,
                place=source.place,
                size=source.size,
                media_type=source.media_type,
                state="offered",
                key=self._rng.bytes(KEY_LENGTH),
                root=b"",
                path=self._rng.bytes(PATH_LENGTH),
                offered_at=now,
                expires_at=now + OFFER_SECONDS * 1000,
                source=str(source.path),
                source_is_copy=source.is_copy,
                group_id=group_id,
                width=source.width,
                height=source.height,
            )
        )
        try:
            return replace(row, root=await self._hashed(row, source.identity))
        except BaseException:
            self._store.transfers.remove(row.id)
            raise

    async def _hashed(self, row: FileRow, known: Identity | None) -> bytes:
        """The root of all hashes, which are in the store then."""
        layout, root = Layout(row.size), Root(row.key, row.size)
        for first in range(0, layout.chunks, HASHES_IN_PART):
            hashes = b""
            for begin in range(first, min(first + HASHES_IN_PART, layout.chunks), CHUNKS_AT_ONCE):
                end = min(begin + CHUNKS_AT_ONCE, first + HASHES_IN_PART, layout.chunks)
                chunks = range(begin, end)
                hashes += await self._off_loop(lambda chunks=chunks: _hashes_of(row, chunks, known))  # type: ignore[misc]
                self._check_wanted(row)
            self._store.transfers.put_hashes(row.id, first // HASHES_IN_PART, hashes)
            root.update(hashes)
            await asyncio.sleep(0)
            self._check_wanted(row)
        return root.digest()

    def _check_wanted(self, row: FileRow) -> None:
        """A block or a removal ends what is being read, and so may this person."""
        now = self._store.transfers.get(row.id)
        if now is None or now.ended_at is not None:
            raise UsageError(_("{name} was taken back before it was offered.").format(name=row.name))


def _hashes_of(row: FileRow, chunks: range, known: Identity | None) -> bytes:
    layout = Layout(row.size)
    cipher = ChunkCipher(row.key, row.wire_id, layout)
    try:
        found = read_chunks(row.source, layout, chunks, known)
    except ChangedError:
        raise TuichatError(
            _("{name} changes while it is read.").format(name=row.name),
            _("Send it again once nothing writes to it any more."),
        ) from None
    except OSError as error:
        raise StorageError(
            _("{name} cannot be read: {reason}.").format(name=row.name, reason=reason_of(error))
        ) from error
    return b"".join(blake2b_256(cipher.seal(index, data)) for index, data in zip(chunks, found, strict=True))


def offer_of(row: FileRow, caption: str, ttl: int | None) -> File:
    """The body that offers a prepared file, for `ttl` seconds or for good."""
    return File(
        conversation=THE_TWO_OF_US,
        id=row.wire_id,
        sent_at=row.offered_at,
        name=row.name,
        size=row.size,
        media_type=row.media_type,
        caption=caption,
        key=row.key,
        root=row.root,
        path=row.path,
        group=row.group_id,
        place=row.place,
        width=row.width,
        height=row.height,
        ttl=ttl,
    )
