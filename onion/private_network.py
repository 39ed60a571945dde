"""A whole private Tor network on loopback: one directory authority and a few relays, each behind a link.

`PrivateNetwork` is an async context manager for tests, benchmarks and demonstrations. Its `torrc` is a
fragment that makes any tor a client of this network and of no other. `python -m onion.private_network` brings
one up to play with. Nothing leaves loopback, and nothing is left behind: processes end by their pids, and the
directory is removed.

Two of tor's defences are off for all members: vanguards and entry guards. With four relays, either leads one
circuit in a few back to the relay it came from, which relays refuse; a boot then takes up to a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from onion.binary import ask_version, check_version, find_tool, find_tor
from onion.errors import OnionError, TorError
from onion.private.authority import count_relays, make_fingerprint, make_keys
from onion.private.bridge import BRIDGE, start_bridge
from onion.private.link import Capture, Link
from onion.private.relay import Relay, RelayPlace, free_port
from onion.sentence import Sentence

_AUTHORITY = "authority"
# Time for a second consensus, where a machine under load was too slow for the first.
_ATTEMPT_SECONDS = (28.0, 45.0, 60.0)
_NUDGE_SECONDS = 1.0
_FIRST_CONSENSUS_SECONDS = 9.0
_VOTING_INTERVAL = 10

_ANY_ENTRY = "UseEntryGuards 0\n"
_MEMBER = f"""\
TestingTorNetwork 1
PathsNeededToBuildCircuits 0.67
VanguardsLiteEnabled 0
{_ANY_ENTRY}"""


class Step(Enum):
    """The parts of bringing a network up; each value is a sentence to show."""

    KEYS = Sentence("Making the directory authority's keys")
    PROCESSES = Sentence("Starting the directory authority and the relays")
    CONSENSUS = Sentence("Waiting for the first consensus")
    RELAYS = Sentence("The relays read the consensus")
    READY = Sentence("The private network is up")
    AGAIN = Sentence("The network did not come up in time; starting again")


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What a network looks like.

    Args:
        relays: how many beside the authority, which relays too. Each takes about 75 MB. Fewer than 5 work at
            first, but after a restart the authority calls almost half of them unstable, and an onion service
            needs four that are stable.
        latency_ms: added by every link, in each direction, in milliseconds.
        directory: where its directory is made; the system's place for temporary files by default.
        binary: the tor to use; found by default.
        progress: told each step as it begins.
    """

    relays: int = 5
    latency_ms: float = 0.0
    directory: Path | None = None
    binary: Path | None = None
    progress: Callable[[Step], None] | None = None


