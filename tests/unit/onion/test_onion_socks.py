"""Dialling through SOCKS: tor's replies keep their meaning, and whatever else answers is told apart."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from onion import socks
from onion.endpoint import Endpoint
from onion.errors import DialError
from onion.isolation import Isolation, check_token, fresh_token

HOST = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"


@asynccontextmanager
async def answering(replies: list[bytes], heard: list[bytes] | None = None) -> AsyncIterator[Endpoint]:
    """A SOCKS port that gives one reply for each thing it is sent, and then closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in replies:
            data = await reader.read(1024)
            if heard is not None:
                heard.append(data)
            writer.write(reply)
        writer.close()

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "socks"
        server = await asyncio.start_unix_server(serve, path)
        yield Endpoint(path=path)
        server.close()
        await server.wait_closed()


async def test_what_is_said_is_what_the_rfcs_say() -> None:
    heard: list[bytes] = []
    replies = [b"\x05\x02", b"\x01\x00", b"\x05\x00\x00\x01\0\0\0\0\0\0the first bytes"]
    async with answering(replies, heard) as endpoint:
        reader, writer = await socks.open_stream(endpoint, HOST, 80, "token", 10)
        assert await reader.read() == b"the first bytes"
        writer.close()
    name = HOST.encode()
    assert heard == [
        b"\x05\x01\x02",
        b"\x01\x05token\x01x",
        b"\x05\x01\x00\x03" + bytes([62]) + name + b"\0\x50",
    ]


@pytest.mark.parametrize(
    "bound", [b"\x01" + bytes(6), b"\x04" + bytes(18), b"\x03\x05abcde\0\0"], ids=["IPv4", "IPv6", "name"]
)
async def test_every_form_of_the_bound_address_is_passed_over(bound: bytes) -> None:
    async with answering([b"\x05\x02", b"\x01\x00", b"\x05\x00\x00" + bound + b"data"]) as endpoint:
        reader, writer = await socks.open_stream(endpoint, HOST, 80, "token", 10)
        assert await reader.read() == b"data"
        writer.close()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (0x01, "unreachable"),
        (0x05, "refused"),
        (0x06, "timeout"),
        (0xF0, "descriptor"),
        (0xF2, "introduction"),
        (0xF3, "rendezvous"),
        (0xF4, "client_key"),
        (0xF5, "client_key"),
        (0xF7, "introduction"),
        (0x77, "unreachable"),
    ],
)
async def test_each_reply_has_its_code(reply: int, code: str) -> None:
    async with answering([b"\x05\x02", b"\x01\x00", bytes([5, reply, 0, 1]) + bytes(6)]) as endpoint:
        with pytest.raises(DialError) as caught:
            await socks.open_stream(endpoint, HOST, 80, "token", 10)
    assert caught.value.code == code
    assert HOST[:20] not in caught.value.message


async def test_a_stream_that_tor_carries_is_open_whatever_its_reply_says() -> None:
    """Tor keeps the code of the first directory's refusal when the second has the descriptor."""
    done = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in (b"\x05\x02", b"\x01\x00", b"\x05\xf0\x00\x01" + bytes(6)):
            await reader.read(1024)
            writer.write(reply)
        writer.write(b"hello")
        await done.wait()
        writer.close()

    with tempfile.TemporaryDirectory() as directory:
        server = await asyncio.start_unix_server(serve, Path(directory) / "socks")
        reader, writer = await socks.open_stream(
            Endpoint(path=Path(directory) / "socks"), HOST, 80, "token", 10
        )
        assert await reader.readexactly(5) == b"hello"
        done.set()
        writer.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    "replies",
    [
        [b""],
        [b"\x05\xff"],
        [b"HTTP/1.1 400 Bad Request\r\n"],
        [b"\x05\x02", b"\x01\x01"],
        [b"\x05\x02", b"\x01\x00", b"\x05"],
    ],
)
async def test_what_is_no_tor_or_hangs_up_is_told(replies: list[bytes]) -> None:
    async with answering(replies) as endpoint:
        with pytest.raises(DialError) as caught:
            await socks.open_stream(endpoint, HOST, 80, "token", 10)
    assert caught.value.code == "socks"


async def test_silence_ends_at_the_deadline() -> None:
    silent = asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    with tempfile.TemporaryDirectory() as directory:
        server = await asyncio.start_unix_server(serve, Path(directory) / "socks")
        with pytest.raises(DialError) as caught:
            await socks.open_stream(Endpoint(path=Path(directory) / "socks"), HOST, 80, "token", 0.05)
        assert caught.value.code == "timeout"
        silent.set()
        server.close()
        await server.wait_closed()


def test_a_purpose_has_one_token_that_tells_nothing() -> None:
    isolation = Isolation()
    token = isolation.token("link", "alice")
    assert token == isolation.token("link", "alice")
    assert check_token(token) == token
    others: list[Callable[[], str]] = [
        lambda: isolation.token("link", "bob"),
        lambda: isolation.token("linka", "lice"),
        lambda: Isolation().token("link", "alice"),
        fresh_token,
    ]
    assert token not in [make() for make in others]
    assert "alice" not in token
