"""Parts of a blob over several circuits of real tor at once: each is one of its own, and ends when closed."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from onion.child import ChildOptions, ChildTor
from onion.events import Event
from onion.keys import ClientKey
from onion.tor import ServiceOptions
from tests.support.circuit_contract import fetch
from tests.support.handshakes import person
from tests.support.kept_blobs import KeptBlob, KeptBlobs
from tests.support.network_thread import NetworkThread
from tests.support.tor_contract import ATTEMPTS, SECONDS
from tuichat.clock import SystemClock, SystemRng
from tuichat.network.addresses import address_of
from tuichat.network.onion_server import OnionServer
from tuichat.network.tor_circuit import TorCircuit
from tuichat.network.tor_transport import TorTransport
from tuichat.network.transport import Circuit, ConnectionLostError, RefusedError

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

ME, OTHER = person("me"), person("other")
PATH, UNKNOWN = bytes([1] * 32), bytes([2] * 32)
PIECE = 256 * 1024
PIECES, CIRCUITS = 12, 4
DATA = hashlib.shake_256(b"a file").digest(PIECES * PIECE)


@dataclass(frozen=True, slots=True)
class Place:
    """Who serves a blob to those with a key, and the tor and transport of somebody who fetches it."""

    blobs: KeptBlobs
    server: OnionServer
    key: ClientKey
    tor: ChildTor
    transport: TorTransport

    async def circuit(self) -> Circuit:
        return await self.transport.circuit(ME.onion, self.key.private)

    async def standing(self) -> Circuit:
        """A circuit that has brought something: a few of a hundred lead nowhere."""
        for seconds in ATTEMPTS:
            circuit = await self.circuit()
            try:
                async with asyncio.timeout(seconds):
                    await fetch(circuit, PATH, 0, PIECE)
            except (ConnectionLostError, TimeoutError):
                await circuit.close()
            else:
                return circuit
        raise AssertionError("no circuit leads to the service")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tor_network: NetworkThread) -> AsyncIterator[Place]:
    with tempfile.TemporaryDirectory(prefix="tor-") as name:
        directory, blobs, key = Path(name), KeptBlobs(), ClientKey.generate()
        blobs.at[PATH] = KeptBlob(DATA, PIECE)
        mine, theirs = (
            ChildTor(ChildOptions(directory / who, directory / f"{who}-run", extra_torrc=tor_network.torrc))
            for who in ("a", "b")
        )
        server = OnionServer(directory / "mine.sock", lambda _message1: None, blobs)
        transport = TorTransport(
            theirs, OTHER.onion_seed, directory / "theirs.sock", SystemClock(), SystemRng()
        )
        await server.start()
        try:
            await mine.start()
            options = ServiceOptions(client_keys=(key.public,), max_streams=16)
            service = await mine.publish(ME.onion_seed, directory / "mine.sock", options=options)
            await transport.start(lambda _message1: None, lambda: None, lambda _path: None)
            await transport.wait_ready()
            await service.wait_published(SECONDS)
            yield Place(blobs, server, key, theirs, transport)
        finally:
            await transport.stop()
            await mine.stop()
            await server.stop()


async def test_file_comes_over_several_circuits_at_once_which_end_when_closed(place: Place) -> None:
    circuits = await asyncio.gather(*(place.standing() for _ in range(CIRCUITS)))
    received: dict[int, bytes] = {}

    async def work(circuit: Circuit, pieces: list[int]) -> None:
        for piece in pieces:
            received[piece] = await fetch(circuit, PATH, piece * PIECE, PIECE)

    shares = [list(range(PIECES))[start::CIRCUITS] for start in range(CIRCUITS)]
    await asyncio.gather(
        *(
            work(circuit, half)
            for circuit, share in zip(circuits, shares, strict=True)
            for half in (share[0::2], share[1::2])
        )
    )
    assert b"".join(received[piece] for piece in range(PIECES)) == DATA

    tokens = [circuit._token for circuit in circuits if isinstance(circuit, TorCircuit)]
    built = await _circuits(place)
    assert len(set(tokens)) == CIRCUITS
    assert len({built[token] for token in tokens}) == CIRCUITS
    await circuits[0].close()
    assert set(await _circuits(place)) & set(tokens) == set(tokens[1:])
    for circuit in circuits:
        await circuit.close()
    assert set(await _circuits(place)).isdisjoint(tokens)
    async with asyncio.timeout(SECONDS):
        while place.server._blobs._connections:  # noqa: ASYNC110 - the other tor brings it about
            await asyncio.sleep(0.05)


async def test_path_that_is_not_there_is_refused_over_tor(place: Place) -> None:
    circuit = await place.standing()
    with pytest.raises(RefusedError):
        await fetch(circuit, UNKNOWN, 0, PIECE)
    with pytest.raises(RefusedError):
        await fetch(circuit, PATH, 1, PIECE)
    await circuit.close()


async def test_circuit_that_is_closed_in_the_middle_loses_what_was_fetched(place: Place) -> None:
    circuit = await place.standing()
    pieces = circuit.fetch(PATH, 0, 4 * PIECE)
    await anext(pieces)
    assert isinstance(circuit, TorCircuit)
    await place.tor.close_circuits(circuit._token)
    with pytest.raises(ConnectionLostError):
        async with asyncio.timeout(SECONDS):
            [piece async for piece in pieces]
    await circuit.close()


async def _circuits(place: Place) -> dict[str, str]:
    """The rendezvous circuits to my service: their ids by their tokens, as tor tells."""
    assert place.tor._controller is not None
    found: dict[str, str] = {}
    for line in (await place.tor._controller.get_info("circuit-status")).splitlines():
        circuit = Event.parse(line)
        fields = circuit.fields
        if fields.get("PURPOSE") == "HS_CLIENT_REND" and circuit.word(1) == "BUILT":
            assert fields["REND_QUERY"] == address_of(ME.onion)
            found[fields.get("SOCKS_USERNAME", "")] = circuit.word(0)
    return found
