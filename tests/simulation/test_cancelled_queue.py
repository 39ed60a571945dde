"""A long queue to somebody who is away, much of it cancelled before they come: the rest arrives, in order.

A void has the number of the message whose place it takes, but the ratchet's next one. So the first void on
the way skips as many message keys as were sealed behind it, and what follows is opened with the keys skipped.
One envelope may skip 1,000, and 2,000 skipped keys are kept: beyond that the session begins anew, without
voids.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.crypto.ratchet_chains import MAX_SKIP, MAX_SKIPPED

NAMES = ("alice", "bob")
A_THIRD = 680
DAY = 86_400.0
SOON = 120.0


class Writer:
    """Alice or Bob, who writes while the other is away."""

    def __init__(self, me: SimulatedNode, other: SimulatedNode) -> None:
        self.me = me
        self.other = other
        self.left: list[str] = []

    async def write(self, count: int) -> list[int]:
        """So many messages; their ids."""
        ids = []
        for _ in range(count):
            text = f"message {len(self.me.sent.get(self.other.name, []))}"
            self.left.append(text)
            ids.append((await self.me.say(self.other, text)).id)
        return ids

    async def cancel(self, ids: list[int]) -> None:
        for message in ids:
            self.left.remove((await self.me.node.cancel(message)).text)

    @property
    def generation(self) -> int:
        """How many sessions there were."""
        return self.me.node._store.sessions.get(self.me.node._store.contacts.all()[0].id).gen


async def _become_contacts(one: SimulatedNode, other: SimulatedNode) -> None:
    for person, friend in ((one, other), (other, one)):
        await person.start()
        await person.node.contact_add(friend.address, friend.name)
    for person, friend in ((one, other), (other, one)):
        await person.say(friend, "we know each other")
        assert await until(person.settled, DAY)


def play(directory: Path, name: str, queue: Callable[[Writer], Awaitable[None]]) -> int:
    """The person of this name fills the queue while the other is away; how many sessions delivering took."""

    async def story() -> int:
        network = SimulatedNetwork(SeededRng(b"network"))
        people = [SimulatedNode(each, directory, network, SeededRng(each.encode())) for each in NAMES]
        await _become_contacts(*people)
        me, other = people if name == NAMES[0] else people[::-1]
        writer = Writer(me, other)
        await other.stop()
        await asyncio.sleep(3600)
        before = writer.generation
        await queue(writer)
        await other.start()
        assert await until(me.settled, SOON)
        assert (await other.history(me))[1:] == writer.left
        await other.say(me, "all of it came")
        await me.say(other, "good")
        assert await until(other.settled, SOON)
        assert await until(me.settled, SOON)
        sessions = writer.generation - before
        for person in people:
            await person.stop()
            assert not person.failures
        return sessions

    taken: int = run_virtual(story())
    return taken


async def _cancel_most(writer: Writer) -> None:
    ids = await writer.write(1500)
    await writer.cancel(ids[:1200])


async def _cancel_what_can_be_skipped(writer: Writer) -> None:
    ids = await writer.write(300)
    await writer.cancel(ids[:200])


async def _cancel_now_and_then(writer: Writer) -> None:
    """Three gaps that may each be skipped, of more keys together than are kept."""
    first: list[int] = []
    for place in range(3):
        first += await writer.write(A_THIRD)
        await writer.cancel(first[place : place + 1])


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_cancelled_arrives_in_order_in_one_new_session(tmp_path: Path, name: str) -> None:
    assert play(tmp_path, name, _cancel_most) == 1


def test_gaps_that_are_small_one_by_one_and_too_many_together_lose_nothing(tmp_path: Path) -> None:
    assert A_THIRD < MAX_SKIP < MAX_SKIPPED < 3 * A_THIRD
    assert play(tmp_path, NAMES[1], _cancel_now_and_then) == 1


def test_queue_that_can_be_skipped_needs_no_new_session(tmp_path: Path) -> None:
    assert play(tmp_path, NAMES[0], _cancel_what_can_be_skipped) == 0
