"""A link: the only way to a relay's ORPort, in user space, so that tests can delay, cut, stall and look.

The relay advertises the link's port and listens on another; whoever connects to it passes through here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Literal

Direction = Literal["in", "out"]
Capture = Callable[[str, Direction, bytes], None]
"""Told the relay's name, whether the bytes go to the relay ("in") or come from it, and the bytes."""

_CHUNK = 65536
# 256 chunks bound what one direction of a connection holds back at 16 MiB.
_QUEUED_CHUNKS = 256


class Link:
    """Forwards connections to one relay, each chunk `latency` seconds late in either direction."""

    def __init__(self, name: str, latency: float = 0.0) -> None:
        self.name = name
        self.latency = latency
        self.port = 0
        self._target = 0
        self._server: asyncio.Server | None = None
        self._connections: dict[_Connection, asyncio.Task[None]] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._blocked = False
        self._captures: list[Capture] = []
        self._half_closed: set[asyncio.StreamWriter] = set()

    async def open(self, target_port: int) -> None:
        """Listen on a free port of loopback (`self.port`) and forward to `target_port`."""
        self._target = target_port
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._connections.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def cut(self) -> int:
        """Reset every connection at once; new ones are accepted. Returns how many there were."""
        for connection in self._connections:
            connection.abort()
        return len(self._connections)

    def block(self) -> None:
        """Reset every connection, and each new one, until `unblock`."""
        self._blocked = True
        self.cut()

    def unblock(self) -> None:
        self._blocked = False

    def _is_blocked(self) -> bool:
        """As it is now: for the checker of types nothing changes while a connection is made."""
        return self._blocked

    def stall(self, seconds: float) -> None:
        """Hold back every byte for `seconds`; nothing is lost and no connection ends."""
        self._flowing.clear()
        asyncio.get_running_loop().call_later(seconds, self._flowing.set)

    def half_close(self) -> int:
        """End the stream from the relay on every connection; the other direction stays open."""
        for connection in self._connections:
            self._half_closed.add(connection.half_close())
        return len(self._connections)

    def capture(self, callback: Capture) -> Callable[[], None]:
        """Show `callback` all bytes that pass. Returns the function that ends it."""
        self._captures.append(callback)
        return lambda: self._captures.remove(callback)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._is_blocked():
            writer.transport.abort()
            return
        try:
            relay_reader, relay_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(writer, relay_writer)
        if self._is_blocked():  # since it was asked last
            connection.abort()
            return
        self._connections[connection] = task
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, relay_writer, "in"))
                group.create_task(self._pump(relay_reader, writer, "out"))
        except* OSError:
            pass
        except* asyncio.CancelledError:
            # The link closes. Raising on would only make the stream server complain about it.
            pass
        finally:
            del self._connections[connection]
            self._half_closed.discard(writer)
            connection.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_QUEUED_CHUNKS)
        sending = asyncio.create_task(self._send(queue, writer))
        loop = asyncio.get_running_loop()
        try:
            while True:
                data = await reader.read(_CHUNK)
                if data:
                    for callback in self._captures:
                        callback(self.name, direction, data)
                if not sending.done():  # else the stream takes no more; what comes is dropped
                    await queue.put((loop.time() + self.latency, data))
                if not data:
                    break
            await sending
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await sending

    async def _send(self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            await self._flowing.wait()
            if writer.is_closing() or writer in self._half_closed:
                return
            if not data:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            writer.write(data)
            await writer.drain()


class _Connection:
    """Both ends of one forwarded connection."""

    def __init__(self, client: asyncio.StreamWriter, relay: asyncio.StreamWriter) -> None:
        self._client = client
        self._relay = relay

    def abort(self) -> None:
        for writer in (self._client, self._relay):
            writer.transport.abort()

    def half_close(self) -> asyncio.StreamWriter:
        """Returns the writer that takes no more bytes."""
        if not self._client.is_closing():
            self._client.write_eof()
        return self._client
