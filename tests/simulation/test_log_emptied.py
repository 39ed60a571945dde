"""The write-ahead log is emptied soon after each commit, at lock and at exit: no old ratchet stays in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.crypto.passphrase import Secret
from tuichat.node.gate import Gate
from tuichat.node.housekeeping import HOUSE_SECONDS
from tuichat.node.node import Node

DAY = 86_400.0


class Two:
    """Two people who are contacts, and have said something."""

    def __init__(self, directory: Path) -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, network, SeededRng(b"bob"))

    async def __aenter__(self) -> Two:
        for person, other in ((self.alice, self.bob), (self.bob, self.alice)):
            await person.start()
            await person.node.contact_add(other.address, other.name)
        await self.alice.say(self.bob, "hello")
        assert await until(self.alice.settled, DAY)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.alice.stop()
        await self.bob.stop()

    @property
    def logs(self) -> tuple[int, int]:
        """How many bytes lie in each one's log."""
        return log_size(self.alice), log_size(self.bob)


def log_size(person: SimulatedNode) -> int:
    return person.log.stat().st_size if person.log.exists() else 0


def test_log_of_writer_and_reader_is_empty_soon_after_each_message(tmp_path: Path) -> None:
    async def story() -> None:
        async with Two(tmp_path) as two:
            for number in range(4):
                await two.alice.say(two.bob, f"message {number}")
                await asyncio.sleep(HOUSE_SECONDS / 2 - 5)
                assert len(await two.bob.history(two.alice)) == number + 2
                await asyncio.sleep(HOUSE_SECONDS + 1)
                assert two.logs == (0, 0)

    assert HOUSE_SECONDS < 60
    run_virtual(story())


def test_log_has_what_was_committed_until_then(tmp_path: Path) -> None:
    async def story() -> None:
        async with Two(tmp_path) as two:
            await asyncio.sleep(2 * HOUSE_SECONDS)
            await two.alice.say(two.bob, "now")
            assert log_size(two.alice) > 0

    run_virtual(story())


def test_exit_leaves_no_log(tmp_path: Path) -> None:
    async def story() -> tuple[int, int]:
        async with Two(tmp_path) as two:
            await two.alice.say(two.bob, "and off")
            assert log_size(two.alice) > 0
        return two.logs

    assert run_virtual(story()) == (0, 0)


def test_locking_leaves_no_log(tmp_path: Path) -> None:
    async def story() -> None:
        async with Two(tmp_path) as two:

            async def opened(_secret: Secret) -> Node:
                await asyncio.sleep(0)
                return two.alice.node

            gate = Gate(opened, kind="daemon", clock=two.alice.clock)
            await gate.unlock("")
            await two.alice.say(two.bob, "and locked")
            assert log_size(two.alice) > 0
            await gate.lock()
            assert log_size(two.alice) == 0

    run_virtual(story())
