"""A circuit of its own to an onion service, over which parts of its blobs are fetched.

Whatever answers is not trusted: it may send what it likes, as long and as slowly as it likes. Onion names go
to tor as they are; nothing here asks a resolver.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, TypeVar

import aiohttp
from aiohttp import hdrs

from onion.address import OnionAddress
from onion.errors import OnionError
from onion.tor import Tor
from tuichat.network.file_request import FileRequest
from tuichat.network.tor_dial import DIAL_SECONDS, NO_AUTOMATIC_HEADERS
from tuichat.network.transport import ConnectionLostError, RefusedError

SILENCE_SECONDS: Final = 60.0
"""After so long without a byte a fetch is over. Who wants to know earlier looks at what comes."""

_BUFFER_BYTES: Final = 64 * 1024
_MAX_LINE_BYTES: Final = 256
_MAX_HEADERS: Final = 16

_PARTIAL: Final = 206
_NOT_FOUND: Final = 404

Result = TypeVar("Result")


class TorCircuit:
    """See `Circuit`. Each fetch has a stream of its own; one that has ended serves the next.

    Args:
        token: of the circuit, used for nothing else.
    """

    def __init__(self, tor: Tor, address: OnionAddress, token: str) -> None:
        self._tor = tor
        self._address = address
        self._token = token
        self._session = aiohttp.ClientSession(
            connector=tor.connector(token),
            skip_auto_headers=NO_AUTOMATIC_HEADERS,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=DIAL_SECONDS, sock_read=SILENCE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=_BUFFER_BYTES,
            max_line_size=_MAX_LINE_BYTES,
            max_field_size=_MAX_LINE_BYTES,
            max_headers=_MAX_HEADERS,
        )
        self._closed = False
        self._waiting: set[asyncio.Timeout] = set()

    async def fetch(self, path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        request = FileRequest(path, offset, length)
        response = await self._unless_closed(lambda: self._ask(request))
        try:
            while length:
                piece = await self._unless_closed(response.content.readany)
                if not piece:
                    raise ConnectionLostError
                length -= len(piece)
                yield piece
        finally:
            response.close()

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for waiting in self._waiting:
            waiting.reschedule(asyncio.get_running_loop().time())
        self._waiting.clear()
        await self._session.close()
        with contextlib.suppress(OnionError):
            await self._tor.close_circuits(self._token)

    async def _ask(self, request: FileRequest) -> aiohttp.ClientResponse:
        """The answer up to its body, which is of the right length."""
        response = await self._session.get(
            f"http://{self._address.hostname}{request.target}",
            headers={hdrs.RANGE: request.range},
            allow_redirects=False,
        )
        if not _fits(response, request):
            response.close()
            raise RefusedError if response.status == _NOT_FOUND else ConnectionLostError
        return response

    async def _unless_closed(self, step: Callable[[], Awaitable[Result]]) -> Result:
        """What comes of a step.

        aiohttp leaves those who read waiting when their session is closed.

        Raises:
            ConnectionLostError: it failed, or the circuit was closed meanwhile.
        """
        if self._closed:
            raise ConnectionLostError
        try:
            async with asyncio.timeout(None) as waiting:
                self._waiting.add(waiting)
                try:
                    return await step()
                finally:
                    self._waiting.discard(waiting)
        except (aiohttp.ClientError, OSError, OnionError) as error:
            raise ConnectionLostError from error


def _fits(response: aiohttp.ClientResponse, request: FileRequest) -> bool:
    headers = response.headers
    ranges = headers.getall(hdrs.CONTENT_RANGE, [])
    return (
        response.status == _PARTIAL
        and hdrs.TRANSFER_ENCODING not in headers
        and headers.getall(hdrs.CONTENT_LENGTH, []) == [str(request.length)]
        and len(ranges) == 1
        and request.is_answered_by(ranges[0])
    )
