"""Serving parts of blobs: exactly what was asked for, or the bare 404; bounded crowds; nobody holds it up."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.kept_blobs import PART, KeptBlob, KeptBlobs
from tests.support.raw_callers import PATIENCE, RawCaller, ask, file_line, file_request, head, request
from tuichat.network import blob_server
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.network.file_request import MAX_RANGE
from tuichat.network.onion_server import OnionServer
from tuichat.network.request_head import MAX_HEAD_BYTES

PATH, OTHER, UNKNOWN = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32)
DATA = bytes(range(256)) * 20  # five parts
LARGE = bytes(range(256)) * (MAX_RANGE // 256 * 2)


class House:
    """A server with blobs, and callers who speak to it byte by byte."""

    def __init__(self, socket_path: Path) -> None:
        self.socket = socket_path
        self.blobs = KeptBlobs()
        self.blobs.at = {PATH: KeptBlob(DATA, share=1), OTHER: KeptBlob(LARGE, share=2)}
        self.server = OnionServer(socket_path, lambda _message1: None, self.blobs)

    @property
    def connections(self) -> int:
        return len(self.server._blobs._connections)

    @property
    def answers(self) -> int:
        return len(self.server._blobs._answers)

    async def call(self) -> RawCaller:
        return await RawCaller.connect(self.socket)

    async def ask(self, data: bytes, *, end: bool = False) -> bytes:
        return await ask(self.socket, data, end=end)


@pytest.fixture
async def house(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> AsyncIterator[House]:
    """A server; whatever reaches it, no log at any level and no stream shows a trace of it."""
    caplog.set_level(logging.DEBUG)
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        made = House(Path(directory) / "onion.sock")
        await made.server.start()
        yield made
        await made.server.stop()
        assert (made.connections, made.answers) == (0, 0)
    gc.collect()  # tasks and transports that were forgotten would complain now
    news = ("asyncio", "tuichat.node")  # which selector there is, and how far tor is
    ours = [record for record in caplog.records if record.name not in news or record.levelno > logging.INFO]
    assert ours == []
    assert capfd.readouterr() == ("", "")


def answer_head(first: int, last: int, total: int) -> bytes:
    return (
        f"HTTP/1.1 206 Partial Content\r\nContent-Length: {last - first + 1}\r\n"
        f"Content-Range: bytes {first}-{last}/{total}\r\n\r\n"
    ).encode()


async def got(caller: RawCaller, count: int) -> bytes:
    """The next so many bytes."""
    await until(lambda: len(caller.received) >= count or caller.closed)
    taken = bytes(caller.received[:count])
    del caller.received[:count]
    return taken


async def fetched(caller: RawCaller, path: bytes, first: int, last: int, whole: bytes) -> None:
    """Ask for a part of what is `whole` at a path, and take it."""
    caller.send(file_request(path, first, last))
    expected = answer_head(first, last, len(whole)) + whole[first : last + 1]
    assert await got(caller, len(expected)) == expected


async def resting(caller: RawCaller, house: House, path: bytes = PATH) -> RawCaller:
    """A caller who has got a part and asks for nothing more."""
    await fetched(caller, path, 0, PART - 1, house.blobs.at[path].data)
    return caller


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the other ends of sockets bring it about
            await asyncio.sleep(0)


# -- what is to be had --


@pytest.mark.parametrize(
    ("first", "last"), [(0, PART - 1), (0, len(DATA) - 1), (PART, 3 * PART - 1), (4 * PART, len(DATA) - 1)]
)
async def test_part_that_is_to_be_had_comes_byte_for_byte(house: House, first: int, last: int) -> None:
    await fetched(await house.call(), PATH, first, last, DATA)


async def test_longest_range_comes_whole(house: House) -> None:
    await fetched(await house.call(), OTHER, MAX_RANGE, 2 * MAX_RANGE - 1, LARGE)


async def test_one_connection_serves_one_request_after_the_other_and_any_path(house: House) -> None:
    caller = await house.call()
    for part in (0, 3, 1, 1):
        await fetched(caller, PATH, part * PART, (part + 1) * PART - 1, DATA)
    await fetched(caller, OTHER, 0, 4 * PART - 1, LARGE)
    await fetched(caller, PATH, 0, PART - 1, DATA)
    assert house.connections == 1


async def test_request_may_arrive_byte_by_byte_the_first_and_later_ones(house: House) -> None:
    caller = await house.call()
    for _ in range(2):
        for byte in file_request(PATH, 0, PART - 1):
            caller.send(bytes([byte]))
            await asyncio.sleep(0)
        expected = answer_head(0, PART - 1, len(DATA)) + DATA[:PART]
        assert await got(caller, len(expected)) == expected


# -- what is not: one answer for all --

WRONG = {
    "an unknown path": file_request(UNKNOWN, 0, PART - 1),
    "no part": file_request(PATH, 1, PART),
    "half a part": file_request(PATH, 0, PART - 2),
    "beyond the end": file_request(PATH, 4 * PART, 6 * PART - 1),
    "far beyond the end": file_request(PATH, 10**17, 10**17),
    "too much": file_request(OTHER, 0, MAX_RANGE),
    "an inverted range": file_request(PATH, PART, 0),
    "no range": head({"Host": "a"}, file_line(PATH)),
    "two ranges": head({"Host": "a", "Range": "bytes=0-1023,1024-2047"}, file_line(PATH)),
    "a header too many": head({"Host": "a", "Range": "bytes=0-1023", "Accept": "*/*"}, file_line(PATH)),
    "another method": file_request(PATH, 0, PART - 1).replace(b"GET", b"HEAD"),
    "another version": file_request(PATH, 0, PART - 1).replace(b"1.1\r", b"1.0\r"),
    "a shorter path": file_request(PATH[:31], 0, PART - 1),
    "a longer path": file_request(PATH + b"x", 0, PART - 1),
    "the folder": head({"Host": "a", "Range": "bytes=0-1023"}, "GET /file/ HTTP/1.1"),
    "a knock": request(bytes(1270)),
    "another page": head({"Host": "a"}, "GET / HTTP/1.1"),
    "no http": b"\x16\x03\x01\r\n\r\n",
    "an endless head": b"x" * (MAX_HEAD_BYTES + 1),
}


@pytest.mark.parametrize("name", WRONG)
async def test_whatever_is_not_to_be_had_gets_the_bare_404(house: House, name: str) -> None:
    assert await house.ask(WRONG[name]) == NOT_FOUND


@pytest.mark.parametrize("name", WRONG)
async def test_whatever_is_not_to_be_had_gets_it_after_a_good_request_too(house: House, name: str) -> None:
    caller = await resting(await house.call(), house)
    caller.send(WRONG[name])
    assert await caller.answer() == NOT_FOUND


async def test_withdrawn_path_is_like_one_that_never_was(house: House) -> None:
    caller = await resting(await house.call(), house)
    del house.blobs.at[PATH]
    caller.send(file_request(PATH, 0, PART - 1))
    assert await caller.answer() == NOT_FOUND
    assert await house.ask(file_request(PATH, 0, PART - 1)) == NOT_FOUND
    assert await house.ask(file_request(UNKNOWN, 0, PART - 1)) == NOT_FOUND


@pytest.mark.parametrize("data", [b"G", file_request(PATH, 0, PART - 1)[:-1]])
async def test_half_a_request_that_ends_gets_the_bare_404(house: House, data: bytes) -> None:
    assert await house.ask(data, end=True) == NOT_FOUND
    caller = await resting(await house.call(), house)
    caller.send(data)
    caller.end()
    assert await caller.answer() == NOT_FOUND


async def test_half_a_request_that_goes_on_for_too_long_gets_the_bare_404(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_server, "HEAD_SECONDS", 0.01)
    caller = await resting(await house.call(), house)
    caller.send(b"GET /file/")
    assert await caller.answer() == NOT_FOUND


# -- connections that are over --


async def test_connection_that_rests_for_too_long_is_ended_without_a_word(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_server, "IDLE_SECONDS", 0.01)
    caller = await resting(await house.call(), house)
    assert await caller.answer() == b""
    assert house.connections == 0


async def test_caller_who_has_enough_and_ends_gets_no_word(house: House) -> None:
    caller = await resting(await house.call(), house)
    caller.end()
    assert await caller.answer() == b""


@pytest.mark.parametrize("orderly", [True, False])
async def test_caller_who_leaves_while_a_blob_is_read_ends_the_reading(house: House, orderly: bool) -> None:
    blob = house.blobs.at[PATH]
    blob.gate.clear()
    caller = await house.call()
    caller.send(file_request(PATH, 0, PART - 1))
    await until(lambda: blob.reading == 1)
    caller.end() if orderly else caller.vanish()
    await until(lambda: blob.reading == 0)
    assert await caller.answer() == b""
    await until(lambda: (house.connections, house.answers) == (0, 0))


async def test_caller_who_leaves_in_the_middle_of_an_answer_leaves_nothing(house: House) -> None:
    mine = await _deaf(house)
    await until(lambda: house.answers == 1)
    mine.close()
    await until(lambda: (house.connections, house.answers) == (0, 0))
    assert house.server._blobs.room._left == blob_server.MAX_IN_HAND


async def test_reader_who_takes_nothing_is_cut_off(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_server, "STALL_SECONDS", 0.05)
    mine = await _deaf(house)
    await until(lambda: house.connections == 1)
    await until(lambda: (house.connections, house.answers) == (0, 0))
    mine.setblocking(True)
    mine.settimeout(PATIENCE)
    taken = await asyncio.to_thread(_rest, mine)
    mine.close()
    assert 0 < len(taken) < MAX_RANGE
    assert NOT_FOUND not in taken


async def test_slow_reader_gets_everything_and_little_of_it_waits_here(house: House) -> None:
    mine = await _deaf(house)
    await until(lambda: house.connections == 1)
    (connection,) = house.server._blobs._connections
    taken = bytearray()
    loop = asyncio.get_running_loop()
    while len(taken) < MAX_RANGE:
        assert connection._transport is not None
        assert connection._transport.get_write_buffer_size() <= blob_server.SLICE
        taken += await loop.sock_recv(mine, 50_000)
    await until(lambda: house.answers == 0)
    assert house.connections == 1
    expected = answer_head(0, MAX_RANGE - 1, len(LARGE)) + LARGE[:MAX_RANGE]
    while len(taken) < len(expected):
        taken += await loop.sock_recv(mine, 50_000)
    assert bytes(taken) == expected
    mine.close()


async def _deaf(house: House) -> socket.socket:
    """Somebody who asks for as much as they may, and does not read."""
    mine = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(mine, str(house.socket))
    await loop.sock_sendall(mine, file_request(OTHER, 0, MAX_RANGE - 1))
    return mine


async def test_answer_that_is_under_way_stops_when_its_blob_is_over(house: House) -> None:
    mine = await _deaf(house)
    await until(lambda: house.answers == 1)
    house.blobs.at[OTHER].is_over = True
    mine.setblocking(True)
    mine.settimeout(PATIENCE)
    taken = await asyncio.to_thread(_rest, mine)
    mine.close()
    assert len(taken) < MAX_RANGE
    assert NOT_FOUND not in taken
    await until(lambda: (house.connections, house.answers) == (0, 0))


def _rest(mine: socket.socket) -> bytes:
    taken = b""
    try:
        while data := mine.recv(65536):
            taken += data
    except ConnectionResetError:
        pass
    return taken


# -- one request at a time --


async def test_request_that_comes_during_an_answer_waits_for_its_end(house: House) -> None:
    blob = house.blobs.at[PATH]
    blob.gate.clear()
    caller = await house.call()
    caller.send(file_request(PATH, 0, PART - 1))
    await until(lambda: blob.reading == 1)
    caller.send(file_request(PATH, PART, 2 * PART - 1))
    (connection,) = house.server._blobs._connections
    await until(lambda: len(connection._head) > 0)
    assert len(blob.asked) == 1
    blob.gate.set()
    for first in (0, PART):
        expected = answer_head(first, first + PART - 1, len(DATA)) + DATA[first : first + PART]
        assert await got(caller, len(expected)) == expected


async def test_two_requests_at_once_are_none(house: House) -> None:
    both = file_request(PATH, 0, PART - 1) + file_request(PATH, PART, 2 * PART - 1)
    assert await house.ask(both) == NOT_FOUND
    caller = await resting(await house.call(), house)
    caller.send(both)
    assert await caller.answer() == NOT_FOUND
    assert house.blobs.at[PATH].asked == [(0, PART)]


async def test_flood_during_an_answer_ends_it(house: House) -> None:
    blob = house.blobs.at[PATH]
    blob.gate.clear()
    caller = await house.call()
    caller.send(file_request(PATH, 0, PART - 1))
    await until(lambda: blob.reading == 1)
    (connection,) = house.server._blobs._connections
    caller.send(b"x" * (1 << 20))
    assert await caller.answer() == b""
    assert blob.reading == 0
    assert len(connection._head) <= 2 * (MAX_HEAD_BYTES + 1)


# -- a crowd --


async def test_too_many_of_one_contact_get_the_bare_404_and_others_do_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_server, "MAX_SHARE_CONNECTIONS", 3)
    await _busy(house, PATH, 3)
    assert await house.ask(file_request(PATH, 0, PART - 1)) == NOT_FOUND
    house.blobs.at[UNKNOWN] = KeptBlob(DATA, share=1)
    assert await house.ask(file_request(UNKNOWN, 0, PART - 1)) == NOT_FOUND
    await fetched(await house.call(), OTHER, 0, PART - 1, LARGE)


async def test_too_many_in_all_get_the_bare_404(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_server, "MAX_CONNECTIONS", 4)
    crowd = await _busy(house, PATH, 2) + await _busy(house, OTHER, 2)
    assert await house.ask(file_request(PATH, 0, PART - 1)) == NOT_FOUND
    crowd[0].vanish()
    await until(lambda: house.connections == 3)
    house.blobs.at[PATH].gate.set()
    await fetched(await house.call(), PATH, 0, PART - 1, DATA)


async def test_connection_that_rests_makes_way_the_longest_first(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_server, "MAX_SHARE_CONNECTIONS", 2)
    early, late = [await resting(await house.call(), house) for _ in range(2)]
    await resting(early, house)  # so the other one rests longer
    fresh = await resting(await house.call(), house)
    assert await late.answer() == b""
    monkeypatch.setattr(blob_server, "MAX_CONNECTIONS", 2)
    await resting(await house.call(), house, OTHER)
    assert await early.answer() == b""
    assert not fresh.closed


async def test_connection_that_comes_back_to_a_crowd_gets_the_bare_404(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_server, "MAX_SHARE_CONNECTIONS", 1)
    caller = await resting(await house.call(), house, OTHER)
    await _busy(house, PATH, 1)
    caller.send(file_request(PATH, 0, PART - 1))
    assert await caller.answer() == NOT_FOUND


async def test_strangers_without_a_path_take_no_place(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_server, "MAX_CONNECTIONS", 1)
    caller = await resting(await house.call(), house)
    for _ in range(5):
        assert await house.ask(file_request(UNKNOWN, 0, PART - 1)) == NOT_FOUND
    await resting(caller, house)


async def test_answers_wait_while_too_much_is_in_hand(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.server._blobs.room, "_left", 2 * PART)
    blob = house.blobs.at[PATH]
    crowd = await _busy(house, PATH, 2)
    third = await house.call()
    third.send(file_request(PATH, 0, PART - 1))
    fourth = await house.call()
    fourth.send(file_request(PATH, 0, PART - 1))
    await until(lambda: house.answers == 4)
    assert len(blob.asked) == 2
    third.vanish()
    await until(lambda: house.answers == 3)
    crowd[0].vanish()
    await until(lambda: len(blob.asked) == 3)
    blob.gate.set()
    for caller in (crowd[1], fourth):
        expected = answer_head(0, PART - 1, len(DATA)) + DATA[:PART]
        assert await got(caller, len(expected)) == expected
    assert house.server._blobs.room._left == 2 * PART


async def test_who_takes_answers_as_slowly_as_may_be_keeps_only_their_own_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blob_server, "MAX_SHARE_IN_HAND", 2 * PART)
    monkeypatch.setattr(house.server._blobs.room, "_left", 4 * PART)
    await _busy(house, PATH, 2)
    for path in (PATH, UNKNOWN):
        house.blobs.at[UNKNOWN] = KeptBlob(DATA, share=1)
        waiting = await house.call()
        waiting.send(file_request(path, 0, PART - 1))
    await until(lambda: house.answers == 4)
    await fetched(await house.call(), OTHER, 0, 2 * PART - 1, LARGE)
    assert house.blobs.at[UNKNOWN].asked == []


async def _busy(house: House, path: bytes, count: int) -> list[RawCaller]:
    """So many callers who wait for an answer that is held back."""
    blob = house.blobs.at[path]
    blob.gate.clear()
    callers = [await house.call() for _ in range(count)]
    for caller in callers:
        caller.send(file_request(path, 0, PART - 1))
    await until(lambda: blob.reading == count)
    return callers


# -- the end --


async def test_end_of_the_server_ends_every_answer_and_waits_for_nobody(house: House) -> None:
    blob = house.blobs.at[PATH]
    rests = await resting(await house.call(), house)
    mine = await _deaf(house)
    (waits,) = await _busy(house, PATH, 1)
    await until(lambda: house.connections == 3)
    async with asyncio.timeout(PATIENCE):
        await house.server.stop()
    assert (house.connections, house.answers, blob.reading) == (0, 0, 0)
    assert await rests.answer() == b""
    assert await waits.answer() == b""
    mine.close()


async def test_blob_that_fails_ends_its_connection_and_is_told(house: House) -> None:
    class Failing(KeptBlob):
        async def read(self, offset: int, length: int) -> bytes | None:
            raise ZeroDivisionError

    told = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context["exception"]))
    house.blobs.at[PATH] = Failing(DATA)
    assert await house.ask(file_request(PATH, 0, PART - 1)) == b""
    await until(lambda: house.answers == 0)
    gc.collect()
    assert [type(error) for error in told] == [ZeroDivisionError]
