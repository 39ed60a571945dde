"""What the simulated network does to files: it cuts, loses, holds up and changes, and repeats itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.circuit_contract import PATH
from tests.support.handshakes import person
from tests.support.kept_blobs import KeptBlob, KeptBlobs
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_circuit import PIECE, SILENCE_SECONDS
from tests.support.simulated_network import Faults, SimulatedNetwork, SimulatedTransport
from tests.support.virtual_time import run_virtual
from tuichat.crypto.curve25519 import x25519_public
from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError

ALICE, BOB = person("alice"), person("bob")
DATA = bytes(range(256)) * (16 * PIECE // 256)
REACH = bytes([5] * 32)


@dataclass(frozen=True, slots=True)
class Two:
    """Alice, who fetches, and Bob, who gives `DATA` to whoever has the key `REACH`."""

    network: SimulatedNetwork
    alice: SimulatedTransport
    bob: SimulatedTransport

    async def circuit(self) -> Circuit:
        return await self.alice.circuit(BOB.onion, REACH)


def simulated(
    story: Callable[[Two], Coroutine[Any, Any, Any]], faults: Faults | None = None, seed: bytes = b""
) -> Any:
    """What a story gives, in virtual time."""

    async def told() -> Any:
        network, blobs = SimulatedNetwork(SeededRng(seed)), KeptBlobs()
        network.faults = faults or Faults()
        blobs.at[PATH] = KeptBlob(DATA, PIECE)
        two = Two(network, *(SimulatedTransport(network, who.onion) for who in (ALICE, BOB)))
        await two.alice.start(lambda _message1: None, lambda: None, lambda _path: None)
        await two.bob.start(lambda _message1: None, lambda: [x25519_public(REACH)], blobs)
        return await story(two)

    return run_virtual(told())


async def fetched(circuit: Circuit, received: bytearray | None = None) -> bytearray:
    """All of the file; `received` grows while it comes."""
    received = bytearray() if received is None else received
    async for piece in circuit.fetch(PATH, 0, len(DATA)):
        received += piece
    return received


async def lost(circuit: Circuit) -> tuple[int, float]:
    """How many bytes came before the fetch was lost, which it must be, and after how many seconds."""
    received, began = bytearray(), asyncio.get_running_loop().time()
    with pytest.raises(ConnectionLostError) as caught:
        await fetched(circuit, received)
    assert not isinstance(caught.value, RefusedError)
    assert DATA.startswith(received)
    return len(received), asyncio.get_running_loop().time() - began


async def _fetch(two: Two) -> tuple[bytearray, float]:
    received = await fetched(await two.circuit())
    return received, asyncio.get_running_loop().time()


async def _lose(two: Two) -> tuple[int, float]:
    return await lost(await two.circuit())


def test_file_takes_time_and_the_same_seed_the_same_time() -> None:
    received, seconds = simulated(_fetch)
    assert received == DATA
    assert seconds > 0.2
    assert simulated(_fetch)[1] == seconds
    assert simulated(_fetch, seed=b"another")[1] != seconds


def test_nothing_is_drawn_before_something_is_fetched() -> None:
    async def story(two: Two) -> float:
        circuit = await two.circuit()
        two.network.cut_all()
        await circuit.close()
        return two.network.delay()

    assert simulated(story) == SeededRng().uniform(Faults().shortest, Faults().longest)


def test_cut_circuit_loses_what_comes_and_serves_again() -> None:
    async def story(two: Two) -> None:
        two.network.faults = Faults(cut=0.2)
        circuit = await two.circuit()
        assert (await lost(circuit))[0] < len(DATA)
        two.network.faults = Faults()
        assert await fetched(circuit) == DATA

    simulated(story)


def test_lost_piece_holds_up_what_follows_for_a_long_while() -> None:
    count, seconds = simulated(_lose, Faults(lose=0.2))
    assert count < len(DATA)
    assert seconds > SILENCE_SECONDS


def test_whoever_cannot_be_reached_is_lost() -> None:
    assert simulated(_lose, Faults(unreachable=1.0))[0] == 0


@pytest.mark.parametrize("silent", [(ALICE.onion, BOB.onion), (BOB.onion, ALICE.onion)])
def test_silence_in_either_direction_is_a_loss_in_the_end(silent: tuple[bytes, bytes]) -> None:
    async def story(two: Two) -> tuple[int, float]:
        two.network.silent.add(silent)
        return await lost(await two.circuit())

    count, seconds = simulated(story)
    assert count == 0
    assert seconds > SILENCE_SECONDS


def test_clogged_network_holds_pieces_back_until_it_flows() -> None:
    async def story(two: Two) -> float:
        circuit = await two.circuit()
        pieces = circuit.fetch(PATH, 0, len(DATA))
        received = bytearray(await anext(pieces))
        two.network.clogged = True
        asyncio.get_running_loop().call_later(30.0, lambda: setattr(two.network, "clogged", False))
        async for piece in pieces:
            received += piece
        assert received == DATA
        return asyncio.get_running_loop().time()

    assert simulated(story) > 30.0


def test_corrupt_piece_differs_by_one_bit() -> None:
    received, _ = simulated(_fetch, Faults(corrupt=1.0))
    assert len(received) == len(DATA)
    for start in range(0, len(DATA), PIECE):
        one, other = (int.from_bytes(data[start : start + PIECE], "big") for data in (received, DATA))
        assert (one ^ other).bit_count() == 1


def test_whoever_leaves_ends_what_is_fetched_from_and_by_them() -> None:
    async def story(two: Two) -> None:
        for leaving in (two.bob, two.alice):
            circuit = await two.circuit()
            pieces = circuit.fetch(PATH, 0, len(DATA))
            await anext(pieces)
            await leaving.stop()
            with pytest.raises(ConnectionLostError):
                await anext(pieces)
            await two.bob.start(lambda _message1: None, lambda: None, lambda _path: None)
            two.bob.blobs = lambda _path: KeptBlob(DATA, PIECE)
        with pytest.raises(ConnectionLostError):
            await two.circuit()

    simulated(story)


def test_service_admits_only_those_with_its_key() -> None:
    async def story(two: Two) -> tuple[int, float]:
        return await lost(await two.alice.circuit(BOB.onion, bytes([6] * 32)))

    assert simulated(story)[0] == 0
