"""A whole node behind its socket, and what those get who call wrongly: the bare 404, or a silent end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import stat
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.support.fake_tor import FakeTor
from tests.support.handshakes import flip, person
from tests.support.house import House, house
from tests.support.raw_callers import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    RawCaller,
    Stranger,
    ask,
    head,
    headers,
    opened,
    request,
    web_frame,
    web_frames,
)
from tuichat.model import ContactEvent
from tuichat.network.addresses import address_of
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.node import callers
from tuichat.protocol.frames import Frame, Ping, Received, Request
from tuichat.protocol.link import MESSAGE1_LENGTH

Home = House[FakeTor]
ME, STRANGER = person("me"), person("stranger")
REQUEST = Request(bytes(range(32)), b"", "A. Stranger", "let me in")


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers' deadlines, so short that a test can wait for them."""
    monkeypatch.setattr(callers, "FAREWELL_SECONDS", 0.05)
    monkeypatch.setattr(callers, "MESSAGE3_SECONDS", 0.3)


@pytest.fixture
async def home(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> AsyncIterator[Home]:
    """My node; whatever reaches it, no log at any level and no stream shows a trace of it."""
    caplog.set_level(logging.DEBUG)
    async with house(ME) as mine:
        yield mine
    gc.collect()  # tasks and transports that were forgotten would complain now
    news = ("asyncio", "tuichat.node")  # which selector there is, and how far tor is
    ours = [record for record in caplog.records if record.name not in news or record.levelno > logging.INFO]
    assert ours == []
    assert capfd.readouterr() == ("", "")


# -- before the handshake: one answer for all --


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /link HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /link HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        b"HEAD /link HTTP/1.1\r\nHost: x\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\n\r\n",
        b"GET /robots.txt HTTP/1.0\r\n\r\n",
        b"\0\xff\r\n\r\n",
        b"no http at all\r\n\r\n",
        b"GET /link HTTP/1.1\r\nbroken header\r\n\r\n",
        b"x" * (1 << 20),
        b"GET /link HTTP/1.1\r\n" + b"A: b\r\n" * (1 << 17),
    ],
    ids=range(12),
)
async def test_whatever_is_no_knock_gets_the_bare_404(home: Home, data: bytes) -> None:
    assert await ask(home.socket, data) == NOT_FOUND


@pytest.mark.parametrize("data", [b"", b"GET /link HT", b"GET /link HTTP/1.1\r\nHost: x\r\n"])
async def test_no_request_or_half_a_head_gets_the_bare_404(home: Home, data: bytes) -> None:
    assert await ask(home.socket, data, end=True) == NOT_FOUND


@pytest.mark.parametrize(
    "position", [0, 4, 5, 6, 21, 22, 53, 54, 55, 638, 1237, 1238, 1253, 1254, MESSAGE1_LENGTH - 1]
)
async def test_message_1_with_a_flipped_bit_gets_the_bare_404(home: Home, position: int) -> None:
    message1 = flip(Stranger(STRANGER, ME.onion).message1, position)
    assert await ask(home.socket, request(message1)) == NOT_FOUND


@pytest.mark.parametrize("change", [-1, 1, -MESSAGE1_LENGTH, 1000])
async def test_message_1_of_another_length_gets_the_bare_404(home: Home, change: int) -> None:
    message1 = (Stranger(STRANGER, ME.onion).message1 + bytes(1000))[: MESSAGE1_LENGTH + change]
    assert await ask(home.socket, request(message1)) == NOT_FOUND


async def test_knock_for_somebody_else_gets_the_bare_404(home: Home) -> None:
    message1 = Stranger(STRANGER, person("another").onion).message1
    assert await ask(home.socket, request(message1)) == NOT_FOUND


async def test_offered_compression_is_refused_like_any_header_too_many(home: Home) -> None:
    offer = {
        **headers(Stranger(STRANGER, ME.onion).message1),
        "Sec-WebSocket-Extensions": "permessage-deflate",
    }
    assert await ask(home.socket, head(offer)) == NOT_FOUND


# -- the answer to a right message 1 --


async def test_answer_tells_neither_software_nor_clock_and_takes_no_extension(home: Home) -> None:
    stranger, caller = Stranger(STRANGER, ME.onion), await RawCaller.connect(home.socket)
    await stranger.knock(caller)
    first, *lines = stranger.upgrade.decode().split("\r\n")
    assert first == "HTTP/1.1 101 Switching Protocols"
    names = [line.partition(":")[0].lower() for line in lines if line]
    assert sorted(names) == ["connection", "sec-websocket-accept", "tuichat-link", "upgrade"]
    caller.vanish()


Garbage = Callable[[Stranger], bytes]


def _right_message3(*frames: Frame) -> Garbage:
    return lambda stranger: web_frame(BINARY, stranger.message3(*frames)[0])


def _flipped_message3(position: int) -> Garbage:
    return lambda stranger: web_frame(BINARY, flip(stranger.message3(REQUEST)[0], position))


