"""Callers who speak to an onion service's socket byte by byte, well or badly, and note what comes back."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.identity import Identity
from tuichat.crypto.kem import MlKem768
from tuichat.network.doorkeeper import LINK_HEADER
from tuichat.protocol.frames import Frame, decode, encode
from tuichat.protocol.knock import public_psk
from tuichat.protocol.link import Dialling, Link

PATIENCE: Final = 30.0
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

_KEY = base64.b64encode(bytes(range(16))).decode()
_MASK = b"\x5a\x17\xc3\x9e"


def headers(message1: bytes) -> dict[str, str]:
    """The headers of a proper upgrade request."""
    return {
        "Host": "nobody.onion",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": _KEY,
        LINK_HEADER: base64.urlsafe_b64encode(message1).decode(),
    }


def head(fields: Mapping[str, str], line: str = "GET /link HTTP/1.1") -> bytes:
    """A request's head."""
    lines = [line, *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def request(message1: bytes) -> bytes:
    """A proper upgrade request."""
    return head(headers(message1))


def file_line(path: bytes) -> str:
    """The first line of a proper request for a file."""
    return f"GET /file/{base64.urlsafe_b64encode(path).decode().rstrip('=')} HTTP/1.1"


def file_request(path: bytes, first: int, last: int) -> bytes:
    """A proper request for a part of the blob at a path of 32 bytes."""
    return head({"Host": "nobody.onion", "Range": f"bytes={first}-{last}"}, file_line(path))


@dataclass(frozen=True, slots=True)
class WebFrame:
    """A WebSocket frame (RFC 6455, 5.2): `bits` is its first byte, `payload` is unmasked."""

    bits: int
    payload: bytes

    @property
    def opcode(self) -> int:
        return self.bits & 0x0F


def web_frame(opcode: int, payload: bytes, *, bits: int = 0x80, length: int | None = None) -> bytes:
    """A frame as a client sends it, masked; `length` is what it claims, if that is not the truth."""
    claimed = len(payload) if length is None else length
    if claimed < 126:
        size = bytes([0x80 | claimed])
    elif claimed < 1 << 16:
        size = b"\xfe" + struct.pack(">H", claimed)
    else:
        size = b"\xff" + struct.pack(">Q", claimed)
    return bytes([bits | opcode]) + size + _MASK + _masked(payload, _MASK)


def web_frames(stream: bytes) -> list[WebFrame]:
    """All whole frames at the start of a stream, from either side."""
    frames: list[WebFrame] = []
    while (cut := _first(stream)) is not None:
        frame, stream = cut
        frames.append(frame)
    return frames


def _first(stream: bytes) -> tuple[WebFrame, bytes] | None:
    if len(stream) < 2:
        return None
    at, length = 2, stream[1] & 0x7F
    if length >= 126:
        at += 2 if length == 126 else 8
        length = int.from_bytes(stream[2:at], "big")
    mask = b""
    if stream[1] & 0x80:
        mask, at = stream[at : at + 4], at + 4
    if len(stream) < at + length:
        return None
    payload = stream[at : at + length]
    return WebFrame(stream[0], _masked(payload, mask) if mask else payload), stream[at + length :]


def _masked(payload: bytes, mask: bytes) -> bytes:
    pad = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(len(payload), "big")


class RawCaller(asyncio.Protocol):
    """One connection. Attributes: `received`, every byte that came back."""

    def __init__(self) -> None:
        self.received = bytearray()
        self._came = asyncio.Event()
        self._over = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, path: Path) -> RawCaller:
        """Call the service behind a UNIX socket."""
        caller = cls()
        await asyncio.get_running_loop().create_unix_connection(lambda: caller, str(path))
        return caller

    @classmethod
    async def over(cls, joined: socket.socket) -> RawCaller:
        """Speak over a socket that is connected already."""
        caller = cls()
        await asyncio.get_running_loop().create_connection(lambda: caller, sock=joined)
        return caller

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        self._came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over.set()
        self._came.set()

    def send(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def end(self) -> None:
        """Say that nothing more will be sent."""
        assert self._transport is not None
        self._transport.write_eof()

    def vanish(self) -> None:
        """Be gone at once."""
        assert self._transport is not None
        self._transport.abort()

    @contextmanager
    def blocking(self) -> Iterator[socket.socket]:
        """The connection as a socket for a thread that waits until what it sends is taken."""
        assert self._transport is not None
        own = self._transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(own.fileno())) as out:
            out.settimeout(PATIENCE)
            yield out

    @property
    def closed(self) -> bool:
        return self._over.is_set()

    async def answer(self) -> bytes:
        """Everything that came back, once the other side has closed."""
        async with asyncio.timeout(PATIENCE):
            await self._over.wait()
        return bytes(self.received)

    async def until(self, marker: bytes) -> bytes:
        """What came up to and with `marker`, taken off `received`; "" if the other side closed before."""
        async with asyncio.timeout(PATIENCE):
            while marker not in self.received and not self.closed:
                self._came.clear()
                await self._came.wait()
        found = self.received.find(marker)
        taken = bytes(self.received[: found + len(marker)]) if found >= 0 else b""
        del self.received[: len(taken)]
        return taken


async def ask(path: Path, data: bytes, *, end: bool = False) -> bytes:
    """The whole answer to these bytes."""
    caller = await RawCaller.connect(path)
    caller.send(data)
    if end:
        caller.end()
    return await caller.answer()


class Stranger:
    """Somebody with an identity who knows an address, and does as much of the handshake as asked.

    Args:
        who: its identity.
        onion: the 32-byte key it calls.
    """

    def __init__(self, who: Identity, onion: bytes) -> None:
        self._dialling = Dialling(who, onion, public_psk(onion), SystemClock().now(), SystemRng(), MlKem768())
        self.message1 = self._dialling.message1
        self.upgrade = b""

    async def knock(self, caller: RawCaller) -> None:
        """Send message 1, and take the 101 with message 2 off what came back."""
        caller.send(request(self.message1))
        self.upgrade = await caller.until(b"\r\n\r\n")

    def message3(self, *frames: Frame) -> tuple[bytes, Link]:
        """The right message 3 after `knock`, and the link."""
        answered = self._dialling.read_message2(message2_of(self.upgrade))
        return answered.finish([encode(frame) for frame in frames])


def message2_of(upgrade: bytes) -> bytes:
    """The handshake's second message in the head of a 101 response."""
    assert upgrade.startswith(b"HTTP/1.1 101 "), upgrade
    for line in upgrade.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == LINK_HEADER.lower().encode():
            return base64.urlsafe_b64decode(value.strip())
    raise AssertionError("no message 2")


def opened(link: Link, answer: bytes) -> list[Frame]:
    """The frames that came over a link; nothing but binary messages may have come."""
    came = web_frames(answer)
    assert all(frame.bits == 0x80 | BINARY for frame in came), came
    return [decode(link.open(frame.payload)) for frame in came]
