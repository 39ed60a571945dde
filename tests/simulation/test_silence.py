"""Links that died without a word: noticed soon after a sleep, and a reason to doubt that others reach us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.node.clock_watch import LOOK_SECONDS
from tuichat.node.live_link import KEEPALIVE_JITTER, KEEPALIVE_SECONDS, PROOF_SECONDS

HOUR = 3600.0
NIGHT = 8 * HOUR


@asynccontextmanager
async def linked(directory: Path) -> AsyncIterator[tuple[SimulatedNode, SimulatedNode, SimulatedNetwork]]:
    """Two contacts with a link."""
    network = SimulatedNetwork(SeededRng(b"network"))
    alice = SimulatedNode("alice", directory, network, SeededRng(b"alice"))
    bob = SimulatedNode("bob", directory, network, SeededRng(b"bob"))
    await alice.start()
    await bob.start()
    await alice.node.contact_add(bob.address, "bob")
    await bob.node.contact_add(alice.address, "alice")
    assert await until(lambda: online(alice), HOUR)
    await asyncio.sleep(HOUR)
    yield alice, bob, network
    await alice.stop()
    await bob.stop()


async def online(node: SimulatedNode) -> bool:
    return (await node.node.contact_list())[0].online


def test_dead_link_shows_soon_after_a_sleep(tmp_path: Path) -> None:
    async def story() -> None:
        async with linked(tmp_path) as (alice, bob, network):
            network.silent.add((bob.onion, alice.onion))
            alice.clock.offset += NIGHT
            await asyncio.sleep(LOOK_SECONDS + PROOF_SECONDS + 1)
            assert not await online(alice)
            assert alice.transport.doubts > 0

    run_virtual(story())


def test_link_that_lives_goes_on_after_a_sleep(tmp_path: Path) -> None:
    async def story() -> None:
        async with linked(tmp_path) as (alice, _bob, network):
            before = network.carried
            alice.clock.offset += NIGHT
            await asyncio.sleep(LOOK_SECONDS + PROOF_SECONDS + 1)
            assert await online(alice)
            assert alice.transport.doubts == 1
            assert network.carried <= before + 6, "PING and PONG, and no handshake"

    run_virtual(story())


def test_link_on_which_nothing_is_heard_makes_doubt_whether_others_reach_us(tmp_path: Path) -> None:
    async def story() -> None:
        async with linked(tmp_path) as (alice, bob, network):
            assert alice.transport.doubts == 0
            network.silent.add((bob.onion, alice.onion))
            await asyncio.sleep(2 * KEEPALIVE_SECONDS * (1 + KEEPALIVE_JITTER) + 1)
            assert not await online(alice)
            assert alice.transport.doubts == 1

    run_virtual(story())
