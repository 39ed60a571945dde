"""Fetching one file: its list, then its chunks over several circuits, each checked before it is kept.

A circuit takes pieces of the file as long as it brings them. One that brings no byte for a while is closed,
and what is missing of its piece goes to another; so only what stalled is fetched twice.

Refused is who asks for what is not there, and who asks where too many do: nobody is told which. So what was
refused is asked for again, and is not there only if nothing came over any circuit meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tuichat.crypto.file_chunks import HASH_LENGTH, TAG_LENGTH, ChunkError, Layout
from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_list import FileList
from tuichat.node.file_progress import Progress
from tuichat.node.jobs import OffLoop, to_the_end
from tuichat.node.landing import Landing
from tuichat.node.pieces import ChunkMap, Pieces, chunks_in_piece
from tuichat.store.records import FileRow
from tuichat.store.store import Store

CIRCUITS: Final = 8
MANY_CIRCUITS: Final = 12
LARGE_SIZE: Final = 64 * 1024 * 1024
"""From so many bytes on twelve circuits pay (measured with 25 ms a link); sixteen gain nothing."""

REQUESTS_AT_ONCE: Final = 2
"""Over each circuit: while one is answered the next one is on its way."""

FIRST_BYTE_SECONDS: Final = 6.0
STALL_SECONDS: Final = 12.0
"""So long a piece may bring nothing, at its beginning and later, before its circuit is given up."""

REFUSED_SECONDS: Final = 2.0
"""So long whoever was refused waits before asking again."""

MAX_WRONG: Final = 8
"""So many chunks or lists that are not what was offered end the transfer: no circuit does that by itself."""


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
        seen: the chunks that need not be read back at the end.
        in_doubt: the file was not there lately. One circuit asks first, before others are built.
    """

    store: Store
    circuits: FileCircuits
    most_circuits: int
    off_loop: OffLoop
    seen: ChunkMap | None = None
    in_doubt: bool = False


