"""What a program without tuichat would do over Tor: an echo behind an onion service, and its client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from onion.child import ChildOptions, ChildTor
from onion.isolation import fresh_token
from onion.tor import OnionService, Tor
from tuichat.clock import SystemRng

_DIAL_SECONDS = 120.0
_READY_SECONDS = 120.0
_CHUNK = 1 << 16


class RawPair:
    """A client's tor, and a service's tor with a WebSocket echo on port 80 and a plain one on port 81."""

    def __init__(self, client: Tor, web_echo: OnionService, plain_echo: OnionService) -> None:
        self._client = client
        self._web_echo = web_echo
        self._plain_echo = plain_echo
        self._token = fresh_token()

    async def fresh_circuit(self) -> None:
        """Close the circuit in use; the next connection makes another."""
        await self._client.close_circuits(self._token)
        self._token = fresh_token()

    @contextlib.asynccontextmanager
    async def web_socket(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse[bool]]:
        """A WebSocket to the echo over the present circuit."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_DIAL_SECONDS)
        connector = self._client.connector(self._token)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.ws_connect(f"http://{self._web_echo.address.hostname}/", compress=0) as socket,
        ):
            yield socket

    async def connect_and_echo(self, data: bytes, times: int) -> None:
        """Connect through SOCKS, and let `data` come back so many times."""
        host = self._plain_echo.address.hostname
        reader, writer = await self._client.open_stream(host, 81, self._token, _DIAL_SECONDS)
        try:
            for _ in range(times):
                writer.write(data)
                await reader.readexactly(len(data))
        finally:
            writer.transport.abort()


async def echo_web_socket(socket: aiohttp.ClientWebSocketResponse[bool], data: bytes) -> None:
    """Let `data` come back once."""
    await socket.send_bytes(data)
    if await socket.receive_bytes() != data:
        raise RuntimeError("the echo is not what was said")


@contextlib.asynccontextmanager
async def raw_pair(directory: Path, torrc: Path) -> AsyncIterator[RawPair]:
    """Both tors, started, and the two services, published."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(started_tor(directory / "client", torrc))
        server = await stack.enter_async_context(started_tor(directory / "server", torrc))
        web_socket, plain = directory / "web.sock", directory / "plain.sock"
        await stack.enter_async_context(_web_server(web_socket))
        await stack.enter_async_context(await asyncio.start_unix_server(_echo_plain, plain))
        services = [
            await server.publish(SystemRng().bytes(32), path, port=port)
            for path, port in ((web_socket, 80), (plain, 81))
        ]
        await asyncio.gather(*(service.wait_published(_READY_SECONDS) for service in services))
        yield RawPair(client, *services)


@contextlib.asynccontextmanager
async def started_tor(directory: Path, torrc: Path) -> AsyncIterator[ChildTor]:
    """A tor of the network, ready; ended afterwards."""
    options = ChildOptions(directory / "data", directory / "run", extra_torrc=torrc)
    tor = ChildTor(options)
    try:
        await tor.start()
        await tor.wait_ready(_READY_SECONDS)
        yield tor
    finally:
        await tor.stop()


@contextlib.asynccontextmanager
async def _web_server(path: Path) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_get("/", _echo_web)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(path)).start()
        yield
    finally:
        await runner.cleanup()


async def _echo_web(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


async def _echo_plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # the circuit was closed
    finally:
        writer.transport.abort()
