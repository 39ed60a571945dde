"""People who go on from backups by way of the product's own file: they understand each other again, no key
serves twice, and the old copy is not taken for them any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.outcome import Story
from tests.support.ratchets import Sealing, record_sealings
from tests.support.restored_node import RestoredNode
from tests.support.schedule import play as play_story
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.crypto import sealing
from tuichat.crypto.envelope import SEALED_HEADER_LENGTH
from tuichat.crypto.identity import Identity
from tuichat.errors import UsageError
from tuichat.model import NoticeEvent
from tuichat.store import backup_renewal, backup_restore
from tuichat.store.outbox import Outbox

HOUR = 3600.0
DAY = 24 * HOUR
SCHEDULES = 24
BLOCK = 8


@pytest.mark.parametrize("first", range(0, SCHEDULES, BLOCK))
def test_restored_profiles_double_and_invert_nothing_and_lose_only_what_they_forget(
    first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = record_sealings(monkeypatch)
    outcomes = [play_story(Story(seed, "restored")) for seed in range(first, first + BLOCK)]
    assert [outcome.replay for outcome in outcomes if outcome.wrong] == []
    assert sum(outcome.restorations for outcome in outcomes) > BLOCK
    assert len({(one.key, one.nonce) for one in recorded}) == len(recorded)


class Pair:
    """Alice, and Bob who goes on from a backup."""

    def __init__(self, directory: Path) -> None:
        self.network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice"))
        self.bob = RestoredNode("bob", directory, self.network, SeededRng(b"bob"))

    async def begin(self) -> None:
        await self.alice.start()
        await self.bob.start()
        await self.alice.node.contact_add(self.bob.address, "bob")
        await self.bob.node.contact_add(self.alice.address, "alice")
        assert await until(self.linked, DAY)

    async def end(self) -> None:
        await self.alice.stop()
        await self.bob.stop()
        assert not self.alice.failures + self.bob.failures

    async def linked(self) -> bool:
        return all([(await node.node.contact_list())[0].online for node in (self.alice, self.bob)])

    async def settled(self) -> bool:
        return await self.alice.settled() and await self.bob.settled()

    async def talk(self, *texts: str) -> None:
        """Each says each of them, and all of it arrives."""
        for text in texts:
            await self.alice.say(self.bob, f"alice: {text}")
            await self.bob.say(self.alice, f"bob: {text}")
        assert await until(self.settled, DAY)

    async def become(self, identity: Identity) -> None:
        """Bob's place is taken by a node that shows these keys."""
        await self.bob.stop()
        self.bob.identity = identity
        await asyncio.sleep(60)
        await self.bob.start()


def play(directory: Path, story: Callable[[Pair], Awaitable[None]]) -> None:
    async def whole() -> None:
        pair = Pair(directory)
        await pair.begin()
        await story(pair)
        await pair.end()

    run_virtual(whole())


def message_keys(recorded: list[Sealing]) -> list[bytes]:
    """The keys under which bodies were sealed; headers share their chain's."""
    header = SEALED_HEADER_LENGTH - sealing.OVERHEAD
    return [one.key for one in recorded if len(one.plaintext) != header]


async def forget_a_talk(pair: Pair) -> None:
    """Bob goes on from before they said two things, with something queued then and said since."""
    await pair.talk("one")
    pair.network.cut_all()
    pair.bob.back_up()
    await pair.talk("two", "three")
    await pair.bob.restore()
    await pair.talk("uno", "due")


