"""A network of this process's own nodes: no tor, no delay, nothing lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from tuichat.model import ServiceState, TorState
from tuichat.network.transport import (
    Admission,
    Answer,
    Answerer,
    BlobFinder,
    Circuit,
    ConnectionLostError,
    Dialled,
    DialStage,
    NetworkState,
    RefusedError,
)

_ONLINE = NetworkState(
    tor=TorState(bootstrap=100, running=True), service=ServiceState(published=True, reachable=True)
)


class JoinedConnection:
    """One end of a connection."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.other = self

    async def send(self, message: bytes) -> None:
        self.other._arrived.put_nowait(message)

    async def receive(self) -> bytes:
        message = await self._arrived.get()
        if message is None:
            raise ConnectionLostError
        return message

    async def close(self) -> None:
        for end in (self, self.other):
            end._arrived.put_nowait(None)


class JoinedTransport:
    """A node's place in `everybody`, by onion key."""

    def __init__(self, onion: bytes, everybody: dict[bytes, Answerer]) -> None:
        self._onion = onion
        self._everybody = everybody
        self._tasks: set[asyncio.Task[None]] = set()
        self._state = NetworkState()
        self._ready = asyncio.Event()
        self._watchers: list[Callable[[NetworkState], None]] = []

    @property
    def state(self) -> NetworkState:
        return self._state

    def watch(self, callback: Callable[[NetworkState], None]) -> None:
        self._watchers.append(callback)

    async def start(self, answerer: Answerer, admission: Admission, blobs: BlobFinder) -> None:
        if not self._ready.is_set():
            self._everybody[self._onion] = answerer
            self._tell(_ONLINE)
            self._ready.set()

    async def stop(self) -> None:
        self._everybody.pop(self._onion, None)
        self._ready.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tell(NetworkState())

    async def wait_ready(self) -> None:
        await self._ready.wait()

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        on_stage("handshake")
        answerer = self._everybody.get(onion)
        if answerer is None:
            raise ConnectionLostError
        answer = answerer(message1)
        if answer is None:
            raise RefusedError
        near, far = JoinedConnection(), JoinedConnection()
        near.other, far.other = far, near
        self._run(answer, far)
        return Dialled(answer.message2, near)

    async def circuit(self, onion: bytes, reach: bytes | None = None) -> Circuit:
        raise ConnectionLostError  # nobody has files here

    async def use_bridges(self, lines: Sequence[str]) -> None:
        pass  # no tor is in the way

    async def hang_up(self, onion: bytes) -> None:
        pass  # there are no circuits

    async def renew(self, *, cut: bool = False) -> None:
        pass  # nor introduction points

    def doubt(self) -> None:
        pass  # nor a way in that could be lost

    def _run(self, answer: Answer, connection: JoinedConnection) -> None:
        task = asyncio.ensure_future(_attended(answer, connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, state: NetworkState) -> None:
        self._state = state
        for callback in self._watchers:
            callback(state)


async def _attended(answer: Answer, connection: JoinedConnection) -> None:
    await answer.run(connection)
