"""The doorkeeper: one form of request is read, everything else gets the same bytes and nothing more."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable

import pytest

from tests.support.raw_callers import PATIENCE, RawCaller, file_request, head, headers, request
from tuichat.network import doorkeeper
from tuichat.network.doorkeeper import LINK_HEADER, NOT_FOUND, Doorkeeper, knock_of
from tuichat.network.request_head import MAX_HEAD_BYTES
from tuichat.network.transport import Answer, Connection

MESSAGE1 = bytes(range(256)) * 4
GOOD = headers(MESSAGE1)


def test_proper_request_gives_its_message() -> None:
    assert knock_of(request(MESSAGE1)) == MESSAGE1


def test_order_and_case_of_the_headers_do_not_matter() -> None:
    assert knock_of(head(dict(reversed(GOOD.items())))) == MESSAGE1
    assert knock_of(head({name.upper(): value for name, value in GOOD.items()})) == MESSAGE1
    assert knock_of(head({**GOOD, "Upgrade": "WebSocket", "Connection": "upgrade"})) == MESSAGE1


@pytest.mark.parametrize("name", GOOD)
def test_missing_header_is_refused(name: str) -> None:
    assert knock_of(head({each: value for each, value in GOOD.items() if each != name})) is None


@pytest.mark.parametrize("name", GOOD)
def test_doubled_header_is_refused(name: str) -> None:
    doubled = head({**GOOD, name.lower() if name != name.lower() else name.upper(): GOOD[name]})
    assert doubled.lower().count(f"\r\n{name.lower()}:".encode()) == 2
    assert knock_of(doubled) is None


@pytest.mark.parametrize(
    "extra",
    [
        {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
        {"Sec-WebSocket-Protocol": "chat"},
        {"Content-Length": "0"},
        {"Transfer-Encoding": "chunked"},
        {"Expect": "100-continue"},
        {"Accept": "*/*"},
        {"User-Agent": "curl/8.0"},
        {"Origin": "http://nobody.onion"},
        {"Cookie": "a=b"},
        {"X": ""},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_header_too_many_is_refused(extra: dict[str, str]) -> None:
    assert knock_of(head({**GOOD, **extra})) is None


@pytest.mark.parametrize(
    "line",
    [
        "POST /link HTTP/1.1",
        "HEAD /link HTTP/1.1",
        "get /link HTTP/1.1",
        "GET / HTTP/1.1",
        "GET /link/ HTTP/1.1",
        "GET //link HTTP/1.1",
        "GET /LINK HTTP/1.1",
        "GET /link?a HTTP/1.1",
        "GET /link# HTTP/1.1",
        "GET /%6cink HTTP/1.1",
        "GET http://nobody.onion/link HTTP/1.1",
        "GET * HTTP/1.1",
        "GET /link HTTP/1.0",
        "GET /link HTTP/2.0",
        "GET  /link HTTP/1.1",
        "GET /link HTTP/1.1 ",
        " GET /link HTTP/1.1",
        "GET\t/link\tHTTP/1.1",
        "GET /link",
        "PRI * HTTP/2.0",
        "",
    ],
)
def test_other_request_line_is_refused(line: str) -> None:
    assert knock_of(head(GOOD, line)) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Upgrade", "h2c"),
        ("Upgrade", "websocket, h2c"),
        ("Connection", "keep-alive"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Version", "12"),
        ("Sec-WebSocket-Version", "13, 12"),
        ("Sec-WebSocket-Version", "\u0661\u0663"),
        ("Sec-WebSocket-Key", ""),
        ("Sec-WebSocket-Key", "AAAA"),
        ("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0ODw"),
        ("Sec-WebSocket-Key", "AAECAwQFBgcICQoLDA0O!!=="),
        (LINK_HEADER, "a"),
        (LINK_HEADER, "====" * 4),
        (LINK_HEADER, "AAA A"),
        (LINK_HEADER, "AAAA\0AAA"),
        ("Host", "a\tb"),
        ("Host", "caf\u00e9"),
        ("Host", "a\nb"),
        ("Host", "a\r\n b"),
        ("Host", "a\x7f"),
    ],
)
def test_value_that_is_off_is_refused(name: str, value: str) -> None:
    lines = [f"{each}: {value if each == name else GOOD[each]}" for each in GOOD]
    assert knock_of("\r\n".join(["GET /link HTTP/1.1", *lines, "", ""]).encode()) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\0" * 64,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x05\x01\x00",
        b"SSH-2.0-x\r\n\r\n",
        request(MESSAGE1).replace(b"\r\n", b"\n"),
        request(MESSAGE1)[:-2],
        request(MESSAGE1) + b"x",
        request(MESSAGE1).replace(b"Host:", b"Host :"),
        request(MESSAGE1).replace(b"Host:", b" Host:"),
        request(MESSAGE1).replace(b"Host: ", b"Host"),
        request(MESSAGE1).replace(b"\r\nHost", b"\r\n\r\nHost"),
    ],
)
def test_what_is_no_such_request_is_refused(data: bytes) -> None:
    assert knock_of(data) is None


class Door:
    """Doorkeepers over real sockets. `asked` holds the messages that reached the answerer."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.present: dict[Doorkeeper, None] = {}
        self.known = {MESSAGE1}

    async def knock(self) -> RawCaller:
        """A caller in front of a doorkeeper of its own."""
        mine, theirs = socket.socketpair()
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: Doorkeeper(self._answer, self._admit, self._files, self.present), theirs
        )
        return await RawCaller.over(mine)

    async def ask(self, *parts: bytes, end: bool = False) -> bytes:
        """The whole answer to bytes that arrive part by part."""
        caller = await self.knock()
        for part in parts:
            caller.send(part)
            await asyncio.sleep(0)
        if end:
            caller.end()
        return await caller.answer()

    def _answer(self, message1: bytes) -> Answer | None:
        self.asked.append(message1)
        return Answer(b"message 2", _nothing) if message1 in self.known else None

    def _admit(self, transport: asyncio.Transport, answer: Answer) -> asyncio.Protocol:
        return Echo(answer.message2)

    def _files(self) -> asyncio.Protocol:
        return Echo(b"a file for ")


