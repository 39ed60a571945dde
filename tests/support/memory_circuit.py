"""Circuits that lead to the bytes of a blob in memory, and fetching over them without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

from tests.support.fetching import Fetched
from tuichat.crypto.file_chunks import ChunkError
from tuichat.network.transport import ConnectionLostError
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_progress import Progress
from tuichat.node.pull import Pull, PullParts, StalledError

PIECE = 16 * 1024


class MemoryCircuits:
    """Circuits to one blob.

    Attributes:
        blob: what lies there, and may be changed.
        asked: the offsets and lengths of all that was asked for.
        left: bytes that are still given; then every circuit is lost. None for any number.
    """

    def __init__(self, blob: bytes, left: int | None = None) -> None:
        self.blob = blob
        self.asked: list[tuple[int, int]] = []
        self.left = left

    async def make(self) -> MemoryCircuits:
        """One more, which is this one."""
        await asyncio.sleep(0)
        return self

    async def fetch(self, _path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        self.asked.append((offset, length))
        data = self.blob[offset : offset + length]
        for start in range(0, length, PIECE):
            piece = data[start : start + PIECE]
            if self.left is not None:
                if self.left < len(piece):
                    raise ConnectionLostError
                self.left -= len(piece)
            yield piece
            await asyncio.sleep(0)

    async def close(self) -> None:
        return


async def at_once(work: Callable[[], Any]) -> Any:
    """In place of a thread."""
    return work()


def pull(file: Fetched, circuits: MemoryCircuits) -> bool:
    """Fetch as far as it goes, over one circuit after the other; whether all is there."""

    async def run() -> None:
        shared = FileCircuits(circuits.make, lambda: 0.0)
        row = file.store.transfers.get(file.row.id)
        assert row is not None
        try:
            await Pull(PullParts(file.store, shared, 1, at_once), row, Progress(0, lambda: 0.0)).run()
        finally:
            await shared.close()

    with suppress(StalledError, ChunkError):
        asyncio.run(run())
        return True
    return False
