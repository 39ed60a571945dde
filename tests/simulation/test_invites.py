"""Invites, and services that admit only who holds a key; invariants_invites.py has cuts and crashes."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.support.invite_circle import DAY, Circle, linked, talk
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.crypto.curve25519 import ed25519_public
from tuichat.errors import NotFoundError, TuichatError, UsageError
from tuichat.model import NoticeEvent
from tuichat.node.reach import INVITE_KEYS, MAX_KEYS, SPARE_KEYS, Visibility, key_for
from tuichat.protocol.invites import Invite, parse_invite


def test_invite_is_good_for_one_person_even_in_a_race(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            text = await circle.invite()
            await asyncio.gather(
                circle.bob.node.contact_add(text, "alice"), circle.carol.node.contact_add(text, "alice")
            )
            await asyncio.sleep(3600)
            states = sorted(contact.state for contact in await circle.alice.node.contact_list())
            assert states == ["accepted", "pending"]
            (invite,) = await circle.alice.node.invite_list()
            assert invite.used_by in (circle.bob.address, circle.carol.address)
            assert invite.text == ""

    run_virtual(story())


def test_invite_closes_with_the_first_link_as_contacts(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            await circle.bob.node.contact_add(await circle.invite(), "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            assert (await circle.alice.node.invite_list())[0].state == "bound"
            circle.network.cut_all()
            await asyncio.sleep(60)
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            assert (await circle.alice.node.invite_list())[0].state == "closed"

    run_virtual(story())


def test_who_gave_an_invite_hears_who_used_it_and_what_they_wrote(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            events = circle.alice.node.subscribe()
            text = "it is me,\nBob " + "from the fair " * 12
            await circle.bob.node.contact_add(await circle.invite(), "alice", text)
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            (bob,) = await circle.alice.node.contact_list()
            assert bob.request_text == text
            notices = (event async for event in events if isinstance(event, NoticeEvent))
            event = await anext(notices)
            assert event.text.startswith(f"Your invite was used: {bob.name} is a contact now.")
            assert "They wrote: “it is me, Bob from the fair" in event.text
            assert "...”." in event.text
            assert "\n" not in event.text

    run_virtual(story())


def test_who_was_called_calls_back_to_see_a_safety_number_and_keeps_the_link(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            alice, bob = circle.alice, circle.bob
            await bob.node.contact_add(await circle.invite(), "alice")
            assert await until(lambda: linked(alice, bob), DAY)
            assert not (await alice.node.contact_list())[0].confirmed
            (link,) = alice.node._links._links.values()
            standing = link._live
            with pytest.raises(UsageError) as caught:
                await alice.node.contact_verify(bob.address)
            assert "only they have called you" in caught.value.hint

            async def confirmed() -> bool:
                return (await alice.node.contact_list())[0].confirmed

            assert await until(confirmed, 60)
            hers = await alice.node.contact_verify(bob.address)
            assert hers.digits == (await bob.node.contact_verify(alice.address)).digits
            await talk(alice, bob)
            assert standing is not None
            assert link._live is standing

    run_virtual(story())


def test_revoked_invite_leaves_a_stranger_who_may_still_ask(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            text = await circle.invite()
            await circle.alice.node.invite_revoke(1)
            await circle.bob.node.contact_add(text, "alice")
            await asyncio.sleep(3600)
            assert [contact.state for contact in await circle.alice.node.contact_list()] == ["pending"]
            with pytest.raises(NotFoundError):
                await circle.alice.node.invite_revoke(99)

    run_virtual(story())


def test_mistyped_expired_and_own_invites_are_refused_and_told_apart(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            text = await circle.invite(60)
            with pytest.raises(UsageError, match="mistyped"):
                await circle.bob.node.contact_add(text[:-1] + ("a" if text[-1] != "a" else "b"))
            with pytest.raises(UsageError, match="cut off"):
                await circle.bob.node.contact_add(text[:-3])
            with pytest.raises(UsageError, match="own"):
                await circle.alice.node.contact_add(text)
            await asyncio.sleep(61)
            with pytest.raises(UsageError, match="expired"):
                await circle.bob.node.contact_add(text)
            assert await circle.bob.node.contact_list() == []
            assert (await circle.alice.node.invite_list())[0].state == "expired"
            for seconds in (0, 59, 400 * 86_400):
                with pytest.raises(UsageError):
                    await circle.alice.node.invite_create(seconds)

    run_virtual(story())


@pytest.mark.parametrize("onion", [bytes(32), b"\x02" + bytes(31)], ids=["order 4", "no point"])
def test_invite_to_an_address_that_nobody_can_own_is_refused_and_stores_nothing(
    tmp_path: Path, onion: bytes
) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            text = str(Invite(onion, bytes(32), bytes(16), int(circle.bob.clock.now()) + 3600))
            with pytest.raises(UsageError, match="nobody can own"):
                await circle.bob.node.contact_add(text, "nobody")
            assert await circle.bob.node.contact_list() == []

    run_virtual(story())


def test_blocked_person_gains_nothing_by_an_invite(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            await circle.bob.node.contact_add(circle.alice.address, "alice")
            await asyncio.sleep(60)
            await circle.alice.node.contact_block(circle.bob.address)
            await circle.bob.node.contact_add(await circle.invite(), "alice")
            await asyncio.sleep(3600)
            assert [contact.state for contact in await circle.alice.node.contact_list()] == ["blocked"]
            assert (await circle.alice.node.invite_list())[0].state == "open"

    run_virtual(story())


def test_blocked_person_sees_a_used_invite_as_anybody_does(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            await circle.bob.node.contact_add(circle.alice.address, "alice")
            await asyncio.sleep(60)
            await circle.alice.node.contact_block(circle.bob.address)
            text = await circle.invite()
            await circle.alice.node.invite_revoke(1)
            await circle.bob.node.contact_add(text, "alice")
            await circle.carol.node.contact_add(text, "alice")
            await asyncio.sleep(600)
            for person in (circle.bob, circle.carol):
                assert person.node._store.contacts.all()[0].invite == "", (
                    "it was told that the invite is gone"
                )

    run_virtual(story())


def test_invite_used_by_somebody_who_is_a_contact_already_closes_too(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            await circle.bob.node.contact_add(circle.alice.address, "alice")
            await circle.alice.node.contact_add(circle.bob.address, "bob")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            await circle.invite()
            store = circle.alice.node._store
            store.invites.set_state(1, "bound", circle.bob.identity.onion)
            for _ in range(3):
                circle.network.cut_all()
                await asyncio.sleep(60)
                assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            assert (await circle.alice.node.invite_list())[0].state == "closed"

    run_virtual(story())


def test_hidden_service_is_reached_by_contacts_and_invited_alone(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            await circle.carol.node.contact_add(circle.alice.address, "alice")
            await circle.bob.node.contact_add(await circle.invite(), "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            await asyncio.sleep(3600)
            assert [contact.address for contact in await circle.alice.node.contact_list()] == [
                circle.bob.address
            ]
            await talk(circle.alice, circle.bob)

    run_virtual(story())


def test_using_an_invite_publishes_nothing_anew(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            text = await circle.invite()
            before = circle.alice.transport.renewed
            await circle.bob.node.contact_add(text, "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            await asyncio.sleep(3600)
            assert circle.alice.transport.renewed == before

    run_virtual(story())


def test_switching_to_contacts_locks_no_contact_out(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            await circle.alice.node.contact_add(circle.bob.address, "bob")
            await circle.bob.node.contact_add(circle.alice.address, "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            for person in (circle.alice, circle.bob):
                await person.stop()
                person.visibility = "contacts"
            await circle.alice.start()
            await circle.bob.start()
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            await talk(circle.alice, circle.bob)

    run_virtual(story())


def test_removed_contact_loses_its_key_and_the_introduction_points(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            await circle.bob.node.contact_add(await circle.invite(), "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            circle.network.cut_all()
            await asyncio.sleep(60)
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            key = circle.bob.node._store.contacts.all()[0].reach
            assert key is not None
            renewed = circle.alice.transport.renewed
            assert circle.alice.transport.admits(key)
            await circle.alice.node.contact_remove(circle.bob.address)
            assert circle.alice.transport.renewed == renewed + 1
            assert not circle.alice.transport.admits(key)
            await asyncio.sleep(DAY * 3)
            assert await circle.alice.node.contact_list() == []
            assert not await linked(circle.bob, circle.alice)

    run_virtual(story())


@pytest.mark.parametrize("visibility", ["public", "contacts"])
@pytest.mark.parametrize("how", ["remove", "block"])
def test_invite_does_not_bring_back_who_is_removed_or_blocked_during_its_own_link(
    tmp_path: Path, visibility: Visibility, how: str
) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = visibility
        async with circle:
            text = await circle.invite()
            await circle.bob.node.contact_add(text, "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            end = getattr(circle.alice.node, f"contact_{how}")
            await end(circle.bob.address)
            assert (await circle.alice.node.invite_list())[0].state == "revoked"
            assert not (visibility == "contacts" and circle.alice.transport.admits(parse_invite(text).reach))
            await asyncio.sleep(2 * DAY)
            states = {contact.state for contact in await circle.alice.node.contact_list()}
            # one who was removed may still ask, where strangers can connect
            left = {"block": {"blocked"}, "remove": {"pending"} if visibility == "public" else set()}
            assert states == left[how]
            assert not await linked(circle.bob, circle.alice)

    run_virtual(story())


def test_invite_by_which_somebody_came_is_dropped_at_the_first_link_as_contacts(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            await circle.bob.node.contact_add(await circle.invite(), "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            assert circle.bob.node._store.contacts.all()[0].invite
            circle.network.cut_all()
            await asyncio.sleep(60)
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            assert not circle.bob.node._store.contacts.all()[0].invite

    run_virtual(story())


@pytest.mark.parametrize("visibility", ["public", "contacts"])
def test_new_invite_brings_back_a_contact_who_was_removed_and_does_not_know_it(
    tmp_path: Path, visibility: Visibility
) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = visibility
        async with circle:
            await circle.bob.node.contact_add(await circle.invite(), "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            await circle.alice.node.contact_remove(circle.bob.address)
            with pytest.raises(UsageError, match="your contact alice"):
                await circle.bob.node.contact_add(await circle.invite(), "another name")
            assert (await circle.bob.node.contact_add(await circle.invite())).state == "accepted"
            assert await until(lambda: linked(circle.alice, circle.bob), 1800)
            assert await until(lambda: linked(circle.bob, circle.alice), 60)
            await talk(circle.alice, circle.bob)
            circle.network.cut_all()
            await asyncio.sleep(600)
            assert not circle.bob.node._store.contacts.all()[0].invite

    run_virtual(story())


def test_others_are_linked_again_soon_after_somebody_was_removed(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            for person in (circle.bob, circle.carol):
                await person.node.contact_add(await circle.invite(), "alice")
                assert await until(partial(linked, circle.alice, person), DAY)
            await circle.alice.node.contact_remove(circle.bob.address)
            await asyncio.sleep(0.01)
            assert not await linked(circle.alice, circle.carol), "the circuit by which she came is open"
            assert await until(lambda: linked(circle.alice, circle.carol), 60)
            await talk(circle.alice, circle.carol)

    run_virtual(story())


def test_one_key_too_many_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            texts = [await circle.invite() for _ in range(MAX_KEYS // INVITE_KEYS)]
            with pytest.raises(TuichatError, match=str(MAX_KEYS)):
                await circle.invite()
            with pytest.raises(TuichatError, match=str(MAX_KEYS)):
                await circle.alice.node.contact_add(circle.carol.address)
            transport = circle.alice.transport
            assert len(transport.admitted or []) == MAX_KEYS
            before = transport.renewed
            await circle.bob.node.contact_add(texts[0], "alice")
            assert await until(lambda: linked(circle.alice, circle.bob), DAY)
            await asyncio.sleep(3600)
            assert transport.renewed == before, "a publication tells that an invite was used"
            (row,) = circle.alice.node._store.contacts.all()
            assert transport.admits(circle.alice.node._store.reach_keys.of(row.id))
            await transport.renew()
            assert len(transport.admitted or []) == MAX_KEYS
            assert all(transport.admits(parse_invite(text).reach) for text in texts)

    run_virtual(story())


def add_contacts(person: SimulatedNode, count: int) -> None:
    """So many people whom the person asked and never reached."""
    for number in range(count):
        onion = ed25519_public(number.to_bytes(32, "big"))
        person.node._store.contacts.add(onion, "requested", f"person {number}", created_at=0)


def test_contacts_that_have_no_key_yet_count_too(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            add_contacts(circle.alice, MAX_KEYS - 1)
            await circle.alice.node.contact_add(circle.bob.address)
            for add in (
                circle.alice.node.contact_add(circle.carol.address),
                circle.alice.node.invite_create(),
            ):
                with pytest.raises(TuichatError, match=str(MAX_KEYS)):
                    await add
            await circle.alice.transport.renew()
            assert len(circle.alice.transport.admitted or []) == MAX_KEYS
            renewed = circle.alice.transport.renewed
            for row in circle.alice.node._store.contacts.all():
                key_for(circle.alice.node._store, SeededRng(b"keys"), row.id)
            await asyncio.sleep(3600)
            assert circle.alice.transport.renewed == renewed

    run_virtual(story())


def test_public_profile_with_too_many_contacts_does_not_go_online_for_contacts_only(tmp_path: Path) -> None:
    async def story() -> None:
        async with Circle(tmp_path) as circle:
            add_contacts(circle.alice, MAX_KEYS + 1)
            await circle.alice.stop()
            circle.alice.visibility = "contacts"
            with pytest.raises(TuichatError, match=str(MAX_KEYS)):
                await circle.alice.start()
            assert circle.alice.transport.answerer is None
            with pytest.raises(TuichatError, match=str(MAX_KEYS)):
                await circle.alice.node.send("person 0", "hello")
            assert circle.alice.node.queued_count() == 0
            await circle.alice.node.contact_remove("person 0")
            await circle.alice.node.go_online()
            assert len(circle.alice.transport.admitted or []) == MAX_KEYS

    run_virtual(story())


def test_each_open_invite_has_a_spare_key_for_whom_it_makes_a_contact(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            transport, store = circle.alice.transport, circle.alice.node._store
            for _ in range(SPARE_KEYS + 1):
                await circle.invite()
            assert len(transport.admitted or []) == SPARE_KEYS + INVITE_KEYS * (SPARE_KEYS + 1)
            renewed = transport.renewed
            for number in range(SPARE_KEYS + 1):
                onion = ed25519_public(number.to_bytes(32, "big"))
                row = store.contacts.add(onion, "accepted", f"person {number}", created_at=0)
                store.invites.set_state(number + 1, "bound", onion)
                assert transport.admits(key_for(store, SeededRng(b"keys"), row.id))
            await asyncio.sleep(3600)
            assert transport.renewed == renewed

    run_virtual(story())


def test_spare_keys_are_published_beforehand(tmp_path: Path) -> None:
    async def story() -> None:
        circle = Circle(tmp_path)
        circle.alice.visibility = "contacts"
        async with circle:
            assert len(circle.alice.transport.admitted or []) == SPARE_KEYS

    run_virtual(story())