class Echo(asyncio.Protocol):
    """Whoever is let in gets message 2 and their request back."""

    def __init__(self, message2: bytes) -> None:
        self._message2 = message2
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(self._message2 + data)
        self._transport.close()


async def _nothing(connection: Connection) -> None:
    await connection.close()


@pytest.fixture
def door() -> Door:
    return Door()


async def test_one_who_is_let_in_is_handed_on_with_the_request_as_it_came(door: Door) -> None:
    whole = request(MESSAGE1)
    assert await door.ask(whole) == b"message 2" + whole
    assert not door.present


async def test_one_who_asks_for_a_file_is_handed_on_with_the_request_as_it_came(door: Door) -> None:
    whole = file_request(bytes(32), 0, 0)
    assert await door.ask(whole) == b"a file for " + whole
    assert await door.ask(whole[:50], whole[50:]) == b"a file for " + whole
    assert door.asked == []
    assert not door.present


async def test_ill_formed_request_for_a_file_is_not_handed_on(door: Door) -> None:
    whole = file_request(bytes(32), 0, 0)
    for data in (whole.replace(b"GET", b"PUT"), whole + b"x", whole + whole, whole.replace(b"0-0", b"0-")):
        assert await door.ask(data) == NOT_FOUND
    assert await door.ask(whole[:-1], end=True) == NOT_FOUND


@pytest.mark.parametrize("cut", [1, 16, 100, 1000, len(request(MESSAGE1)) - 1])
async def test_request_may_arrive_in_parts(door: Door, cut: int) -> None:
    whole = request(MESSAGE1)
    assert await door.ask(whole[:cut], whole[cut:]) == b"message 2" + whole


async def test_request_may_arrive_byte_by_byte(door: Door) -> None:
    whole = request(MESSAGE1)
    assert await door.ask(*(bytes([byte]) for byte in whole)) == b"message 2" + whole


async def test_unknown_knock_gets_the_bare_404(door: Door) -> None:
    assert await door.ask(request(b"somebody else's message")) == NOT_FOUND
    assert door.asked == [b"somebody else's message"]


async def test_ill_formed_request_gets_the_bare_404_and_is_not_judged(door: Door) -> None:
    assert await door.ask(head({**GOOD, "Accept": "*/*"})) == NOT_FOUND
    assert await door.ask(b"\r\n\r\n") == NOT_FOUND
    assert door.asked == []


@pytest.mark.parametrize("data", [b"", b"G", b"GET /link HTTP/1.1\r\n", request(MESSAGE1)[:-1]])
async def test_request_that_ends_early_gets_the_bare_404(door: Door, data: bytes) -> None:
    assert await door.ask(data, end=True) == NOT_FOUND
    assert door.asked == []
    assert not door.present


