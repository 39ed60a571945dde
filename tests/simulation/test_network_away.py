"""A network that goes away and comes back: nobody waits for a pause that came of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import Faults, SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.model import NetworkProblem, ServiceState, TorState
from tuichat.network.transport import NetworkState

HOUR = 3600.0


def _state(problem: NetworkProblem, *, running: bool = True, reachable: bool = True) -> NetworkState:
    tor = TorState(bootstrap=100 if running else 0, problem=problem, running=running)
    return NetworkState(tor, ServiceState(published=True, reachable=reachable))


AWAY = {
    "no network": _state("no_network"),
    "blocked": _state("blocked"),
    "tor died": _state("died", running=False, reachable=False),
    "not reachable": _state("", reachable=False),
}


@pytest.mark.parametrize("away", AWAY.values(), ids=AWAY)
def test_contacts_are_dialled_at_once_when_the_network_is_back(tmp_path: Path, away: NetworkState) -> None:
    async def story() -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        alice = SimulatedNode("alice", tmp_path, network, SeededRng(b"alice"))
        bob = SimulatedNode("bob", tmp_path, network, SeededRng(b"bob"))
        await alice.start()
        await bob.start()
        await alice.node.contact_add(bob.address, "bob")
        await bob.node.contact_add(alice.address, "alice")
        assert await until(lambda: _online(alice), HOUR)

        network.faults.unreachable = 1.0
        transport = alice.transport
        transport._tell(away)
        network.cut_all()
        await asyncio.sleep(HOUR)
        assert not await _online(alice)
        # Bob would wait for minutes: it must be Alice who dials.
        network.faults.unreachable = 0.0
        transport._tell(_state(""))
        assert await until(lambda: _online(alice), 6.0)
        await alice.stop()
        await bob.stop()

    run_virtual(story())


def test_who_was_linked_just_now_is_dialled_again_and_again_without_long_pauses(tmp_path: Path) -> None:
    """Both lost the other to a fault that no tor tells of; after a while the pauses grow all the same."""

    async def story() -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        alice = SimulatedNode("alice", tmp_path, network, SeededRng(b"alice"))
        bob = SimulatedNode("bob", tmp_path, network, SeededRng(b"bob"))
        await alice.start()
        await bob.start()
        await alice.node.contact_add(bob.address, "bob")
        await bob.node.contact_add(alice.address, "alice")
        assert await until(lambda: _online(alice), HOUR)
        await asyncio.sleep(60)

        for seconds, most in ((12.0, 7.0), (25.0, 7.0), (60.0, 30.0)):
            network.faults.unreachable = 1.0
            network.cut_all()
            await asyncio.sleep(seconds)
            assert not await _online(alice)
            network.faults.unreachable = 0.0
            assert await until(lambda: _online(alice), most)
            await asyncio.sleep(60)

        network.faults.unreachable = 1.0
        network.cut_all()
        await asyncio.sleep(HOUR)
        network.faults.unreachable = 0.0
        assert not await until(lambda: _online(alice), 2.0)
        await alice.stop()
        await bob.stop()

    run_virtual(story())


def test_dial_that_hangs_since_the_network_was_away_is_begun_anew(tmp_path: Path) -> None:
    async def story() -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        alice = SimulatedNode("alice", tmp_path, network, SeededRng(b"alice"))
        bob = SimulatedNode("bob", tmp_path, network, SeededRng(b"bob"))
        network.faults = Faults(shortest=HOUR, longest=HOUR)
        await alice.start()
        await bob.start()
        await alice.node.contact_add(bob.address, "bob")
        await bob.node.contact_add(alice.address, "alice")
        await asyncio.sleep(60)

        network.faults = Faults()
        transport = alice.transport
        transport._tell(_state("no_network"))
        transport._tell(_state(""))
        assert await until(lambda: _online(alice), 6.0)
        await alice.stop()
        await bob.stop()

    run_virtual(story())


async def _online(node: SimulatedNode) -> bool:
    return (await node.node.contact_list())[0].online
