"""A link that stands: frames both ways, and a keepalive that notices when it is dead (L8, L9)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from tuichat.clock import Clock, Rng
from tuichat.errors import PeerError
from tuichat.network.transport import Connection, ConnectionLostError
from tuichat.protocol.frames import Ack, Env, Frame, Ping, Pong, decode, encode
from tuichat.protocol.link import Link, LinkStart

KEEPALIVE_SECONDS: Final = 45.0
KEEPALIVE_JITTER: Final = 0.2
PROOF_SECONDS: Final = 15.0
"""How soon something must be heard on a link that is doubted."""

MAX_WAITING_BYTES: Final = 4 << 20
"""Of frames that wait to be written; a peer that makes us answer but does not read is dropped beyond them."""

_FRAME_COST: Final = 100
"""Bytes that a frame takes beside its own."""


class LiveLink:
    """One authenticated connection with a contact or somebody who may become one.

    Attributes:
        link: keys, and who is there.
        start: who dialled and when.
        dialler: whether that was me.
        silent: it ended because nothing was heard.
    """

    def __init__(self, link: Link, connection: Connection, start: LinkStart, clock: Clock, rng: Rng) -> None:
        self.link = link
        self.start = start
        self._connection = connection
        self._clock = clock
        self._rng = rng
        self._waiting: deque[tuple[type[Frame], bytes]] = deque()
        self._waiting_bytes = 0
        self._filled = asyncio.Event()
        self._closed = asyncio.Event()
        self._heard_at = clock.monotonic()
        self._doubted = asyncio.Event()
        self.silent = False

    @property
    def dialler(self) -> bool:
        return self.start.dialler_onion != self.link.remote.onion

    @property
    def closed(self) -> bool:
        """Whether `close` was called, or the link was lost."""
        return self._closed.is_set()

    def send(self, frame: Frame) -> None:
        """Put a frame in line, an ACK before the envelopes at its end. Never waits: a full line ends it.

        Behind a hundred envelopes, on a link that does not live long, an acknowledgement might never leave:
        what it stands for would be sent again over every link.
        """
        data = encode(frame)
        if self._waiting_bytes + len(data) + _FRAME_COST > MAX_WAITING_BYTES:
            self.close()
        if not self.closed:
            self._waiting_bytes += len(data) + _FRAME_COST
            place = len(self._waiting)
            while isinstance(frame, Ack) and place and self._waiting[place - 1][0] is Env:
                place -= 1
            self._waiting.insert(place, (type(frame), data))
            self._filled.set()

    def close(self) -> None:
        """End the link; what has arrived and was not handled stays unread."""
        self._closed.set()

    def doubt(self) -> None:
        """It may be dead: ask, and end it if nothing is heard soon."""
        self._doubted.set()

    async def send_now(self, frame: Frame) -> None:
        """Write one frame before `run` has begun. Raises ConnectionLostError."""
        await self._connection.send(self.link.seal(encode(frame)))

    async def receive_now(self) -> Frame:
        """Read one frame before `run` has begun. Raises ConnectionLostError, PeerError."""
        return decode(self.link.open(await self._connection.receive()))

    async def run(self, handle: Callable[[Frame], None], go_on: Callable[[], bool] = lambda: False) -> None:
        """Carry frames until the link ends: lost, closed, dead, or broken by the peer.

        `handle` gets every frame but the keepalive's. After each, `go_on` does more of its work in steps
        until it says that none is left. Whatever they raise other than PeerError is raised here.
        """
        life = (self._keep_alive(), self._prove(), self._closed.wait())
        work = (self._read(handle, go_on), self._write(), *life)
        tasks = [asyncio.ensure_future(part) for part in work]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._closed.set()
            for task in tasks:
                task.cancel()
            try:
                results = await asyncio.gather(*tasks, return_exceptions=True)
            finally:  # also if we are cancelled just now
                await self._connection.close()
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, PeerError | ConnectionLostError):
                raise result

    async def hang_up(self) -> None:
        """Close the connection of a link that never ran."""
        self._closed.set()
        await self._connection.close()

    async def _read(self, handle: Callable[[Frame], None], go_on: Callable[[], bool]) -> None:
        while True:
            message = await self._connection.receive()
            if self._closed.is_set():
                return
            frame = decode(self.link.open(message))
            self._heard_at = self._clock.monotonic()
            if isinstance(frame, Ping):
                self.send(Pong())
            elif not isinstance(frame, Pong):
                handle(frame)
                await self._finish(go_on)

    async def _finish(self, go_on: Callable[[], bool]) -> None:
        """Let others have a turn between two steps."""
        while True:
            if self._closed.is_set() or not go_on():
                return
            await asyncio.sleep(0)

    async def _write(self) -> None:
        while True:
            while not self._waiting:
                self._filled.clear()
                await self._filled.wait()
            _kind, data = self._waiting.popleft()
            await self._connection.send(self.link.seal(data))
            self._waiting_bytes -= len(data) + _FRAME_COST

    async def _keep_alive(self) -> None:
        """Say PING after each span; end when nothing was heard for two."""
        while True:
            span = KEEPALIVE_SECONDS * self._rng.uniform(1 - KEEPALIVE_JITTER, 1 + KEEPALIVE_JITTER)
            ping_at = self._clock.monotonic() + span
            while (now := self._clock.monotonic()) < ping_at:
                dead_at = self._heard_at + 2 * span
                if now >= dead_at:
                    self.silent = True
                    return
                await asyncio.sleep(min(ping_at, dead_at) - now)
            self.send(Ping())

    async def _prove(self) -> None:
        """Whenever it is doubted, say PING at once; end when nothing is heard soon after."""
        while True:
            await self._doubted.wait()
            self._doubted.clear()
            asked_at = self._clock.monotonic()
            self.send(Ping())
            await asyncio.sleep(PROOF_SECONDS)
            if self._heard_at < asked_at:
                self.silent = True
                return
