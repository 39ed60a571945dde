"""A connection over an aiohttp WebSocket, whichever side opened it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
from aiohttp import web

from tuichat.network.frame_guard import end_silently, guard
from tuichat.network.transport import ConnectionLostError

MAX_MESSAGE_BYTES: Final = 65535
"""The longest Noise message (Noise rev 34, section 3), so the longest binary WebSocket message."""

_GOODBYE_SECONDS: Final = 0.1
"""How long saying goodbye may take. A peer who is gone, or does not read, is not waited for."""


class SilentWebSocket(web.WebSocketResponse):
    """An answered WebSocket that ends without a word, whatever the reason.

    aiohttp would say goodbye with a code that tells what it disliked, and wait for the same from a peer. A
    caller who may be a stranger learns only that the connection is over.

    Args:
        transport: of the request that is upgraded.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(compress=False, autoping=False, max_msg_size=MAX_MESSAGE_BYTES + 1)
        self._transport = transport
        guard(transport, masked=True)

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = True) -> bool:
        if self._transport.is_closing():
            return False
        end_silently(self._transport)
        return True


class WebSocketConnection:
    """Binary messages over a WebSocket; any other kind of message ends it.

    Args:
        socket: the open WebSocket, with automatic pongs off and compression off.
        session: the client session that belongs to it, closed with it; None on the answering side.
        on_lost: called once if it ends without our doing, after more messages than `unproven`.
        unproven: how many messages a stranger may send before it is somebody.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse[bool] | web.WebSocketResponse,
        session: aiohttp.ClientSession | None = None,
        on_lost: Callable[[], None] | None = None,
        unproven: int = 0,
    ) -> None:
        self._socket = socket
        self._session = session
        self._on_lost = on_lost
        self._unproven = unproven

    async def send(self, message: bytes) -> None:
        try:
            await self._socket.send_bytes(message)
        except (ConnectionError, RuntimeError, aiohttp.ClientError) as error:
            # aiohttp raises RuntimeError for a socket that was closed under it
            raise ConnectionLostError from error

    async def receive(self) -> bytes:
        try:
            message = await self._socket.receive()
        except (ConnectionError, RuntimeError, aiohttp.ClientError) as error:
            self._tell_lost()
            raise ConnectionLostError from error
        if message.type is not aiohttp.WSMsgType.BINARY:
            self._tell_lost()
            raise ConnectionLostError
        self._unproven -= 1
        data: bytes = message.data
        return data

    def _tell_lost(self) -> None:
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is not None and self._unproven < 0:
            on_lost()

    async def close(self) -> None:
        self._on_lost = None
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await self._socket.close()
        except (ConnectionError, RuntimeError, aiohttp.ClientError, TimeoutError):
            pass  # it is gone, which is what was asked for
        finally:
            if self._session is not None:
                await self._session.close()
