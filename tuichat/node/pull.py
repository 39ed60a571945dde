"""Fetching one file: its list, then its chunks over several circuits, each checked before it is kept.

A circuit takes pieces of the file as long as it brings them. One that brings no byte for a while is closed,
and what is missing of its piece goes to another; so only what stalled is fetched twice. What was checked is
written at once, and noted in the store after it is safe on disk. A kill in between loses no chunk either:
those below the `horizon`, beyond which nothing was asked for yet, are looked for on disk at the next
beginning.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from tuichat.crypto.file_chunks import TAG_LENGTH, ChunkCipher, ChunkError, Layout
from tuichat.crypto.kdf import blake2b_256
from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_list import FileList
from tuichat.node.file_progress import Progress, load_map
from tuichat.node.pieces import Pieces, chunks_in_piece
from tuichat.store.part_file import PartFile
from tuichat.store.records import FileRow
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART

CIRCUITS: Final = 8
MANY_CIRCUITS: Final = 12
LARGE_SIZE: Final = 64 * 1024 * 1024
"""From so many bytes on twelve circuits pay (measured with 25 ms a link); sixteen gain nothing."""

REQUESTS_AT_ONCE: Final = 2
"""Over each circuit: while one is answered the next one is on its way."""

FIRST_BYTE_SECONDS: Final = 6.0
STALL_SECONDS: Final = 12.0
"""So long a piece may bring nothing, at its beginning and later, before its circuit is given up."""

SAVE_SECONDS: Final = 1.0
"""How often what was written is made safe and noted."""

AHEAD: Final = 256
"""The horizon moves by so many chunks at a time."""

MAX_WRONG: Final = 8
"""So many chunks or lists that are not what was offered end the transfer: no circuit does that by itself."""

Result = TypeVar("Result")
OffLoop = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Runs something that takes long or waits for the disk, without holding up the event loop."""


def wanted_circuits(size: int, most: int) -> int:
    """How many circuits carry a file of `size` bytes, `most` of them by the person's choice."""
    return min(MANY_CIRCUITS if size >= LARGE_SIZE else CIRCUITS, most)


class NotThereError(Exception):
    """The other side does not give the file, at present or any more."""


class StalledError(Exception):
    """No circuit brings anything: they are offline, or tor is."""


@dataclass(frozen=True, slots=True)
class PullParts:
    """What fetching works with.

    Attributes:
        most_circuits: the person's limit.
        off_loop: runs what waits for the disk or computes long.
    """

    store: Store
    circuits: FileCircuits
    most_circuits: int
    off_loop: OffLoop


