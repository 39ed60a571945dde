"""Requests of every kind at the onion service's socket.

A knock that is known gets a 101, a request for a part of a file that is there a 206, everything else the bare
404. Half of the requests are almost proper, because random bytes alone never come past the first line. What
the doorkeeper lets through must please aiohttp too: its own error page would tell what runs here.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.kept_blobs import KeptBlob, KeptBlobs
from tests.support.raw_callers import RawCaller, file_line, file_request, head, headers, request
from tuichat.network.doorkeeper import NOT_FOUND, knock_of
from tuichat.network.file_request import MAX_RANGE, FileRequest, file_request_of
from tuichat.network.onion_server import OnionServer
from tuichat.network.transport import Answer, Connection

MESSAGE1, MESSAGE2 = b"a known first message" * 60, b"the second message"
PROPER = headers(MESSAGE1)
PATH, DATA, PART = bytes(range(32)), bytes(range(256)), 64
LINE = "GET /link HTTP/1.1"

_lines = st.one_of(
    st.just(LINE),
    st.sampled_from(["GET / HTTP/1.1", "HEAD /link HTTP/1.1", "GET /link HTTP/1.0", "GET /link?x HTTP/1.1"]),
    st.text(st.characters(max_codepoint=255), max_size=30),
)
_latin = st.text(st.characters(max_codepoint=255), max_size=40)
_printable = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)
_fields = st.builds(
    lambda host, changed, dropped, cased: {
        (name.swapcase() if cased and name.isascii() else name): value
        for name, value in {**PROPER, "Host": host, **changed}.items()
        if name != dropped
    },
    host=_printable,
    changed=st.one_of(
        st.just({}),
        st.dictionaries(st.one_of(st.sampled_from(list(PROPER)), _latin), _latin, max_size=2),
        st.dictionaries(st.sampled_from(list(PROPER)), _printable, max_size=2),
    ),
    dropped=st.one_of(st.none(), st.sampled_from(list(PROPER))),
    cased=st.booleans(),
)
_almost_proper = st.builds(head, _fields, st.one_of(st.just(LINE), st.just(LINE), _lines))
_flipped = st.builds(
    lambda at, byte: bytes(byte if place == at else each for place, each in enumerate(request(MESSAGE1))),
    at=st.integers(0, len(request(MESSAGE1)) - 1),
    byte=st.integers(0, 255),
)
_numbers = st.one_of(st.sampled_from([0, PART - 1, PART, len(DATA) - 1, MAX_RANGE]), st.integers(0, 1 << 65))
_ranges = st.one_of(
    st.builds(lambda first, last: f"bytes={first}-{last}", _numbers, _numbers),
    st.builds(lambda part: f"bytes={part * PART}-{part * PART + PART - 1}", st.integers(0, 5)),
    st.text(st.sampled_from("bytes=0123456789-, "), max_size=30),
)
_file_lines = st.one_of(
    st.just(file_line(PATH)),
    st.builds(file_line, st.one_of(st.just(PATH), st.binary(max_size=40))),
    st.builds(
        lambda text: f"GET /file/{text} HTTP/1.1", st.text(st.characters(max_codepoint=255), max_size=60)
    ),
)
_file_fields = st.one_of(
    st.builds(lambda host, asked: {"Host": host, "Range": asked}, _printable, _ranges),
    st.builds(lambda name, asked: {"Host": "a", name: asked}, st.sampled_from(["range", "Rang"]), _ranges),
    st.builds(lambda more, asked: {**more, "Host": "a", "Range": asked}, _fields, _ranges),
)
_GOOD_FILE = file_request(PATH, 0, PART - 1)
_flipped_file = st.builds(
    lambda at, byte: _GOOD_FILE[:at] + bytes([byte]) + _GOOD_FILE[at + 1 :],
    at=st.integers(0, len(_GOOD_FILE) - 1),
    byte=st.integers(0, 255),
)
_file_requests = st.one_of(st.builds(head, _file_fields, _file_lines), _flipped_file, st.just(_GOOD_FILE))
_requests = st.one_of(_almost_proper, _flipped, st.binary(max_size=200), st.just(request(MESSAGE1)))


def _answer(message1: bytes) -> Answer | None:
    return Answer(MESSAGE2, _end) if message1 == MESSAGE1 else None


def _part_of(asked: FileRequest | None) -> bytes | None:
    """The whole answer to a request for a part that is there."""
    if asked is None or asked.path != PATH or asked.offset + asked.length > len(DATA):
        return None
    if asked.offset % PART or asked.length % PART:
        return None
    return asked.answer_head(len(DATA)) + DATA[asked.offset : asked.offset + asked.length]


async def _end(connection: Connection) -> None:
    await connection.close()


async def _asked(pieces: list[bytes]) -> bytes:
    """The whole answer to pieces that arrive one after the other; a caller not let in then says no more."""
    blobs = KeptBlobs()
    blobs.at[PATH] = KeptBlob(DATA, PART)
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        server = OnionServer(Path(directory) / "onion.sock", _answer, blobs)
        await server.start()
        try:
            caller = await RawCaller.connect(Path(directory) / "onion.sock")
            for piece in pieces:
                if not caller.closed:
                    caller.send(piece)
                await asyncio.sleep(0)
            if (part := _part_of(file_request_of(b"".join(pieces)))) is not None:
                return await caller.until(part)
            if knock_of(b"".join(pieces)) != MESSAGE1 and not caller.closed:
                caller.end()
            answer = await caller.answer()
            assert not server._answers
            return answer
        finally:
            await server.stop()


@settings(max_examples=400)
@given(data=_requests, cuts=st.lists(st.integers(0, 2000), max_size=3))
def test_every_request_gets_a_knocks_answer_or_the_bare_404(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places) if start < end]
    answer = asyncio.run(_asked(pieces))
    if knock_of(data) == MESSAGE1:
        first, *lines = answer.split(b"\r\n")
        assert first == b"HTTP/1.1 101 Switching Protocols"
        assert not [line for line in lines if line.lower().startswith((b"server:", b"date:"))]
        assert answer.endswith(b"\r\n\r\n")
    else:
        assert answer == NOT_FOUND


@settings(max_examples=400)
@given(data=_file_requests, cuts=st.lists(st.integers(0, 200), max_size=3))
def test_every_request_for_a_file_gets_that_part_or_the_bare_404(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(places) if start < end]
    assert asyncio.run(_asked(pieces)) == (_part_of(file_request_of(data)) or NOT_FOUND)


@settings(max_examples=1000)
@given(data=st.one_of(_file_requests, _requests))
def test_reading_a_request_for_a_file_never_fails_and_asks_for_little(data: bytes) -> None:
    found = file_request_of(data)
    assert found is None or data.startswith(b"GET /file/")
    assert found is None or (len(found.path) == 32 and 0 < found.length <= MAX_RANGE)


@settings(max_examples=1000)
@given(data=st.one_of(_requests, _file_requests))
def test_reading_a_request_never_fails(data: bytes) -> None:
    found = knock_of(data)
    assert found is None or data.startswith(LINE.encode() + b"\r\n")
