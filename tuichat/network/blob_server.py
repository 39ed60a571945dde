"""Gives parts of blobs to those who know a path: what goes on with a connection after the doorkeeper.

A connection asks for one range at a time and may ask again once the answer has come. Whatever is no proper
request, or asks for what is not to be had, gets the doorkeeper's bare 404 and the end. So one cannot tell a
path that was withdrawn from one that never was, nor from a service that has no files, nor from one where too
many ask: who knows of an offer asks again.

Places and room are shared out anew as contacts come: none has more than an equal part while another asks for
more than it has. So nobody, and no two together, keep a third one's files away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from tuichat.network.doorkeeper import HEAD_SECONDS, NOT_FOUND
from tuichat.network.file_request import FileRequest, file_request_of
from tuichat.network.frame_guard import end_silently
from tuichat.network.request_head import MAX_HEAD_BYTES, state_of
from tuichat.network.room import Room
from tuichat.network.transport import Blob, BlobFinder

MAX_CONNECTIONS: Final = 64
MAX_SHARE_CONNECTIONS: Final = 40
"""Connections of one contact: somebody who fetches has up to 16 circuits with two streams each, and some that
are over without our having heard of it."""

MAX_IN_HAND: Final = 32 * 1024 * 1024
MAX_SHARE_IN_HAND: Final = 16 * 1024 * 1024
"""Bytes of all answers that are under way at a time, and of one contact's."""

ROOM_SECONDS: Final = 2.0
"""So long an answer waits for room of all; then whoever has more of it than the one that waits gives way."""

REST_SECONDS: Final = 5.0
"""A connection that asked for nothing for so long makes way for anybody's: between two requests of one who
fetches there is less."""

IDLE_SECONDS: Final = 60.0
STALL_SECONDS: Final = 60.0
"""How long somebody may take for `SLICE` bytes."""

SLICE: Final = 64 * 1024


class _OverError(Exception):
    """What is being given was withdrawn."""


class BlobServer:
    """Every connection on which files are asked for.

    Args:
        blobs: tells what lies at a path.
    """

    def __init__(self, blobs: BlobFinder) -> None:
        self.find = blobs
        self.room = Room(MAX_IN_HAND)
        self._shares: dict[int, Room] = {}
        self._connections: dict[BlobConnection, int] = {}
        self._holding: dict[BlobConnection, int] = {}
        self._answers: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        """End every connection; no answer is under way when this returns."""
        for connection in list(self._connections):
            connection.abort()
        for answer in self._answers:
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)

    def place(self, connection: BlobConnection, share: int) -> bool:
        """Let a connection ask for something; False if there are too many, and none of them makes way."""
        self._connections.pop(connection, None)
        same = self._of(share)
        if len(same) >= MAX_SHARE_CONNECTIONS and not self._end_resting(same, 0.0):
            return False
        if len(self._connections) >= MAX_CONNECTIONS and not self._make_way(share):
            return False
        self._connections[connection] = share
        return True

    def _of(self, share: int) -> list[BlobConnection]:
        """A contact's connections, the one that asked last at the end."""
        return [each for each, its_share in self._connections.items() if its_share == share]

    def _make_way(self, share: int) -> bool:
        """End one connection, so that a contact can have one more: one that rests, or the newest of who has
        most, if that is more than this contact would have then. False if there is none.
        """
        if self._end_resting(self._of(share), 0.0) or self._end_resting(self._connections, REST_SECONDS):
            return True
        most = max(map(self._of, set(self._connections.values())), key=len)
        if len(most) <= len(self._of(share)) + 1:
            return False
        if not self._end_resting(most, 0.0):
            most[-1].abort()
        return True

    def _end_resting(self, those: Iterable[BlobConnection], seconds: float) -> bool:
        """End the one of those that rests the longest, if it has for so long; False if none has."""
        latest = asyncio.get_running_loop().time() - seconds
        resting = next((each for each in those if each.rests and each.rests_since <= latest), None)
        if resting is None:
            return False
        resting.end()
        self.forget(resting)
        return True

    @asynccontextmanager
    async def holding(self, connection: BlobConnection, length: int, share: int) -> AsyncIterator[None]:
        """Take room for an answer, first of the contact's, then of all, once it is free."""
        room = self._shares.setdefault(share, Room(MAX_SHARE_IN_HAND))
        async with AsyncExitStack() as taken:
            await taken.enter_async_context(room.holding(length))
            waits = asyncio.get_running_loop().call_later(ROOM_SECONDS, self._take_room, length, share)
            try:
                await taken.enter_async_context(self.room.holding(length))
            finally:
                waits.cancel()
            self._holding[connection] = length
            taken.callback(self._holding.pop, connection)
            yield

    def _take_room(self, length: int, share: int) -> None:
        """End answers of whoever has most room in hand until `length` bytes are free, but let nobody have
        less than this contact will.
        """
        free, mine = self.room.left, self._in_hand(share) + length
        while free < length:
            most = max(set(self._connections.values()), key=self._in_hand, default=share)
            newest = next((each for each in reversed(self._of(most)) if each in self._holding), None)
            if newest is None or self._in_hand(most) - self._holding[newest] < mine:
                return
            free += self._holding[newest]
            newest.abort()

    def _in_hand(self, share: int) -> int:
        """Bytes of a contact's answers that are under way."""
        return sum(self._holding.get(each, 0) for each in self._of(share))

    def forget(self, connection: BlobConnection) -> None:
        """It is over."""
        self._connections.pop(connection, None)

    def begin(self, connection: BlobConnection, request: FileRequest, blob: Blob) -> asyncio.Task[None]:
        """Have a connection answer beside all others."""
        answer = asyncio.get_running_loop().create_task(connection.answer(request, blob))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)
        return answer


