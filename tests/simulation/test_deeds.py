"""Replies, edits, unsends and reactions between two real nodes: both histories come to say the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support import friends, handshakes
from tests.support.simulated_node import SimulatedNode, until
from tests.support.virtual_time import run_virtual
from tuichat.errors import NotFoundError, UsageError
from tuichat.model import AnyEvent, Message, MessageEvent
from tuichat.network.addresses import address_of
from tuichat.node.deed_arrivals import WAITING_SECONDS
from tuichat.node.message_deeds import MOST_REACTIONS
from tuichat.protocol.bodies import THE_TWO_OF_US, Deed, Edit, Reaction, Text, Unsend, decode_body
from tuichat.store.deeds import EARLIER_KEPT, MAX_WAITING

DAY = 86_400.0
PICTURES = [chr(0x1F400 + number) for number in range(MOST_REACTIONS + 1)]


class Friends(friends.Friends):
    """Alice and Bob, who are linked."""

    async def calm(self) -> None:
        """Let everything arrive."""
        assert await until(self._calm, DAY)

    async def _calm(self) -> bool:
        return await self.alice.settled() and await self.bob.settled()

    async def told(self, text: str = "hello") -> tuple[Message, Message]:
        """Alice's message on both sides."""
        mine = await self.alice.say(self.bob, text)
        await self.calm()
        return mine, (await self.bob.node.messages("alice"))[-1]

    def queue(self, person: SimulatedNode, deed: Deed, about: int) -> None:
        """Have a node say something that its person could not have it say."""
        node = person.node
        contact = node._store.contacts.all()[0]
        with node._hub.change():
            node._conversations.outbox(contact).queue_deed(about, deed, node._hub.now(), given=False)
        node._links.queued(contact.id)


