"""The node's methods, as a person or a script calls them: what they refuse, and what stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode, until
from tests.support.stores import receive
from tests.support.virtual_time import run_virtual
from tuichat.api.wire import MAX_ANSWER_LINE, encode_result
from tuichat.errors import DamagedError, NotFoundError, TuichatError, UsageError
from tuichat.model import (
    MAX_TEXT_BYTES,
    AnyEvent,
    ContactEvent,
    LinkEvent,
    MessageEvent,
    MissedEvent,
    NoticeEvent,
)
from tuichat.network.transport import RefusedError
from tuichat.node.budget import MAX_STRANGERS
from tuichat.node.conversations import PAGE_BYTES
from tuichat.node.delivery import Delivery
from tuichat.node.node import Node
from tuichat.protocol.knock import public_psk
from tuichat.protocol.link import Dialling

Story = Callable[["People"], Awaitable[None]]


class People:
    """Two nodes that run, on a network without faults."""

    def __init__(self, directory: Path) -> None:
        self.network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, self.network, SeededRng(b"alice"))
        self.bob = SimulatedNode("bob", directory, self.network, SeededRng(b"bob"))

    @property
    def node(self) -> Node:
        return self.alice.node

    async def befriend(self) -> None:
        await self.alice.node.contact_add(self.bob.address, "bob")
        await self.bob.node.contact_add(self.alice.address, "alice")

        async def linked() -> bool:
            return (await self.node.contact_list())[0].online

        assert await until(linked, 600)


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    async def whole(story: Story) -> None:
        people = People(tmp_path)
        await people.alice.start()
        await people.bob.start()
        try:
            await story(people)
        finally:
            await people.alice.stop()
            await people.bob.stop()
        assert not people.alice.failures + people.bob.failures

    return lambda story: run_virtual(whole(story))


Play = Callable[[Story], None]


async def refuses(attempt: Awaitable[object], kind: type[TuichatError] = UsageError) -> TuichatError:
    """The error, which has a sentence."""
    with pytest.raises(kind) as caught:
        await attempt
    assert caught.value.message
    return caught.value


def test_mistyped_address_is_explained_and_nothing_is_stored(play: Play) -> None:
    async def story(people: People) -> None:
        good = people.bob.address
        wrong = ("x" if good[10] != "x" else "y").join((good[:10], good[11:]))
        for text in (wrong, good[:-1], good[:5] + "1" + good[6:], "", "bob", "a" * 5000, good + "\n" + good):
            await refuses(people.node.contact_add(text))
        assert await people.node.contact_list() == []

    play(story)


def test_own_address_and_own_invite_are_refused(play: Play) -> None:
    async def story(people: People) -> None:
        error = await refuses(people.node.contact_add(f" HTTP://{people.alice.address.upper()}.ONION/ "))
        assert "own address" in error.message
        own = (await people.node.invite_create()).text
        assert "own invite" in (await refuses(people.node.contact_add(own))).message
        assert await people.node.contact_list() == []

    play(story)


def test_address_is_taken_however_it_is_written(play: Play) -> None:
    async def story(people: People) -> None:
        contact = await people.node.contact_add(f"  http://{people.bob.address.upper()}.onion ", "bob")
        assert contact.address == people.bob.address

    play(story)


def test_duplicate_address_shows_the_existing_contact(play: Play) -> None:
    async def story(people: People) -> None:
        first = await people.node.contact_add(people.bob.address, "bob")
        again = await people.node.contact_add(people.bob.address)
        assert again.id == first.id
        error = await refuses(people.node.contact_add(people.bob.address, "robert"))
        assert "bob" in error.message
        assert len(await people.node.contact_list()) == 1

    play(story)


def test_other_text_to_somebody_who_was_asked_is_refused_and_not_lost_in_silence(play: Play) -> None:
    async def story(people: People) -> None:
        invite = (await people.bob.node.invite_create()).text
        await people.node.contact_add(people.bob.address, "bob", "hello")
        for text in (people.bob.address, invite):
            assert "asked bob" in (await refuses(people.node.contact_add(text, None, "hi"))).message
        assert (await people.node.contact_add(people.bob.address, None, "hello")).request_text == "hello"
        await people.bob.node.contact_add(people.alice.address, "alice")

        async def accepted() -> bool:
            return (await people.node.contact_list())[0].state == "accepted"

        assert await until(accepted, 600)
        error = await refuses(people.node.contact_add(people.bob.address, None, "hi"))
        assert "contact already" in error.message

    play(story)


def test_duplicate_petname_is_refused_with_a_free_one(play: Play, tmp_path: Path) -> None:
    async def story(people: People) -> None:
        await people.node.contact_add(people.bob.address, "bob")
        third = SimulatedNode("carol", tmp_path, people.network, SeededRng(b"carol"))
        error = await refuses(people.node.contact_add(third.address, "bob"))
        assert error.candidates == ("bob-2",)
        assert len(await people.node.contact_list()) == 1
        await people.node.contact_add(third.address, "carol")
        await refuses(people.node.contact_rename("carol", "bob"))
        assert (await people.node.contact_rename("carol", "carol")).name == "carol"
        assert (await people.node.contact_rename("carol", "Carol")).name == "Carol"

    play(story)


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "\x1b", "x" * 65, "-x", " --json"])
def test_petname_that_cannot_be_seen_or_kept_is_refused(play: Play, name: str) -> None:
    async def story(people: People) -> None:
        await refuses(people.node.contact_add(people.bob.address, name))
        assert await people.node.contact_list() == []

    play(story)


def test_petname_cannot_be_an_address(play: Play) -> None:
    async def story(people: People) -> None:
        await people.node.contact_add(people.bob.address, "bob")
        await refuses(people.node.contact_rename("bob", people.alice.address))

    play(story)


def test_reference_is_petname_then_address_then_prefix(play: Play, tmp_path: Path) -> None:
    async def story(people: People) -> None:
        bob = await people.node.contact_add(people.bob.address, "bob")
        third = SimulatedNode("carol", tmp_path, people.network, SeededRng(b"carol"))
        await people.node.contact_add(third.address, people.bob.address[:6])
        for ref in ("bob", people.bob.address, people.bob.address.upper() + ".onion", people.bob.address[:7]):
            assert (await people.node.messages(ref)) == []
            assert (await people.node.contact_rename(ref, "bob")).id == bob.id
        assert (await people.node.contact_rename(people.bob.address[:6], "carol")).address == third.address
        for unknown in ("nobody", people.bob.address[:5], "", people.alice.address):
            error = await refuses(people.node.messages(unknown), NotFoundError)
            assert error.exit_code == 7
        assert "bob" in (await refuses(people.node.messages("bib"), NotFoundError)).candidates

    play(story)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u200b", "\x00\x1b"])
def test_empty_text_is_refused(play: Play, text: str) -> None:
    async def story(people: People) -> None:
        await people.node.contact_add(people.bob.address, "bob")
        await refuses(people.node.send("bob", text))
        assert await people.node.messages("bob") == []

    play(story)


def test_longest_text_is_sent_and_one_byte_more_is_refused_with_its_size(play: Play) -> None:
    async def story(people: People) -> None:
        await people.befriend()
        longest = "é" * (MAX_TEXT_BYTES // 2)
        await people.alice.say(people.bob, longest)
        assert await until(people.alice.settled, 600)
        assert await people.bob.history(people.alice) == [longest]
        error = await refuses(people.node.send("bob", longest + "."))
        assert str(MAX_TEXT_BYTES + 1) in error.message
        assert "--file" in error.hint
        assert len(await people.node.messages("bob")) == 1

    play(story)


def test_request_text_is_bounded(play: Play) -> None:
    async def story(people: People) -> None:
        await refuses(people.node.contact_add(people.bob.address, "bob", "x" * 4097))
        assert await people.node.contact_list() == []

    play(story)


@pytest.mark.parametrize("limit", [-1, 0, 10**9])
def test_page_size_is_bounded(play: Play, limit: int) -> None:
    async def story(people: People) -> None:
        await people.node.contact_add(people.bob.address, "bob")
        await refuses(people.node.messages("bob", limit=limit))

    play(story)


def test_page_of_the_longest_texts_fits_into_an_answer(play: Play) -> None:
    """With the text that JSON makes the most of, and more of it than an answer could carry."""

    async def story(people: People) -> None:
        bob = await people.node.contact_add(people.bob.address, "bob")
        store = people.alice.store
        with store.transaction():
            ids = [receive(store, bob.id, number, "\n" * MAX_TEXT_BYTES).id for number in range(200)]
        page = await people.node.messages("bob", limit=500)
        assert len(encode_result(1, page)) < 2 * PAGE_BYTES + 100_000 < MAX_ANSWER_LINE
        found = [message.id for message in page]
        while page := await people.node.messages("bob", limit=500, before=found[0]):
            found[:0] = [message.id for message in page]
        assert found == ids

    play(story)


def test_queued_message_can_be_cancelled_until_a_link_had_it(play: Play) -> None:
    async def story(people: People) -> None:
        await people.node.contact_add(people.bob.address, "bob")
        first = await people.node.send("bob", "never mind")
        second = await people.node.send("bob", "but this")
        assert (await people.node.cancel(first.id)).state == "cancelled"
        await refuses(people.node.cancel(first.id))
        await people.bob.node.contact_add(people.alice.address, "alice")
        assert await until(people.alice.settled, 600)
        assert await people.bob.history(people.alice) == ["but this"]
        assert (await people.node.message_get(second.id)).state == "delivered"
        await refuses(people.node.cancel(second.id))
        await refuses(people.node.cancel(999), NotFoundError)

    play(story)


def test_message_cancelled_after_sealing_leaves_no_gap(play: Play) -> None:
    async def story(people: People) -> None:
        await people.befriend()
        await people.bob.stop()
        await asyncio.sleep(600)
        taken = await people.node.send("bob", "taken back")
        await people.node.send("bob", "stays")
        await people.node.cancel(taken.id)
        await people.bob.start()
        assert await until(people.alice.settled, 86_400)
        assert await people.bob.history(people.alice) == ["stays"]

    play(story)


def test_state_falls_back_to_queued_when_the_link_dies(play: Play) -> None:
    async def story(people: People) -> None:
        await people.befriend()
        people.network.faults.lose = 1.0
        message = await people.node.send("bob", "into the void")
        assert (await people.node.message_get(message.id)).state == "sent"
        await people.bob.stop()
        people.network.cut_all()
        await asyncio.sleep(5)
        assert (await people.node.message_get(message.id)).state == "queued"

    play(story)


def test_pending_and_blocked_people_cannot_be_written_to(play: Play) -> None:
    async def story(people: People) -> None:
        await people.bob.node.contact_add(people.alice.address, "alice")

        async def asked() -> bool:
            return bool(await people.node.contact_list())

        assert await until(asked, 600)
        (stranger,) = await people.node.contact_list()
        await refuses(people.node.send(stranger.address, "hi"))
        await people.node.contact_block(stranger.address)
        await refuses(people.node.send(stranger.address, "hi"))
        await refuses(people.node.contact_add(stranger.address))
        await refuses(people.node.contact_accept(stranger.address))
        await refuses(people.node.contact_reject(stranger.address))
        assert (await people.node.contact_unblock(stranger.address)).state == "pending"
        await refuses(people.node.contact_unblock(stranger.address))

    play(story)


def test_safety_numbers_are_equal_and_only_the_right_one_verifies(play: Play) -> None:
    async def story(people: People) -> None:
        await people.node.contact_add(people.bob.address, "bob")
        await refuses(people.node.contact_verify("bob"))
        await people.bob.node.contact_add(people.alice.address, "alice")
        await people.befriend()
        mine = (await people.node.contact_verify("bob")).digits
        await refuses(people.node.contact_verify("bob", "0" * 60), TuichatError)
        assert not (await people.node.contact_list())[0].verified
        await people.node.contact_verify("bob", f" {mine[:30]} {mine[30:]} ")
        assert (await people.node.contact_list())[0].verified
        assert len(mine) == 60

    play(story)


def test_events_are_numbered_and_can_be_taken_up_again(play: Play) -> None:
    async def story(people: People) -> None:
        live = people.node.subscribe()
        await people.befriend()
        await people.alice.say(people.bob, "one")
        assert await until(people.alice.settled, 600)
        told = await _drain(live)
        assert any(isinstance(event, LinkEvent) and event.stage == "linked" for event in told)
        numbers = [event.seq for event in told if event.seq is not None]
        assert numbers == list(range(1, len(numbers) + 1))
        again = await _drain(people.node.subscribe(since=numbers[0]))
        assert [event.seq for event in again] == numbers[1:]
        states = [event.message.state for event in told if isinstance(event, MessageEvent)]
        assert states[-1] == "delivered"
        assert any(isinstance(event, ContactEvent) for event in told)
        assert not any(isinstance(event, MissedEvent) for event in told)

    play(story)


async def _drain(stream: object) -> list[AnyEvent]:
    events = []
    while len(stream):  # type: ignore[arg-type]
        events.append(await anext(stream))  # type: ignore[call-overload]
    return events


def test_strangers_who_stay_silent_are_bounded_and_contacts_still_get_in(play: Play, tmp_path: Path) -> None:
    async def story(people: People) -> None:
        await people.befriend()
        stranger = SimulatedNode("mallory", tmp_path, people.network, SeededRng(b"mallory"))
        onion = people.alice.identity.onion
        answered = refused = 0
        open_connections = []
        for number in range(MAX_STRANGERS + 5):
            rng = SeededRng(b"%d" % number)
            dialling = Dialling(
                stranger.identity, onion, public_psk(onion), people.alice.clock.now(), rng, stranger.kem
            )
            try:
                open_connections.append(await people.network.connect(onion, dialling.message1))
                answered += 1
            except RefusedError:
                refused += 1
            await asyncio.sleep(0)
            people.network.faults.shortest = people.network.faults.longest = 0.0
        assert answered == MAX_STRANGERS
        assert refused == 5
        people.network.faults.shortest, people.network.faults.longest = 0.05, 0.6
        people.network._connections[0].cut()
        await people.bob.say(people.alice, "can you hear me?")
        assert await until(people.bob.settled, 600)
        await asyncio.sleep(60)
        assert all(connection.lost for _, connection in open_connections)

    play(story)


def test_who_calls_while_the_node_ends_is_hung_up_on_and_leaves_no_task(play: Play) -> None:
    async def story(people: People) -> None:
        await people.befriend()
        links = people.node._links
        welcomed = []

        async def hang_up() -> None:
            welcomed.append("hung up")

        await links.close()
        caller = SimpleNamespace(hang_up=hang_up)
        await links._welcome(caller, 1, [])  # type: ignore[arg-type]
        assert welcomed == ["hung up"]
        assert not links._tasks

    play(story)


def test_damage_met_on_a_link_is_told_and_ends_the_link_only(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(people: People) -> None:
        await people.befriend()
        stream = people.node.subscribe()
        with monkeypatch.context() as patch:
            patch.setattr(Delivery, "handle", _damaged)
            await people.bob.say(people.alice, "does it arrive?")
            while not isinstance(event := await anext(stream), NoticeEvent):
                pass
            assert "damaged page" in event.text
        assert await until(people.bob.settled, 3600)

    play(story)


def _damaged(*_: object) -> None:
    raise DamagedError("A damaged page was met.")