class PrivateNetwork:
    """A private Tor network; use it with `async with`."""

    def __init__(self, options: NetworkOptions | None = None) -> None:
        self._options = options or NetworkOptions()
        self._binary = Path()
        self._directory = Path()
        self._fragment = ""
        self._relays: list[Relay] = []
        self._bridge: Relay | None = None
        self._voting_offset = 0

    @property
    def torrc(self) -> Path:
        """A torrc fragment for the members of this network."""
        return self._directory / "torrc"

    @property
    def links(self) -> Mapping[str, Link]:
        """The link in front of each relay, by the relay's nickname; "authority" is one, "bridge" may be."""
        bridges = [] if self._bridge is None else [self._bridge]
        return MappingProxyType({relay.place.nickname: relay.link for relay in [*self._relays, *bridges]})

    async def add_bridge(self) -> str:
        """Start a bridge in front of the network, reached by obfs4 only; returns its bridge line.

        A client gives the line and `bridged_torrc` to its tor. There is one; `stop_relays` leaves it alone.

        Raises:
            TorError: the program for obfs4 is not installed, or the bridge does not come up.
        """
        assert self._bridge is None
        latency = self._options.latency_ms / 1000
        self.bridged_torrc.write_text(self._fragment.replace(_ANY_ENTRY, ""))
        self._bridge, line = await start_bridge(
            self._binary, self._directory / BRIDGE, self._fragment, latency
        )
        return line

    @property
    def bridged_torrc(self) -> Path:
        """As `torrc`, for those who come by a bridge: it is their guard, which others do without here."""
        return self._directory / "torrc.bridged"

    async def __aenter__(self) -> Self:
        self._binary = self._options.binary or find_tor()
        check_version(await ask_version(self._binary))
        try:
            for attempt, seconds in enumerate(_ATTEMPT_SECONDS):
                try:
                    async with asyncio.timeout(seconds):
                        await self._boot()
                    break
                except (TimeoutError, TorError) as error:
                    if attempt == len(_ATTEMPT_SECONDS) - 1:
                        raise TorError("start", "The private Tor network does not come up.") from error
                    self._tell(Step.AGAIN)
                    await _to_the_end(self._clear())
        except BaseException:
            await _to_the_end(self._clear())
            raise
        self._tell(Step.READY)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await _to_the_end(self._clear())

    async def stop_relays(self) -> None:
        """End every relay, and let nobody reach the authority: no circuit survives, none can be built.

        The authority runs on. If it restarted, too, its next consensus would name no relay but itself.
        """
        authority, *relays = self._relays
        authority.link.block()
        await asyncio.gather(*(relay.stop() for relay in relays))

    async def start_relays(self, timeout: float = 60.0) -> None:
        """Undo `stop_relays`; returns when all relays have the directory again.

        Raises:
            TorError: not within `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                self._relays[0].link.unblock()
                await self._start_processes()
                await self._wait_bootstrapped()
        except TimeoutError as error:
            raise TorError("start", "The relays of the private network do not come back.") from error

    def cut(self) -> int:
        """Reset every connection on every link; returns how many."""
        return sum(link.cut() for link in self.links.values())

    def stall(self, seconds: float) -> None:
        """Hold back every byte on every link for `seconds`."""
        for link in self.links.values():
            link.stall(seconds)

    def half_close(self) -> int:
        """End the relays' side of every connection on every link; returns how many."""
        return sum(link.half_close() for link in self.links.values())

    def capture(self, callback: Capture) -> Callable[[], None]:
        """Show `callback` every byte on every link. Returns the function that ends it."""
        ends = [link.capture(callback) for link in self.links.values()]

        def end() -> None:
            for one in ends:
                one()

        return end

    async def _boot(self) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="tor-network-", dir=self._options.directory))
        self._relays = [await self._lay_out(name) for name in self._nicknames()]
        self._tell(Step.KEYS)
        self._fragment = _MEMBER + await self._authority_line()
        self.torrc.write_text(self._fragment)
        self._tell(Step.PROCESSES)
        # The authority publishes at times that are a multiple of the interval plus this offset. The first one
        # is late enough for all relays to have uploaded their descriptors: none waits for a second consensus.
        self._voting_offset = int(time.time() + _FIRST_CONSENSUS_SECONDS) % _VOTING_INTERVAL
        await self._start_processes()
        self._tell(Step.CONSENSUS)
        await self._wait_complete()
        self._tell(Step.RELAYS)
        await self._wait_bootstrapped()

    def _nicknames(self) -> list[str]:
        return [_AUTHORITY, *(f"relay{number}" for number in range(1, self._options.relays + 1))]

    async def _lay_out(self, nickname: str) -> Relay:
        directory = self._directory / nickname
        directory.mkdir(mode=0o700)
        place = RelayPlace(nickname, directory, free_port(), free_port() if nickname == _AUTHORITY else 0)
        link = Link(nickname, self._options.latency_ms / 1000)
        await link.open(place.or_port)
        return Relay(self._binary, place, link)

    async def _authority_line(self) -> str:
        authority = self._relays[0]
        place = authority.place
        keys = place.directory / "keys"
        keys.mkdir(mode=0o700)
        identity, fingerprint = await asyncio.gather(
            make_keys(find_tool("tor-gencert"), keys, place.dir_port),
            make_fingerprint(self._binary, place.directory, place.nickname),
        )
        certificate = (keys / "authority_certificate").read_bytes()
        for relay in self._relays[1:]:
            # Without it, a relay that gets the consensus must fetch the certificate, and asks again later.
            (relay.place.directory / "cached-certs").write_bytes(certificate)
        return (
            f"DirAuthority {place.nickname} orport={authority.link.port} no-v2 v3ident={identity} "
            f"127.0.0.1:{place.dir_port} {fingerprint}\n"
        )

    async def _start_processes(self) -> None:
        for relay in self._relays:
            voting = f"TestingV3AuthVotingStartOffset {self._voting_offset}\n" if relay.place.dir_port else ""
            await relay.start(self._fragment + voting)

    async def _wait_complete(self) -> None:
        """Wait for a consensus that names every relay."""
        authority = self._relays[0]
        while await count_relays(authority.place.dir_port) < len(self._relays):
            await authority.published.wait()
            authority.published.clear()

    async def _wait_bootstrapped(self) -> None:
        """Wait for all relays, and make those that are behind try their downloads at once.

        Before there is a consensus, each failed download doubles the time until the next.
        """
        while behind := [relay for relay in self._relays if not relay.bootstrapped]:
            for relay in behind:
                relay.retry_downloads()
            await asyncio.gather(*(relay.wait_bootstrapped(_NUDGE_SECONDS) for relay in behind))

    async def _clear(self) -> None:
        relays = self._relays if self._bridge is None else [*self._relays, self._bridge]
        await asyncio.gather(*(relay.stop() for relay in relays), return_exceptions=True)
        await asyncio.gather(*(relay.link.close() for relay in relays), return_exceptions=True)
        self._relays, self._bridge = [], None
        if self._directory != Path():
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = Path()

    def _tell(self, step: Step) -> None:
        if self._options.progress is not None:
            self._options.progress(step)


async def _to_the_end(work: Coroutine[None, None, None]) -> None:
    """Run `work` to its end even if we are cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


async def _run(options: NetworkOptions, *, bridge: bool) -> None:
    stop = asyncio.Event()
    this = asyncio.current_task()
    assert this is not None
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        # While it comes up there is somebody to cancel; afterwards there is somebody waiting.
        stop.set() if up else this.cancel()

    up = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    async with PrivateNetwork(options) as network:
        line = await network.add_bridge() if bridge else ""
        up = True
        print(f"\nFor its members:  {network.torrc}")
        print(f"A client of it:   tor -f {network.torrc} --DataDirectory DIR --SocksPort auto")
        if line:
            print(f"Behind a bridge:  {network.bridged_torrc}")
            print(f"The bridge's line:\n{line}")
        print("Ctrl+C ends it and removes everything.", flush=True)
        await stop.wait()


def main(arguments: list[str] | None = None) -> int:
    """Bring a private network up and keep it until Ctrl+C."""
    parser = argparse.ArgumentParser(prog="python -m onion.private_network", description=main.__doc__)
    parser.add_argument("--relays", type=int, default=5, metavar="N", help="beside the authority (default 5)")
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="MS", help="added per link and direction"
    )
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where to keep its files meanwhile")
    parser.add_argument("--bridge", action="store_true", help="add a bridge that is reached by obfs4 only")
    chosen = parser.parse_args(arguments)
    options = NetworkOptions(
        relays=max(3, chosen.relays),
        latency_ms=max(0.0, chosen.latency),
        directory=chosen.directory,
        progress=lambda step: print(step.value, flush=True),
    )
    try:
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(_run(options, bridge=chosen.bridge))
    except OnionError as error:
        print(error.message, error.hint, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