Story = Callable[[Friends], Awaitable[None]]
Play = Callable[[Story], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    async def whole(story: Story) -> None:
        friends = Friends(tmp_path)
        await friends.meet()
        try:
            await story(friends)
        finally:
            for person in (friends.alice, friends.bob):
                await person.stop()
                assert not person.failures

    return lambda story: run_virtual(whole(story))


async def last(person: SimulatedNode, other: SimulatedNode) -> Message:
    return (await person.node.messages(other.name))[-1]


def test_reply_quotes_what_it_answers_on_both_sides(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("shall we meet?")
        answer = await friends.bob.node.send("alice", "yes", theirs.id)
        await friends.calm()
        got = await last(friends.alice, friends.bob)
        assert (answer.reply_to, got.reply_to) == (theirs.id, mine.id)
        assert answer.quote is not None
        assert got.quote is not None
        assert (answer.quote.direction, answer.quote.text) == ("in", "shall we meet?")
        assert (got.quote.direction, got.quote.text) == ("out", "shall we meet?")

    play(story)


def test_reply_to_a_message_that_is_not_there_says_so(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, _ = await friends.told()
        store = friends.bob.store
        with store.transaction():
            store._database.run("DELETE FROM messages")
        await friends.alice.node.send("bob", "and?", mine.id)
        await friends.calm()
        got = await last(friends.bob, friends.alice)
        assert (got.text, got.reply_to) == ("and?", None)
        assert got.quote is not None
        assert (got.quote.message, got.quote.text) == (None, "")

    play(story)


def test_reply_into_another_conversation_is_refused(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, _ = await friends.told()
        await friends.alice.node.contact_add(
            "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid", "eve"
        )
        with pytest.raises(UsageError):
            await friends.alice.node.send("eve", "hello", mine.id)
        with pytest.raises(NotFoundError):
            await friends.alice.node.send("bob", "hello", 999)

    play(story)


def test_edit_changes_both_sides_and_both_keep_the_earlier_texts(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("at five")
        await friends.alice.node.edit(mine.id, "at six")
        await friends.alice.node.edit(mine.id, "at seven")
        await friends.calm()
        for person, message in ((friends.alice, mine), (friends.bob, theirs)):
            now = await person.node.message_get(message.id)
            assert (now.text, now.edited, now.id) == ("at seven", True, message.id)
            assert await person.node.message_earlier(message.id) == ["at five", "at six"]

    play(story)


def test_earlier_texts_are_bounded(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("0")
        for number in range(EARLIER_KEPT + 5):
            await friends.alice.node.edit(mine.id, str(number + 1))
        await friends.calm()
        earlier = await friends.bob.node.message_earlier(theirs.id)
        assert earlier == [str(number) for number in range(5, EARLIER_KEPT + 5)]

    play(story)


def test_what_one_may_not_do_is_refused_with_a_sentence(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("hello")
        alice, bob = friends.alice.node, friends.bob.node
        refusals = [
            bob.edit(theirs.id, "bye"),
            bob.unsend(theirs.id),
            alice.edit(mine.id, "hello"),
            alice.edit(mine.id, " "),
            alice.react(mine.id, "no emoji"),
            alice.react(mine.id, "👍👍"),
        ]
        for refusal in refusals:
            with pytest.raises(UsageError):
                await refusal
        await alice.unsend(mine.id)
        for refusal in (alice.edit(mine.id, "x"), alice.unsend(mine.id), alice.react(mine.id, "👍")):
            with pytest.raises(UsageError):
                await refusal

    play(story)


def test_unsend_is_asked_until_the_other_node_has_done_it(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("a secret")
        await friends.bob.node.react(theirs.id, "👍")
        answer = await friends.bob.node.send("alice", "I shall keep it", theirs.id)
        await friends.alice.node.edit(mine.id, "my secret")
        await friends.calm()
        await friends.bob.stop()
        asked = await friends.alice.node.unsend(mine.id)
        assert (asked.text, asked.unsent, asked.reactions) == ("", "asked", ())
        await asyncio.sleep(60)
        assert (await friends.alice.node.message_get(mine.id)).unsent == "asked"
        await friends.bob.start()
        await friends.calm()
        for person, message in ((friends.alice, mine), (friends.bob, theirs)):
            gone = await person.node.message_get(message.id)
            assert (gone.text, gone.unsent, gone.edited, gone.reactions) == ("", "done", False, ())
            assert await person.node.message_earlier(message.id) == []
        quoting = await friends.bob.node.message_get(answer.id)
        assert quoting.quote is not None
        assert (quoting.quote.text, quoting.quote.unsent) == ("", True)

    play(story)


@pytest.mark.parametrize("fetched", [False, True])
def test_unsent_file_is_offered_no_more_and_what_was_fetched_stays(play: Play, fetched: bool) -> None:
    async def story(friends: Friends) -> None:
        path = friends.alice._directory / "plan.txt"
        path.write_bytes(b"the plan")
        sent = (await friends.alice.node.file_send("bob", [str(path)], "look"))[0]
        await friends.calm()
        offer = await last(friends.bob, friends.alice)
        assert offer.file is not None
        if fetched:
            await friends.bob.node.file_accept(offer.file)
            await asyncio.sleep(60)
        await friends.alice.node.unsend(sent.message.id)
        await friends.calm()
        for person, message in ((friends.alice, sent.message), (friends.bob, offer)):
            gone = await person.node.message_get(message.id)
            assert (gone.text, gone.file, gone.unsent) == ("", None, "done")
        mine = await friends.alice.node.file_get(sent.file.id)
        theirs = await friends.bob.node.file_get(offer.file)
        assert (mine.name, mine.message) == ("file", None)
        if fetched:
            assert (theirs.state, theirs.name) == ("complete", "plan.txt")
            assert Path(theirs.path).read_bytes() == b"the plan"
        else:
            assert (mine.state, theirs.state, theirs.name) == ("cancelled", "cancelled", "file")

    play(story)


def test_what_no_link_ever_had_is_cancelled_with_all_that_was_done_to_it(play: Play) -> None:
    async def story(friends: Friends) -> None:
        await friends.bob.stop()
        await asyncio.sleep(60)
        mine = await friends.alice.say(friends.bob, "too early")
        await friends.alice.node.edit(mine.id, "still too early")
        await friends.alice.node.react(mine.id, "👍")
        gone = await friends.alice.node.unsend(mine.id)
        assert (gone.state, gone.unsent) == ("cancelled", "")
        kept = await friends.alice.say(friends.bob, "in time")
        await friends.bob.start()
        await friends.calm()
        history = await friends.bob.node.messages("alice")
        assert [message.text for message in history] == ["in time"]
        assert friends.bob.store.deeds.waiting(1) == 0
        assert (await friends.alice.node.message_get(kept.id)).state == "delivered"

    play(story)


def test_edit_of_what_no_link_ever_had_takes_its_place_and_nobody_hears_of_the_first_words(
    play: Play,
) -> None:
    async def story(friends: Friends) -> None:
        await friends.told()
        await friends.bob.stop()
        await asyncio.sleep(60)
        mine = await friends.alice.say(friends.bob, "a secret")
        answer = await friends.alice.say(friends.bob, "to that", mine.id)
        now = await friends.alice.node.edit(mine.id, "good evening")
        assert (now.text, now.edited, now.state) == ("good evening", False, "queued")
        assert await friends.alice.node.message_earlier(mine.id) == []
        waiting = [row.body for row in friends.alice.store.outbox.unacked(1)]
        assert (len(waiting), any(b"secret" in body for body in waiting)) == (2, False)
        await friends.alice.crash()
        await friends.alice.start()
        await friends.bob.start()
        await friends.calm()
        first, second = (await friends.bob.node.messages("alice"))[1:]
        assert (first.text, first.edited, second.text) == ("good evening", False, "to that")
        assert second.quote is not None
        assert second.quote.text == "good evening"
        for message in (mine, answer):
            assert (await friends.alice.node.message_get(message.id)).state == "delivered"
        assert (await friends.alice.node.edit(mine.id, "good night")).edited

    play(story)


@pytest.mark.parametrize("way", ["edited", "taken back"])
def test_however_often_a_text_is_edited_before_it_leaves_the_session_goes_on(
    play: Play, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr("tuichat.crypto.ratchet.MAX_SKIP", 10)

    async def story(friends: Friends) -> None:
        await friends.told()
        session = friends.alice.store.sessions.get(1)
        await friends.bob.stop()
        await asyncio.sleep(60)
        mine = await friends.alice.say(friends.bob, "0 %")
        for percent in range(1, 30):
            await friends.alice.node.edit(mine.id, f"{percent} %")
        if way == "taken back":
            await friends.alice.node.unsend(mine.id)
        await friends.alice.say(friends.bob, "that was it")
        await friends.bob.start()
        await friends.calm()
        history = [message.text for message in await friends.bob.node.messages("alice")]
        assert history == ["hello", *(["29 %"] if way == "edited" else []), "that was it"]
        for person in (friends.alice, friends.bob):
            assert person.store.sessions.get(1).sid == session.sid

    play(story)


def test_edit_of_what_waits_for_a_first_session_takes_its_place(play: Play) -> None:
    async def story(friends: Friends) -> None:
        await friends.alice.node.contact_add(address_of(handshakes.person("carol").onion), "carol")
        mine = await friends.alice.node.send("carol", "a secret")
        await friends.alice.node.edit(mine.id, "good evening")
        (row,) = friends.alice.store.outbox.unacked(2)
        body = decode_body(row.body)
        assert isinstance(body, Text)
        assert (row.envelope, body.text) == (None, "good evening")

    play(story)


def test_edit_that_is_still_queued_leaves_no_more_once_the_message_is_unsent(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("hello")
        await friends.bob.stop()
        await asyncio.sleep(60)
        await friends.alice.node.edit(mine.id, "a secret")
        await friends.alice.node.unsend(mine.id)
        bodies = [row.body for row in friends.alice.store.outbox.unacked(1)]
        assert not any(b"a secret" in body for body in bodies)
        await friends.bob.start()
        await friends.calm()
        assert (await friends.bob.node.message_get(theirs.id)).unsent == "done"

    play(story)


def test_reactions_of_both_stand_side_by_side_and_go_again(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told()
        await asyncio.gather(friends.alice.node.react(mine.id, "👍"), friends.bob.node.react(theirs.id, "👍"))
        await friends.bob.node.react(theirs.id, "👩🏽‍🚀")
        await friends.calm()
        for person, message, own in ((friends.alice, mine, ["👍"]), (friends.bob, theirs, ["👍", "👩🏽‍🚀"])):
            now = await person.node.message_get(message.id)
            assert sorted(now.reactions) == sorted(["👍", "👍", "👩🏽‍🚀"])
            assert list(now.my_reactions) == own
        await friends.bob.node.react(theirs.id, "👍")
        await friends.calm()
        for person, message in ((friends.alice, mine), (friends.bob, theirs)):
            assert sorted((await person.node.message_get(message.id)).reactions) == sorted(["👍", "👩🏽‍🚀"])

    play(story)


def test_nobody_puts_more_than_so_many_emoji_to_a_message(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told()
        for picture in PICTURES[:-1]:
            await friends.bob.node.react(theirs.id, picture)
        with pytest.raises(UsageError):
            await friends.bob.node.react(theirs.id, PICTURES[-1])
        wire_id = friends.bob.store.messages.page(1, 1)[-1].wire_id
        friends.queue(
            friends.bob, Reaction(THE_TWO_OF_US, bytes(16), wire_id, PICTURES[-1], 1), about=theirs.id
        )
        await friends.calm()
        assert len((await friends.alice.node.message_get(mine.id)).reactions) == MOST_REACTIONS == 20

    play(story)


def test_of_two_messages_of_one_name_a_reaction_and_an_answer_mean_the_others(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told()
        name = friends.bob.store.messages.page(1, 1)[-1].wire_id
        node = friends.bob.node
        with node._hub.change():
            body = Text(THE_TWO_OF_US, name, node._hub.now(), "of the same name")
            node._conversations.outbox(node._store.contacts.all()[0]).queue_text(body, 0, given=False)
        await node.react(theirs.id, "👍")
        await friends.bob.say(friends.alice, "yes", theirs.id)
        await friends.calm()
        first, second, answer = await friends.alice.node.messages("bob")
        assert (first.id, first.reactions, second.reactions) == (mine.id, ("👍",), ())
        assert (second.text, answer.reply_to) == ("of the same name", mine.id)

    play(story)


def test_reaction_to_a_message_that_is_unsent_meanwhile_is_gone_on_both_sides(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told()
        await asyncio.gather(friends.alice.node.unsend(mine.id), friends.bob.node.react(theirs.id, "👍"))
        await friends.calm()
        for person, message in ((friends.alice, mine), (friends.bob, theirs)):
            now = await person.node.message_get(message.id)
            assert (now.unsent, now.reactions) == ("done", ())

    play(story)


def test_edit_and_unsend_of_somebody_elses_message_change_nothing(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("mine")
        target = friends.alice.store.messages.page(1, 1)[-1].wire_id
        edit = Edit(THE_TWO_OF_US, b"e" * 16, 0, target, "yours")
        friends.queue(friends.bob, edit, about=theirs.id)
        friends.queue(friends.bob, Unsend(THE_TWO_OF_US, b"u" * 16, target), about=theirs.id)
        await friends.calm()
        now = await friends.alice.node.message_get(mine.id)
        assert (now.text, now.edited, now.unsent) == ("mine", False, "")

    play(story)


def test_line_that_says_who_has_set_the_timer_cannot_be_taken_back(play: Play) -> None:
    async def story(friends: Friends) -> None:
        await friends.alice.node.conversation_timer("bob", 60)
        await friends.calm()
        mine = friends.alice.store.messages.page(1, 1)[-1]
        friends.queue(friends.alice, Reaction(THE_TWO_OF_US, b"r" * 16, mine.wire_id, "👍", 1), about=mine.id)
        friends.queue(friends.alice, Unsend(THE_TWO_OF_US, b"u" * 16, mine.wire_id), about=mine.id)
        await friends.calm()
        line = await last(friends.bob, friends.alice)
        assert (line.kind, line.timer, line.unsent, line.reactions) == ("timer", 60, "", ())

    play(story)


def _early(friends: Friends, *, unsend: bool) -> bytes:
    """Alice's node says what is done to a message before the message itself; the message's wire id."""
    node, wire_id = friends.alice.node, b"w" * 16
    contact = node._store.contacts.all()[0]
    outbox = node._conversations.outbox(contact)
    with node._hub.change():
        now = node._hub.now()
        message = outbox.queue_text(Text(THE_TWO_OF_US, b"f" * 16, now, "first"), now, given=False).id
        outbox.queue_text(Text(THE_TWO_OF_US, b"r" * 16, now, "an answer", reply=wire_id), now, given=False)
        for number, text in enumerate(("two", "three")):
            edit = Edit(THE_TWO_OF_US, b"e" * 15 + bytes([number]), now, wire_id, text)
            outbox.queue_deed(message, edit, now, given=False)
        outbox.queue_deed(message, Reaction(THE_TWO_OF_US, b"k" * 16, wire_id, "👍", 1), now, given=False)
        if unsend:
            outbox.queue_deed(message, Unsend(THE_TWO_OF_US, b"u" * 16, wire_id), now, given=False)
    node._links.queued(contact.id)
    return wire_id


def _late(friends: Friends, wire_id: bytes) -> None:
    node = friends.alice.node
    contact = node._store.contacts.all()[0]
    with node._hub.change():
        now = node._hub.now()
        body = Text(THE_TWO_OF_US, wire_id, now, "one")
        node._conversations.outbox(contact).queue_text(body, now, given=False)
    node._links.queued(contact.id)


def test_what_overtakes_its_message_waits_for_it_through_a_crash(play: Play) -> None:
    async def story(friends: Friends) -> None:
        wire_id = _early(friends, unsend=False)
        await friends.calm()
        answer = (await friends.bob.node.messages("alice"))[-1]
        assert answer.quote is not None
        assert answer.quote.message is None
        await friends.bob.crash()
        await friends.bob.start()
        _late(friends, wire_id)
        await friends.calm()
        message = await last(friends.bob, friends.alice)
        assert (message.text, message.edited, message.reactions) == ("three", True, ("👍",))
        assert await friends.bob.node.message_earlier(message.id) == ["one", "two"]
        quote = (await friends.bob.node.message_get(answer.id)).quote
        assert quote is not None
        assert (quote.message, quote.text) == (message.id, "three")

    play(story)


def test_unsend_that_overtakes_its_message_lets_nothing_of_it_stay(play: Play) -> None:
    async def story(friends: Friends) -> None:
        wire_id = _early(friends, unsend=True)
        await friends.calm()
        _late(friends, wire_id)
        await friends.calm()
        message = await last(friends.bob, friends.alice)
        assert (message.text, message.unsent, message.reactions) == ("", "done", ())
        assert await friends.bob.node.message_earlier(message.id) == []

    play(story)


def test_nothing_waits_longer_than_thirty_days(play: Play) -> None:
    async def story(friends: Friends) -> None:
        wire_id = _early(friends, unsend=False)
        await friends.calm()
        store = friends.bob.store
        last_moment = int(store._database.one("SELECT max(expires_at) FROM waiting_deeds"))
        now = friends.bob.clock.now()
        assert WAITING_SECONDS == 30 * DAY
        assert now < last_moment / 1000 <= now + WAITING_SECONDS
        with store.transaction():
            store._database.run("UPDATE waiting_deeds SET expires_at = ?", (int((now + 60) * 1000),))
        await asyncio.sleep(120)
        assert store.deeds.waiting(1) == 0
        _late(friends, wire_id)
        await friends.calm()
        assert (await last(friends.bob, friends.alice)).text == "one"

    play(story)


def test_what_waits_is_bounded_for_each_contact(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, _ = await friends.told()
        for number in range(MAX_WAITING + 3):
            target = number.to_bytes(16, "big")
            friends.queue(
                friends.alice, Unsend(THE_TWO_OF_US, b"u" * 14 + number.to_bytes(2, "big"), target), mine.id
            )
        await friends.calm()
        store = friends.bob.store
        assert store.deeds.waiting(1) == MAX_WAITING
        assert store.deeds.take_waiting(1, (2).to_bytes(16, "big"), 0) == []
        assert len(store.deeds.take_waiting(1, (3).to_bytes(16, "big"), 0)) == 1

    play(story)


def test_deed_waits_in_the_queue_as_a_message_does(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, theirs = await friends.told("hello")
        await friends.bob.stop()
        await asyncio.sleep(60)
        await friends.alice.node.edit(mine.id, "hello!")
        assert (await friends.alice.contact(friends.bob)).queued == 1
        assert (await friends.alice.node.status()).outbox.queued == 1
        await friends.alice.crash()
        await friends.alice.start()
        await friends.bob.start()
        await friends.calm()
        assert (await friends.bob.node.message_get(theirs.id)).text == "hello!"

    play(story)


def test_clients_are_told_when_a_deed_waits_no_longer(play: Play) -> None:
    async def story(friends: Friends) -> None:
        mine, _theirs = await friends.told("hello")
        told: list[tuple[int, int]] = []

        def listen(event: AnyEvent) -> None:
            if isinstance(event, MessageEvent):
                waits = friends.alice.node._store.outbox.count(event.message.contact)
                told.append((event.message.id, waits))

        friends.alice.node._hub.listen(listen)
        await friends.alice.node.react(mine.id, "👍")
        await friends.calm()
        assert told == [(mine.id, 1), (mine.id, 0)]

    play(story)
