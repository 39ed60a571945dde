"""Circuits of the simulated network, and over a tor in this process, keep the promises of `Circuit`."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.circuit_contract import CircuitContract, Served
from tests.support.fake_tor import FakeNetwork, FakeTor
from tests.support.handshakes import person
from tests.support.kept_blobs import KeptBlobs
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork, SimulatedTransport
from tuichat.clock import SystemClock, SystemRng
from tuichat.network.tor_transport import TorTransport

ALICE, BOB, NOBODY = person("alice"), person("bob"), person("nobody")


class TestSimulatedCircuit(CircuitContract):
    @pytest.fixture
    async def served(self) -> AsyncIterator[Served]:
        network, blobs = SimulatedNetwork(SeededRng()), KeptBlobs()
        network.faults = Faults(shortest=0.0, longest=0.0)
        alice, bob = (SimulatedTransport(network, who.onion) for who in (ALICE, BOB))
        await alice.start(lambda _message1: None, lambda: None, lambda _path: None)
        await bob.start(lambda _message1: None, lambda: None, blobs)
        yield Served(blobs, lambda: alice.circuit(BOB.onion), lambda: alice.circuit(NOBODY.onion))
        assert not network._circuits
        await alice.stop()
        await bob.stop()


class TestTorCircuit(CircuitContract):
    @pytest.fixture
    async def served(self) -> AsyncIterator[Served]:
        network, blobs = FakeNetwork(), KeptBlobs()
        with tempfile.TemporaryDirectory(prefix="tc") as name:
            alice, bob = (
                TorTransport(
                    FakeTor(network), who.onion_seed, Path(name) / f"{at}.sock", SystemClock(), SystemRng()
                )
                for at, who in enumerate((ALICE, BOB))
            )
            await alice.start(lambda _message1: None, lambda: None, lambda _path: None)
            await bob.start(lambda _message1: None, lambda: None, blobs)
            await alice.wait_ready()
            await bob.wait_ready()
            await bob._service.wait_published(1.0) if bob._service is not None else None
            yield Served(blobs, lambda: alice.circuit(BOB.onion), lambda: alice.circuit(NOBODY.onion))
            await alice.stop()
            await bob.stop()
