"""A link of the private network: delays, cuts, stalls, half-closes, and is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from onion.private.link import Link

SECONDS = 20.0


@asynccontextmanager
async def linked(
    latency: float = 0.0,
) -> AsyncIterator[tuple[Link, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A link in front of an echo server, with one connection through it."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    link = Link("relay", latency)
    await link.open(server.sockets[0].getsockname()[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        async with asyncio.timeout(SECONDS):
            yield link, reader, writer
    finally:
        writer.transport.abort()
        await link.close()
        server.close()
        await server.wait_closed()


async def test_bytes_pass_both_ways_in_order_and_whole() -> None:
    async with linked(latency=0.001) as (_, reader, writer):
        data = bytes(range(256)) * 4096
        writer.write(data)
        writer.write_eof()
        assert await reader.read(-1) == data


async def test_what_passes_can_be_looked_at_until_one_looks_away() -> None:
    async with linked() as (link, reader, writer):
        seen: list[tuple[str, str, bytes]] = []
        end = link.capture(lambda name, direction, data: seen.append((name, direction, data)))
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        end()
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"
    assert seen == [("relay", "in", b"one"), ("relay", "out", b"one")]


async def test_a_cut_ends_connections_and_lets_new_ones_in() -> None:
    async with linked() as (link, reader, writer):
        writer.write(b"x")
        await reader.readexactly(1)
        assert link.cut() == 1
        assert await reader.read(1) == b""
        new_reader, new_writer = await asyncio.open_connection("127.0.0.1", link.port)
        new_writer.write(b"again")
        assert await new_reader.readexactly(5) == b"again"
        new_writer.transport.abort()


async def test_a_blocked_link_lets_nobody_through_until_it_is_unblocked() -> None:
    async with linked() as (link, reader, writer):
        writer.write(b"x")
        await reader.readexactly(1)
        link.block()
        assert await reader.read(1) == b""
        refused_reader, refused_writer = await asyncio.open_connection("127.0.0.1", link.port)
        with suppress(ConnectionError):
            assert await refused_reader.read(1) == b""
        refused_writer.transport.abort()
        link.unblock()
        new_reader, new_writer = await asyncio.open_connection("127.0.0.1", link.port)
        new_writer.write(b"again")
        assert await new_reader.readexactly(5) == b"again"
        new_writer.transport.abort()


async def test_a_connection_in_the_making_does_not_slip_through_a_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with linked() as (link, _reader, _writer):
        connect = asyncio.open_connection

        async def connect_and_block(
            host: str, port: int
        ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            made = await connect(host, port)
            link.block()
            return made

        monkeypatch.setattr(asyncio, "open_connection", connect_and_block)
        late_reader, late_writer = await connect("127.0.0.1", link.port)
        with suppress(ConnectionError):
            assert await late_reader.read(1) == b""
        late_writer.transport.abort()


async def test_a_stall_holds_bytes_back_and_loses_none() -> None:
    async with linked() as (link, reader, writer):
        link.stall(0.05)
        writer.write(b"late")
        assert await reader.readexactly(4) == b"late"


async def test_a_half_close_ends_one_direction_only() -> None:
    async with linked() as (link, reader, writer):
        arrived = asyncio.Event()
        writer.write(b"x")
        await reader.readexactly(1)
        assert link.half_close() == 1
        assert await reader.read(1) == b""
        link.capture(
            lambda _name, direction, data: arrived.set() if (direction, data) == ("in", b"y") else None
        )
        writer.write(b"y")
        await arrived.wait()


async def test_a_relay_that_is_not_there_ends_the_connection() -> None:
    link = Link("relay")
    await link.open(1)
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    with suppress(ConnectionError):
        assert await reader.read(1) == b""
    writer.transport.abort()
    await link.close()
