"""Frames on the wire."""

from __future__ import annotations

import pytest

from tuichat.crypto.envelope import ENVELOPE_SIZES
from tuichat.errors import PeerError
from tuichat.protocol.frames import (
    Accepted,
    Ack,
    Env,
    Frame,
    Gone,
    Hello,
    Keep,
    New,
    Ping,
    Pong,
    Received,
    Request,
    Resync,
    decode,
    encode,
)

SID = bytes(range(16))
FRAMES: list[tuple[Frame, int, int]] = [
    (Request(b"p" * 32, b"", "", ""), 1, 39),
    (Request(b"p" * 32, b"r" * 32, "小明 🍜", "we met\nat the fair"), 1, 100),
    (Request(b"p" * 32, b"r" * 32, "😀" * 64, "é" * 2048), 1, 39 + 32 + 256 + 4096),
    (Accepted(b""), 2, 3),
    (Accepted(b"r" * 32), 2, 35),
    (Received(), 3, 1),
    (Gone(), 4, 1),
    (Hello(2**32 - 1, SID, 0, 2**64 - 1, 1, True), 16, 46),
    (Hello(0, bytes(16), 0, 0, 0, False), 16, 46),
    (Keep(), 17, 1),
    (New(7, SID, b"d" * 32, b"k" * 1184), 18, 1237),
    *((Env(SID, b"e" * size), 19, 17 + size) for size in ENVELOPE_SIZES),
    (Ack(SID, b"h" * 32), 20, 49),
    (Resync(SID), 21, 17),
    (Ping(), 32, 1),
    (Pong(), 33, 1),
]


def name_of(value: object) -> str:
    return type(value).__name__ if not isinstance(value, int) else ""


@pytest.mark.parametrize(("frame", "number", "length"), FRAMES, ids=name_of)
def test_frame_comes_back_as_it_went(frame: Frame, number: int, length: int) -> None:
    raw = encode(frame)
    assert (raw[0], len(raw)) == (number, length)
    assert decode(raw) == frame


@pytest.mark.parametrize(("frame", "number", "length"), FRAMES, ids=name_of)
def test_truncated_or_lengthened_frame_is_refused(frame: Frame, number: int, length: int) -> None:
    raw = encode(frame)
    for cut in range(min(length, 120)):
        with pytest.raises(PeerError):
            decode(raw[:cut])
    for rest in (raw[:-1] if length > 1 else b"", raw + b"\0", raw + raw):
        with pytest.raises(PeerError):
            decode(rest)


def test_every_unknown_type_is_refused() -> None:
    known = {frame.type for frame, _, _ in FRAMES}
    assert known == {1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 32, 33}
    for number in set(range(256)) - known:
        with pytest.raises(PeerError):
            decode(bytes([number]))


def test_nothing_secret_stands_in_a_repr() -> None:
    for frame, _, _ in FRAMES:
        assert "pppp" not in repr(frame)
        assert "rrrr" not in repr(frame)
        assert "we met" not in repr(frame)
        assert "eeee" not in repr(frame)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x01" + bytes(32) + b"\0\x01r\0\0\0\0",  # reach of one byte
        b"\x01" + bytes(32) + b"\0\0\0\x41" + b"n" * 65 + b"\0\0",  # a name of 65 characters
        b"\x01" + bytes(32) + b"\0\0\0\x01\xff\0\0",  # a name that is not UTF-8
        b"\x01" + bytes(32) + b"\0\0\0\x03\xed\xa0\x80\0\0",  # a lone surrogate
        b"\x01" + bytes(32) + b"\0\0\0\0\x10\x01" + b"t" * 4097,  # a text of 4,097 bytes
        b"\x01" + bytes(32) + b"\0\0\0\0\xff\xff",  # a length beyond the end
        b"\x02\0\x1f" + b"r" * 31,  # reach of 31 bytes
        b"\x02\0\x20" + bytes(32),  # reach of zeros, which tor refuses
        b"\x01" + bytes(32) + b"\0\x20" + bytes(32) + b"\0\0\0\0",
        b"\x10" + bytes(44) + b"\x02",  # need is neither 0 nor 1
        b"\x13" + bytes(16) + bytes(4095),  # an envelope of no known size
        b"\x13" + bytes(16),
        b"\x12" + bytes(20),  # NEW without keys
        b"",
    ],
)
def test_field_out_of_its_range_is_refused(raw: bytes) -> None:
    with pytest.raises(PeerError) as caught:
        decode(raw)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "build",
    [
        lambda: Request(bytes(31), b"", "", ""),
        lambda: Request(bytes(32), b"r", "", ""),
        lambda: Request(bytes(32), b"", "n" * 65, ""),
        lambda: Request(bytes(32), b"", "", "é" * 2049),
        lambda: Accepted(b"r"),
        lambda: Accepted(bytes(32)),
        lambda: Hello(2**32, SID, 0, 0, 0, False),
        lambda: Hello(-1, SID, 0, 0, 0, False),
        lambda: Hello(0, b"", 0, 0, 0, False),
        lambda: Hello(0, SID, 2**64, 0, 0, False),
        lambda: Hello(0, SID, 0, -1, 0, False),
        lambda: New(2**32, SID, bytes(32), bytes(1184)),
        lambda: New(0, b"", bytes(32), bytes(1184)),
        lambda: New(0, SID, bytes(31), bytes(1184)),
        lambda: New(0, SID, bytes(32), bytes(1185)),
        lambda: Env(b"", bytes(4096)),
        lambda: Env(SID, bytes(4097)),
        lambda: Ack(b"", bytes(32)),
        lambda: Ack(SID, bytes(31)),
        lambda: Resync(bytes(15)),
    ],
)
def test_frame_that_a_peer_would_refuse_cannot_be_built(build: object) -> None:
    assert callable(build)
    with pytest.raises(ValueError):
        build()
