"""A network in virtual time that loses, delays, duplicates, reorders, clogs, falls silent one way, and cuts.

`SimulatedTransport` is the second implementation of Transport; faults follow a seeded source, so a run can be
repeated.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_circuit import SimulatedCircuit
from tuichat.crypto.curve25519 import x25519_public
from tuichat.model import ServiceState, TorState
from tuichat.network.transport import (
    Admission,
    Answer,
    Answerer,
    BlobFinder,
    Circuit,
    Connection,
    ConnectionLostError,
    Dialled,
    DialStage,
    NetworkState,
    RefusedError,
)

DIAL_SECONDS = 120.0
"""After so long a dial that hears nothing is given up, as on the real network."""


@dataclass
class Faults:
    """Probabilities for each message (and `unreachable` for each dial), and delays in seconds.

    Those that are `late` take as long as `latest`. The pieces of what is fetched over a circuit are lost and
    cut like messages; some are `corrupt`, as from a sender who means ill.
    """

    lose: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    cut: float = 0.0
    unreachable: float = 0.0
    corrupt: float = 0.0
    late: float = 0.0
    shortest: float = 0.05
    longest: float = 0.6
    latest: float = 0.6


class SimulatedConnection:
    """One end of a connection, at the place of the person with the key `owner`."""

    def __init__(self, network: SimulatedNetwork, owner: bytes) -> None:
        self._network = network
        self.owner = owner
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._latest = 0.0
        self.other: SimulatedConnection | None = None
        self.lost = False

    async def send(self, message: bytes) -> None:
        if self.lost or self.other is None:
            raise ConnectionLostError
        await asyncio.sleep(0)
        if self.other is not None:  # else the process has died meanwhile
            self._network.carry(message, self, self.other)

    async def receive(self) -> bytes:
        message = None if self.lost and self._arrived.empty() else await self._arrived.get()
        if message is None:
            self.lost = True
            raise ConnectionLostError
        return message

    async def close(self) -> None:
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        """Both ends lose the connection; what has arrived can still be read."""
        for end in (self, self.other):
            if end is not None and not end.lost:
                end.lost = True
                end._arrived.put_nowait(None)

    def forsake(self, told_after: float | None) -> None:
        """This end's process is gone. What has left it arrives, and then the other end is told, or never."""
        other, self.other = self.other, None
        self.cut()
        if other is not None:
            other.other = SimulatedConnection(self._network, self.owner)
            other.other.lost = True  # nothing arrives there
            if told_after is not None:
                asyncio.get_running_loop().call_at(other.due(told_after, in_order=True), other.cut)

    def arrive(self, message: bytes) -> None:
        if not self.lost:
            self._arrived.put_nowait(message)
            self._network.on_arrival.pop(self.owner, _nothing)()

    def due(self, delay: float, *, in_order: bool) -> float:
        """When a message sent now with this delay arrives here; in order unless told otherwise."""
        at = asyncio.get_running_loop().time() + delay
        if in_order:
            at = max(at, self._latest + 1e-6)
            self._latest = at
        return at