def test_after_restoring_both_directions_go_on_and_nothing_comes_twice(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await forget_a_talk(pair)
        said = ["one", "two", "three", "uno", "due"]
        assert await pair.alice.history(pair.bob) == [f"bob: {text}" for text in said]
        kept = ["one", "uno", "due"]
        assert await pair.bob.history(pair.alice) == [f"alice: {text}" for text in kept]

    play(tmp_path, story)


def test_what_was_queued_in_the_backup_and_left_since_comes_once_and_cannot_be_cancelled(
    tmp_path: Path,
) -> None:
    async def story(pair: Pair) -> None:
        await pair.talk("one")
        await pair.alice.stop()
        await asyncio.sleep(HOUR)
        waiting = await pair.bob.say(pair.alice, "waits in the backup")
        pair.bob.back_up()
        await pair.alice.start()
        assert await until(pair.settled, DAY)
        await pair.alice.stop()
        await pair.bob.restore()
        assert (await pair.bob.node.message_get(waiting.id)).state == "queued"
        with pytest.raises(UsageError, match="may have left"):
            await pair.bob.node.cancel(waiting.id)
        await pair.alice.start()
        assert await until(pair.settled, DAY)
        assert (await pair.bob.node.message_get(waiting.id)).state == "delivered"
        assert await pair.alice.history(pair.bob) == ["bob: one", "waits in the backup"]

    play(tmp_path, story)


def test_no_message_key_serves_before_and_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not _keys_came_again(tmp_path, monkeypatch)


def test_contacts_take_the_restored_key_and_refuse_the_old_copy(tmp_path: Path) -> None:
    assert not _old_copy_is_taken(tmp_path)


def test_each_contact_is_named_as_one_of_whom_messages_may_be_missing(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        pair.bob.back_up()
        await asyncio.sleep(DAY)
        await pair.bob.restore()
        events = pair.bob.node.subscribe()
        told = [await anext(events) for _ in range(2)]
        texts = [event.text for event in told if isinstance(event, NoticeEvent)]
        assert [text.startswith("alice: messages between 20") for text in texts] == [True, False]
        await pair.alice.stop()
        await asyncio.sleep(3 * DAY)
        assert pair.bob.found is not None
        times = pair.bob.found.times
        assert times.restored_at - times.made_at >= DAY * 1000
        assert len(pair.bob.node.subscribe()) == 0, "some days later it is known"  # type: ignore[arg-type]

    play(tmp_path, story)


def test_invite_from_the_backup_lets_nobody_in(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        invite = (await pair.bob.node.invite_create(30 * 86_400)).text
        pair.bob.back_up()
        await pair.bob.restore()
        carol = SimulatedNode("carol", tmp_path, pair.network, SeededRng(b"carol"))
        await carol.start()
        await carol.node.contact_add(invite, "bob")
        await asyncio.sleep(DAY)
        assert [contact.state for contact in await carol.node.contact_list()] == ["requested"]
        people = {contact.address: contact.state for contact in await pair.bob.node.contact_list()}
        assert people[carol.address] == "pending"
        await carol.stop()

    play(tmp_path, story)


# -- what these stories would say of other ways to restore --


def test_restoring_without_another_key_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_restore, "rotate_ik", lambda identity, *_: identity)
    assert _old_copy_is_taken(tmp_path)


def test_restoring_without_new_sessions_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_renewal, "_end_session", lambda *_: None)
    assert _keys_came_again(tmp_path, monkeypatch)


def test_restoring_that_drops_the_queue_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def drop(self: Outbox, contact: int) -> None:
        for row in self.unacked(contact):
            self.remove(row.id)

    monkeypatch.setattr(Outbox, "unseal", drop)
    outcomes = (play_story(Story(seed, "restored")) for seed in range(SCHEDULES))
    assert any(outcome.count("lost") for outcome in outcomes)


def _keys_came_again(directory: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    recorded = record_sealings(monkeypatch)

    async def story(pair: Pair) -> None:
        await pair.talk("one", "two")
        await pair.bob.say(pair.alice, "begins a chain")
        assert await until(pair.settled, DAY)
        pair.bob.back_up()
        await pair.bob.say(pair.alice, "sealed once")
        assert await until(pair.settled, DAY)
        await pair.alice.stop()
        await pair.bob.restore()
        await pair.bob.say(pair.alice, "sealed in its place")
        await pair.alice.start()
        assert await until(pair.settled, DAY)

    play(directory, story)
    keys = message_keys(recorded)
    return len(set(keys)) < len(keys)


def _old_copy_is_taken(directory: Path) -> bool:
    taken: list[bool] = []

    async def story(pair: Pair) -> None:
        await pair.talk("one")
        pair.bob.back_up()
        old = pair.bob.identity
        await pair.bob.restore()
        await pair.talk("two")
        new = pair.bob.identity
        await pair.become(old)
        taken.append(await until(pair.linked, HOUR))
        await pair.become(new)
        assert await until(pair.linked, DAY)

    play(directory, story)
    return taken[0]
