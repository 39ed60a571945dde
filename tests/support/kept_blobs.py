"""Blobs in memory, given in parts of a fixed length, which a test can hold back, withdraw and count."""

from __future__ import annotations

import asyncio

from tests.support.raw_callers import PATIENCE

PART = 1024


class KeptBlob:
    """A `Blob` whose parts are of `part` bytes each.

    Attributes:
        share: whose of the room and connections it takes.
        is_over: it was withdrawn for good.
        gate: cleared, nothing is read until it is set.
        reading: how many reads are under way.
        asked: every range that was asked for, as offset and length.
    """

    def __init__(self, data: bytes, part: int = PART, share: int = 0) -> None:
        self.data = data
        self.part = part
        self.share = share
        self.is_over = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.reading = 0
        self.asked: list[tuple[int, int]] = []
        self._changed = asyncio.Event()

    @property
    def length(self) -> int:
        return len(self.data)

    async def read(self, offset: int, length: int) -> bytes | None:
        self.asked.append((offset, length))
        self.reading += 1
        self._changed.set()
        try:
            await self.gate.wait()
        finally:
            self.reading -= 1
        end = offset + length
        whole = offset % self.part == 0 and (end % self.part == 0 or end == len(self.data))
        return self.data[offset:end] if whole and end <= len(self.data) else None

    async def read_by(self, count: int) -> None:
        """Wait until so many reads are under way."""
        async with asyncio.timeout(PATIENCE):
            while self.reading < count:
                self._changed.clear()
                await self._changed.wait()


class KeptBlobs:
    """A `BlobFinder`: what lies at which path."""

    def __init__(self) -> None:
        self.at: dict[bytes, KeptBlob] = {}

    def __call__(self, path: bytes) -> KeptBlob | None:
        return self.at.get(path)
