"""What every circuit must do, simulated or over a tor. Subclass `CircuitContract` and give it a `served`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from tests.support.kept_blobs import PART, KeptBlob, KeptBlobs
from tests.support.raw_callers import PATIENCE
from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError

PATH, OTHER, UNKNOWN = bytes([1] * 32), bytes([2] * 32), bytes([3] * 32)
DATA = bytes(range(256)) * 4096  # 1 MiB


@dataclass(frozen=True, slots=True)
class Served:
    """Somebody who serves `blobs`, and the ways to them.

    Attributes:
        circuit: gives a new circuit to them.
        nobody: gives one to somebody who is not there.
    """

    blobs: KeptBlobs
    circuit: Callable[[], Awaitable[Circuit]]
    nobody: Callable[[], Awaitable[Circuit]]


async def fetch(circuit: Circuit, path: bytes, offset: int, length: int) -> bytes:
    """All that comes, which must come in more than nothing at a time."""
    async with asyncio.timeout(PATIENCE):
        pieces = [piece async for piece in circuit.fetch(path, offset, length)]
    assert all(pieces)
    return b"".join(pieces)


class CircuitContract:
    """The promises of `transport.Circuit`, kept by each implementation."""

    async def test_what_is_asked_for_comes(self, served: Served) -> None:
        served.blobs.at[PATH] = KeptBlob(DATA)
        circuit = await served.circuit()
        assert await fetch(circuit, PATH, 0, len(DATA)) == DATA
        assert await fetch(circuit, PATH, PART, 2 * PART) == DATA[PART : 3 * PART]
        assert served.blobs.at[PATH].asked == [(0, len(DATA)), (PART, 2 * PART)]
        await circuit.close()

    async def test_several_are_fetched_at_a_time(self, served: Served) -> None:
        served.blobs.at = {PATH: KeptBlob(DATA), OTHER: KeptBlob(DATA[::-1])}
        for blob in served.blobs.at.values():
            blob.gate.clear()
        circuit = await served.circuit()
        fetching = [
            asyncio.ensure_future(fetch(circuit, path, part * PART, PART))
            for path in (PATH, OTHER)
            for part in range(3)
        ]
        for blob in served.blobs.at.values():
            await blob.read_by(3)
        for blob in served.blobs.at.values():
            blob.gate.set()
        wholes = [blob.data for blob in served.blobs.at.values()]
        expected = [whole[part * PART : (part + 1) * PART] for whole in wholes for part in range(3)]
        assert await asyncio.gather(*fetching) == expected
        await circuit.close()

    async def test_what_is_not_to_be_had_is_refused_and_the_circuit_serves_on(self, served: Served) -> None:
        served.blobs.at[PATH] = KeptBlob(DATA)
        circuit = await served.circuit()
        for path, offset, length in ((UNKNOWN, 0, PART), (PATH, 1, PART), (PATH, 0, len(DATA) + PART)):
            with pytest.raises(RefusedError):
                await fetch(circuit, path, offset, length)
        assert await fetch(circuit, PATH, 0, PART) == DATA[:PART]
        await circuit.close()

    async def test_withdrawn_path_is_refused(self, served: Served) -> None:
        served.blobs.at[PATH] = KeptBlob(DATA)
        circuit = await served.circuit()
        assert await fetch(circuit, PATH, 0, PART) == DATA[:PART]
        del served.blobs.at[PATH]
        with pytest.raises(RefusedError):
            await fetch(circuit, PATH, 0, PART)
        await circuit.close()

    async def test_who_is_not_there_is_lost_and_does_not_refuse(self, served: Served) -> None:
        circuit = await served.nobody()
        with pytest.raises(ConnectionLostError) as caught:
            await fetch(circuit, PATH, 0, PART)
        assert not isinstance(caught.value, RefusedError)
        await circuit.close()

    async def test_fetch_that_is_given_up_hurts_no_other(self, served: Served) -> None:
        served.blobs.at[PATH] = KeptBlob(DATA)
        circuit = await served.circuit()
        async with aclosing(circuit.fetch(PATH, 0, len(DATA))) as pieces:
            await anext(pieces)
        assert await fetch(circuit, PATH, 0, PART) == DATA[:PART]
        blob = served.blobs.at[PATH]
        blob.gate.clear()
        fetching = asyncio.ensure_future(fetch(circuit, PATH, 0, PART))
        await blob.read_by(1)
        fetching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await fetching
        blob.gate.set()
        assert await fetch(circuit, PATH, 0, PART) == DATA[:PART]
        await circuit.close()

    async def test_closing_ends_what_is_fetched_and_what_would_be(self, served: Served) -> None:
        served.blobs.at = {PATH: KeptBlob(DATA), OTHER: KeptBlob(DATA)}
        served.blobs.at[OTHER].gate.clear()
        circuit = await served.circuit()
        begun = circuit.fetch(PATH, 0, len(DATA))
        await anext(begun)
        waiting = asyncio.ensure_future(fetch(circuit, OTHER, 0, PART))
        await served.blobs.at[OTHER].read_by(1)
        async with asyncio.timeout(PATIENCE):
            await circuit.close()
        with pytest.raises(ConnectionLostError):
            await waiting
        with pytest.raises(ConnectionLostError):
            [piece async for piece in begun]
        with pytest.raises(ConnectionLostError):
            await fetch(circuit, PATH, 0, PART)
        await circuit.close()

    async def test_circuit_that_was_never_used_is_closed_too(self, served: Served) -> None:
        circuit = await served.circuit()
        await circuit.close()
        await circuit.close()
