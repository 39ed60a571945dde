"""A connection over an aiohttp WebSocket, whichever side opened it."""

from __future__ import annotations

from typing import Final

import aiohttp
from aiohttp import web

from tuichat.network.transport import ConnectionLostError

MAX_MESSAGE_BYTES: Final = 65535
"""The longest Noise message (Noise rev 34, section 3), so the longest binary WebSocket message."""

_CLOSE_SECONDS: Final = 2.0


class WebSocketConnection:
    """Binary messages over a WebSocket; any other kind of message ends it.

    Args:
        socket: the open WebSocket, with automatic pongs off and compression off.
        session: the client session that belongs to it, closed with it; None on the answering side.
    """

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse[bool] | web.WebSocketResponse,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        self._socket = socket
        self._session = session

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
            raise ConnectionLostError from error
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise ConnectionLostError
        data: bytes = message.data
        return data

    async def close(self) -> None:
        try:
            await self._socket.close()
        except (ConnectionError, RuntimeError, aiohttp.ClientError, TimeoutError):
            pass  # it is gone, which is what was asked for
        finally:
            if self._session is not None:
                await self._session.close()
