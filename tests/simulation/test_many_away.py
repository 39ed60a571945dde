"""Many contacts who are away, each found so after two minutes only: one who is there is not kept waiting."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.handshakes import person
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual

AWAY = 30
SOON = 10.0
HOUR = 3600.0


class Crowd:
    """Alice, her friend Bob, and many who are away; she starts with a link to nobody."""

    def __init__(self, directory: Path) -> None:
        self.network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, self.network, SeededRng(b"bob"))

    async def gather(self) -> None:
        for one in (self.alice, self.bob):
            await one.start()
        await self.alice.node.contact_add(self.bob.address, "bob")
        await self.bob.node.contact_add(self.alice.address, "alice")
        await self.alice.say(self.bob, "hello")
        assert await until(self.delivered, HOUR)
        for number in range(AWAY):
            onion = person(f"away {number}").onion
            self.alice.node._store.contacts.add(
                onion,
                "accepted",
                f"away {number}",
                created_at=10**13 + number,
                pair_sent=bytes([number]) * 32,
            )
            self.network.silent.add((self.alice.onion, onion))

    async def delivered(self) -> bool:
        """Whether nothing of Alice's for Bob waits."""
        (bob,) = [contact for contact in await self.alice.node.contact_list() if contact.name == "bob"]
        return bob.queued == 0

    async def restart_without_calls_by_bob(self) -> None:
        """Alice restarts, and it is she who must dial."""
        self.network.silent.add((self.bob.onion, self.alice.onion))
        await self.alice.stop()
        await asyncio.sleep(HOUR)
        await self.alice.start()
        self.network.silent.discard((self.bob.onion, self.alice.onion))

    async def close(self) -> None:
        await self.alice.stop()
        await self.bob.stop()


@pytest.fixture
def crowd(tmp_path: Path) -> Crowd:
    return Crowd(tmp_path)


def test_message_that_waits_since_before_a_start_leaves_before_others_are_found_away(crowd: Crowd) -> None:
    async def story() -> None:
        await crowd.gather()
        await crowd.bob.stop()
        await asyncio.sleep(60)
        await crowd.alice.say(crowd.bob, "before the start")
        await crowd.bob.start()
        await crowd.restart_without_calls_by_bob()
        assert await until(crowd.delivered, SOON)
        await crowd.close()

    run_virtual(story())


def test_message_that_is_written_while_many_dials_hang_leaves_at_once(crowd: Crowd) -> None:
    async def story() -> None:
        await crowd.gather()
        await crowd.restart_without_calls_by_bob()
        await asyncio.sleep(SOON)
        (bob,) = [contact for contact in await crowd.alice.node.contact_list() if contact.name == "bob"]
        assert not bob.online
        await crowd.alice.say(crowd.bob, "after it")
        assert await until(crowd.delivered, SOON)
        await crowd.close()

    run_virtual(story())
