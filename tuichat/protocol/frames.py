"""Frames: what a link carries, one a message. The first byte is the type; integers are big-endian.

    type  name      body, with sizes in bytes
       1  REQUEST   pair 32 | reach: length 2, bytes | name: length 2, UTF-8 | text: length 2, UTF-8
       2  ACCEPTED  reach: length 2, bytes
       3  RECEIVED  nothing
       4  GONE      nothing
      16  HELLO     gen 4 | sid 16 | sealed 8 | delivered 8 | acked 8 | need 1 (0 or 1)
      17  KEEP      nothing
      18  NEW       gen 4 | sid 16 | dh 32 | ek 1184
      19  ENV       sid 16 | envelope, exactly one of the sizes of crypto/envelope.py
      20  ACK       sid 16 | BLAKE2b-256 of the envelope, 32
      21  RESYNC    sid 16
      32  PING      nothing
      33  PONG      nothing
      34  TYPING    state 1 (0 or 1)
      35  PRESENCE  state 1 (0 or 1)

`reach` is empty or a 32-byte client-authorization key, not all zeros; a name has at most 64 characters, a
request's text at most 4,096 bytes of UTF-8. Every length is exact: nothing may follow.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from tuichat.crypto.envelope import ENVELOPE_SIZES
from tuichat.errors import PeerError

MAX_NAME_CHARACTERS: Final = 64
MAX_REQUEST_TEXT_BYTES: Final = 4096
REACH_LENGTH: Final = 32
SID_LENGTH: Final = 16
DH_LENGTH: Final = 32
EK_LENGTH: Final = 1184

_HELLO = struct.Struct(">I16sQQQB")
_NEW = struct.Struct(">I16s32s1184s")
_LENGTH = struct.Struct(">H")


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("a frame's field is out of its range")


def _check_reach(reach: bytes) -> None:
    """Any 32 bytes are an X25519 private key: clamped (RFC 7748, 5) none leads to a point of low order. Zeros
    are all that tor refuses."""
    _require(len(reach) in (0, REACH_LENGTH))
    _require(reach != bytes(REACH_LENGTH))


def _check_count(value: int, size: int) -> None:
    _require(0 <= value < 1 << 8 * size)


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """Asks to become a contact (C1). `pair` is secret; `name` and `text` are the stranger's words."""

    type: ClassVar[int] = 1
    pair: bytes
    reach: bytes
    name: str
    text: str

    def __post_init__(self) -> None:
        _require(len(self.pair) == 32)
        _check_reach(self.reach)
        _require(len(self.name) <= MAX_NAME_CHARACTERS)
        _require(len(self.text.encode()) <= MAX_REQUEST_TEXT_BYTES)

    def body(self) -> bytes:
        fields = (self.reach, self.name.encode(), self.text.encode())
        return self.pair + b"".join(_LENGTH.pack(len(field)) + field for field in fields)


@dataclass(frozen=True, slots=True, repr=False)
class Accepted:
    """Answers a request: we are contacts (C4)."""

    type: ClassVar[int] = 2
    reach: bytes

    def __post_init__(self) -> None:
        _check_reach(self.reach)

    def body(self) -> bytes:
        return _LENGTH.pack(len(self.reach)) + self.reach


@dataclass(frozen=True, slots=True)
class Empty:
    """The base of frames that are their type alone."""

    def body(self) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class Received(Empty):
    """Answers a request: taken in; says nothing about what becomes of it (C4)."""

    type: ClassVar[int] = 3


@dataclass(frozen=True, slots=True)
class Gone(Empty):
    """Answers a request that came by an invite no longer open to it (C4)."""

    type: ClassVar[int] = 4


@dataclass(frozen=True, slots=True, repr=False)
class Hello:
    """The dialler's state of the session (S2): its counts, and whether it needs a new session."""

    type: ClassVar[int] = 16
    gen: int
    sid: bytes
    sealed: int
    delivered: int
    acked: int
    need: bool

    def __post_init__(self) -> None:
        _check_count(self.gen, 4)
        _require(len(self.sid) == SID_LENGTH)
        for count in (self.sealed, self.delivered, self.acked):
            _check_count(count, 8)

    def body(self) -> bytes:
        return _HELLO.pack(self.gen, self.sid, self.sealed, self.delivered, self.acked, self.need)


@dataclass(frozen=True, slots=True)
class Keep(Empty):
    """Answers HELLO: the session goes on (S3)."""

    type: ClassVar[int] = 17


@dataclass(frozen=True, slots=True, repr=False)
class New:
    """Answers HELLO: a new session begins, from these ratchet keys of the answerer (S3, R1)."""

    type: ClassVar[int] = 18
    gen: int
    sid: bytes
    dh: bytes
    ek: bytes

    def __post_init__(self) -> None:
        _check_count(self.gen, 4)
        _require(len(self.sid) == SID_LENGTH)
        _require(len(self.dh) == DH_LENGTH)
        _require(len(self.ek) == EK_LENGTH)

    def body(self) -> bytes:
        return _NEW.pack(self.gen, self.sid, self.dh, self.ek)