class SimulatedNetwork:
    """Everybody's network.

    Attributes:
        carried: how many messages it was given, the handshake's first two included.
        cut_at: the message with this number, from 1, is lost, and every connection with it.
        silent: (from, to): messages this way vanish, and no end is told, as on a circuit that hangs.
        circuits_made: how many there were.
        captured: every message as it was on the wire.
        on_arrival: what happens, once, when the next message reaches somebody; by their key.
        calls: when which two were connected.
        heard: a hash over all of them and the times at which they were sent.
        said: what each message said when it was written, by its id.
    """

    def __init__(self, rng: SeededRng) -> None:
        self.faults = Faults()
        self._rng = rng
        self._transports: dict[bytes, SimulatedTransport] = {}
        self._connections: list[SimulatedConnection] = []
        self._circuits: list[SimulatedCircuit] = []
        self.captured: list[bytes] = []
        self.on_arrival: dict[bytes, Callable[[], None]] = {}
        self.calls: dict[frozenset[bytes], list[float]] = {}
        self.heard = hashlib.blake2b(digest_size=16)
        self.said: dict[bytes, str] = {}
        self.carried = self.circuits_made = 0
        self.cut_at: int | None = None
        self.silent: set[tuple[bytes, bytes]] = set()
        self._clogged: list[tuple[bytes, SimulatedConnection]] | None = None

    @property
    def clogged(self) -> bool:
        """Whether nothing moves; what was sent meanwhile arrives afterwards, in order."""
        return self._clogged is not None

    @clogged.setter
    def clogged(self, now: bool) -> None:
        waiting, self._clogged = self._clogged or [], [] if now else None
        for message, receiver in waiting:
            asyncio.get_running_loop().call_at(
                receiver.due(self.delay(), in_order=True), receiver.arrive, message
            )

    def join(self, transport: SimulatedTransport) -> None:
        self._transports[transport.onion] = transport

    def leave(self, transport: SimulatedTransport) -> None:
        if self._transports.get(transport.onion) is transport:
            del self._transports[transport.onion]

    def service(self, onion: bytes) -> SimulatedTransport | None:
        """Who is online under a key."""
        return self._transports.get(onion)

    def circuit(self, caller: bytes, onion: bytes, reach: bytes | None) -> SimulatedCircuit:
        """A new circuit, not built yet."""
        circuit = SimulatedCircuit(self, caller, onion, reach)
        self.circuits_made += 1
        self._circuits.append(circuit)
        return circuit

    def drop(self, circuit: SimulatedCircuit) -> None:
        """It was closed."""
        if circuit in self._circuits:
            self._circuits.remove(circuit)

    def cut_circuits(self, caller: bytes | None = None) -> None:
        """What is fetched just now is lost: everybody's, or one caller's."""
        for circuit in self._circuits:
            if caller in (None, circuit.caller):
                circuit.cut()

    def cut_all(self) -> None:
        """Every connection and every circuit is lost at once."""
        for connection in self._connections:
            connection.cut()
        self._connections.clear()
        self.cut_circuits()

    def forsake(self, owner: bytes, *, told: bool) -> None:
        """Whoever is at this place is gone all of a sudden; those connected are told, or are not."""
        for end in [end for end in self._connections if end.owner == owner and not end.lost]:
            end.forsake(self.delay() if told else None)

    def carry(self, message: bytes, sender: SimulatedConnection, receiver: SimulatedConnection) -> None:
        if self._takes(message):
            return
        if self.happens(self.faults.cut):
            sender.cut()
            return
        if self.happens(self.faults.lose) or (sender.owner, receiver.owner) in self.silent:
            return
        if self._clogged is not None:
            self._clogged.append((message, receiver))
            return
        for _ in range(2 if self.happens(self.faults.duplicate) else 1):
            in_order = not self.happens(self.faults.reorder)
            at = receiver.due(self.delay(), in_order=in_order)
            asyncio.get_running_loop().call_at(at, receiver.arrive, message)

    async def connect(
        self, onion: bytes, message1: bytes, reach: bytes | None = None, caller: bytes = b""
    ) -> tuple[bytes, SimulatedConnection]:
        """Reach the service of a key with message 1, and be answered."""
        await asyncio.sleep(self.delay() * 2)
        transport = self._transports.get(onion)
        if self.clogged or {(caller, onion), (onion, caller)} & self.silent:
            await asyncio.sleep(DIAL_SECONDS)
            raise ConnectionLostError
        if transport is None or not transport.admits(reach) or self.happens(self.faults.unreachable):
            raise ConnectionLostError
        if self._takes(message1):
            raise ConnectionLostError
        answer = transport.answerer(message1) if transport.answerer is not None else None
        if answer is None:
            await asyncio.sleep(self.delay())
            raise RefusedError
        self.calls.setdefault(frozenset((caller, onion)), []).append(asyncio.get_running_loop().time())
        mine, theirs = SimulatedConnection(self, caller), SimulatedConnection(self, onion)
        mine.other, theirs.other = theirs, mine
        self._connections += [mine, theirs]
        transport.attend(answer, theirs)
        transport.came.append(theirs)
        if self._takes(answer.message2):
            mine.cut()
            raise ConnectionLostError
        await asyncio.sleep(self.delay())
        return answer.message2, mine

    def _takes(self, message: bytes) -> bool:
        """Count and capture a message; True if it is the one to be lost with everything."""
        self.carried += 1
        self.captured.append(message)
        self.heard.update(f"{asyncio.get_running_loop().time()} {len(message)} ".encode() + message)
        if self.carried == self.cut_at:
            self.cut_all()
            return True
        return False

    def flipped(self, data: bytes) -> bytes:
        """The same with one bit another."""
        at, bit = divmod(int(self._rng.uniform(0, 8 * len(data))), 8)
        return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]

    def happens(self, probability: float) -> bool:
        return probability > 0 and self._rng.uniform(0, 1) < probability

    def delay(self) -> float:
        longest = self.faults.latest if self.happens(self.faults.late) else self.faults.longest
        return self._rng.uniform(self.faults.shortest, longest)


