"""What the node needs of a network, whichever it is: answer those who call, and call others.

Two implementations: `tor_transport.TorTransport`, and the simulated network of the tests.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tuichat.model import ServiceState, TorState

DialStage = Literal["descriptor", "rendezvous", "handshake"]
"""How far a dial has come: looking for the service; joining circuits; talking to it."""


class ConnectionLostError(Exception):
    """The connection ended or could not be made. Nothing else is known, and nothing else is told."""


class RefusedError(ConnectionLostError):
    """The service was reached and answered as it answers every stranger: it does not know this knock."""


class Connection(Protocol):
    """A stream of messages, each of at most 65,535 bytes, in order, after the handshake's first two."""

    async def send(self, message: bytes) -> None:
        """Hand one message to the network. Raises ConnectionLostError."""
        ...

    async def receive(self) -> bytes:
        """The next message. Raises ConnectionLostError when there will be none."""
        ...

    async def close(self) -> None:
        """End it; idempotent; never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller gets: the handshake's second message, and what then runs while the connection lives."""

    message2: bytes
    run: Callable[[Connection], Coroutine[Any, Any, None]]


Answerer = Callable[[bytes], Answer | None]
"""From a caller's first message to an answer, or None: then the caller gets what every wrong caller gets."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """A service that answered: its second message, and the connection."""

    message2: bytes
    connection: Connection


@dataclass(frozen=True, slots=True)
class NetworkState:
    """Where tor and our own service stand.

    Attributes:
        weaknesses: known ones of this version of tor, a sentence each.
    """

    tor: TorState = field(default_factory=TorState)
    service: ServiceState = field(default_factory=ServiceState)
    weaknesses: tuple[str, ...] = ()


class Blob(Protocol):
    """What somebody who knows its path may fetch from me, in whole parts only."""

    async def read(self, offset: int, length: int) -> bytes | None:
        """Exactly these bytes; None if they are not whole parts, or are not to be had any more."""
        ...

    @property
    def is_over(self) -> bool:
        """Whether nobody may have a byte of it any more, of an answer that has begun either."""
        ...

    @property
    def length(self) -> int:
        """All its bytes."""
        ...

    @property
    def share(self) -> int:
        """Whose share of the service's room and connections it takes: one number for each contact."""
        ...


BlobFinder = Callable[[bytes], Blob | None]
"""From a path, 32 bytes, to what lies there; None if nothing does."""


class Circuit(Protocol):
    """A way of its own to one service, over which parts of its blobs are fetched."""

    def fetch(self, path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        """These bytes of a blob as they come, exactly `length` together; several may be fetched at a time.

        Whoever stops before the end closes the generator.

        Raises:
            RefusedError: nothing lies there for us, or not in such parts.
            ConnectionLostError: it broke, or something else came than was asked for.
        """
        ...

    async def close(self) -> None:
        """End it, with its circuit in tor; idempotent; never raises."""
        ...


Admission = Callable[[], list[bytes] | None]
"""Asked at each publication: the public keys of those who may connect, None for everybody."""


class Transport(Protocol):
    """A way to be reached and to reach others."""

    @property
    def state(self) -> NetworkState:
        """The present state; never waits."""
        ...

    def watch(self, callback: Callable[[NetworkState], None]) -> None:
        """Call `callback` at each change of state, on the event loop."""
        ...

    async def start(self, answerer: Answerer, admission: Admission, blobs: BlobFinder) -> None:
        """Go online and stay so until `stop`: returns at once, trouble is told through the state."""
        ...

    async def stop(self) -> None:
        """Go offline and wait until nothing runs any more. Idempotent."""
        ...

    async def use_bridges(self, lines: Sequence[str]) -> None:
        """Reach the network by these bridges only, [] for none, from now on.

        Raises:
            UsageError: it cannot be done; nothing is changed.
        """
        ...

    async def wait_ready(self) -> None:
        """Wait until dialling makes sense."""
        ...

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        """Call the service of a 32-byte onion key; `reach` is the key by which it admits us, if it asks.

        Raises:
            RefusedError: reached, and it does not know this knock.
            ConnectionLostError: not reached, or not within the transport's own deadline.
        """
        ...

    async def circuit(self, onion: bytes, reach: bytes | None = None) -> Circuit:
        """A new circuit to a service, `reach` as for `dial`; it is built by the first fetch over it.

        Raises:
            ConnectionLostError: there is no tor to build one.
        """
        ...

    async def hang_up(self, onion: bytes) -> None:
        """Close the circuits to a service, and forget the key by which it admits us."""
        ...

    async def renew(self, *, cut: bool = False) -> None:
        """Publish our own service anew, under new introduction points and for who is admitted now (C8).

        With `cut` also close every circuit on which somebody came, for one that stays open leads to the new
        service too, and nobody can tell whose is whose.
        """
        ...

    def doubt(self) -> None:
        """There is reason to doubt that others reach us: whether they do is looked at soon."""
        ...
