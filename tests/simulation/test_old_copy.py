"""A profile that is older than the one its contacts know is told so; contacts in trouble are no reason."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.crypto.identity import rotate_ik
from tuichat.event_buffer import EventBuffer
from tuichat.model import NoticeEvent

HOUR = 3600.0
DAY = 24 * HOUR


class Circle:
    """Alice and her contacts."""

    def __init__(self, directory: Path, contacts: int) -> None:
        self.network = SimulatedNetwork(SeededRng(b"network"))
        names = ("alice", "bob", "carol")[: contacts + 1]
        self.alice, *self.others = (
            SimulatedNode(name, directory, self.network, SeededRng(name.encode())) for name in names
        )

    async def __aenter__(self) -> Circle:
        await self.alice.start()
        for other in self.others:
            await other.start()
            await other.node.contact_add(self.alice.address, "alice")
            await self.alice.node.contact_add(other.address, other.name)
        assert await until(self.linked, DAY)
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in (self.alice, *self.others):
            await person.stop()
            assert not person.failures

    async def linked(self) -> bool:
        return all(contact.online for contact in await self.alice.node.contact_list())

    async def leave_an_old_copy(self) -> None:
        """Alice draws new keys, her contacts see them, and then she goes on with the old ones."""
        first = self.alice.identity
        for identity in (rotate_ik(first, SeededRng(b"ik"), self.alice.clock.now()), first):
            await self.alice.stop()
            self.alice.identity = identity
            await self.alice.start()
            if identity is not first:
                assert await until(self.linked, DAY)

    async def told(self, seconds: float) -> int:
        """How often Alice is told in this time."""
        events = self.alice.node.subscribe()
        assert isinstance(events, EventBuffer)
        await asyncio.sleep(seconds)
        found = 0
        while len(events):
            event = await anext(events)
            found += isinstance(event, NoticeEvent) and "newer keys of yours" in event.text
        return found


def test_old_copy_is_told_once_a_day(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path, contacts=2) as circle:
            await circle.leave_an_old_copy()
            assert await circle.told(HOUR) == 1
            assert await circle.told(DAY) == 1

    run_virtual(story())


def test_one_contact_that_ends_every_link_may_have_another_reason(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path, contacts=1) as circle:
            await circle.leave_an_old_copy()
            assert await circle.told(DAY) == 0

    run_virtual(story())


@pytest.mark.parametrize("probability", [0.1, 0.3])
def test_network_that_cuts_at_random_makes_no_old_copy(tmp_path: Path, probability: float) -> None:
    async def story() -> None:
        async with Circle(tmp_path, contacts=2) as circle:
            circle.network.faults.cut = probability
            circle.network.cut_all()
            assert await circle.told(2 * HOUR) == 0

    run_virtual(story())
