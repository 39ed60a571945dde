"""Opening a WebSocket to an onion service: the handshake's first message goes out, the second comes back.

Onion names go to tor as they are; nothing here asks a resolver.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Final

import aiohttp

from onion.address import OnionAddress
from onion.errors import DialError, OnionError
from tuichat.network.doorkeeper import LINK_HEADER, LINK_PATH
from tuichat.network.frame_guard import guard
from tuichat.network.transport import ConnectionLostError, RefusedError
from tuichat.network.web_socket import MAX_MESSAGE_BYTES

DIAL_SECONDS: Final = 120.0
"""How long one dial may take: tor itself gives up on a cold onion service after about two minutes."""

HEDGE_SECONDS: Final = 20.0
"""After so long a second dial goes out over a circuit of its own: of a hundred circuits that tor makes one to
three lead nowhere, and it does not give them up before the whole dial's time is over."""

NO_AUTOMATIC_HEADERS: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")

_UPGRADED: Final = 101
_NOT_FOUND: Final = 404

Opened = tuple[bytes, "aiohttp.ClientWebSocketResponse[bool]", aiohttp.ClientSession]


async def open_web_socket(
    connector: aiohttp.BaseConnector,
    address: OnionAddress,
    message1: bytes,
    on_connected: Callable[[], None],
    seconds: float = DIAL_SECONDS,
) -> Opened:
    """The handshake's second message, the socket, and the session to close after it.

    Args:
        connector: leads through tor; closed with the session.
        on_connected: called when the stream stands and the request is about to go out.
        seconds: for all of it.

    Raises:
        RefusedError: reached, and it answered as every stranger is answered: 404.
        ConnectionLostError: any other answer, whatever else went wrong, or the time went by.
    """
    answer: list[str] = []
    session = aiohttp.ClientSession(
        connector=connector,
        skip_auto_headers=NO_AUTOMATIC_HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=seconds),
        trace_configs=[_trace(answer, on_connected)],
    )
    try:
        async with asyncio.timeout(seconds):
            socket = await session.ws_connect(
                f"http://{address.hostname}{LINK_PATH}",
                headers={LINK_HEADER: base64.urlsafe_b64encode(message1).decode()},
                compress=0,
                autoping=False,
                max_msg_size=MAX_MESSAGE_BYTES + 1,
            )
        message2 = base64.b64decode(answer[0], altchars=b"-_", validate=True)
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise (RefusedError if error.status == _NOT_FOUND else ConnectionLostError) from error
    except (
        aiohttp.ClientError,
        OSError,
        DialError,
        OnionError,
        ValueError,
        IndexError,
        binascii.Error,
    ) as error:
        await session.close()
        raise ConnectionLostError from error
    except BaseException:
        await session.close()
        raise
    return message2, socket, session


def _trace(answer: list[str], on_connected: Callable[[], None]) -> aiohttp.TraceConfig:
    """Tell when the stream stands, keep the handshake's second message, and go nowhere else.

    aiohttp would follow a redirect, with our first message in hand; how soon we were back would tell the
    service whom we can reach.
    """
    trace = aiohttp.TraceConfig()

    async def connected(_session: object, _context: object, _params: object) -> None:
        on_connected()

    async def answered(_session: object, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
        answer.extend(params.response.headers.getall(LINK_HEADER, []))
        if params.response.status == _UPGRADED:
            _guard(params.response)

    async def redirected(
        _session: object, _context: object, params: aiohttp.TraceRequestRedirectParams
    ) -> None:
        params.response.close()
        raise ConnectionLostError

    trace.on_connection_create_end.append(connected)
    trace.on_request_redirect.append(redirected)
    trace.on_request_end.append(answered)
    return trace


def _guard(response: aiohttp.ClientResponse) -> None:
    connection = response.connection
    if connection is not None and connection.transport is not None:
        guard(connection.transport, masked=False)
