"""What may come over a WebSocket: whole messages, masked by the side that called and by no other."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.raw_callers import BINARY, CLOSE, CONTINUATION, PING, web_frame
from tuichat.network.frame_guard import FrameGuard

WHOLE = web_frame(BINARY, b"") + web_frame(BINARY, b"x" * 125) + web_frame(BINARY, b"\x00" * 126)
WHOLE += web_frame(BINARY, b"y" * 65_536) + web_frame(PING, b"a ping is somebody else's to judge")
UNMASKED = b"\x82\x00\x82\x01\x00\x82\x7e\x00\x7e" + bytes(126) + b"\x88\x00"
BAD_FROM_CALLER = {
    "the first of two fragments": web_frame(BINARY, b"x", bits=0),
    "an empty first fragment": web_frame(BINARY, b"", bits=0),
    "the last of two fragments": web_frame(CONTINUATION, b"x"),
    "one in the middle": web_frame(CONTINUATION, b"x", bits=0),
    "a control frame in fragments": web_frame(CLOSE, b"", bits=0),
    "no mask": b"\x82\x01x",
    "no mask and a long length": b"\x82\x7e\x00\x00",
}
BAD_FROM_CALLED = {
    "the first of two fragments": b"\x02\x01x",
    "the last of two fragments": b"\x80\x01x",
    "a mask": web_frame(BINARY, b"x"),
}


class Reader(asyncio.Protocol):
    """Notes what arrives."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost = False

    def data_received(self, data: bytes) -> None:
        self.heard += data

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


class Line(asyncio.Transport):
    """A transport that notes its end, and whatever is said."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


def fed(data: bytes, piece: int, *, masked: bool) -> tuple[Reader, Line]:
    """A guard's reader and transport after these bytes came in pieces."""
    reader, line = Reader(), Line()
    between = FrameGuard(reader, line, masked=masked)
    for start in range(0, len(data), piece):
        between.data_received(data[start : start + piece])
    return reader, line


@pytest.mark.parametrize("piece", [1, 3, 7, 1000, 1 << 20])
@pytest.mark.parametrize(("data", "masked"), [(WHOLE, True), (UNMASKED, False)])
async def test_whole_messages_pass_however_they_are_cut(data: bytes, masked: bool, piece: int) -> None:
    reader, line = fed(data, piece, masked=masked)
    assert reader.heard == data
    assert not line.closed


@pytest.mark.parametrize("piece", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("before", "bad", "masked"),
    [(WHOLE, bad, True) for bad in BAD_FROM_CALLER.values()]
    + [(UNMASKED, bad, False) for bad in BAD_FROM_CALLED.values()],
    ids=[*BAD_FROM_CALLER, *(f"{name}, from the called" for name in BAD_FROM_CALLED)],
)
async def test_frame_that_may_not_come_ends_it_in_silence_and_nothing_after_it_is_read(
    before: bytes, bad: bytes, masked: bool, piece: int
) -> None:
    reader, line = fed(before + bad + before, piece, masked=masked)
    assert before == reader.heard[: len(before)]
    assert len(reader.heard) <= len(before) + 1  # of a head that came in pieces its first byte is through
    assert line.closed
    assert line.said == b""
