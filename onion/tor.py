"""What a tor can do for an application, whoever runs that tor.

`Tor` has two real implementations, `onion.child.ChildTor` (a process of our own) and `onion.system.SystemTor`
(one that is running already), and a fake for tests; all pass the same contract tests.

Nothing here resolves a name: onion names go to tor's SOCKS port as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import aiohttp

from onion.address import OnionAddress
from onion.sentence import NOTHING, Sentence

Problem = Literal[
    "", "clock_skew", "blocked", "bridge", "no_network", "died", "missing", "too_old", "control"
]
"""Why tor is of no use just now: "" (it is, or is on its way); this machine's clock is wrong; the Tor network
cannot be reached though a network is there; none of our bridges can be; no network; the process ended and is
started again; no tor installed; a tor below the oldest supported version; the control connection is lost."""

Stage = Literal["descriptor", "introduction", "rendezvous"]
"""What a dial is doing: asking for the descriptor; has it, introduces itself; introduced, waits for the
service to come to the rendezvous point. Its end, good or bad, is told to whoever dialled."""

Unsubscribe = Callable[[], None]


@dataclass(frozen=True, slots=True)
class TorStatus:
    """A moment of a tor's life.

    Args:
        version: such as "0.4.9.11", or "" while unknown.
        alive: the process runs and its control connection is authenticated.
        bootstrap: 0 to 100 percent.
        tag: tor's machine-readable name of the bootstrap phase, such as "conn_done".
        summary: tor's English sentence for that phase.
        problem: what is wrong, or "".
        detail: words about the problem, such as how tor ended and what it said last; or "".
    """

    version: str = ""
    alive: bool = False
    bootstrap: int = 0
    tag: str = ""
    summary: str = ""
    problem: Problem = ""
    detail: Sentence = NOTHING

    @property
    def ready(self) -> bool:
        """Whether circuits can be built."""
        return self.alive and self.bootstrap == 100


@dataclass(frozen=True, slots=True)
class DialStage:
    """A dial of this tor to an onion service reached a stage. The service's own uploads are not told here."""

    address: OnionAddress
    stage: Stage


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How a service defends itself.

    Args:
        client_keys: X25519 public keys, 32 bytes each, of the only clients that may connect; None: anyone.
            Over 320 are refused: tor takes 400 and then never uploads the descriptor.
        pow_defence: clients solve a proof of work while the service is flooded.
        max_streams: streams on one rendezvous circuit; the circuit that opens more is closed. 0: no limit.
    """

    client_keys: Sequence[bytes] | None = None
    pow_defence: bool = False
    max_streams: int = 0


class OnionService(Protocol):
    """A published onion service. It ends with `remove`, with its tor, or with this process."""

    @property
    def address(self) -> OnionAddress: ...

    @property
    def published(self) -> bool:
        """Whether its descriptor is on the network, as far as tor has been told."""
        ...

    async def wait_published(self, timeout: float) -> None:
        """Wait until `published`.

        Raises:
            TorError: not within `timeout` seconds, or the service is removed (code "not_published").
        """
        ...

    async def republish(self) -> None:
        """Remove and publish anew: new introduction points, new descriptors. Open streams live on."""
        ...

    async def introduced(self) -> bool:
        """Whether tor has or builds a circuit to an introduction point: without, nobody can come.

        A tor that loses all of them a few times makes no new ones for minutes (0.4.9.11); `republish` helps.
        """
        ...

    async def remove(self) -> None:
        """End the service; once is enough, twice does no harm. Open streams live on, and new ones may be
        opened over their circuits as soon as a service of the same address is published again."""
        ...

    async def cut(self) -> None:
        """Close every circuit on which somebody came to this address, with all their streams.

        Tor does not tell whose is whose.
        """
        ...

    async def probe(self, expect: Callable[[bytes], bool], timeout: float) -> bool:
        """Fetch `/` from this service over a fresh circuit and let `expect` judge the raw answer.

        Returns False if the service cannot be reached within `timeout` seconds or `expect` says so.
        """
        ...


class Tor(Protocol):
    """A tor. All methods belong to one event loop."""

    @property
    def status(self) -> TorStatus:
        """The latest status; never waits."""
        ...

    async def start(self) -> None:
        """Return once the control connection is authenticated; bootstrapping goes on.

        Raises:
            TorError: no tor, too old, does not start, or its control port refuses us; `status.problem` tells
                the same. It can be called again.
        """
        ...

    async def stop(self) -> None:
        """End it and wait for its end. Idempotent; never raises for a tor that is gone already."""
        ...

    def watch(self, callback: Callable[[TorStatus], None]) -> Unsubscribe:
        """Call `callback` on the event loop at every change of status, not for the present one."""
        ...

    def watch_stages(self, callback: Callable[[DialStage], None]) -> Unsubscribe:
        """Call `callback` on the event loop when a dial from here reaches a stage, perhaps twice for one."""
        ...

    async def wait_ready(self, timeout: float) -> None:
        """Wait until `status.ready`.

        Raises:
            TorError: not within `timeout` seconds (code "not_ready").
        """
        ...

    async def use_bridges(self, lines: Sequence[str]) -> None:
        """Reach the network by these bridges only, at once and after each start from here on; [] for none.

        A tor that runs begins anew, as after its death.

        Raises:
            TorError: a line is no bridge line, a transport's program is not installed, or this tor was there
                before us and is configured elsewhere (code "not_ours"); nothing is changed then.
        """
        ...

    async def publish(
        self, seed: bytes, target: Path, *, port: int = 80, options: ServiceOptions | None = None
    ) -> OnionService:
        """Start the onion service of a 32-byte Ed25519 seed; its streams reach the UNIX socket `target`.

        Returns once tor has taken it; `wait_published` waits for its descriptor. It can be called before tor
        has bootstrapped, and is published again whenever tor had to be started again.

        Raises:
            TorError: tor refused it (code "refused"), the socket's path cannot be told to it, or it is gone.
        """
        ...

    async def add_client_key(self, address: OnionAddress, private_key: bytes) -> None:
        """Let this tor connect to a service that admits only some: a 32-byte X25519 private key."""
        ...

    async def remove_client_key(self, address: OnionAddress) -> None:
        """Forget the key for `address`; no harm if there is none."""
        ...

    async def refresh_descriptor(self, address: OnionAddress, timeout: float) -> bool:
        """Fetch a service's descriptor anew, whatever is known of it. Returns whether it came.

        Before dialling a service that may have restarted since the last dial: otherwise tor first tries the
        old introduction points, which costs seconds (measured with 25 ms a link: 6.2 s in place of 2.4 s).
        A few times in a quarter of an hour for one address at most: tor asks no directory twice in it.
        """
        ...

    async def has_circuits(self) -> bool:
        """Whether any circuit of this tor stands, for whatever purpose; False if that cannot be asked."""
        ...

    def connector(self, token: str) -> aiohttp.BaseConnector:
        """A new aiohttp connector whose connections all use the circuit of `token`. The caller closes it.

        Set the session's timeouts: `sock_connect` is the time that tor gets for the circuit.
        """
        ...

    async def open_stream(
        self, host: str, port: int, token: str, timeout: float
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A raw stream over the circuit of `token`.

        Raises:
            DialError: tor refused, or `timeout` seconds went by. Where a tor that runs already has a SOCKS
                port without `ExtendedErrors`, the code tells no more than that the service was not reached.
        """
        ...

    async def close_circuits(self, token: str) -> None:
        """Close the circuits that `token` opened, with their streams; no harm if there are none."""
        ...
