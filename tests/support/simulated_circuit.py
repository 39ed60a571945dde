"""A circuit of the simulated network: parts of blobs in pieces that take time, get lost, cut or changed.

Nothing is drawn from the network's source before something is fetched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import TYPE_CHECKING, Any

from tuichat.network.transport import Blob, ConnectionLostError, RefusedError

if TYPE_CHECKING:
    from tests.support.simulated_network import SimulatedNetwork, SimulatedTransport

PIECE = 16 * 1024

SILENCE_SECONDS = 60.0
"""After so long a fetch that hears nothing is given up, as on the real network."""

_BUSY = 10
"""Once they flow, so many pieces take as long as one message."""


class SimulatedCircuit:
    """See `Circuit`: from the person with the key `caller` to the service of `onion`.

    Attributes:
        built: whether something was fetched over it since it was last cut.
    """

    def __init__(self, network: SimulatedNetwork, caller: bytes, onion: bytes, reach: bytes | None) -> None:
        self._network = network
        self.caller = caller
        self._onion = onion
        self._reach = reach
        self._cut = asyncio.Event()
        self.built = False
        self.closed = False

    async def fetch(self, path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        if self.closed:
            raise ConnectionLostError
        cut = self._cut
        service = await self._connect(cut)
        data = await _unless_cut(_read(service, path, offset, length), cut)
        await _pass(self._network.delay(), cut)
        if data is None:
            raise RefusedError
        for start in range(0, length, PIECE):
            yield await self._carried(data[start : start + PIECE], service, cut)

    async def close(self) -> None:
        self.closed = True
        self.cut()
        self._network.drop(self)
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Everything that is fetched over it just now is lost; the next fetch builds it anew."""
        self._cut.set()
        self._cut = asyncio.Event()
        self.built = False

    async def _connect(self, cut: asyncio.Event) -> SimulatedTransport:
        network = self._network
        await _pass(network.delay() if self.built else 4 * network.delay(), cut)
        if network.clogged or {(self.caller, self._onion), (self._onion, self.caller)} & network.silent:
            await _pass(SILENCE_SECONDS, cut)
            raise ConnectionLostError
        service = network.service(self._onion)
        if service is None or not service.admits(self._reach):
            raise ConnectionLostError
        if not self.built and network.happens(network.faults.unreachable):
            raise ConnectionLostError
        self.built = True
        return service

    async def _carried(self, piece: bytes, service: SimulatedTransport, cut: asyncio.Event) -> bytes:
        """A piece, as it comes out."""
        network = self._network
        await _pass(network.delay() / _BUSY, cut)
        while network.clogged:
            await _pass(1.0, cut)
        if network.happens(network.faults.cut):
            self.cut()
            raise ConnectionLostError
        if network.happens(network.faults.lose) or (self._onion, self.caller) in network.silent:
            await _pass(SILENCE_SECONDS, cut)
            raise ConnectionLostError
        if network.service(self._onion) is not service:
            raise ConnectionLostError
        if network.happens(network.faults.corrupt):
            return network.flipped(piece)
        return piece


async def _read(service: SimulatedTransport, path: bytes, offset: int, length: int) -> bytes | None:
    blob: Blob | None = None if service.blobs is None else service.blobs(path)
    return None if blob is None else await blob.read(offset, length)


async def _unless_cut(reading: Coroutine[Any, Any, bytes | None], cut: asyncio.Event) -> bytes | None:
    """What is read. Raises ConnectionLostError as soon as the circuit is cut, and ends the reading."""
    task, end = asyncio.ensure_future(reading), asyncio.ensure_future(cut.wait())
    try:
        await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
        if cut.is_set():
            raise ConnectionLostError
        return task.result()
    finally:
        task.cancel()
        end.cancel()
        await asyncio.gather(task, end, return_exceptions=True)


async def _pass(seconds: float, cut: asyncio.Event) -> None:
    """Let so much time pass. Raises ConnectionLostError as soon as the circuit is cut."""
    try:
        async with asyncio.timeout(seconds):
            await cut.wait()
    except TimeoutError:
        return
    raise ConnectionLostError
