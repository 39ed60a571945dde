"""Circuits that carry a contact's files: opened when wanted, kept from file to file, closed when idle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError
from tuichat.node.hourly import Hourly

CONNECT_SECONDS: Final = 30.0
"""A circuit that has not brought a byte by then leads nowhere: of a hundred, three take over 20 seconds."""

IDLE_SECONDS: Final = 60.0
"""Circuits that nobody used for so long are closed, in tor too: it would keep them for minutes."""

MOST_AN_HOUR: Final = 300
"""So many circuits to one contact are built in an hour, though it cut each at once: whoever makes a tor build
circuits at will finds its guard."""

_FIRST_BYTES: Final = 32
"""What is fetched to see that a circuit stands: the first hash of the list."""


class FileCircuits:
    """The circuits to one contact's service.

    Args:
        make: gives one that is not built yet; ConnectionLostError when there is no tor.
        monotonic: seconds.
    """

    def __init__(self, make: Callable[[], Awaitable[Circuit]], monotonic: Callable[[], float]) -> None:
        self._make = make
        self._may_build = Hourly(MOST_AN_HOUR, monotonic)
        self._idle: list[Circuit] = []
        self._building: set[asyncio.Task[Circuit]] = set()
        self._prepared: list[asyncio.Task[Circuit]] = []
        self._closing: asyncio.TimerHandle | None = None
        self._ends: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def ready(self) -> int:
        """How many stand and carry nothing."""
        return len(self._idle)

    async def take(self, path: bytes) -> Circuit:
        """One that stands: an idle one, one that is being built, or a new one that is built by fetching its
        first bytes from `path`.

        Raises:
            RefusedError: nothing lies at that path.
            ConnectionLostError: it could not be built in time, or too many were built lately.
        """
        while self._prepared and not self._idle:
            with contextlib.suppress(RefusedError):  # for another path; the circuit stands, and is idle now
                return await self._wait_for(self._prepared.pop())
        return self._idle.pop() if self._idle else await self._wait_for(self._begin(path))

    async def _wait_for(self, building: asyncio.Task[Circuit]) -> Circuit:
        try:
            return await asyncio.shield(building)
        except asyncio.CancelledError:
            building.add_done_callback(self._keep)
            raise

    def prepare(self, path: bytes, count: int) -> None:
        """Have up to `count` of them stand soon, or at once for who takes them; nobody waits for it."""
        for _number in range(count - len(self._idle) - len(self._prepared)):
            building = self._begin(path)
            self._prepared.append(building)
            building.add_done_callback(self._unclaimed)

    def _begin(self, path: bytes) -> asyncio.Task[Circuit]:
        building = asyncio.get_running_loop().create_task(self._built(path))
        self._building.add(building)
        building.add_done_callback(self._building.discard)
        return building

    def _unclaimed(self, building: asyncio.Task[Circuit]) -> None:
        """It was prepared: if nobody has taken it meanwhile, it waits."""
        if building in self._prepared:
            self._prepared.remove(building)
            self._keep(building)

    def _keep(self, building: asyncio.Task[Circuit]) -> None:
        """Nobody waits for it: it is there for who comes next."""
        if not building.cancelled() and building.exception() is None:
            self.give_back(building.result())

    async def _built(self, path: bytes) -> Circuit:
        if not self._may_build.allows():
            raise ConnectionLostError
        circuit = await self._make()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                async for _data in circuit.fetch(path, 0, _FIRST_BYTES):
                    pass
        except TimeoutError:
            self.end(circuit)
            raise ConnectionLostError from None
        except RefusedError:
            self.give_back(circuit)  # it stands; only what was asked for is not there
            raise
        except BaseException:
            self.end(circuit)
            raise
        return circuit

    def give_back(self, circuit: Circuit) -> None:
        """It did well and is not needed now."""
        if self._closed:
            self.end(circuit)
            return
        self._idle.append(circuit)
        self._wait_idle()

    def _wait_idle(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        self._closing = None
        idle, self._idle = self._idle, []
        for circuit in idle:
            self.end(circuit)

    def end(self, circuit: Circuit) -> None:
        """It leads nowhere any more, or is not needed: close it, whatever happens to who had it."""
        task = asyncio.get_running_loop().create_task(circuit.close())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def close(self) -> None:
        """End all; what is out is closed when it is given back."""
        self._closed = True
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
        for task in self._building:
            task.cancel()
        self._close_idle()
        await asyncio.gather(*self._building, *self._ends, return_exceptions=True)