class Pull:
    """One run of fetching a file that was accepted; `run` once."""

    def __init__(self, parts: PullParts, row: FileRow, progress: Progress) -> None:
        self._with = parts
        self._row = row
        self._progress = progress
        self._layout = Layout(row.size)
        self._count = wanted_circuits(row.size, parts.most_circuits)
        self._cipher = ChunkCipher(row.key, row.wire_id, self._layout)
        self._done = load_map(parts.store, row)
        self._unsaved: set[int] = set()
        self._horizon = row.fetched
        self._wrong = 0
        self._part: PartFile | None = None

    async def run(self) -> None:
        """Return when all of the file is safe on disk.

        Raises:
            NotThereError: the other side does not give it.
            StalledError: nothing comes.
            ChunkError: something else was offered than is given.
            OSError: the partial file is gone, or the disk is full or fails.
        """
        if not self._layout.chunks:
            return
        self._part = await self._off_loop(lambda: PartFile(Path(self._row.stored_as), self._row.size))
        try:
            # All of them at once: each takes seconds, and the list comes over the first.
            self._with.circuits.prepare(self._row.path, self._count)
            await self._get_list()
            await self._look_on_disk()
            await self._get_chunks()
        finally:
            part, self._part = self._part, None
            await asyncio.shield(asyncio.ensure_future(self._off_loop(part.close)))

    # -- the list --

    async def _get_list(self) -> None:
        listed = FileList(self._with.store, self._row)
        while not await listed.is_whole():
            if self._wrong >= MAX_WRONG:
                raise ChunkError("the list is not the one that was offered")
            await self._over_a_circuit(lambda circuit: listed.fetch(self._range_over(circuit)))
            if not await listed.is_whole():
                self._wrong += 1
                listed.forget()

    async def _over_a_circuit(self, work: Callable[[Circuit], Awaitable[None]]) -> None:
        """Do something over one circuit, in one of several attempts."""
        for _attempt in range(3):
            circuit = await self._circuit()
            if circuit is None:
                continue
            try:
                await work(circuit)
            except ConnectionLostError:
                await circuit.close()
            except BaseException:
                await circuit.close()
                raise
            else:
                self._with.circuits.give_back(circuit)
                return
        raise StalledError

    def _range_over(self, circuit: Circuit) -> Callable[[int, int], Awaitable[bytes]]:
        async def fetch(offset: int, length: int) -> bytes:
            data = bytearray()
            async for part in _patiently(circuit.fetch(self._row.path, offset, length)):
                data += part
            return bytes(data)

        return fetch

    async def _circuit(self) -> Circuit | None:
        """One that stands, None if it could not be had this time."""
        try:
            return await self._with.circuits.take(self._row.path)
        except RefusedError:
            raise NotThereError from None
        except ConnectionLostError:
            return None

    # -- the chunks --

    async def _look_on_disk(self) -> None:
        """Find the chunks that were written before the store was told, when the node was killed."""
        for index in list(self._done.missing(min(self._horizon, self._layout.chunks))):
            expected = self._with.store.transfers.hash_of(self._row.id, index)
            if await self._off_loop(partial(self._is_on_disk, index, expected)):
                self._note(index)
        await self._save()

    def _is_on_disk(self, index: int, expected: bytes) -> bool:
        assert self._part is not None
        length = self._layout.plain_length(index)
        plaintext = self._part.read(index * self._layout.chunk, length)
        if len(plaintext) != length:
            return False
        return blake2b_256(self._cipher.seal(index, plaintext)) == expected

    async def _get_chunks(self) -> None:
        pieces = Pieces(self._done.missing(), chunks_in_piece(self._layout))
        slots = [asyncio.ensure_future(self._slot(pieces)) for _number in range(self._count)]
        saver = asyncio.ensure_future(self._keep_saving())
        try:
            await _settled(slots, saver, pieces)
        finally:
            for task in (saver, *slots):
                task.cancel()
            await asyncio.gather(saver, *slots, return_exceptions=True)
            self._progress.circuits = 0
            await asyncio.shield(asyncio.ensure_future(self._save()))

    async def _slot(self, pieces: Pieces) -> None:
        """Keep one circuit at work, and another one after it. Three in a row that bring nothing:
        StalledError.
        """
        idle = 0
        while not pieces.finished:
            before = self._progress.bytes_done
            circuit = await self._circuit()
            if circuit is not None:
                await self._use(circuit, pieces)
            idle = 0 if self._progress.bytes_done > before else idle + 1
            if idle >= 3:
                raise StalledError

    async def _use(self, circuit: Circuit, pieces: Pieces) -> None:
        """Fetch over a circuit for as long as it brings something."""
        self._progress.circuits += 1
        workers = [asyncio.ensure_future(self._work(circuit, pieces)) for _number in range(REQUESTS_AT_ONCE)]
        try:
            await asyncio.gather(*workers)
        except ConnectionLostError:
            await circuit.close()
        except BaseException:
            if pieces.finished:  # all is there: the circuit was only waiting
                self._with.circuits.give_back(circuit)
            else:
                await circuit.close()
            raise
        else:
            self._with.circuits.give_back(circuit)
        finally:
            self._progress.circuits -= 1
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, circuit: Circuit, pieces: Pieces) -> None:
        while (piece := await pieces.take()) is not None:
            rest = piece
            try:
                self._move_horizon(piece.stop)
                async for index in self._chunks_of(circuit, piece):
                    rest = range(index + 1, piece.stop)
            except RefusedError:
                raise NotThereError from None
            finally:
                pieces.settle(rest)

    async def _chunks_of(self, circuit: Circuit, piece: range) -> AsyncIterator[int]:
        """The chunks of a piece, each when it is checked and written."""
        offset, length = self._layout.place(piece.start, len(piece))
        received, index = bytearray(), piece.start
        async for data in _patiently(circuit.fetch(self._row.path, offset, length)):
            received += data
            while index < piece.stop and len(received) >= self._layout.plain_length(index) + TAG_LENGTH:
                end = self._layout.plain_length(index) + TAG_LENGTH
                await self._keep(index, bytes(received[:end]))
                del received[:end]
                yield index
                index += 1

    async def _keep(self, index: int, sealed: bytes) -> None:
        expected = self._with.store.transfers.hash_of(self._row.id, index)
        try:
            await self._off_loop(lambda: self._write(index, sealed, expected))
        except ChunkError:
            self._wrong += 1
            if self._wrong >= MAX_WRONG:
                raise
            raise ConnectionLostError from None
        self._note(index)

    def _write(self, index: int, sealed: bytes, expected: bytes) -> None:
        assert self._part is not None
        self._part.write(index * self._layout.chunk, self._cipher.open(index, sealed, expected))

    # -- what is safe --

    def _note(self, index: int) -> None:
        if self._done.add(index):
            self._unsaved.add(index)
            self._progress.add(self._layout.plain_length(index))

    def _move_horizon(self, index: int) -> None:
        if index > self._horizon:
            self._horizon = index + AHEAD
            self._with.store.transfers.update(self._row.id, fetched=self._horizon)

    async def _keep_saving(self) -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await self._save()

    async def _save(self) -> None:
        """Note in the store what was written, once it is safe on disk."""
        unsaved, self._unsaved = self._unsaved, set()
        if not unsaved or self._part is None:
            return
        parts = {index // HASHES_IN_PART for index in unsaved}
        maps = {part: self._done.part(part, HASHES_IN_PART) for part in sorted(parts)}
        await self._off_loop(self._part.sync)
        with self._with.store.transaction():
            for part, bits in maps.items():
                self._with.store.transfers.set_done(self._row.id, part, bits)

    async def _off_loop(self, work: Callable[[], Result]) -> Result:
        result: Result = await self._with.off_loop(work)
        return result


async def _settled(slots: list[asyncio.Task[None]], saver: asyncio.Task[None], pieces: Pieces) -> None:
    """Wait until all pieces are there; raise what kept them away."""
    finished = asyncio.ensure_future(pieces.wait_finished())
    waiting: set[asyncio.Task[None]] = {*slots, saver, finished}
    try:
        while not finished.done() and waiting != {saver, finished}:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if error is not None and not isinstance(error, StalledError):
                    raise error
    finally:
        finished.cancel()
    if not pieces.finished:
        raise StalledError


async def _patiently(parts: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """The parts of an answer; ConnectionLostError when the next one takes too long."""
    seconds = FIRST_BYTE_SECONDS
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    part = await anext(parts)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise ConnectionLostError from None
            yield part
            seconds = STALL_SECONDS
    finally:
        with contextlib.suppress(ConnectionLostError, RefusedError):
            await parts.aclose()