class SimulatedTransport:
    """One node's place on the simulated network."""

    def __init__(self, network: SimulatedNetwork, onion: bytes) -> None:
        self.onion = onion
        self.answerer: Answerer | None = None
        self.admission: Admission | None = None
        self.admitted: list[bytes] | None = None
        self.blobs: BlobFinder | None = None
        self._network = network
        self._online = asyncio.Event()
        self._state = NetworkState()
        self._watchers: list[Callable[[NetworkState], None]] = []
        self._attending: dict[asyncio.Task[None], None] = {}  # in order, so that runs can be repeated
        self.failures: list[BaseException] = []
        self.renewed = self.doubts = 0
        self.bridges: tuple[str, ...] = ()
        self.came: list[SimulatedConnection] = []

    @property
    def state(self) -> NetworkState:
        return self._state

    def watch(self, callback: Callable[[NetworkState], None]) -> None:
        self._watchers.append(callback)

    async def start(self, answerer: Answerer, admission: Admission, blobs: BlobFinder) -> None:
        if self.answerer is None:
            self.blobs = blobs
            self.answerer = answerer
            self.admission = admission
            self.admitted = admission()
            self._network.join(self)
            self._online.set()
            self._tell(NetworkState(TorState(bootstrap=100, running=True), ServiceState(published=True)))

    async def stop(self) -> None:
        self._online.clear()
        self._network.leave(self)
        self._network.cut_circuits(self.onion)
        self.answerer = self.blobs = None
        for task in list(self._attending):
            task.cancel()
        await asyncio.gather(*self._attending, return_exceptions=True)
        self._tell(NetworkState())

    def vanish(self, *, told: bool) -> None:
        """The process is gone: nobody reaches it, and nothing leaves it any more."""
        self._online.clear()
        self._network.leave(self)
        self._network.cut_circuits(self.onion)
        self._network.forsake(self.onion, told=told)

    async def use_bridges(self, lines: Sequence[str]) -> None:
        self.bridges = tuple(lines)

    async def wait_ready(self) -> None:
        await self._online.wait()

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        on_stage("descriptor")
        message2, connection = await self._network.connect(onion, message1, reach, self.onion)
        on_stage("handshake")
        return Dialled(message2, connection)

    async def circuit(self, onion: bytes, reach: bytes | None = None) -> Circuit:
        if not self._online.is_set():
            raise ConnectionLostError
        return self._network.circuit(self.onion, onion, reach)

    async def hang_up(self, onion: bytes) -> None:
        await asyncio.sleep(0)

    async def renew(self, *, cut: bool = False) -> None:
        self.renewed += 1
        self.admitted = None if self.admission is None else self.admission()
        for connection in self.came if cut else ():
            connection.cut()

    def doubt(self) -> None:
        self.doubts += 1

    def admits(self, reach: bytes | None) -> bool:
        """Whether tor would let somebody with this client-authorization key in."""
        return self.admitted is None or (reach is not None and x25519_public(reach) in self.admitted)

    def attend(self, answer: Answer, connection: Connection) -> None:
        """Run what was answered beside the network, as a server would."""
        task = asyncio.get_running_loop().create_task(answer.run(connection))
        self._attending[task] = None
        task.add_done_callback(self._attended)

    def _attended(self, task: asyncio.Task[None]) -> None:
        self._attending.pop(task, None)
        if not task.cancelled() and task.exception() is not None:
            self.failures.append(task.exception())  # type: ignore[arg-type]

    def _tell(self, state: NetworkState) -> None:
        self._state = state
        for callback in self._watchers:
            callback(state)


def _nothing() -> None:
    """What happens when nobody waits for it."""
