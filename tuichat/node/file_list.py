"""A file's list of hashes: fetched before any chunk, taken only if the offer's root names it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tuichat.crypto.file_chunks import HASH_LENGTH, Layout, Root
from tuichat.store.records import FileRow
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART

PART_BYTES: Final = HASHES_IN_PART * HASH_LENGTH

FetchRange = Callable[[int, int], Awaitable[bytes]]
"""Fetches (offset, length) of the file's blob, whole."""


class FileList:
    """The list of one file, in parts in the store."""

    def __init__(self, store: Store, row: FileRow) -> None:
        self._store = store
        self._row = row
        self._layout = Layout(row.size)

    @property
    def parts(self) -> int:
        """How many parts it has."""
        return -(-self._layout.list_length // PART_BYTES)

    async def is_whole(self) -> bool:
        """Whether all of it is here and is the one that was offered."""
        root = Root(self._row.key, self._row.size)
        for part in range(self.parts):
            hashes = self._store.transfers.hashes(self._row.id, part)
            if len(hashes) != self._length(part):
                return False
            root.update(hashes)
            await asyncio.sleep(0)
        return root.digest() == self._row.root

    async def fetch(self, fetch: FetchRange) -> None:
        """Get the parts that are missing. Whatever `fetch` raises is raised here."""
        for part in range(self.parts):
            length = self._length(part)
            if len(self._store.transfers.hashes(self._row.id, part)) != length:
                hashes = await fetch(part * PART_BYTES, length)
                self._store.transfers.put_hashes(self._row.id, part, hashes)

    def forget(self) -> None:
        """It is another one than was offered."""
        self._store.transfers.forget_hashes(self._row.id)

    def _length(self, part: int) -> int:
        return min(PART_BYTES, self._layout.list_length - part * PART_BYTES)