def _fragmented_message3(position: int | None) -> Garbage:
    """The right message 3, cut in two."""

    def garbage(stranger: Stranger) -> bytes:
        message = stranger.message3(REQUEST)[0]
        start, rest = message[:position], b"" if position is None else message[position:]
        return web_frame(BINARY, start, bits=0) + web_frame(CONTINUATION, rest)

    return garbage


def _unmasked_message3(stranger: Stranger) -> bytes:
    message = stranger.message3(REQUEST)[0]
    return b"\x82\x7e" + len(message).to_bytes(2, "big") + message


def _just(data: bytes) -> Garbage:
    return lambda stranger: data


GARBAGE: dict[str, Garbage] = {
    "nothing": _just(b""),
    "noise": _just(bytes(range(256)) * 8),
    "a new request": _just(b"GET /link HTTP/1.1\r\nHost: x\r\n\r\n"),
    "text": _just(web_frame(TEXT, b"hello")),
    "text that is no UTF-8": _just(web_frame(TEXT, b"\xff\xfe")),
    "ping": _just(web_frame(PING, b"are you there")),
    "a flood of pings": _just(web_frame(PING, b"") * 100_000),
    "pong": _just(web_frame(PONG, b"")),
    "a flood of pongs": _just(web_frame(PONG, b"x" * 125) * 10_000),
    "goodbye": _just(web_frame(CLOSE, b"\x03\xe8")),
    "goodbye with no sense": _just(web_frame(CLOSE, b"\x00\x01")),
    "a continuation of nothing": _just(web_frame(CONTINUATION, b"x")),
    "reserved bits": _just(web_frame(BINARY, b"x", bits=0xF0)),
    "compressed": _just(web_frame(BINARY, b"\x00" * 300, bits=0xC0)),
    "an unknown opcode": _just(web_frame(3, b"x")),
    "a ping too long": _just(web_frame(PING, b"x" * 126)),
    "an empty message": _just(web_frame(BINARY, b"")),
    "random bytes": _just(web_frame(BINARY, STRANGER.onion * 10)),
    "the longest message": _just(web_frame(BINARY, bytes(65535))),
    "a message too long": _just(web_frame(BINARY, bytes(65536))),
    "a message of 2^31 bytes, announced": _just(web_frame(BINARY, b"x", length=1 << 31)),
    "a message of 2^63 - 1 bytes, announced": _just(web_frame(BINARY, b"x", length=(1 << 63) - 1)),
    "a message of 2^64 - 1 bytes, announced": _just(web_frame(BINARY, b"x", length=(1 << 64) - 1)),
    "endless fragments": _just(
        web_frame(BINARY, b"x", bits=0) + web_frame(CONTINUATION, b"x", bits=0) * 70_000
    ),
    "half a message": _just(web_frame(BINARY, b"x" * 100, length=400)),
    "message 3 in two fragments": _fragmented_message3(1),
    "message 3 and an empty fragment": _fragmented_message3(None),
    "message 3 after an empty fragment": _fragmented_message3(0),
    "message 3 without a mask": _unmasked_message3,
    "message 3 flipped at its start": _flipped_message3(0),
    "message 3 flipped in its name": _flipped_message3(60),
    "message 3 flipped at its end": _flipped_message3(-1),
    "message 3 without a request": _right_message3(),
    "message 3 with another frame": _right_message3(Ping()),
    "message 3 with two requests": _right_message3(REQUEST, REQUEST),
}


@pytest.mark.parametrize("name", GARBAGE)
async def test_whatever_is_no_right_message_3_ends_in_silence(home: Home, name: str) -> None:
    stranger, caller = Stranger(STRANGER, ME.onion), await RawCaller.connect(home.socket)
    await stranger.knock(caller)
    caller.send(GARBAGE[name](stranger))
    assert await caller.answer() == b""
    assert await home.node.contact_list() == []


async def test_message_3_of_another_call_ends_in_silence(home: Home) -> None:
    one, other = Stranger(STRANGER, ME.onion), Stranger(STRANGER, ME.onion)
    first, second = await RawCaller.connect(home.socket), await RawCaller.connect(home.socket)
    await one.knock(first)
    await other.knock(second)
    first.send(web_frame(BINARY, other.message3(REQUEST)[0]))
    assert await first.answer() == b""
    second.vanish()


async def test_caller_who_ends_after_message_2_gets_no_word(home: Home) -> None:
    stranger, caller = Stranger(STRANGER, ME.onion), await RawCaller.connect(home.socket)
    await stranger.knock(caller)
    caller.end()
    assert await caller.answer() == b""


