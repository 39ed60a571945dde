"""Three people: one invites, the others come by the invite."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until

DAY: Final = 86_400.0


class Circle:
    """Alice invites; Bob and Carol come."""

    def __init__(self, directory: Path, seed: str = "") -> None:
        self.network = SimulatedNetwork(SeededRng(b"network" + seed.encode()))
        self.alice, self.bob, self.carol = (
            SimulatedNode(name, directory, self.network, SeededRng(f"{name}{seed}".encode()))
            for name in ("alice", "bob", "carol")
        )

    async def __aenter__(self) -> Circle:
        for person in (self.alice, self.bob, self.carol):
            await person.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in (self.alice, self.bob, self.carol):
            await person.stop()
            assert not person.failures

    async def invite(self, seconds: int = 86_400) -> str:
        """A new invite of Alice's."""
        return (await self.alice.node.invite_create(seconds)).text


async def linked(one: SimulatedNode, other: SimulatedNode) -> bool:
    """Whether the one is linked with the other, as a contact."""
    contacts = {contact.address: contact for contact in await one.node.contact_list()}
    contact = contacts.get(other.address)
    return contact is not None and contact.online and contact.state == "accepted"


async def talk(one: SimulatedNode, other: SimulatedNode) -> None:
    """A message each way arrives, once."""
    await one.node.send(other.address, f"to {other.name}")
    await other.node.send(one.address, f"to {one.name}")

    async def settled() -> bool:
        return await one.settled() and await other.settled()

    assert await until(settled, 2 * DAY)
    for me, them in ((one, other), (other, one)):
        messages = await me.node.messages(them.address)
        assert [message.text for message in messages if message.direction == "in"] == [f"to {me.name}"]
