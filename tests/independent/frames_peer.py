"""Frames: type1 || body, every length exact."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.independent.envelope_peer import SIZES
from tests.independent.primitives_peer import Refused

NAME_MOST, TEXT_MOST = 64, 4_096


@dataclass(frozen=True)
class Request:
    pair: bytes
    reach: bytes
    name: str
    text: str


@dataclass(frozen=True)
class Accepted:
    reach: bytes


@dataclass(frozen=True)
class Hello:
    gen: int
    sid: bytes
    sealed: int
    delivered: int
    acked: int
    need: int


@dataclass(frozen=True)
class New:
    gen: int
    sid: bytes
    dh: bytes
    ek: bytes


@dataclass(frozen=True)
class Env:
    sid: bytes
    envelope: bytes


@dataclass(frozen=True)
class Ack:
    sid: bytes
    hash: bytes


@dataclass(frozen=True)
class Resync:
    sid: bytes


@dataclass(frozen=True)
class Sign:
    """TYPING (34) or PRESENCE (35)."""

    type: int
    state: int


@dataclass(frozen=True)
class Bare:
    """A frame that is its type alone."""

    type: int


RECEIVED, GONE, KEEP, PING, PONG = (Bare(kind) for kind in (3, 4, 17, 32, 33))
BARE = {frame.type: frame for frame in (RECEIVED, GONE, KEEP, PING, PONG)}

Frame = Request | Accepted | Hello | New | Env | Ack | Resync | Sign | Bare


def _counted(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def encode(frame: Frame) -> bytes:
    match frame:
        case Request(pair, reach, name, text):
            return b"\x01" + pair + _counted(reach) + _counted(name.encode()) + _counted(text.encode())
        case Accepted(reach):
            return b"\x02" + _counted(reach)
        case Hello(gen, sid, sealed, delivered, acked, need):
            return b"\x10" + struct.pack(">I16sQQQB", gen, sid, sealed, delivered, acked, need)
        case New(gen, sid, dh, ek):
            return b"\x12" + struct.pack(">I", gen) + sid + dh + ek
        case Env(sid, envelope):
            return b"\x13" + sid + envelope
        case Ack(sid, digest):
            return b"\x14" + sid + digest
        case Resync(sid):
            return b"\x15" + sid
        case Sign(kind, state):
            return bytes([kind, state])
        case Bare(kind):
            return bytes([kind])


def decode(data: bytes) -> Frame:
    kind, body = data[0], data[1:]
    if kind in BARE:
        _exactly(body, 0)
        return BARE[kind]
    if kind == 1:
        return _request(body)
    if kind == 2:
        reach, rest = _take_counted(body)
        _exactly(rest, 0)
        return Accepted(_reach(reach))
    if kind == 16:
        _exactly(body, 45)
        hello = Hello(*struct.unpack(">I16sQQQB", body))
        if hello.need > 1:
            raise Refused("HELLO: need")
        return hello
    if kind == 18:
        _exactly(body, 4 + 16 + 32 + 1184)
        return New(int.from_bytes(body[:4], "big"), body[4:20], body[20:52], body[52:])
    if kind == 19:
        if len(body) - 16 not in SIZES:
            raise Refused("ENV: size")
        return Env(body[:16], body[16:])
    if kind == 20:
        _exactly(body, 48)
        return Ack(body[:16], body[16:])
    if kind == 21:
        _exactly(body, 16)
        return Resync(body)
    if kind in (34, 35):
        _exactly(body, 1)
        if body[0] > 1:
            raise Refused("TYPING or PRESENCE: state")
        return Sign(kind, body[0])
    raise Refused(f"frame: type {kind}")


def _exactly(body: bytes, size: int) -> None:
    if len(body) != size:
        raise Refused("frame: length")


def _take_counted(data: bytes) -> tuple[bytes, bytes]:
    size = int.from_bytes(data[:2], "big")
    if len(data) < 2 + size:
        raise Refused("frame: length")
    return data[2 : 2 + size], data[2 + size :]


def _reach(reach: bytes) -> bytes:
    if len(reach) not in (0, 32) or reach == bytes(32):
        raise Refused("frame: reach")
    return reach


def _request(body: bytes) -> Request:
    if len(body) < 32:
        raise Refused("frame: length")
    pair, rest = body[:32], body[32:]
    reach, rest = _take_counted(rest)
    name, rest = _take_counted(rest)
    text, rest = _take_counted(rest)
    _exactly(rest, 0)
    try:
        request = Request(pair, _reach(reach), name.decode(), text.decode())
    except UnicodeDecodeError as error:
        raise Refused("REQUEST: not UTF-8") from error
    if len(request.name) > NAME_MOST or len(text) > TEXT_MOST:
        raise Refused("REQUEST: name or text too long")
    return request
