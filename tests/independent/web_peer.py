"""What lies below the link: the one HTTP/1.1 request, its answers, and binary WebSocket messages."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from tests.independent.person_peer import Connection, NotFoundError
from tests.independent.primitives_peer import Refused
from tests.independent.ratchet_peer import Draw

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
HEAD_MOST = 4_096
BINARY = 0x82  # FIN and the opcode
HEADERS = {"host", "upgrade", "connection", "sec-websocket-version", "sec-websocket-key", "tuichat-link"}

Answer = Callable[[bytes], tuple[bytes, Callable[[Connection], Coroutine[Any, Any, None]]] | None]


class LostError(Exception):
    """The stream has ended."""


class WebConnection:
    """Binary messages over a stream; a client masks what it sends."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, draw: Draw | None = None
    ) -> None:
        self._reader, self._writer, self._draw = reader, writer, draw

    async def send(self, message: bytes) -> None:
        short = len(message) < 126
        length = bytes([len(message)]) if short else b"\x7e" + len(message).to_bytes(2, "big")
        if self._draw is None:
            self._writer.write(bytes([BINARY]) + length + message)
        else:
            mask = self._draw(4)
            head = bytes([BINARY, length[0] | 0x80]) + length[1:] + mask
            self._writer.write(head + masked(message, mask))

    async def receive(self) -> bytes:
        first, second = await self._exactly(2)
        if first != BINARY or (second >> 7) != (self._draw is None):
            raise LostError
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self._exactly(2 if size == 126 else 8), "big")
        mask = await self._exactly(4) if self._draw is None else bytes(4)
        return masked(await self._exactly(size), mask)

    async def _exactly(self, count: int) -> bytes:
        try:
            return await self._reader.readexactly(count)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise LostError from error

    async def close(self) -> None:
        self._writer.close()


def masked(data: bytes, mask: bytes) -> bytes:
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def accept_of(key: str) -> str:
    return base64.b64encode(
        hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    ).decode()


def headers_of(head: bytes) -> dict[str, str]:
    lines = head.decode("ascii").split("\r\n")[1:-2]
    pairs = [line.split(":", 1) for line in lines]
    headers = {name.lower(): value.strip() for name, value in pairs}
    if len(headers) != len(pairs):
        raise Refused("a header twice")
    if not all(line.isprintable() for line in lines):
        raise Refused("a header that is no text")
    return headers


async def dial(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], message_1: bytes, draw: Draw
) -> tuple[bytes, Connection]:
    reader, writer = streams
    key = base64.b64encode(draw(16)).decode()
    lines = [
        "GET /link HTTP/1.1",
        f"Tuichat-Link: {base64.urlsafe_b64encode(message_1).decode()}",
        "Host: whoever",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        "Connection: Upgrade",
        "Upgrade: websocket",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if head == NOT_FOUND:
        writer.close()
        raise NotFoundError
    headers = headers_of(head)
    if not head.startswith(b"HTTP/1.1 101 ") or headers["sec-websocket-accept"] != accept_of(key):
        raise Refused("no upgrade")
    if {"server", "date", "sec-websocket-extensions"} & headers.keys():
        raise Refused("headers that tell something")
    return base64.urlsafe_b64decode(headers["tuichat-link"]), WebConnection(reader, writer, draw)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    """One caller, from its request to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    try:
        headers = headers_of(head)
        right = head.startswith(b"GET /link HTTP/1.1\r\n") and len(head) <= HEAD_MOST
        if not right or headers.keys() != HEADERS or headers["sec-websocket-version"] != "13":
            raise Refused("another request")
        answered = answer(base64.b64decode(headers["tuichat-link"], b"-_", validate=True))
    except (Refused, ValueError):
        answered = None
    if answered is None:
        writer.write(NOT_FOUND)
        writer.close()
        return
    message_2, attend = answered
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept_of(headers['sec-websocket-key'])}",
        f"Tuichat-Link: {base64.urlsafe_b64encode(message_2).decode()}",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await attend(WebConnection(reader, writer))
