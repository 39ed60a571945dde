"""Becoming contacts through crashes, and undoing it; invariants_contact.py has what holds under cuts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.support.invariants_contact import TWO_DAYS, Pair
from tests.support.simulated_node import until
from tests.support.virtual_time import run_virtual
from tuichat.model import Contact


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
            assert await until(pair.bob_is_asked, TWO_DAYS)
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
            assert await until(pair.bob_is_asked, TWO_DAYS)
            await pair.bob.node.contact_reject((await pair.bob.node.contact_list())[0].name)
            await asyncio.sleep(3600)
            assert await pair.states() == ("requested", "none")
            assert await until(pair.bob_is_asked, TWO_DAYS)

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


@pytest.mark.parametrize("answered", [False, True])
def test_unblocked_person_whom_i_asked_is_asked_again_with_the_same_text(
    tmp_path: Path, answered: bool
) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            if not answered:
                await pair.bob.stop()
            await pair.alice.node.contact_add(pair.bob.address, "bob", "hello")
            if answered:
                assert await until(pair.bob_is_asked, TWO_DAYS)
                await pair.bob.node.contact_reject((await pair.bob.node.contact_list())[0].name)
            assert (await pair.alice.node.contact_block("bob")).state == "blocked"
            unblocked = await pair.alice.node.contact_unblock("bob")
            assert (unblocked.state, unblocked.request_text) == ("requested", "hello")
            if not answered:
                await pair.bob.start()
            assert await until(pair.bob_is_asked, TWO_DAYS)
            assert (await pair.bob.node.contact_list())[0].request_text == "hello"

    run_virtual(story())


async def blocked_and_unblocked(pair: Pair) -> Contact:
    """Alice asks, and Bob blocks her unanswered, and undoes it; her as he knows her then."""
    await pair.alice.node.contact_add(pair.bob.address, "bob", "hello")
    assert await until(pair.bob_is_asked, TWO_DAYS)
    await pair.bob.node.contact_rename((await pair.bob.node.contact_list())[0].name, "alice")
    await pair.bob.node.contact_block("alice")
    return await pair.bob.node.contact_unblock("alice")


def test_unblocked_stranger_asks_as_before(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            unblocked = await blocked_and_unblocked(pair)
            assert (unblocked.state, unblocked.request_text) == ("pending", "hello")
            await pair.bob.node.contact_accept("alice")
            assert await until(pair.both_linked, TWO_DAYS)

    run_virtual(story())


def test_words_of_an_unblocked_stranger_are_not_sent_to_them_with_their_invite(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await blocked_and_unblocked(pair)
            invite = await pair.alice.node.invite_create()
            asked = await pair.bob.node.contact_add(invite.text)
            assert (asked.state, asked.request_text) == ("requested", "")
            assert await until(pair.both_linked, TWO_DAYS)

    run_virtual(story())


def test_words_of_a_contact_who_asked_are_not_sent_to_them_after_an_unblock(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await pair.alice.node.contact_add(pair.bob.address, "bob", "hello")
            assert await until(pair.bob_is_asked, TWO_DAYS)
            await pair.bob.node.contact_rename((await pair.bob.node.contact_list())[0].name, "alice")
            await pair.bob.node.contact_accept("alice")
            assert await until(pair.both_linked, TWO_DAYS)
            await pair.bob.say(pair.alice, "hi")
            await pair.bob.node.contact_block("alice")
            unblocked = await pair.bob.node.contact_unblock("alice")
            assert (unblocked.state, unblocked.request_text) == ("requested", "")

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
