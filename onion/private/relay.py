"""A relay of the private network: a tor process behind a link."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from onion.errors import TorError
from onion.private.link import Link
from onion.process import TorProcess
from onion.sentence import Sentence
from onion.torrc import quoted
from onion.transports import find_program

_STOP_SECONDS = 3.0
_FIRST_PORT, _LAST_PORT = 10_000, 65_535
_GIVEN_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST_DYNAMIC_PORT = 49_152
"""Where the system does not tell (RFC 6335, 6)."""

# SIGHUP makes a relay retry its downloads; it must not read the configuration again, which came by a pipe.
_COMMON = """\
TestingTorNetwork 1
Address 127.0.0.1
SocksPort 0
ExitRelay 0
AssumeReachable 1
NumCPUs 1
GeoIPFile /dev/null
GeoIPv6File /dev/null
__ReloadTorrcOnSIGHUP 0
RelayBandwidthRate 0
SafeLogging 1
Log notice stdout
ShutdownWaitLength 0
ContactInfo none
"""

_AUTHORITY = """\
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingV3AuthInitialVotingInterval 10
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
AuthDirMaxServersPerAddr 0
MinUptimeHidServDirectoryV2 0
"""

_BRIDGE = """\
BridgeRelay 1
BridgeDistribution none
PublishServerDescriptor 0
ExtORPort auto
"""


@dataclass(frozen=True, slots=True)
class RelayPlace:
    """Where a relay lives.

    Args:
        nickname: its name in the consensus.
        directory: its data directory, 0700.
        or_port: where it really listens; the link's port is what it advertises.
        dir_port: an authority's directory port, 0 for a plain relay.
        obfs4_port: where a bridge really listens for obfs4, with the link in front; 0 for who is no bridge.
    """

    nickname: str
    directory: Path
    or_port: int
    dir_port: int = 0
    obfs4_port: int = 0


class Relay:
    """One relay: started, watched until it has bootstrapped, stopped.

    Attributes:
        published: set when an authority has a new consensus.
        registered: set when a bridge's program for obfs4 runs.
    """

    def __init__(self, binary: Path, place: RelayPlace, link: Link) -> None:
        self.place = place
        self.link = link
        self._binary = binary
        self._process: TorProcess | None = None
        self._bootstrapped = asyncio.Event()
        self.published = asyncio.Event()
        self.registered = asyncio.Event()
        self._heeds_signals = False

    @property
    def bootstrapped(self) -> bool:
        """Whether it has all that it needs to build circuits, and so to serve others."""
        return self._bootstrapped.is_set()

    async def start(self, network_torrc: str) -> None:
        """Start the process, if it does not run; `network_torrc` names the authorities."""
        if self._process is not None and self._process.running:
            return
        self._bootstrapped = asyncio.Event()
        self.published = asyncio.Event()
        self.registered = asyncio.Event()
        self._heeds_signals = False
        self._process = await TorProcess.spawn(self._binary, self._torrc(network_torrc), self._on_line)

    def retry_downloads(self) -> None:
        """Forget the failed downloads and try them now: SIGHUP does. The configuration is not read again.

        A bridge whose program does not run yet is left alone. Tor would end the program, and where that comes
        between fork and exec the child still has tor's signal handler, which tells its parent: tor itself
        ends by SIGTERM (seen with 0.4.9.11).
        """
        if self._process is not None and self._heeds_signals and self._may_reload:
            self._process.send_signal(signal.SIGHUP)

    async def wait_bootstrapped(self, timeout: float) -> bool:
        """Whether it has the directory within `timeout` seconds.

        Raises:
            TorError: its process ended.
        """
        process = self._process
        assert process is not None
        ended = asyncio.create_task(process.wait())
        ready = asyncio.create_task(self._bootstrapped.wait())
        try:
            await asyncio.wait({ended, ready}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                last = " ".join(process.output()[-3:]) or Sentence("it gave no reason")
                raise TorError("start", "A relay of the private network ended: {reason}", reason=last)
            return ready.done()
        finally:
            ended.cancel()
            ready.cancel()

    async def stop(self) -> None:
        """End the process; its keys stay, so that it can be started again."""
        if self._process is not None:
            # One that is only starting may miss SIGTERM, and has nothing to save.
            await self._process.stop(_STOP_SECONDS if self._heeds_signals else 0)
            self._process = None

    @property
    def _may_reload(self) -> bool:
        return not self.place.obfs4_port or self.registered.is_set()

    def _torrc(self, network_torrc: str) -> str:
        place = self.place
        lines = [
            f"Nickname {place.nickname}",
            f"DataDirectory {quoted(str(place.directory))}",
            f"__OwningControllerProcess {os.getpid()}",
        ]
        if place.obfs4_port:
            return _COMMON + _BRIDGE + "\n".join([*lines, *self._bridge_lines()]) + "\n" + network_torrc
        lines.append(f"ORPort 127.0.0.1:{self.link.port} NoListen")
        lines.append(f"ORPort 127.0.0.1:{place.or_port} NoAdvertise")
        if place.dir_port:
            lines.append(f"DirPort 127.0.0.1:{place.dir_port}")
        role = _AUTHORITY if place.dir_port else ""
        return _COMMON + role + "\n".join(lines) + "\n" + network_torrc

    def _bridge_lines(self) -> list[str]:
        """Where a bridge listens: who comes by obfs4 passes the link; its ORPort is for nobody."""
        plugin = quoted(f"obfs4 exec {find_program('obfs4')}")
        return [
            f"ORPort 127.0.0.1:{self.place.or_port}",
            f"ServerTransportPlugin {plugin}",
            f"ServerTransportListenAddr obfs4 127.0.0.1:{self.place.obfs4_port}",
        ]

    def _on_line(self, line: str) -> None:
        if "Bootstrapped" in line:
            # The main loop runs. Before, SIGHUP would end it.
            self._heeds_signals = True
        if "Bootstrapped 75%" in line or "Bootstrapped 100%" in line:
            self._bootstrapped.set()
        elif "Published microdesc consensus" in line:
            self.published.set()
        elif "Registered server transport" in line:
            self.registered.set()


def free_port() -> int:
    """A port of loopback that is free now and that the system gives to no one who asks for any.

    A relay listens on it a moment later, and again when it was stopped for a while: meanwhile it must not
    become the near end of somebody's connection.
    """
    while True:
        port = _FIRST_PORT + secrets.randbelow(_first_given() - _FIRST_PORT)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _first_given() -> int:
    """The first of the ports that the system chooses itself."""
    try:
        first = int(_GIVEN_PORTS.read_text().split()[0])
    except OSError:
        first = _FIRST_DYNAMIC_PORT
    return first if first > _FIRST_PORT else _LAST_PORT
