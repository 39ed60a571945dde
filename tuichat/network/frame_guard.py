"""Refuses what aiohttp takes from a WebSocket: messages in fragments, frames masked by the wrong side.

A guard stands between a transport and the protocol that reads it. It looks at the heads of frames only (RFC
6455, 5.2), and ends the connection at the first that may not come; everything before it still arrives.

    offset  size  field
    0       1     FIN 0x80, reserved bits 0x70, opcode 0x0f (0: a message goes on)
    1       1     masked 0x80, length 0x7f; 126 and 127: it stands in the next 2 or 8 bytes
    ..      0 4   the mask, in frames of the side that called
"""

from __future__ import annotations

import asyncio
from typing import Final

_FLUSH_SECONDS: Final = 2.0
"""How long what was sent before the end has to leave."""

_LENGTH_BYTES: Final = {126: 2, 127: 8}


def guard(transport: asyncio.Transport, *, masked: bool) -> None:
    """Let no frame through from now on but whole messages; `masked`: the other side is the one that called.

    What came before is not looked at: neither side has anything to say before it knows the other's keys.
    """
    reader = transport.get_protocol()
    assert isinstance(reader, asyncio.Protocol)
    transport.set_protocol(FrameGuard(reader, transport, masked=masked))


def end_silently(transport: asyncio.Transport) -> None:
    """Close the connection without a word; what was sent before still leaves, if the peer takes it."""
    transport.close()
    asyncio.get_running_loop().call_later(_FLUSH_SECONDS, transport.abort)


class FrameGuard(asyncio.Protocol):
    """Hands everything on to `reader`, up to the first frame that may not come."""

    def __init__(self, reader: asyncio.Protocol, transport: asyncio.Transport, *, masked: bool) -> None:
        self._reader = reader
        self._transport = transport
        self._masked = masked
        self._head = bytearray()
        self._payload_left = 0
        self._over = False

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        sound = self._sound(data)
        if sound < len(data):
            self._over = True
        if sound > 0:
            self._reader.data_received(data[:sound])
        if self._over:
            end_silently(self._transport)

    def _sound(self, data: bytes) -> int:
        """How many of these bytes come before a frame that may not."""
        at = 0
        while at < len(data):
            if self._payload_left:
                passed = min(self._payload_left, len(data) - at)
                self._payload_left -= passed
                at += passed
                continue
            self._head.append(data[at])
            at += 1
            if not self._may_come():
                return max(at - len(self._head), 0)
            self._read_length()
        return at

    def _may_come(self) -> bool:
        ends, opcode = self._head[0] & 0x80, self._head[0] & 0x0F
        if not ends or not opcode:
            return False
        return len(self._head) < 2 or bool(self._head[1] & 0x80) == self._masked

    def _read_length(self) -> None:
        """Once the frame's head is whole, begin with its payload."""
        if len(self._head) < 2:
            return
        length = self._head[1] & 0x7F
        more = _LENGTH_BYTES.get(length, 0)
        if len(self._head) < 2 + more + 4 * self._masked:
            return
        self._payload_left = int.from_bytes(self._head[2 : 2 + more], "big") if more else length
        self._head.clear()

    def eof_received(self) -> bool | None:
        return self._reader.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._reader.connection_lost(exc)

    def pause_writing(self) -> None:
        self._reader.pause_writing()

    def resume_writing(self) -> None:
        self._reader.resume_writing()
