"""Which chunks of a file are still to be fetched: handed out in pieces, taken back when a circuit fails."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from tuichat.crypto.file_chunks import Layout

PIECE_BYTES: Final = 512 * 1024
SMALL_PIECE_BYTES: Final = 128 * 1024
MIDDLE_SIZE: Final = 16 * 1024 * 1024
"""Pieces are small ones up to 4 MiB of file, one chunk up to 16 MiB, and large ones beyond."""


def chunks_in_piece(layout: Layout) -> int:
    """How many chunks are asked for at a time."""
    if layout.size > MIDDLE_SIZE:
        return PIECE_BYTES // layout.chunk
    return max(SMALL_PIECE_BYTES // layout.chunk, 1)


class Pieces:
    """The chunks that are missing, lowest first.

    Args:
        missing: their indexes, ascending.
        at_most: how many chunks a piece has.
    """

    def __init__(self, missing: Iterable[int], at_most: int) -> None:
        self._waiting: deque[range] = deque(_runs(missing))
        self._at_most = at_most
        self._out = 0
        self._changed = asyncio.Event()

    @property
    def finished(self) -> bool:
        """Whether nothing waits and nothing is out."""
        return not self._waiting and not self._out

    async def wait_finished(self) -> None:
        """Wait until it is `finished`."""
        while not self.finished:
            self._changed.clear()
            await self._changed.wait()

    async def take(self) -> range | None:
        """The next piece; waits while all are out, for one may come back. None when all are done."""
        while not self._waiting:
            if not self._out:
                return None
            self._changed.clear()
            await self._changed.wait()
        run = self._waiting.popleft()
        if len(run) > self._at_most:
            self._waiting.appendleft(run[self._at_most :])
            run = run[: self._at_most]
        self._out += 1
        return run

    def settle(self, rest: range) -> None:
        """A piece that was taken is done, but for `rest` of it, which is the first to be handed out again."""
        self._out -= 1
        if rest:
            self._waiting.appendleft(rest)
        self._changed.set()


def _runs(missing: Iterable[int]) -> Iterable[range]:
    """Ascending numbers as ranges without gaps."""
    first = last = None
    for index in missing:
        if last is not None and index == last + 1:
            last = index
            continue
        if first is not None and last is not None:
            yield range(first, last + 1)
        first = last = index
    if first is not None and last is not None:
        yield range(first, last + 1)


_FULL: Final = 0xFF


class ChunkMap:
    """One bit for each chunk, the lowest first.

    Args:
        count: how many chunks there are.
    """

    def __init__(self, count: int, bits: bytes = b"") -> None:
        self.count = count
        self._bits = bytearray(bits.ljust(-(-count // 8), b"\0"))

    def __contains__(self, index: int) -> bool:
        return bool(self._bits[index >> 3] >> (index & 7) & 1)

    def add(self, index: int) -> bool:
        """Set a chunk's bit; whether it was not set."""
        fresh = index not in self
        self._bits[index >> 3] |= 1 << (index & 7)
        return fresh

    def remove(self, index: int) -> None:
        """Unset a chunk's bit."""
        self._bits[index >> 3] &= ~(1 << (index & 7))

    @property
    def set_count(self) -> int:
        """How many bits are set."""
        return int.from_bytes(self._bits, "big").bit_count()

    def missing(self, below: int | None = None) -> Iterator[int]:
        """The chunks whose bits are not set, ascending."""
        end = self.count if below is None else below
        for at in range(-(-end // 8)):
            byte = self._bits[at]
            if byte != _FULL:  # of a file of terabytes most are, and each is a moment of the event loop's
                yield from (8 * at + bit for bit in range(min(8, end - 8 * at)) if not byte >> bit & 1)

    def part(self, number: int, size: int) -> bytes:
        """The bits of part `number` of `size` chunks, a multiple of 8."""
        return bytes(self._bits[number * size // 8 : (number + 1) * size // 8])

    def load(self, number: int, size: int, bits: bytes) -> None:
        """Set the bits of a part, which `part` gave."""
        at = number * size // 8
        room = len(self._bits) - at
        self._bits[at : at + min(len(bits), room)] = bits[:room]
        if self.count % 8:
            self._bits[-1] &= (1 << self.count % 8) - 1
