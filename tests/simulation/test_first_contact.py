"""Becoming contacts while everything is cut at every message: in the end both are, or neither."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.model import Contact

CUTS = range(1, 21)
TWO_DAYS = 2 * 86_400.0


class Pair:
    """Two people who do not know each other yet."""

    def __init__(self, directory: Path, seed: str = "") -> None:
        self.network = SimulatedNetwork(SeededRng(b"network" + seed.encode()))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice" + seed.encode()))
        self.bob = SimulatedNode("bob", directory, self.network, SeededRng(b"bob" + seed.encode()))

    async def __aenter__(self) -> Pair:
        await self.alice.start()
        await self.bob.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.alice.stop()
        await self.bob.stop()
        assert not self.alice.failures + self.bob.failures

    async def states(self) -> tuple[str, str]:
        return await _state(self.alice), await _state(self.bob)

    async def both_linked(self) -> bool:
        return all([await _linked(person) for person in (self.alice, self.bob)])

    async def talk(self) -> None:
        """A message each way arrives."""
        await self.alice.say(self.bob, "from alice")
        await self.bob.say(self.alice, "from bob")

        async def arrived() -> bool:
            return await self.alice.settled() and await self.bob.settled()

        assert await until(arrived, TWO_DAYS)
        assert await self.bob.history(self.alice) == ["from alice"]
        assert await self.alice.history(self.bob) == ["from bob"]


async def _state(person: SimulatedNode) -> str:
    contacts = await person.node.contact_list()
    return contacts[0].state if contacts else "none"


async def _linked(person: SimulatedNode) -> bool:
    contacts = await person.node.contact_list()
    return bool(contacts) and contacts[0].online and contacts[0].state == "accepted"


async def _pending(person: SimulatedNode) -> bool:
    return await _state(person) == "pending"


@pytest.mark.parametrize("cut_at", CUTS)
def test_request_and_acceptance_survive_a_cut_at_any_message(tmp_path: Path, cut_at: int) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            pair.network.cut_at = cut_at
            await pair.alice.node.contact_add(pair.bob.address, "bob", "it is me")
            assert await until(lambda: _pending(pair.bob), TWO_DAYS)
            assert await pair.states() == ("requested", "pending")
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.talk()

    run_virtual(story())


@pytest.mark.parametrize("cut_at", CUTS)
def test_crossing_requests_survive_a_cut_at_any_message(tmp_path: Path, cut_at: int) -> None:
    async def story() -> None:
        async with Pair(tmp_path, str(cut_at)) as pair:
            pair.network.cut_at = cut_at
            await pair.alice.node.contact_add(pair.bob.address, "bob", "it is me")
            await pair.bob.node.contact_add(pair.alice.address, "alice", "and me")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.talk()

    run_virtual(story())


@pytest.mark.parametrize("crash_after", [0.1, 0.5, 1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("who", ["alice", "bob"])
def test_first_contact_survives_a_crash_of_either_side(tmp_path: Path, crash_after: float, who: str) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob")
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            await asyncio.sleep(crash_after)
            person = pair.alice if who == "alice" else pair.bob
            await person.crash()
            await person.start()
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.talk()

    run_virtual(story())


def test_request_shows_its_text_and_a_quoted_name_and_nothing_is_linked(tmp_path: Path) -> None:
    async def story() -> Contact:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob", "lunch?\x1b]52;c;x\x07")
            assert await until(lambda: _pending(pair.bob), TWO_DAYS)
            await asyncio.sleep(60)
            assert not (await pair.alice.node.contact_list())[0].online
            return (await pair.bob.node.contact_list())[0]

    contact: Contact = run_virtual(story())
    assert contact.suggested_name == "alice"
    assert contact.name == contact.address[:8]
    assert contact.request_text.startswith("lunch?")
    assert "\x1b" not in contact.request_text
    assert not contact.online


def test_rejected_request_may_be_made_again_and_its_sender_learns_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob")
            assert await until(lambda: _pending(pair.bob), TWO_DAYS)
            await pair.bob.node.contact_reject((await pair.bob.node.contact_list())[0].name)
            await asyncio.sleep(3600)
            assert await pair.states() == ("requested", "none")
            assert await until(lambda: _pending(pair.bob), TWO_DAYS)

    run_virtual(story())


def test_blocked_person_sees_what_a_stranger_sees(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob")
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.bob.node.contact_block("alice")
            await pair.alice.say(pair.bob, "hello?")
            await asyncio.sleep(TWO_DAYS)
            assert await pair.bob.history(pair.alice) == []
            assert await pair.states() == ("accepted", "blocked")
            assert not (await pair.alice.node.contact_list())[0].online

    run_virtual(story())


def test_unblocked_contact_is_asked_anew_and_gets_what_was_queued(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob")
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.talk()
            await pair.bob.node.contact_block("alice")
            await pair.alice.say(pair.bob, "are you there?")
            await asyncio.sleep(3600)
            await pair.bob.node.contact_unblock("alice")
            assert await until(pair.both_linked, TWO_DAYS)
            assert await until(pair.alice.settled, TWO_DAYS)
            assert await pair.bob.history(pair.alice) == ["from alice", "are you there?"]

    run_virtual(story())


def test_removed_contact_can_become_one_again_and_both_directions_work(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob")
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.talk()
            await pair.bob.node.contact_remove("alice")
            await pair.alice.say(pair.bob, "second life")
            await asyncio.sleep(600)
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.bob.say(pair.alice, "welcome back")
            assert await until(pair.alice.settled, TWO_DAYS)
            assert await until(pair.bob.settled, TWO_DAYS)
            assert await pair.bob.history(pair.alice) == ["second life"]
            assert await pair.alice.history(pair.bob) == ["from bob", "welcome back"]

    run_virtual(story())


def test_nothing_readable_is_on_the_wire(tmp_path: Path) -> None:
    async def story() -> bytes:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob", "a canary in the request")
            await pair.bob.node.contact_add(pair.alice.address, "alice")
            await pair.talk()
            for secret in (pair.alice.identity, pair.bob.identity):
                assert all(secret.onion not in message for message in pair.network.captured)
                assert all(secret.sig not in message for message in pair.network.captured)
            return b"".join(pair.network.captured)

    wire: bytes = run_virtual(story())
    for canary in (b"a canary", b"from alice", b"from bob", b"alice", b"bob"):
        assert canary not in wire