@pytest.mark.parametrize("data", [b"", b"GET /link HTTP/1.1\r\nHost: a"])
async def test_slow_request_is_cut_off_with_the_bare_404(
    door: Door, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "HEAD_SECONDS", 0.01)
    assert await door.ask(data) == NOT_FOUND
    assert not door.present


async def test_dribbled_bytes_buy_no_time(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorkeeper, "HEAD_SECONDS", 3600.0)
    caller = await door.knock()
    (keeper,) = door.present
    deadline = keeper._deadline
    assert deadline is not None
    for byte in b"GET /link":
        caller.send(bytes([byte]))
        await _until(lambda: bytes([byte]) == keeper._head[-1:])  # noqa: B023 - called before the next turn
    assert keeper._deadline is deadline
    caller.vanish()


def _padded(size: int) -> bytes:
    """A proper request of just so many bytes."""
    return head({**GOOD, "Host": "a" * (size - len(head({**GOOD, "Host": ""})))})


async def test_head_of_the_greatest_length_is_read_and_a_longer_one_is_not(door: Door) -> None:
    whole = _padded(MAX_HEAD_BYTES)
    assert len(whole) == MAX_HEAD_BYTES
    assert await door.ask(whole) == b"message 2" + whole
    assert await door.ask(_padded(MAX_HEAD_BYTES + 1)) == NOT_FOUND
    assert len(door.asked) == 1


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES + 1, 1 << 20])
async def test_endless_head_is_cut_off_within_its_bound(door: Door, size: int) -> None:
    caller = await door.knock()
    (keeper,) = door.present
    caller.send(b"x" * size)
    assert await caller.answer() == NOT_FOUND
    assert len(keeper._head) <= 2 * (MAX_HEAD_BYTES + 1)


@pytest.mark.parametrize("extra", [b"\0", request(MESSAGE1), b"\x82\x80\0\0\0\0"])
async def test_nothing_may_follow_the_request_before_its_answer(door: Door, extra: bytes) -> None:
    assert await door.ask(request(MESSAGE1) + extra) == NOT_FOUND
    assert door.asked == []


async def test_silent_crowd_is_bounded_and_keeps_nobody_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorkeeper, "MAX_UNJUDGED", 3)
    crowd = [await door.knock() for _ in range(20)]
    assert len(door.present) == 3
    assert await door.ask(request(MESSAGE1)) == b"message 2" + request(MESSAGE1)
    for early in crowd[:18]:
        assert await early.answer() == NOT_FOUND
    assert not crowd[18].closed
    assert not crowd[19].closed
    for late in crowd[18:]:
        late.vanish()


class Line(asyncio.Transport):
    """The end of a connection that a doorkeeper has."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        pass

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        pass


class Host(asyncio.Protocol):
    """Who goes on with a caller that was let in."""


@pytest.mark.parametrize(
    ("files", "crowd", "heard"), [(8192, 2047, True), (8192, 2048, False), (1024, 512, False)]
)
async def test_request_that_is_late_is_heard_unless_a_crowd_beyond_the_bound_came_meanwhile(
    monkeypatch: pytest.MonkeyPatch, files: int, crowd: int, heard: bool
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _which: (files, files))
    present: dict[Doorkeeper, None] = {}
    answered: list[bytes] = []

    def come() -> tuple[Doorkeeper, Line]:
        keeper, line = Doorkeeper(answer, lambda _transport, _answer: Host(), Host, present), Line()
        keeper.connection_made(line)
        return keeper, line

    def answer(message1: bytes) -> Answer:
        answered.append(message1)
        return Answer(b"", _nothing)

    contact, line = come()
    others = [come() for _ in range(crowd)]
    contact.data_received(request(MESSAGE1))
    assert answered == ([MESSAGE1] if heard else [])
    assert line.written == (b"" if heard else NOT_FOUND)
    for keeper, _line in others:
        keeper.turn_away()


async def test_caller_who_vanishes_leaves_nothing(door: Door) -> None:
    callers = [await door.knock() for _ in range(5)]
    for caller, data in zip(callers, (b"", b"x", b"GET ", b"\r\n\r", b"\r\n"), strict=True):
        caller.send(data)
        caller.vanish()
    await _until(lambda: not door.present)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the other ends of sockets bring it about
            await asyncio.sleep(0)
