"""Delivery resumes by itself after what can befall a node's tor, its service and its clock.

Troubles of `benchmarks.tor_soak`, once each. A killed tor, one that stands still for good and cut links have
tests of their own; what takes minutes is the soak's.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from benchmarks.tor_troubles import TROUBLES, Scene, Victim
from tests.support.network_thread import NetworkThread
from tests.support.people import PATIENCE, befriend, delivered
from tuichat.model import ServiceEvent

pytestmark = [pytest.mark.tor, pytest.mark.asyncio(loop_scope="module")]

STANDING_STILL = 1.0
BY_NAME = {trouble.name: trouble for trouble in TROUBLES}


@dataclass
class Talk:
    """Two contacts, and what each has said so far."""

    alice: Victim
    bob: Victim
    network: NetworkThread
    said: dict[str, list[str]] = field(default_factory=lambda: {"alice": [], "bob": []})

    async def both_say(self, words: str) -> None:
        for person, other in ((self.alice, self.bob), (self.bob, self.alice)):
            await person.say(other, words)
            self.said[person.name].append(words)

    async def agree(self) -> None:
        """Wait until all is delivered; then each history has everything once, in order."""
        await delivered(self.alice, self.bob)
        for person, other in ((self.alice, self.bob), (self.bob, self.alice)):
            assert await person.texts(other, "out") == self.said[person.name]
            assert await other.texts(person, "in") == self.said[person.name]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talk(tor_network: NetworkThread) -> AsyncIterator[Talk]:
    with tempfile.TemporaryDirectory(prefix="tc-") as directory:
        alice, bob = (Victim(name, Path(directory), tor_network.torrc) for name in ("alice", "bob"))
        try:
            await asyncio.gather(alice.create(), bob.create())
            await asyncio.gather(alice.start(), bob.start())
            await asyncio.gather(alice.reachable(), bob.reachable())
            await befriend(alice, bob, "May I talk to you?")
            yield Talk(alice, bob, tor_network)
        finally:
            await asyncio.gather(alice.stop(), bob.stop())


async def befall(talk: Talk, name: str) -> None:
    """Let a trouble come over bob while both write; nothing of that may be lost."""
    trouble, scene = BY_NAME[name], Scene(talk.bob, talk.network, STANDING_STILL)
    doing = asyncio.ensure_future(trouble.do(scene))
    await talk.both_say(f"{name}: meanwhile")
    await doing
    await talk.both_say(f"{name}: afterwards")
    await talk.agree()
    await trouble.mend(scene)


@pytest.mark.parametrize(
    "name",
    [
        "tor stopped for a while",
        "control connection lost",
        "all circuits closed",
        "DisableNetwork for a while",
        "node's clock a day ahead",
    ],
)
async def test_delivery_resumes_by_itself_after(talk: Talk, name: str) -> None:
    await befall(talk, name)


async def test_service_that_tor_has_lost_without_a_word_is_missed_and_found_again(talk: Talk) -> None:
    await talk.bob.reachable()
    node = await talk.bob.node()
    events = node.subscribe()
    await befall(talk, "service unpublished")
    seen = [True]
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if isinstance(event, ServiceEvent) and event.service.reachable != seen[-1]:
                seen.append(event.service.reachable)
            if seen == [True, False, True]:
                return
    raise AssertionError("the node ended")


@pytest.mark.parametrize("name", ["tor's clock a day ahead", "tor's clock behind for a while"])
async def test_delivery_goes_on_under_a_wrong_clock_of_tor_alone(talk: Talk, name: str) -> None:
    # The last ones: directories may refuse what the service publishes afterwards, since it seems older than
    # what they have, until tor's next time period.
    await befall(talk, name)