class Pull:
    """One run of fetching a file that was accepted; `run` once."""

    def __init__(self, parts: PullParts, row: FileRow, progress: Progress) -> None:
        self._with = parts
        self._row = row
        self._progress = progress
        self._layout = Layout(row.size)
        self._count = wanted_circuits(row.size, parts.most_circuits)
        self._landing = Landing(parts.store, row, parts.off_loop, progress, parts.seen)
        self._wrong = 0

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
        try:
            await self._landing.open()
            if self._with.in_doubt:
                await self._over_a_circuit(self._ask)
            # All of them at once: each takes seconds, and the list comes over the first.
            self._with.circuits.prepare(self._row.path, self._count)
            await self._get_list()
            await self._landing.look()
            await self._get_chunks()
            while not await self._landing.is_whole():
                await self._get_chunks()
        finally:
            await to_the_end(self._landing.close())

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

    async def _ask(self, circuit: Circuit) -> None:
        """See whether anything is there."""
        await self._range_over(circuit)(0, HASH_LENGTH)

    async def _over_a_circuit(self, work: Callable[[Circuit], Awaitable[None]]) -> None:
        """Do something over one circuit, in one of several attempts."""
        refused = False
        for _attempt in range(3):
            try:
                if await self._is_done(work):
                    return
            except RefusedError:
                if refused:
                    break
                refused = True
                await asyncio.sleep(REFUSED_SECONDS)
        raise NotThereError if refused else StalledError

    async def _is_done(self, work: Callable[[Circuit], Awaitable[None]]) -> bool:
        """Do something over a circuit, if one can be had and stands. Raises RefusedError."""
        circuit = await self._circuit()
        if circuit is None:
            return False
        try:
            await work(circuit)
        except ConnectionLostError as error:
            if not isinstance(error, RefusedError):
                self._with.circuits.end(circuit)
                return False
            self._with.circuits.give_back(circuit)
            raise
        except BaseException:
            self._with.circuits.give_back(circuit)
            raise
        self._with.circuits.give_back(circuit)
        return True

    def _range_over(self, circuit: Circuit) -> Callable[[int, int], Awaitable[bytes]]:
        async def fetch(offset: int, length: int) -> bytes:
            data = bytearray()
            async for part in _patiently(circuit.fetch(self._row.path, offset, length)):
                data += part
            return bytes(data)

        return fetch

    async def _circuit(self) -> Circuit | None:
        """One that stands, None if it could not be had this time. Raises RefusedError."""
        try:
            return await self._with.circuits.take(self._row.path)
        except RefusedError:
            raise
        except ConnectionLostError:
            return None

    # -- the chunks --

    async def _get_chunks(self) -> None:
        pieces = Pieces(self._landing.missing(), chunks_in_piece(self._layout))
        slots = [asyncio.ensure_future(self._slot(pieces)) for _number in range(self._count)]
        saver = asyncio.ensure_future(self._landing.keep_saving())
        try:
            await _settled(slots, saver, pieces)
        finally:
            for task in (saver, *slots):
                task.cancel()
            await asyncio.gather(saver, *slots, return_exceptions=True)
            self._progress.circuits = 0

    async def _slot(self, pieces: Pieces) -> None:
        """Keep one circuit at work, and another one after it. Three in a row that bring nothing:
        StalledError. Refused, while nothing comes over any other either: NotThereError.
        """
        idle = 0
        while not pieces.finished:
            before = self._progress.bytes_done
            try:
                circuit = await self._circuit()
                refused = circuit is not None and not await self._use(circuit, pieces)
            except RefusedError:
                refused = not await self._more_came()
            if refused:
                raise NotThereError
            idle = 0 if self._progress.bytes_done > before else idle + 1
            if idle >= 3:
                raise StalledError

    async def _more_came(self) -> bool:
        """Wait before asking again; whether anything came over any circuit meanwhile."""
        before = self._progress.bytes_done
        await asyncio.sleep(REFUSED_SECONDS)
        return self._progress.bytes_done > before

    async def _use(self, circuit: Circuit, pieces: Pieces) -> bool:
        """Fetch over a circuit for as long as it brings something; False if it is refused all."""
        self._progress.circuits += 1
        workers = [asyncio.ensure_future(self._work(circuit, pieces)) for _number in range(REQUESTS_AT_ONCE)]
        stands = True
        try:
            return any(await asyncio.gather(*workers))
        except ConnectionLostError:
            stands = False
            return True
        finally:
            self._progress.circuits -= 1
            await to_the_end(self._leave(circuit, workers, stands=stands))

    async def _leave(self, circuit: Circuit, workers: list[asyncio.Task[bool]], *, stands: bool) -> None:
        """End what is still asked of a circuit, and keep it for the next file if it stands."""
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        if stands:
            self._with.circuits.give_back(circuit)
        else:
            self._with.circuits.end(circuit)

    async def _work(self, circuit: Circuit, pieces: Pieces) -> bool:
        """Fetch piece after piece until all are there; False if they are refused."""
        while (piece := await pieces.take()) is not None:
            rest, refused = piece, False
            try:
                self._landing.ahead(piece.stop)
                async with contextlib.aclosing(self._chunks_of(circuit, piece)) as chunks:
                    async for index in chunks:
                        rest = range(index + 1, piece.stop)
            except RefusedError:
                refused = True
            finally:
                pieces.settle(rest)
            if refused and not await self._more_came():
                return False
        return True

    async def _chunks_of(self, circuit: Circuit, piece: range) -> AsyncGenerator[int, None]:
        """The chunks of a piece, each when it is checked and written."""
        offset, length = self._layout.place(piece.start, len(piece))
        received, index = bytearray(), piece.start
        async with contextlib.aclosing(_patiently(circuit.fetch(self._row.path, offset, length))) as parts:
            async for data in parts:
                received += data
                while index < piece.stop and len(received) >= self._sealed_length(index):
                    end = self._sealed_length(index)
                    await self._keep(index, bytes(received[:end]))
                    del received[:end]
                    yield index
                    index += 1

    def _sealed_length(self, index: int) -> int:
        return self._layout.plain_length(index) + TAG_LENGTH

    async def _keep(self, index: int, sealed: bytes) -> None:
        try:
            await self._landing.keep(index, sealed)
        except ChunkError:
            self._wrong += 1
            if self._wrong >= MAX_WRONG:
                raise
            raise ConnectionLostError from None


async def _settled(slots: list[asyncio.Task[None]], saver: asyncio.Task[None], pieces: Pieces) -> None:
    """Wait until all pieces are there; raise what kept them away."""
    finished = asyncio.ensure_future(pieces.wait_finished())
    waiting: set[asyncio.Task[None]] = {*slots, saver, finished}
    refused = False
    try:
        while not finished.done() and waiting != {saver, finished}:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                refused = refused or isinstance(error, NotThereError)
                if error is not None and not isinstance(error, StalledError | NotThereError):
                    raise error
    finally:
        finished.cancel()
    if not pieces.finished:
        raise NotThereError if refused else StalledError


async def _patiently(parts: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
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
