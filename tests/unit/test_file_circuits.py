"""Circuits for files: built at once, shared from file to file, closed when nobody needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError
from tuichat.node.file_circuits import CONNECT_SECONDS, IDLE_SECONDS, MOST_AN_HOUR, FileCircuits

PATH = bytes(32)


class Made:
    """A circuit that stands after `seconds`, or fails."""

    def __init__(self, seconds: float = 1.0, failure: Exception | None = None) -> None:
        self.seconds = seconds
        self.failure = failure
        self.closed = False

    async def fetch(self, path: bytes, offset: int, length: int) -> AsyncGenerator[bytes, None]:
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        yield bytes(length)

    async def close(self) -> None:
        self.closed = True


class Maker:
    """Gives the circuits of a list, then quick ones."""

    def __init__(self, *first: Made) -> None:
        self._first = list(first)
        self.made: list[Made] = []

    async def __call__(self) -> Circuit:
        await asyncio.sleep(0)
        circuit = self._first.pop(0) if self._first else Made()
        self.made.append(circuit)
        return circuit


def circuits_of(maker: Maker) -> FileCircuits:
    return FileCircuits(maker, VirtualClock().monotonic)


def test_prepared_circuits_are_built_side_by_side_and_taken_as_they_come() -> None:
    async def story() -> None:
        maker = Maker(*(Made(3.0) for _ in range(4)))
        circuits = circuits_of(maker)
        circuits.prepare(PATH, 4)
        began = asyncio.get_running_loop().time()
        taken = await asyncio.gather(*(circuits.take(PATH) for _ in range(4)))
        assert asyncio.get_running_loop().time() - began == 3.0
        assert len(set(taken)) == len(maker.made) == 4
        await circuits.close()

    run_virtual(story())


def test_preparing_twice_builds_no_more_than_are_wanted() -> None:
    async def story() -> None:
        maker = Maker()
        circuits = circuits_of(maker)
        circuits.prepare(PATH, 3)
        circuits.prepare(PATH, 3)
        await asyncio.sleep(5)
        circuits.prepare(PATH, 3)
        await asyncio.sleep(5)
        assert (len(maker.made), circuits.ready) == (3, 3)
        await circuits.close()
        assert all(circuit.closed for circuit in maker.made)

    run_virtual(story())


def test_circuit_that_did_well_serves_the_next_file_and_is_closed_when_idle() -> None:
    async def story() -> None:
        maker = Maker()
        circuits = circuits_of(maker)
        circuit = await circuits.take(PATH)
        circuits.give_back(circuit)
        await asyncio.sleep(IDLE_SECONDS - 1)
        assert await circuits.take(PATH) is circuit
        circuits.give_back(circuit)
        await asyncio.sleep(IDLE_SECONDS + 1)
        assert (maker.made[0].closed, circuits.ready) == (True, 0)
        await circuits.close()

    run_virtual(story())


@pytest.mark.parametrize(
    ("circuit", "error"),
    [
        (Made(failure=ConnectionLostError()), ConnectionLostError),
        (Made(CONNECT_SECONDS + 1), ConnectionLostError),
    ],
    ids=["lost", "leads nowhere"],
)
def test_circuit_that_does_not_stand_is_closed_and_told(circuit: Made, error: type[Exception]) -> None:
    async def story() -> None:
        circuits = circuits_of(Maker(circuit))
        with pytest.raises(error):
            await circuits.take(PATH)
        assert circuit.closed
        await circuits.take(PATH)
        await circuits.close()

    run_virtual(story())


def test_circuit_that_was_refused_something_stands_and_serves_the_next_file() -> None:
    async def story() -> None:
        maker = Maker(Made(failure=RefusedError()))
        circuits = circuits_of(maker)
        with pytest.raises(RefusedError):
            await circuits.take(PATH)
        assert await circuits.take(PATH) is maker.made[0]
        circuits.give_back(maker.made[0])
        assert len(maker.made) == 1
        await circuits.close()

    run_virtual(story())


def test_circuit_that_was_prepared_for_what_is_gone_serves_what_is_not() -> None:
    async def story() -> None:
        maker = Maker(*(Made(failure=RefusedError()) for _ in range(3)))
        circuits = circuits_of(maker)
        circuits.prepare(PATH, 3)
        taken = await asyncio.gather(*(circuits.take(bytes([1] * 32)) for _ in range(3)))
        assert len(set(taken)) == len(maker.made) == 3
        await circuits.close()

    run_virtual(story())


def test_nobody_can_have_more_circuits_built_than_so_many_in_any_hour() -> None:
    async def story() -> None:
        maker = Maker(*(Made(failure=ConnectionLostError()) for _ in range(3 * MOST_AN_HOUR)))
        circuits = circuits_of(maker)
        for hour in (1, 2):
            for _attempt in range(MOST_AN_HOUR + 20):
                with pytest.raises(ConnectionLostError):
                    await circuits.take(PATH)
            assert len(maker.made) == hour * MOST_AN_HOUR
            await asyncio.sleep(3600)
        await circuits.close()

    run_virtual(story())


def test_whoever_stops_waiting_leaves_the_circuit_to_the_next() -> None:
    async def story() -> None:
        maker = Maker(Made(3.0))
        circuits = circuits_of(maker)
        waiting = asyncio.create_task(circuits.take(PATH))
        await asyncio.sleep(1)
        waiting.cancel()
        await asyncio.sleep(5)
        assert circuits.ready == 1
        await circuits.close()
        assert maker.made[0].closed

    run_virtual(story())


def test_nothing_stays_open_after_the_end() -> None:
    async def story() -> None:
        maker = Maker(Made(100.0))
        circuits = circuits_of(maker)
        circuits.prepare(PATH, 2)
        out = await circuits.take(PATH)
        await circuits.close()
        circuits.give_back(out)
        await asyncio.sleep(1)
        assert all(circuit.closed for circuit in maker.made)

    run_virtual(story())
