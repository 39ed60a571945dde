"""Alice and Bob on the simulated network, each the other's contact."""

from __future__ import annotations

from pathlib import Path

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until


class Friends:
    """Two nodes, which know of each other once they `meet`."""

    def __init__(self, directory: Path) -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, network, SeededRng(b"bob"))

    async def meet(self) -> None:
        """Start both, let each add the other, and wait until they are linked."""
        for person, friend in ((self.alice, self.bob), (self.bob, self.alice)):
            await person.start()
            await person.node.contact_add(friend.address, friend.name)
        assert await until(self.linked, 600)

    async def linked(self) -> bool:
        """Whether both see each other online."""
        contacts = [await self.alice.contact(self.bob), await self.bob.contact(self.alice)]
        return all(contact.online for contact in contacts)
