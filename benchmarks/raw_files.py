"""A file behind an onion service as any web server would give it, fetched over one circuit or split over
several.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from benchmarks.raw_pair import started_tor
from onion.errors import DialError
from onion.isolation import fresh_token
from onion.tor import OnionService, Tor
from tuichat.clock import SystemRng

_DIAL_SECONDS = 120.0
_READY_SECONDS = 120.0
_ATTEMPTS = 3


class RawFiles:
    """A client's tor, and a service that gives the files of a directory."""

    def __init__(self, client: Tor, service: OnionService) -> None:
        self._client = client
        self._service = service

    async def fetch(self, name: str, size: int, circuits: int) -> float:
        """Seconds until a file is here over so many fresh circuits, each with its share of it."""
        began = time.perf_counter()
        share = -(-size // circuits)
        tokens: list[str] = []
        parts = [
            self._part(name, tokens, number * share, min((number + 1) * share, size))
            for number in range(circuits)
        ]
        received = sum(await asyncio.gather(*parts))
        took = time.perf_counter() - began
        if received != size:
            raise RuntimeError("the raw download is not whole")
        for token in tokens:
            await self._client.close_circuits(token)
        return took

    async def _part(self, name: str, tokens: list[str], begin: int, end: int) -> int:
        """A share over a circuit of its own; over another one if tor could not make it."""
        for _attempt in range(_ATTEMPTS):
            tokens.append(fresh_token())
            try:
                return await self._over(name, tokens[-1], begin, end)
            except DialError:
                continue
        raise RuntimeError("tor makes no circuit")

    async def _over(self, name: str, token: str, begin: int, end: int) -> int:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_DIAL_SECONDS)
        async with (
            aiohttp.ClientSession(connector=self._client.connector(token), timeout=timeout) as session,
            session.get(
                f"http://{self._service.address.hostname}/{name}",
                headers={"Range": f"bytes={begin}-{end - 1}"},
            ) as response,
        ):
            count = 0
            async for data in response.content.iter_any():
                count += len(data)
            return count


@contextlib.asynccontextmanager
async def raw_files(directory: Path, torrc: Path, given: Path) -> AsyncIterator[RawFiles]:
    """Both tors, started, and the service, published; `given` holds the files."""
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(started_tor(directory / "raw-client", torrc))
        server = await stack.enter_async_context(started_tor(directory / "raw-server", torrc))
        socket = directory / "raw-files.sock"
        await stack.enter_async_context(_server(socket, given))
        service = await server.publish(SystemRng().bytes(32), socket)
        await service.wait_published(_READY_SECONDS)
        yield RawFiles(client, service)


@contextlib.asynccontextmanager
async def _server(path: Path, given: Path) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_static("/", given)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(path)).start()
        yield
    finally:
        await runner.cleanup()
