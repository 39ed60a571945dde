"""A tor that somebody else started: a process with its own torrc, which is not ours to end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from onion.binary import find_tor
from onion.system import SystemTor
from tests.support.network_thread import NetworkThread

SECONDS = 120.0
"""How long it may take to reach the network."""

TORRC = """\
DataDirectory {0}/data
ControlSocket {0}/control
CookieAuthentication 1
CookieAuthFile {0}/cookie
SocksPort auto
SocksPort unix:{0}/socks
RunAsDaemon 0
Log notice stdout
"""


@dataclass
class RunningTor:
    """A tor as an administrator would run it.

    Attributes:
        control: the path of its control socket.
        process: what is not ours to end.
    """

    control: Path
    process: asyncio.subprocess.Process

    @property
    def runs(self) -> bool:
        """Whether it still does."""
        return self.process.returncode is None

    async def guest(self) -> SystemTor:
        """One more who uses it, attached."""
        tor = SystemTor(str(self.control))
        await tor.start()
        await tor.wait_ready(SECONDS)
        return tor


@asynccontextmanager
async def running_tor(directory: Path, network: NetworkThread) -> AsyncIterator[RunningTor]:
    """A tor with its own torrc, a member of `network`; ended afterwards. Its SOCKS port is a usual one."""
    torrc = directory / "torrc"
    torrc.write_text(TORRC.format(directory) + network.torrc.read_text())
    process = await asyncio.create_subprocess_exec(
        *(find_tor(), "--defaults-torrc", os.devnull, "-f", torrc),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            while b"Bootstrapped 100%" not in (line := await process.stdout.readline()):
                assert line, "tor ended"
        yield RunningTor(directory / "control", process)
    finally:
        process.terminate()
        await process.communicate()
