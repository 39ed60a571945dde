"""Circuits of the simulated network that lead to real servers of blobs, with their bounds, one each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from tests.support.simulated_circuit import PIECE, SimulatedCircuit, _pass
from tuichat.network.blob_server import BlobConnection, BlobServer
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.network.file_request import FileRequest
from tuichat.network.transport import ConnectionLostError, RefusedError

if TYPE_CHECKING:
    from tests.support.simulated_network import SimulatedNetwork, SimulatedTransport


class Stream(asyncio.Transport):
    """The server's end of one connection: what it writes waits until it is taken."""

    def __init__(self, server: BlobServer) -> None:
        super().__init__()
        self.connection = BlobConnection(server)
        self._sent = bytearray()
        self._changed = asyncio.Event()
        self._over = False
        self.connection.connection_made(self)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is no other than that nothing waits."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._sent += data
        self.connection.pause_writing()
        self._changed.set()

    def close(self) -> None:
        self._over = True
        self._changed.set()

    def abort(self) -> None:
        self._sent.clear()
        self.close()

    def leave(self) -> None:
        """The other end is gone."""
        self.abort()
        self.connection.connection_lost(None)

    async def take(self, most: int) -> bytes:
        """Up to so many bytes of what was written. Raises ConnectionLostError at the end."""
        while not self._sent:
            if self._over:
                raise ConnectionLostError
            self._changed.clear()
            await self._changed.wait()
        taken = bytes(self._sent[:most])
        del self._sent[:most]
        if not self._sent:
            self.connection.resume_writing()
        return taken


class ServedCircuit(SimulatedCircuit):
    """Each fetch is a connection of its own to the server of whom it leads to."""

    servers: dict[SimulatedTransport, BlobServer]

    async def fetch(self, path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        if self.closed:
            raise ConnectionLostError
        cut = self._cut
        service = await self._connect(cut)
        assert service.blobs is not None
        server = self.servers.setdefault(service, BlobServer(service.blobs))
        stream = Stream(server)
        try:
            request = FileRequest(path, offset, length)
            head = f"GET {request.target} HTTP/1.1\r\nHost: a\r\nRange: {request.range}\r\n\r\n"
            stream.connection.data_received(head.encode())
            answer = bytearray()
            while b"\r\n\r\n" not in answer:
                answer += await stream.take(1)
            await _pass(self._network.delay(), cut)
            if answer == NOT_FOUND:
                raise RefusedError
            while length:
                piece = await stream.take(min(PIECE, length))
                length -= len(piece)
                yield await self._carried(piece, service, cut)
        finally:
            stream.leave()


def serve_really(network: SimulatedNetwork) -> None:
    """Have all circuits of a network lead to real servers from now on."""
    servers: dict[SimulatedTransport, BlobServer] = {}

    def circuit(caller: bytes, onion: bytes, reach: bytes | None) -> SimulatedCircuit:
        made = ServedCircuit(network, caller, onion, reach)
        made.servers = servers
        network._circuits.append(made)
        return made

    network.circuit = circuit  # type: ignore[method-assign]
