"""Keys that change: a new IK is taken, an older one and another SIG are refused, and the person decides."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.crypto.identity import Identity, rotate_ik
from tuichat.errors import KeyNotTrustedError, TuichatError, UsageError
from tuichat.event_buffer import EventBuffer
from tuichat.model import Contact, ContactEvent, LinkEvent, NoticeEvent
from tuichat.node.live_link import LiveLink
from tuichat.store.records import ContactRow

HOUR = 3600.0
DAY = 24 * HOUR


class Pair:
    """Alice and Bob, who are contacts; Bob's keys change, and Alice watches."""

    def __init__(self, directory: Path) -> None:
        self.network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, self.network, SeededRng(b"bob"))
        self.first = self.bob.identity
        self.other = dataclasses.replace(self.first, sig_seed=SeededRng(b"other").bytes(32))
        self.notices: list[NoticeEvent] = []

    async def __aenter__(self) -> Pair:
        await self.alice.start()
        await self.bob.start()
        await self.alice.node.contact_add(self.bob.address, "bob")
        await self.bob.node.contact_add(self.alice.address, "alice")
        assert await until(self.linked, DAY)
        self.events: EventBuffer = self.alice.node.subscribe()  # type: ignore[assignment]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.alice.stop()
        await self.bob.stop()
        assert not self.alice.failures + self.bob.failures

    async def become(self, identity: Identity) -> None:
        """Bob stops, and comes back with these keys."""
        await self.bob.stop()
        self.bob.identity = identity
        await asyncio.sleep(60)
        await self.bob.start()

    async def contact(self) -> Contact:
        return (await self.alice.node.contact_list())[0]

    async def linked(self) -> bool:
        bobs = await self.bob.node.contact_list() if self.bob.running else []
        return bool(bobs) and bobs[0].online and (await self.contact()).online

    async def changed(self) -> bool:
        return (await self.contact()).key_changed

    @property
    def row(self) -> ContactRow:
        return self.alice.node._store.contacts.all()[0]

    async def told(self) -> list[object]:
        """What Alice's node has told since the last call."""
        events: list[object] = []
        while len(self.events):
            events.append(await anext(self.events))
        return events


def play(directory: Path, story: object) -> None:
    async def whole() -> None:
        async with Pair(directory) as pair:
            await story(pair)  # type: ignore[operator]

    run_virtual(whole())


