"""The HTTP server behind our onion service: a UNIX socket, the doorkeeper, and who goes on after it."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiohttp import web

from tuichat.network.blob_server import BlobConnection, BlobServer
from tuichat.network.door import Door
from tuichat.network.doorkeeper import LINK_HEADER, LINK_PATH, Doorkeeper
from tuichat.network.transport import Answer, Answerer, BlobFinder
from tuichat.network.web_socket import SilentWebSocket, WebSocketConnection

_STOP_SECONDS: Final = 0.1
"""How long connections may take to end by themselves: no caller keeps a node from ending."""

_SILENT: Final = logging.Logger("tuichat.onion.silent", level=logging.CRITICAL + 1)
"""A logger that hangs on nothing: what a peer sends is never logged."""


class OnionServer:
    """Listens on a UNIX socket that only this user's tor may reach.

    Args:
        path: of the socket; an old one is replaced.
        answerer: judges first handshake messages.
        blobs: tells what may be fetched.
        mode: file mode of the socket; 0o660 when another user's tor of our group connects.
        on_lost: called when a connection that got beyond message 3 ends without our doing.
    """

    def __init__(
        self,
        path: Path,
        answerer: Answerer,
        blobs: BlobFinder,
        mode: int = 0o600,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        self._path = path
        self._answerer = answerer
        self._mode = mode
        self._on_lost = on_lost
        self._blobs = BlobServer(blobs)
        self._answers: dict[asyncio.BaseTransport, Answer] = {}
        self._unjudged: dict[Doorkeeper, None] = {}
        self._door: Door | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the socket cannot be made."""
        application = web.Application(logger=_SILENT)
        application.on_response_prepare.append(_bare_headers)
        application.router.add_get(LINK_PATH, self._link)
        self._runner = web.AppRunner(
            application, access_log=None, logger=_SILENT, shutdown_timeout=_STOP_SECONDS
        )
        await self._runner.setup()
        self._path.unlink(missing_ok=True)
        self._door = Door(self._path, self._mode, self._doorkeeper)

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._door is None or self._runner is None:
            return
        await self._door.close()
        for waiting in list(self._unjudged):
            waiting.turn_away()
        await self._blobs.stop()
        await self._runner.cleanup()
        self._door = self._runner = None
        self._path.unlink(missing_ok=True)

    def _doorkeeper(self) -> asyncio.Protocol:
        return Doorkeeper(self._answerer, self._admit, self._files, self._unjudged)

    def _files(self) -> asyncio.Protocol:
        return BlobConnection(self._blobs)

    def _admit(self, transport: asyncio.Transport, answer: Answer) -> asyncio.Protocol:
        assert self._runner is not None
        assert self._runner.server is not None
        self._answers[transport] = answer
        return self._runner.server()

    async def _link(self, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        answer = self._answers.pop(request.transport)
        socket = SilentWebSocket(request.transport)
        socket.headers[LINK_HEADER] = base64.urlsafe_b64encode(answer.message2).decode()
        await socket.prepare(request)
        connection = WebSocketConnection(socket, on_lost=self._on_lost, unproven=1)
        try:
            await answer.run(connection)
        finally:
            await connection.close()
        return socket


async def _bare_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Take away what would tell our software and clock."""
    response.headers.popall("Server", None)
    response.headers.popall("Date", None)