@dataclass(frozen=True, slots=True, repr=False)
class Env:
    """One envelope of a session (S5)."""

    type: ClassVar[int] = 19
    sid: bytes
    envelope: bytes

    def __post_init__(self) -> None:
        _require(len(self.sid) == SID_LENGTH)
        _require(len(self.envelope) in ENVELOPE_SIZES)

    def body(self) -> bytes:
        return self.sid + self.envelope


@dataclass(frozen=True, slots=True, repr=False)
class Ack:
    """One envelope was delivered and committed (S6); `hash` is BLAKE2b-256 of the envelope."""

    type: ClassVar[int] = 20
    sid: bytes
    hash: bytes

    def __post_init__(self) -> None:
        _require(len(self.sid) == SID_LENGTH)
        _require(len(self.hash) == 32)

    def body(self) -> bytes:
        return self.sid + self.hash


@dataclass(frozen=True, slots=True, repr=False)
class Resync:
    """The answerer asks for a HELLO: zeros, or the sid of a session that must be replaced (S5)."""

    type: ClassVar[int] = 21
    sid: bytes

    def __post_init__(self) -> None:
        _require(len(self.sid) == SID_LENGTH)

    def body(self) -> bytes:
        return self.sid


@dataclass(frozen=True, slots=True)
class Ping(Empty):
    """Are you there? (L9)"""

    type: ClassVar[int] = 32


@dataclass(frozen=True, slots=True)
class Pong(Empty):
    """I am."""

    type: ClassVar[int] = 33


@dataclass(frozen=True, slots=True)
class Typing:
    """Its sender is writing a message, or has stopped. Never stored."""

    type: ClassVar[int] = 34
    now: bool

    def body(self) -> bytes:
        return bytes([self.now])


@dataclass(frozen=True, slots=True)
class Presence:
    """Its sender is there, or away. Never stored."""

    type: ClassVar[int] = 35
    here: bool

    def body(self) -> bytes:
        return bytes([self.here])


Frame = (
    Request
    | Accepted
    | Received
    | Gone
    | Hello
    | Keep
    | New
    | Env
    | Ack
    | Resync
    | Ping
    | Pong
    | Typing
    | Presence
)


def encode(frame: Frame) -> bytes:
    """The type byte and the body."""
    return bytes([frame.type]) + frame.body()


def decode(data: bytes) -> Frame:
    """Read one frame.

    Raises:
        PeerError: an unknown type, a wrong length, bytes left over, bad UTF-8, a value out of range.
    """
    reader = _READERS.get(data[0]) if data else None
    if reader is None:
        raise PeerError("a frame has an unknown type")
    try:
        return reader(data[1:])
    except (ValueError, struct.error):
        # Text that is not UTF-8 is a ValueError too. The cause is dropped: it quotes the bytes.
        raise PeerError("a frame is malformed") from None


def _read_fields(data: bytes, count: int) -> list[bytes]:
    """Exactly `count` fields, each behind its length in two bytes."""
    fields = []
    for _ in range(count):
        (length,) = _LENGTH.unpack(data[:2])
        _require(len(data) >= 2 + length)
        fields.append(data[2 : 2 + length])
        data = data[2 + length :]
    _require(not data)
    return fields


def _read_request(data: bytes) -> Request:
    reach, name, text = _read_fields(data[32:], 3)
    return Request(data[:32], reach, name.decode(), text.decode())


def _read_hello(data: bytes) -> Hello:
    gen, sid, sealed, delivered, acked, need = _HELLO.unpack(data)
    _require(need in (0, 1))
    return Hello(gen, sid, sealed, delivered, acked, need == 1)


def _read_state(data: bytes) -> bool:
    _require(data in (b"\0", b"\1"))
    return data == b"\1"


def _read_empty(frame: Frame) -> Callable[[bytes], Frame]:
    def read(data: bytes) -> Frame:
        _require(not data)
        return frame

    return read


_READERS: Final[dict[int, Callable[[bytes], Frame]]] = {
    Request.type: _read_request,
    Accepted.type: lambda data: Accepted(*_read_fields(data, 1)),
    Received.type: _read_empty(Received()),
    Gone.type: _read_empty(Gone()),
    Hello.type: _read_hello,
    Keep.type: _read_empty(Keep()),
    New.type: lambda data: New(*_NEW.unpack(data)),
    Env.type: lambda data: Env(data[:SID_LENGTH], data[SID_LENGTH:]),
    Ack.type: lambda data: Ack(data[:SID_LENGTH], data[SID_LENGTH:]),
    Resync.type: Resync,
    Ping.type: _read_empty(Ping()),
    Pong.type: _read_empty(Pong()),
    Typing.type: lambda data: Typing(_read_state(data)),
    Presence.type: lambda data: Presence(_read_state(data)),
}