def test_new_ik_under_the_same_sig_is_taken_and_the_safety_number_stays(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        number = await pair.alice.node.contact_verify("bob")
        await pair.alice.node.contact_verify("bob", number.digits)
        await pair.become(rotate_ik(pair.first, SeededRng(b"rotation"), pair.bob.clock.now()))
        assert await until(pair.linked, DAY)
        assert (pair.row.ik, pair.row.epoch) == (pair.bob.identity.ik, pair.bob.identity.epoch)
        assert pair.row.epoch > pair.first.epoch
        after = await pair.alice.node.contact_verify("bob")
        assert (after.digits, after.code, after.verified) == (number.digits, number.code, True)
        assert not await pair.changed()
        await pair.alice.say(pair.bob, "still you")
        assert await until(pair.alice.settled, DAY)
        assert await pair.bob.history(pair.alice) == ["still you"]

    play(tmp_path, story)


@pytest.mark.parametrize("same_epoch", [False, True])
def test_stale_key_is_refused_told_once_and_nothing_changes(tmp_path: Path, same_epoch: bool) -> None:
    async def story(pair: Pair) -> None:
        rotated = rotate_ik(pair.first, SeededRng(b"rotation"), pair.bob.clock.now())
        await pair.become(rotated)
        assert await until(pair.linked, DAY)
        before = pair.row
        stale = dataclasses.replace(rotated, ik_secret=pair.first.ik_secret) if same_epoch else pair.first
        await pair.become(stale)
        await pair.told()
        message = await pair.alice.node.send("bob", "for the newer key")
        await asyncio.sleep(6 * HOUR)
        notices = [event for event in await pair.told() if isinstance(event, NoticeEvent)]
        assert len(notices) == 1
        assert "older key" in notices[0].text
        assert notices[0].contact == before.id
        assert dataclasses.replace(pair.row, last_linked_at=None) == dataclasses.replace(
            before, last_linked_at=None
        )
        assert not await pair.linked()
        assert (await pair.alice.node.message_get(message.id)).state == "queued"
        assert await pair.bob.history(pair.alice) == []
        await pair.become(rotated)
        assert await until(pair.alice.settled, DAY)
        assert await pair.bob.history(pair.alice) == ["for the newer key"]

    play(tmp_path, story)


def test_version_rollback_is_refused_told_once_and_nothing_changes(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        assert pair.row.version == 1
        pair.alice.node._store.contacts.update(pair.row.id, version=2)
        before = pair.row
        await pair.told()
        pair.network.cut_all()
        await asyncio.sleep(6 * HOUR)
        notices = [event for event in await pair.told() if isinstance(event, NoticeEvent)]
        assert ["version" in notice.text for notice in notices] == [True]
        assert pair.row == before
        assert not await pair.linked()

    play(tmp_path, story)


def test_nothing_queued_reaches_another_sig_until_the_person_trusts_it(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        number = await pair.alice.node.contact_verify("bob")
        await pair.alice.node.contact_verify("bob", number.code.upper())
        await pair.bob.stop()
        await pair.alice.say(pair.bob, "for the first key")
        await pair.told()
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await asyncio.sleep(6 * HOUR)
        told = await pair.told()
        assert len([event for event in told if isinstance(event, NoticeEvent)]) == 1
        assert any(isinstance(event, ContactEvent) and event.contact.key_changed for event in told)
        with pytest.raises(KeyNotTrustedError, match="stays queued") as refusal:
            await pair.alice.node.send("bob", "another")
        assert "contact trust bob" in refusal.value.hint
        assert await pair.bob.history(pair.alice) == []
        assert (await pair.contact()).queued == 1
        assert (await pair.contact()).verified
        shown = await pair.alice.node.contact_verify("bob")
        assert shown.digits == number.digits != shown.changed_digits != ""
        with pytest.raises(KeyNotTrustedError, match="another key"):
            await pair.alice.node.contact_verify("bob", shown.changed_digits)

        trusted = await pair.alice.node.contact_trust("bob", accept=True)
        assert (trusted.key_changed, trusted.verified, trusted.confirmed) == (False, False, False)
        assert await until(pair.alice.settled, DAY)
        assert await pair.bob.history(pair.alice) == ["for the first key"]
        assert (pair.row.sig, pair.row.ik) == (pair.other.sig, pair.other.ik)
        await pair.bob.say(pair.alice, "it is really me")
        assert await until(pair.bob.settled, DAY)
        assert await pair.alice.history(pair.bob) == ["it is really me"]
        await pair.alice.node.contact_verify("bob", shown.changed_digits)
        with pytest.raises(UsageError):
            await pair.alice.node.contact_trust("bob", accept=True)

    play(tmp_path, story)


def test_after_trust_the_first_sig_is_the_other_one(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await pair.alice.node.contact_trust("bob", accept=True)
        assert await until(pair.linked, DAY)
        await pair.become(pair.first)
        assert await until(pair.changed, DAY)
        assert not await pair.linked()

    play(tmp_path, story)


def test_message_that_waits_over_the_change_can_still_be_cancelled(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.bob.stop()
        await asyncio.sleep(HOUR)
        kept = await pair.alice.node.send("bob", "sealed for the first key")
        gone = await pair.alice.node.send("bob", "never mind")
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await pair.bob.stop()
        await pair.alice.node.contact_trust("bob", accept=True)
        assert (await pair.alice.node.cancel(gone.id)).state == "cancelled"
        await pair.bob.start()
        assert await until(pair.alice.settled, DAY)
        assert (await pair.alice.node.message_get(kept.id)).state == "delivered"
        assert await pair.bob.history(pair.alice) == ["sealed for the first key"]

    play(tmp_path, story)


def test_pinned_sig_links_while_another_waits_for_the_decision(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.bob.stop()
        await pair.alice.say(pair.bob, "for the first key")
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await pair.become(pair.first)
        assert await until(pair.alice.settled, DAY)
        assert await pair.bob.history(pair.alice) == ["for the first key"]
        assert await pair.changed()
        with pytest.raises(KeyNotTrustedError):
            await pair.alice.node.send("bob", "not before I decide")
        kept = await pair.alice.node.contact_trust("bob", accept=False)
        assert not kept.key_changed
        assert await pair.linked()
        await pair.alice.say(pair.bob, "decided")
        assert await until(pair.alice.settled, DAY)

    play(tmp_path, story)


def test_refused_sig_stays_refused_in_silence_and_a_third_one_is_told(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await pair.alice.node.contact_trust("bob", accept=False)
        await pair.told()
        await asyncio.sleep(DAY)
        assert not await pair.changed()
        assert not [event for event in await pair.told() if isinstance(event, NoticeEvent)]
        third = dataclasses.replace(pair.other, sig_seed=SeededRng(b"third").bytes(32))
        await pair.become(third)
        assert await until(pair.changed, DAY)
        assert pair.row.other_sig == third.sig

    play(tmp_path, story)


def test_person_decides_about_the_key_that_was_told_first(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        third = dataclasses.replace(pair.other, sig_seed=SeededRng(b"third").bytes(32))
        await pair.become(third)
        await asyncio.sleep(6 * HOUR)
        assert pair.row.other_sig == pair.other.sig
        await pair.alice.node.contact_trust("bob", accept=True)
        assert await until(pair.changed, DAY)
        assert (pair.row.sig, pair.row.other_sig) == (pair.other.sig, third.sig)
        assert not await pair.linked()

    play(tmp_path, story)


def test_link_that_was_checked_before_the_decision_carries_nothing_after_it(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await pair.become(pair.first)
        assert await until(pair.linked, DAY)
        links, contact = pair.alice.node._links, pair.row.id
        live = links._links[contact]._live
        assert live is not None
        late = LiveLink(live.link, live._connection, live.start, pair.alice.clock, SeededRng(b"late"))
        await pair.bob.stop()
        await pair.alice.node.contact_trust("bob", accept=True)
        await pair.told()
        await links._welcome(late, contact, [])
        stages = [event.stage for event in await pair.told() if isinstance(event, LinkEvent)]
        assert late.closed
        assert "linked" not in stages
        assert pair.row.sig == pair.other.sig

    play(tmp_path, story)


def test_changed_key_outlives_a_crash_and_is_not_dialled_hot(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.become(pair.other)
        assert await until(pair.changed, DAY)
        await pair.alice.crash()
        await pair.alice.start()
        assert await pair.changed()
        pair.events = pair.alice.node.subscribe()  # type: ignore[assignment]
        await asyncio.sleep(HOUR)
        before = pair.network.carried
        await asyncio.sleep(HOUR)
        dials = [event for event in await pair.told() if isinstance(event, LinkEvent)]
        assert not any(event.stage == "linked" for event in dials)
        # both sides dial, each at most every five minutes by then, with up to three messages a call
        assert pair.network.carried - before < 2 * 12 * 4

    play(tmp_path, story)


def test_invite_that_names_another_sig_is_shown_and_may_be_trusted(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        text = (await pair.bob.node.invite_create()).text
        await pair.bob.stop()
        pair.bob.identity = pair.other
        await pair.bob.start()
        await pair.alice.node.contact_remove("bob")
        await pair.bob.node.contact_remove("alice")
        await pair.alice.node.contact_add(text, "bob")
        assert await until(pair.changed, DAY)
        assert pair.row.sig is None
        shown = await pair.alice.node.contact_verify("bob")
        assert shown.digits == "" != shown.changed_digits
        with pytest.raises(TuichatError):
            await pair.alice.node.contact_verify("bob", shown.changed_digits)
        await pair.alice.node.contact_trust("bob", accept=True)
        assert await until(pair.linked, DAY)

    play(tmp_path, story)


def test_invite_wins_over_the_key_of_a_request_that_came_before_it(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        text = (await pair.bob.node.invite_create()).text
        await pair.alice.node.contact_remove("bob")
        await pair.bob.node.contact_remove("alice")
        await pair.become(pair.other)
        await pair.bob.node.contact_add(pair.alice.address, "alice")

        async def asked() -> bool:
            return bool(await pair.alice.node.contact_list())

        assert await until(asked, DAY)
        asked_with = pair.row
        assert asked_with.sig == pair.other.sig
        await pair.alice.node.contact_add(text)
        assert await until(pair.changed, DAY)
        assert pair.row.sig is None
        assert not await pair.linked()

    play(tmp_path, story)


def test_trusting_where_nothing_changed_is_refused(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        for accept in (True, False):
            with pytest.raises(UsageError, match="no other key"):
                await pair.alice.node.contact_trust("bob", accept)
        assert pair.row.sig == pair.first.sig

    play(tmp_path, story)