class BlobConnection(asyncio.Protocol):
    """One connection, from its first request for a file on.

    Attributes:
        rests_since: when its last answer was out, in the loop's seconds.
    """

    def __init__(self, server: BlobServer) -> None:
        self.rests_since = 0.0
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._head = bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def rests(self) -> bool:
        """Whether it asks for nothing just now."""
        return self._answering is None and not self._head

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=0)  # an answer is out when nothing of it waits here any more

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        if self.rests:
            self._wait(HEAD_SECONDS, self.turn_away)
        self._head += data[: MAX_HEAD_BYTES + 1]
        if self._answering is None:
            self._read()
        elif len(self._head) > MAX_HEAD_BYTES:
            self.abort()

    def _read(self) -> None:
        state = state_of(self._head)
        if state == "whole":
            self._judge(bytes(self._head))
        elif state == "broken":
            self.turn_away()

    def _judge(self, head: bytes) -> None:
        self._head.clear()
        self._wait(None)
        request = file_request_of(head)
        blob = None if request is None else self._server.find(request.path)
        if request is None or blob is None or not self._server.place(self, blob.share):
            self.turn_away()
            return
        self._answering = self._server.begin(self, request, blob)

    async def answer(self, request: FileRequest, blob: Blob) -> None:
        """Give what was asked for, or the bare 404; then read the next request."""
        try:
            async with self._server.holding(self, request.length, blob.share):
                data = await blob.read(request.offset, request.length)
                if data is not None:
                    await self._send(blob, request.answer_head(blob.length), data)
        except (TimeoutError, _OverError):
            self.abort()
        except BaseException:
            self.abort()  # nobody waits for an answer that will not come
            raise
        else:
            self._answering = None
            if data is None:
                self.turn_away()
            else:
                self._go_on()

    async def _send(self, blob: Blob, head: bytes, data: bytes) -> None:
        """Raises TimeoutError if too little of it is taken, _OverError if the blob is over meanwhile."""
        await self._put(head)
        view = memoryview(data)
        for start in range(0, len(view), SLICE):
            if blob.is_over:
                raise _OverError
            await self._put(view[start : start + SLICE])

    async def _put(self, data: bytes | memoryview) -> None:
        assert self._transport is not None
        self._transport.write(data)
        async with asyncio.timeout(STALL_SECONDS):
            await self._writable.wait()

    def _go_on(self) -> None:
        if self._transport is None:
            return
        self.rests_since = asyncio.get_running_loop().time()
        if self._head:
            self._wait(HEAD_SECONDS, self.turn_away)
            self._read()
        else:
            self._wait(IDLE_SECONDS, self.end)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def turn_away(self) -> None:
        """Give the one answer that everybody gets who is not let in, and close."""
        if self._transport is not None:
            self._transport.write(NOT_FOUND)
            self.end()

    def end(self) -> None:
        """Close without a word; what was sent before still leaves, if it is taken."""
        if self._transport is not None:
            end_silently(self._transport)
            self._leave()

    def abort(self) -> None:
        """Be gone at once."""
        if self._transport is not None:
            self._transport.abort()
            self._leave()

    def eof_received(self) -> bool:
        if self._answering is not None:
            self.abort()
        elif self._head:
            self.turn_away()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def _leave(self) -> None:
        self._transport = None
        self._wait(None)
        self._server.forget(self)
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.cancel()

    def _wait(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        """Do something after so many seconds, in place of what was to be done before."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if seconds is not None and then is not None:
            self._deadline = asyncio.get_running_loop().call_later(seconds, then)
