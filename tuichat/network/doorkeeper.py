"""The first reader of whatever reaches our onion service: lets well-formed requests in, and nothing else.

Every byte here may come from someone who wants to learn about this node. So two strict forms of request are
taken, and everything else (an odd path, a parse error, an unknown knock, a header too many, a slow or an
endless head) gets the same bytes, `NOT_FOUND`, and the connection closes. Only a request whose first
handshake message was answered reaches aiohttp, whose own error pages would tell what runs here; a request for
a file (`file_request`) goes to `blob_server`. The knock:

    GET /link HTTP/1.1
    Host: (anything)
    Upgrade: websocket
    Connection: Upgrade
    Sec-WebSocket-Version: 13
    Sec-WebSocket-Key: (base64 of 16 bytes)
    Tuichat-Link: (base64url of the handshake's first message)

The headers may stand in any order, each once; there is no body.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import resource
from collections.abc import Callable
from typing import Final

from tuichat.network.file_request import file_request_of
from tuichat.network.request_head import MAX_HEAD_BYTES, read_head, state_of
from tuichat.network.transport import Answer, Answerer

LINK_PATH: Final = "/link"
LINK_HEADER: Final = "Tuichat-Link"
NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD_SECONDS: Final = 20.0
MAX_UNJUDGED: Final = 2048
"""Connections whose request was not read yet. One more, and the one that waits longest is turned away:
whoever holds many open without a word keeps nobody out who speaks. They come at most a thousand in a second,
and nobody can tell contacts' from strangers' yet: a request that is two seconds on its way is still heard."""

_SHARE: Final = 2
"""They have at most one in so many of the files and sockets that this process may open."""

_REQUEST_LINE: Final = f"GET {LINK_PATH} HTTP/1.1"
_HEADERS: Final = frozenset(
    {"host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key", LINK_HEADER.lower()}
)


def knock_of(head: bytes) -> bytes | None:
    """The handshake's first message in a request's head, up to its empty line; None if it is ill-formed."""
    request = read_head(head)
    if request is None or request.line != _REQUEST_LINE or request.headers.keys() != _HEADERS:
        return None
    return _link_message(request.headers)


def _link_message(headers: dict[str, str]) -> bytes | None:
    if headers["upgrade"].lower() != "websocket" or headers["connection"].lower() != "upgrade":
        return None
    if headers["sec-websocket-version"] != "13":
        return None
    try:
        if len(base64.b64decode(headers["sec-websocket-key"], validate=True)) != 16:
            return None
        return base64.b64decode(headers[LINK_HEADER.lower()], altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def _most_unjudged() -> int:
    """Less where the system lets us open few files."""
    return min(MAX_UNJUDGED, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // _SHARE)


class Doorkeeper(asyncio.Protocol):
    """One inbound connection until its request is judged; then another protocol takes over.

    It is fed the request as it came.

    Args:
        answerer: judges the handshake's first message.
        admit: called with the transport and the answer of a caller let in; gives the protocol that goes on.
        files: gives the protocol that goes on with somebody who asks for a file, and judges that request.
        present: every connection that was not judged yet, the oldest first, to bound and to close them.
    """

    def __init__(
        self,
        answerer: Answerer,
        admit: Callable[[asyncio.Transport, Answer], asyncio.Protocol],
        files: Callable[[], asyncio.Protocol],
        present: dict[Doorkeeper, None],
    ) -> None:
        self._answerer = answerer
        self._admit = admit
        self._files = files
        self._present = present
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        while len(self._present) >= _most_unjudged():
            next(iter(self._present)).turn_away()
        self._present[self] = None
        self._deadline = asyncio.get_running_loop().call_later(HEAD_SECONDS, self.turn_away)

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._head += data[: MAX_HEAD_BYTES + 1]
        state = state_of(self._head)
        if state == "whole":
            self._judge(bytes(self._head))
        elif state == "broken":
            self.turn_away()

    def _judge(self, head: bytes) -> None:
        transport = self._transport
        assert transport is not None
        following = self._following(transport, head)
        if following is None:
            self.turn_away()
            return
        self._leave()
        transport.set_protocol(following)
        following.connection_made(transport)
        following.data_received(head)

    def _following(self, transport: asyncio.Transport, head: bytes) -> asyncio.Protocol | None:
        if file_request_of(head) is not None:
            return self._files()
        message1 = knock_of(head)
        answer = None if message1 is None else self._answerer(message1)
        return None if answer is None else self._admit(transport, answer)

    def turn_away(self) -> None:
        """Give the one answer that everybody gets who is not let in, and close."""
        if self._transport is not None:
            transport = self._transport
            self._leave()
            transport.write(NOT_FOUND)
            transport.close()

    def eof_received(self) -> bool:
        self.turn_away()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def _leave(self) -> None:
        self._transport = None
        self._present.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
