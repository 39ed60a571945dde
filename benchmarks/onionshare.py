"""OnionShare's command line as a sender on the private network, if it is installed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from benchmarks.raw_pair import started_tor
from onion.isolation import fresh_token
from onion.tor import Tor

_START_SECONDS = 120.0
_DIAL_SECONDS = 120.0


class OnionShare:
    """Shares one file after another, each under an address of its own.

    Args:
        program: onionshare-cli.
        settings: its configuration's file, which names the control port of a tor of the network.
        client: the tor that fetches.
    """

    def __init__(self, program: str, settings: Path, client: Tor) -> None:
        self._program = program
        self._settings = settings
        self._client = client

    async def fetch(self, path: Path) -> float:
        """Seconds until a file that it shares is here, over one fresh circuit; starting it does not count."""
        process = await asyncio.create_subprocess_exec(
            *(self._program, "--config", str(self._settings), "--public", "--no-autostop-sharing", str(path)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=path.parent,
            env={**os.environ, "HOME": str(self._settings.parent)},
        )
        try:
            host = await self._address(process)
            return await self._download(host, path.stat().st_size)
        finally:
            process.terminate()
            await process.wait()

    async def _address(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            while line := (await process.stdout.readline()).decode():
                if found := re.search(r"http://([a-z2-7]{56}\.onion)", line):
                    return found[1]
        raise RuntimeError("OnionShare did not start to share")

    async def _download(self, host: str, size: int) -> float:
        token = fresh_token()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_DIAL_SECONDS)
        began = time.perf_counter()
        async with (
            aiohttp.ClientSession(connector=self._client.connector(token), timeout=timeout) as session,
            session.get(f"http://{host}/download", headers={"Accept-Encoding": "identity"}) as response,
        ):
            count = 0
            async for data in response.content.iter_any():
                count += len(data)
        took = time.perf_counter() - began
        await self._client.close_circuits(token)
        if count != size:
            raise RuntimeError(f"OnionShare gave {count} bytes of {size}")
        return took


@contextlib.asynccontextmanager
async def onionshare(directory: Path, torrc: Path, program: str | None) -> AsyncIterator[OnionShare | None]:
    """OnionShare with a tor of the network that it attaches to; None if no program is named."""
    if program is None:
        print("OnionShare is not measured: name its program with --onionshare.", flush=True)
        yield None
        return
    async with (
        started_tor(directory / "os-client", torrc) as client,
        started_tor(directory / "os-server", torrc),
    ):
        settings = directory / "onionshare.json"
        settings.write_text(
            json.dumps(
                {
                    "connection_type": "socket_file",
                    "socket_file_path": str(directory / "os-server" / "run" / "control"),
                    "auth_type": "no_auth",
                }
            )
        )
        yield OnionShare(program, settings, client)