async def test_callers_who_vanish_at_any_step_leave_nothing(home: Home) -> None:
    for step in range(4):
        for _ in range(10):
            stranger, caller = Stranger(STRANGER, ME.onion), await RawCaller.connect(home.socket)
            if step == 0:
                caller.send(request(stranger.message1)[:500])
            elif step == 1:
                caller.send(request(stranger.message1))
            else:
                await stranger.knock(caller)
            if step == 3:
                caller.send(web_frame(BINARY, stranger.message3(REQUEST)[0]))
            caller.vanish()
    server = home.transport._server
    assert server is not None
    await _until(lambda: not server._unjudged and not home.node._callers._budget._open)
    assert not server._answers
    assert len(await home.node.contact_list()) <= 1


# -- what a request comes to is seen by nobody outside --


async def _nothing(home: Home) -> None:
    assert await home.node.contact_list() == []


async def _set_aside(home: Home) -> None:
    await _call(home)
    assert [contact.state for contact in await home.node.contact_list()] == ["pending"]


async def _rejected(home: Home) -> None:
    await _set_aside(home)
    await home.node.contact_reject(address_of(STRANGER.onion))


async def _blocked(home: Home) -> None:
    await _set_aside(home)
    await home.node.contact_block(address_of(STRANGER.onion))


async def _removed(home: Home) -> None:
    await _set_aside(home)
    await home.node.contact_accept(address_of(STRANGER.onion))
    await home.node.contact_remove(address_of(STRANGER.onion))


async def _call(home: Home) -> tuple[list[str], list[tuple[int, int]], list[Frame]]:
    """What a stranger with a right request sees: the answer's lines, then each frame's kind and length."""
    stranger, caller = Stranger(STRANGER, ME.onion), await RawCaller.connect(home.socket)
    await stranger.knock(caller)
    message3, link = stranger.message3(REQUEST)
    caller.send(web_frame(BINARY, message3))
    answer = await caller.answer()
    lines = [line.partition(":")[0] for line in stranger.upgrade.decode().split("\r\n")]
    return lines, [(frame.bits, len(frame.payload)) for frame in web_frames(answer)], opened(link, answer)


@pytest.mark.parametrize("before", [_nothing, _set_aside, _rejected, _blocked, _removed])
async def test_request_is_answered_alike_whatever_became_of_the_last_one(
    home: Home, before: Callable[[Home], Awaitable[None]]
) -> None:
    await before(home)
    _, frames, said = await _call(home)
    assert said == [Received()]
    assert frames == [(0x80 | BINARY, 17)]


async def test_blocked_person_knocks_like_a_stranger_and_is_not_heard(home: Home) -> None:
    seen = await _call(home)
    await home.node.contact_block(address_of(STRANGER.onion))
    events = home.node.subscribe()
    assert await _call(home) == seen
    await home.node.contact_unblock(address_of(STRANGER.onion))
    told = await anext(events)  # the unblocking; nothing was told of the call before it
    assert isinstance(told, ContactEvent)
    assert told.contact.state == "pending"


# -- bounds --


@pytest.mark.parametrize("stage", ["head", "message 3", "farewell"])
async def test_flood_takes_a_bounded_amount_of_memory(
    home: Home, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callers, "FAREWELL_SECONDS", 1.0)
    stranger, caller = Stranger(STRANGER, ME.onion), await RawCaller.connect(home.socket)
    if stage != "head":
        await stranger.knock(caller)
    if stage == "farewell":
        message3, _ = stranger.message3(REQUEST)
        caller.send(web_frame(BINARY, message3))
        await caller.until(b"\x82\x11")
    flood = (
        web_frame(BINARY, b"x", bits=0) + web_frame(PING, b"") * 10_000 if stage != "head" else bytes(60_000)
    )
    tracemalloc.start()
    try:
        await asyncio.to_thread(_flood, caller, flood)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await caller.answer()
    assert most < 4 << 20


def _flood(caller: RawCaller, data: bytes) -> None:
    """Send the same bytes again and again, 64 MiB or until the other side is gone."""
    with caller.blocking() as out, contextlib.suppress(OSError):
        for _ in range((64 << 20) // len(data)):
            out.sendall(data)


async def test_no_stranger_keeps_a_node_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "FAREWELL_SECONDS", 3600.0)
    monkeypatch.setattr(callers, "MESSAGE3_SECONDS", 3600.0)
    async with asyncio.timeout(PATIENCE), house(ME) as home:
        silent = await RawCaller.connect(home.socket)
        answered, asking = (Stranger(STRANGER, ME.onion) for _ in range(2))
        waiting, taken = [await RawCaller.connect(home.socket) for _ in range(2)]
        await answered.knock(waiting)
        await asking.knock(taken)
        taken.send(web_frame(BINARY, asking.message3(REQUEST)[0]))
        await taken.until(b"\x82\x11")
    assert await silent.answer() == NOT_FOUND
    assert await waiting.answer() == b""
    await taken.answer()


async def test_socket_is_its_owners_alone_and_is_gone_at_the_end() -> None:
    async with house(ME) as home:
        assert stat.S_IMODE(home.socket.stat().st_mode) == 0o600
    assert not home.socket.exists()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the other ends of sockets bring it about
            await asyncio.sleep(0)
