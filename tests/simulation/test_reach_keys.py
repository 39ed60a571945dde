"""Contacts hold keys to each other's services, however they met, before any key is needed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual

DAY = 86_400.0
CUTS = (None, *range(6, 16))


class Two:
    """Alice and Bob, who are to become contacts."""

    def __init__(self, directory: Path) -> None:
        self.network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, self.network, SeededRng(b"bob"))

    async def __aenter__(self) -> Two:
        await self.alice.start()
        await self.bob.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in (self.alice, self.bob):
            await person.stop()
            assert not person.failures

    async def meet(self, how: str) -> None:
        if how == "invited":
            invite = await self.bob.node.invite_create()
            await self.alice.node.contact_add(invite.text)
        else:
            await self.alice.node.contact_add(self.bob.address)
        if how == "crossing":
            await self.bob.node.contact_add(self.alice.address)
        if how == "accepted later":
            assert await until(lambda: knows(self.bob, self.alice), DAY)
            await asyncio.sleep(3600)
            await self.bob.node.contact_accept(self.alice.address)

    async def both_hold_keys(self) -> bool:
        return holds_key(self.alice, self.bob) and holds_key(self.bob, self.alice)


async def knows(person: SimulatedNode, other: SimulatedNode) -> bool:
    return any(contact.address == other.address for contact in await person.node.contact_list())


def holds_key(person: SimulatedNode, other: SimulatedNode) -> bool:
    """Whether the key that the person holds is the one that the other keeps for them."""
    mine = person.node._store.contacts.by_onion(other.identity.onion)
    theirs = other.node._store.contacts.by_onion(person.identity.onion)
    if mine is None or theirs is None or mine.reach is None:
        return False
    return mine.reach == other.node._store.reach_keys.of(theirs.id)


@pytest.mark.parametrize("how", ["accepted later", "crossing", "invited"])
@pytest.mark.parametrize("cut_at", CUTS)
def test_both_hold_a_key_to_the_other_however_they_met(tmp_path: Path, how: str, cut_at: int | None) -> None:
    async def story() -> None:
        async with Two(tmp_path) as two:
            two.network.cut_at = cut_at
            await two.meet(how)
            assert await until(two.both_hold_keys, 2 * DAY)

    run_virtual(story())


@pytest.mark.parametrize("how", ["accepted later", "crossing", "invited"])
@pytest.mark.parametrize("hidden", ["alice", "bob"])
def test_either_may_admit_contacts_only_and_the_other_can_still_call(
    tmp_path: Path, how: str, hidden: str
) -> None:
    async def story() -> None:
        async with Two(tmp_path) as two:
            await two.meet(how)
            assert await until(two.both_hold_keys, 2 * DAY)
            inner, outer = (two.alice, two.bob) if hidden == "alice" else (two.bob, two.alice)
            await inner.stop()
            inner.visibility = "contacts"
            await inner.start()
            row = outer.node._store.contacts.by_onion(inner.identity.onion)
            assert row is not None
            assert inner.transport.admits(row.reach)
            assert not inner.transport.admits(None)

    run_virtual(story())


def test_key_stays_the_same_over_links_and_blocking_takes_it_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with Two(tmp_path) as two:
            await two.meet("crossing")
            assert await until(two.both_hold_keys, DAY)
            store = two.alice.node._store
            row = store.contacts.by_onion(two.bob.identity.onion)
            assert row is not None
            key = store.reach_keys.of(row.id)
            for _ in range(3):
                two.network.cut_all()
                await asyncio.sleep(600)
                assert store.reach_keys.of(row.id) == key
            await two.alice.node.contact_block(two.bob.address)
            assert store.reach_keys.of(row.id) is None
            assert key not in store.reach_keys.given() + store.reach_keys.spare()

    run_virtual(story())
