"""A bound on what is held in memory at a time: whoever needs more than is left waits for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """Room for `size` bytes."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    @property
    def left(self) -> int:
        """Bytes that are free."""
        return self._left

    @asynccontextmanager
    async def holding(self, length: int) -> AsyncIterator[None]:
        """Take `length` bytes of it, at most all, once they are free; first come, first served."""
        async with self._turn:
            while self._left < length:
                self._freed.clear()
                await self._freed.wait()
            self._left -= length
        try:
            yield
        finally:
            self._left += length
            self._freed.set()
