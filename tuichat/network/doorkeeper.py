"""The first reader of whatever reaches our onion service: lets well-formed knocks in, and nothing else.

Every byte here may come from someone who wants to learn about this node. So one strict form of request is
taken, and everything else (an odd path, a parse error, an unknown knock, a header too many, a slow or an
endless head) gets the same bytes, `NOT_FOUND`, and the connection closes. Only a request whose first
handshake message was answered reaches aiohttp, whose own error pages would tell what runs here.

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
from collections.abc import Callable
from typing import Final

from tuichat.network.transport import Answer, Answerer

LINK_PATH: Final = "/link"
LINK_HEADER: Final = "Tuichat-Link"
NOT_FOUND: Final = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
MAX_HEAD_BYTES: Final = 4096
HEAD_SECONDS: Final = 20.0
MAX_UNJUDGED: Final = 256
"""Connections whose request was not read yet. One more, and the one that waits longest is turned away:
whoever holds many open without a word keeps nobody out who speaks."""

_REQUEST_LINE: Final = f"GET {LINK_PATH} HTTP/1.1"
_HEADERS: Final = frozenset(
    {"host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key", LINK_HEADER.lower()}
)


def knock_of(head: bytes) -> bytes | None:
    """The handshake's first message in a request's head, up to its empty line; None if it is ill-formed."""
    try:
        lines = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return None
    if lines[0] != _REQUEST_LINE or lines[-2:] != ["", ""]:
        return None
    headers: dict[str, str] = {}
    for line in lines[1:-2]:
        name, colon, value = line.partition(":")
        if not colon or not value.isprintable() or name.lower() in headers:
            return None
        headers[name.lower()] = value.strip(" ")
    if headers.keys() != _HEADERS:
        return None
    return _link_message(headers)


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


class Doorkeeper(asyncio.Protocol):
    """One inbound connection until its request is judged; then aiohttp's protocol takes over.

    Args:
        answerer: judges the handshake's first message.
        admit: called with the transport and the answer of a caller let in; gives the protocol that goes on,
            which is then fed the request as it came.
        present: every connection that was not judged yet, the oldest first, to bound and to close them.
    """

    def __init__(
        self,
        answerer: Answerer,
        admit: Callable[[asyncio.Transport, Answer], asyncio.Protocol],
        present: dict[Doorkeeper, None],
    ) -> None:
        self._answerer = answerer
        self._admit = admit
        self._present = present
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        while len(self._present) >= MAX_UNJUDGED:
            next(iter(self._present)).turn_away()
        self._present[self] = None
        self._deadline = asyncio.get_running_loop().call_later(HEAD_SECONDS, self.turn_away)

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._head += data[: MAX_HEAD_BYTES + 1]
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            if len(self._head) > MAX_HEAD_BYTES:
                self.turn_away()
            return
        if end + 4 != len(self._head) or len(self._head) > MAX_HEAD_BYTES:
            self.turn_away()
            return
        self._judge(bytes(self._head))

    def _judge(self, head: bytes) -> None:
        message1 = knock_of(head)
        answer = None if message1 is None else self._answerer(message1)
        transport = self._transport
        if answer is None or transport is None:
            self.turn_away()
            return
        self._leave()
        following = self._admit(transport, answer)
        transport.set_protocol(following)
        following.connection_made(transport)
        following.data_received(head)

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
