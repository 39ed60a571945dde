"""Messages that disappear between two real nodes: on both sides, on time, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.file_story import DAY, HOUR, FileStory, play
from tests.support.simulated_node import SimulatedNode, until
from tests.support.stores import KEY
from tuichat.errors import UsageError
from tuichat.model import AnyEvent, Draft, DraftEvent, Message, MessageRemovedEvent
from tuichat.node import timers as timers_module
from tuichat.node.timer_rules import UNSEEN_SECONDS
from tuichat.protocol.bodies import MAX_REVISION
from tuichat.store.database import Database
from tuichat.store.search import MANY

CANARY = "canary-bird"


async def calm(story: FileStory) -> None:
    for person in (story.alice, story.bob):
        assert await until(person.settled, DAY)


async def texts(person: SimulatedNode, other: SimulatedNode) -> list[str]:
    return [each.text for each in await person.node.messages(other.name) if each.kind == "text"]


async def timers(story: FileStory) -> tuple[int, int]:
    """After how long texts disappear, as alice and as bob have it."""
    alice, bob = story.alice, story.bob
    return (await alice.contact(bob)).conversation.timer, (await bob.contact(alice)).conversation.timer


def later(story: FileStory, seconds: float) -> None:
    """Let time have passed without playing it."""
    for person in (story.alice, story.bob):
        person.clock.offset += seconds


async def read(person: SimulatedNode, other: SimulatedNode) -> None:
    newest = (await person.node.messages(other.name))[-1]
    await person.node.mark_read(other.name, newest.id)


async def told(story: FileStory, text: str = CANARY) -> tuple[Message, Message]:
    """Alice's message on both sides."""
    mine = await story.alice.say(story.bob, text)
    await calm(story)
    return await story.alice.node.message_get(mine.id), (await story.bob.node.messages("alice"))[-1]


def test_both_see_who_has_set_the_timer_and_texts_disappear_on_both_sides(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.say(bob, "this stays")
        await bob.node.conversation_timer("alice", 3600)
        await calm(story)
        for person, other, direction in ((alice, bob, "in"), (bob, alice, "out")):
            line = next(each for each in await person.node.messages(other.name) if each.kind == "timer")
            assert (line.direction, line.timer, line.expires_at) == (direction, 3600, None)
        assert await timers(story) == (3600, 3600)
        mine, theirs = await told(story)
        assert mine.timer == theirs.timer == 3600
        await asyncio.sleep(3590)
        assert CANARY in await texts(alice, bob)
        await asyncio.sleep(10)
        assert await texts(alice, bob) == ["this stays"]
        assert await texts(bob, alice) == ["this stays", CANARY]  # it was not seen
        await read(bob, alice)
        await asyncio.sleep(3599)
        assert CANARY in await texts(bob, alice)
        await asyncio.sleep(1.5)
        assert await texts(bob, alice) == ["this stays"]
        await alice.node.conversation_timer("bob", 0)
        await calm(story)
        assert await timers(story) == (0, 0)
        assert [each.timer for each in await told(story)] == [None, None]

    play(tmp_path, story)


def test_what_was_shown_and_not_read_goes_so_long_after_it_was_shown_first(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        before, shown, after = [(await told(story, word))[1] for word in ("before", "shown", "after")]
        await bob.node.mark_shown("alice", shown.id, shown.id)
        await asyncio.sleep(3000)
        await bob.node.mark_shown("alice", before.id - 1, shown.id)
        assert [each.state for each in await bob.node.messages("alice") if each.kind == "text"] == [
            after.state
        ] * 3
        await asyncio.sleep(601)
        assert await texts(bob, alice) == ["before", "after"]
        await asyncio.sleep(3000)
        assert await texts(bob, alice) == ["after"]
        assert await timers(story) == (3600, 3600)

    play(tmp_path, story)


def test_timer_that_both_set_at_once_ends_alike(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        for hers, his in ((60, 3600), (0, 120), (3600, 0), (30, 60)):
            await asyncio.gather(
                alice.node.conversation_timer("bob", hers), bob.node.conversation_timer("alice", his)
            )
            await calm(story)
            both = await timers(story)
            assert both[0] == both[1] == (min(hers, his) or max(hers, his))
            await asyncio.sleep(5)
        assert [each.timer for each in await alice.node.messages("bob") if each.direction == "out"] == [
            each.timer for each in await bob.node.messages("alice") if each.direction == "in"
        ]

    play(tmp_path, story)


def test_nothing_of_a_text_that_has_disappeared_is_left(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 60)
        mine, theirs = await told(story)
        await alice.node.input_add(CANARY, "bob")
        await alice.node.draft_set("bob", f"{CANARY} and more")
        await alice.node.edit(mine.id, f"{CANARY} edited")
        await bob.node.react(theirs.id, "👍")
        answer = await bob.node.send("alice", "about that", theirs.id)
        await calm(story)
        await bob.node.conversation_timer("alice", 0)
        later = await bob.node.send("alice", "and later", theirs.id)
        assert (await bob.node.message_get(later.id)).quote is not None
        await read(bob, alice)
        events = bob.node.subscribe()
        await asyncio.sleep(61)
        heard = await heard_by(events)
        gone = [event.message for event in heard if isinstance(event, MessageRemovedEvent)]
        assert gone == [theirs.id, answer.id] or gone == [answer.id, theirs.id]
        quote = (await bob.node.message_get(later.id)).quote
        assert quote is not None
        assert (quote.message, quote.text) == (None, "")
        for person in (alice, bob):
            assert (await person.node.search(CANARY)).found == ()
        await calm(story)
        await alice.node.mark_read("bob", (await alice.node.messages("bob"))[-1].id)
        await asyncio.sleep(95)
        for person in (alice, bob):
            assert person.log.stat().st_size == 0
            await person.stop()
        assert left_over(tmp_path) == []
        await alice.start()
        await bob.start()

    play(tmp_path, story)


def test_draft_goes_so_long_after_it_was_written_last_wherever_it_is_shown(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice = story.alice
        await alice.node.draft_set("bob", "from before")
        await alice.node.conversation_timer("bob", 3600)
        await asyncio.sleep(2 * HOUR)
        kept = [Draft(contact=1, text="from before")]
        assert await alice.node.draft_list() == kept
        for _ in range(2):
            await alice.node.draft_set("bob", CANARY)
            await asyncio.sleep(3590)
        events = alice.node.subscribe()
        assert [draft.text for draft in await alice.node.draft_list()] == [CANARY]
        await asyncio.sleep(11)
        told = [event.draft for event in await heard_by(events) if isinstance(event, DraftEvent)]
        assert told == [Draft(contact=1, text="")]
        assert await alice.node.draft_list() == []
        await alice.node.draft_set("bob", CANARY)
        await alice.stop()
        later(story, 3601)
        await alice.start()
        await asyncio.sleep(1)
        assert await alice.node.draft_list() == []
        await alice.node.conversation_timer("bob", 0)
        await alice.node.draft_set("bob", "from before")
        await asyncio.sleep(2 * HOUR)
        assert await alice.node.draft_list() == kept

    play(tmp_path, story)


async def heard_by(events: object) -> list[AnyEvent]:
    heard: list[AnyEvent] = []
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.1):
                heard.append(await anext(events))  # type: ignore[call-overload]
    return heard


def left_over(directory: Path) -> list[str]:
    found = [
        path.name for path in directory.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    for path in directory.glob("*-*.db"):
        database = Database(path, KEY)
        if CANARY.encode() in database._connection.serialize("main"):
            found.append(f"{path.name}, deciphered")
        database.close()
    return found


def test_edit_that_comes_after_its_text_has_disappeared_is_not_kept(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 60)
        mine, _ = await told(story)
        await read(bob, alice)
        alice.clock.offset -= HOUR  # hers is deleted later
        await asyncio.sleep(61)
        assert await texts(bob, alice) == []
        await alice.node.edit(mine.id, f"{CANARY} edited")
        await calm(story)
        assert await texts(bob, alice) == []
        assert bob.store.deeds.waiting(bob.store.contacts.all()[0].id) == 0

    play(tmp_path, story)


def test_text_for_somebody_who_is_away_for_long_never_leaves_after_its_time(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        await bob.stop()
        await asyncio.sleep(300)
        await alice.say(bob, CANARY)
        later(story, UNSEEN_SECONDS + 3500)
        await asyncio.sleep(60)
        assert await texts(alice, bob) == [CANARY]
        await asyncio.sleep(60)
        assert await texts(alice, bob) == []
        assert (await alice.contact(bob)).queued == 0
        await bob.start()
        await alice.say(bob, "still there?")
        await calm(story)
        assert await texts(bob, alice) == ["still there?"]

    play(tmp_path, story)


@pytest.mark.parametrize("how", ["cancel", "block"])
def test_text_that_was_cancelled_disappears_so_long_after_that(tmp_path: Path, how: str) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        await bob.stop()
        await asyncio.sleep(300)
        mine = await alice.say(bob, CANARY)
        await asyncio.sleep(DAY)
        await (alice.node.cancel(mine.id) if how == "cancel" else alice.node.contact_block("bob"))
        assert (await alice.node.message_get(mine.id)).state == "cancelled"
        await asyncio.sleep(3599)
        assert await texts(alice, bob) == [CANARY]
        await asyncio.sleep(2)
        assert await texts(alice, bob) == []
        await bob.start()
        if how == "block":
            await alice.node.contact_unblock("bob")
        await alice.say(bob, "still there?")
        await calm(story)
        assert await texts(bob, alice) == ["still there?"]

    play(tmp_path, story)


def test_text_that_left_and_was_never_acknowledged_is_unsent(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        bob.disk_full = True
        await alice.say(bob, CANARY)
        assert await until(lambda: was_given(alice), DAY)
        await bob.crash()
        later(story, UNSEEN_SECONDS + 3601)
        await asyncio.sleep(60)
        assert await texts(alice, bob) == []
        await bob.start()
        await alice.say(bob, "still there?")
        await calm(story)
        assert await texts(bob, alice) == ["", "still there?"]
        assert [each.unsent for each in await bob.node.messages("alice")][-2:] == ["done", ""]

    play(tmp_path, story)


@pytest.mark.parametrize("what", ["text", "file"])
def test_unsend_leaves_also_after_the_time_of_its_message(tmp_path: Path, what: str) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        if what == "file":
            await story.offer(story.write(f"{CANARY}.txt", 1000), caption=CANARY)
            await calm(story)
            mine = (await alice.node.messages("bob"))[-1]
        else:
            mine, _theirs = await told(story)
        await bob.stop()
        await asyncio.sleep(60)
        assert (await alice.node.unsend(mine.id)).unsent == "asked"
        await asyncio.sleep(3600)
        assert [each.kind for each in await alice.node.messages("bob")] == ["timer"]
        await alice.crash()
        await alice.start()
        assert (await alice.contact(bob)).queued == 0
        await bob.start()
        await story.linked()
        await asyncio.sleep(60)
        theirs = (await bob.node.messages("alice"))[-1]
        assert (theirs.text, theirs.unsent) == ("", "done")
        assert alice.store.outbox.unacked(1) == []

    play(tmp_path, story)


async def was_given(person: SimulatedNode) -> bool:
    contact = person.store.contacts.all()[0].id
    return all(row.given for row in person.store.outbox.unacked(contact))


def test_unseen_text_disappears_thirty_days_later_than_if_it_had_been_seen(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await told(story)
        later(story, UNSEEN_SECONDS)
        await asyncio.sleep(60)
        assert await texts(bob, alice) == [CANARY]
        assert await texts(alice, bob) == []
        await asyncio.sleep(3541)
        assert await texts(bob, alice) == []

    play(tmp_path, story)


def test_death_between_deadline_and_deletion_deletes_at_the_next_start(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 60)
        await told(story)
        await read(bob, alice)
        await asyncio.sleep(59)
        for person in (alice, bob):
            await person.crash()
        await asyncio.sleep(DAY)
        for person, other in ((alice, bob), (bob, alice)):
            await person.start()
            await asyncio.sleep(1)
            assert await texts(person, other) == []

    play(tmp_path, story)


@pytest.mark.parametrize("jump", [-1800.0, 1800.0])
def test_clock_that_jumps_moves_a_deadline_by_as_much(tmp_path: Path, jump: float) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await told(story)
        await read(bob, alice)
        bob.clock.offset += jump
        await asyncio.sleep(3600 - jump - 60)
        assert await texts(bob, alice) == [CANARY]
        await asyncio.sleep(61)
        assert await texts(bob, alice) == []
        bob.clock.offset -= jump
        await asyncio.sleep(HOUR)
        assert await texts(alice, bob) == []

    play(tmp_path, story)


def test_timer_set_after_a_return_to_an_old_backup_holds(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 60)
        await calm(story)
        bob.back_up()
        for seconds in (120, 180, 240):
            await asyncio.sleep(2)
            await alice.node.conversation_timer("bob", seconds)
        await calm(story)
        await asyncio.sleep(60)
        await bob.restore()
        await story.linked()
        await bob.node.conversation_timer("alice", 300)
        await calm(story)
        assert await timers(story) == (300, 300)

    play(tmp_path, story)


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_timer_that_one_side_has_lost_is_set_again_by_either(tmp_path: Path, who: str) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        await alice.node.contact_remove("bob")
        await alice.node.contact_add(bob.address, "bob")
        await story.linked()
        assert await timers(story) == (0, 3600)
        if who == "alice":
            await alice.node.conversation_timer("bob", 0)
        else:
            await bob.node.conversation_timer("alice", 3600)
        await calm(story)
        assert await timers(story) == ((0, 0) if who == "alice" else (3600, 3600))

    play(tmp_path, story)


def test_timer_that_cannot_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice = story.alice
        for seconds in (1, 29, 31_622_401):
            with pytest.raises(UsageError):
                await alice.node.conversation_timer("bob", seconds)
        await alice.node.conversation_timer("bob", 60)
        await calm(story)
        line = (await alice.node.messages("bob"))[-1]
        for deed in (alice.node.cancel(line.id), alice.node.unsend(line.id), alice.node.react(line.id, "👍")):
            with pytest.raises(UsageError):
                await deed

    play(tmp_path, story)


def test_timer_that_was_pushed_to_the_end_of_its_numbers_can_be_set_again_by_both(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        contact = bob.store.contacts.all()[0].id
        for revision in (MAX_REVISION // 2, MAX_REVISION):  # what no node says that goes by its clock
            with bob.store.transaction():
                bob.store.conversations.update(contact, timer=0, timer_revision=revision - 1)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(timers_module, "next_revision", lambda *_, revision=revision: revision)
                await bob.node.conversation_timer("alice", 30)
            await calm(story)
            assert await timers(story) == (30, 30)
        await alice.node.conversation_timer("bob", 7200)
        await calm(story)
        assert await timers(story) == (7200, 7200)
        await bob.node.conversation_timer("alice", 0)
        await calm(story)
        assert await timers(story) == (0, 0)
        await asyncio.gather(
            alice.node.conversation_timer("bob", 60), bob.node.conversation_timer("alice", 90)
        )
        await calm(story)
        both = await timers(story)
        assert both[0] == both[1] == 60

    play(tmp_path, story)


def test_many_that_are_due_at_once_go_in_parts_and_the_rest_is_found_again(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.say(bob, "needle that stays")
        await calm(story)
        contact, now = bob.store.contacts.all()[0].id, bob.node._hub.now()
        with bob.store.transaction():
            for number in range(MANY + 50):
                bob.store.messages.add(
                    contact,
                    "in",
                    number.to_bytes(16, "big"),
                    "text",
                    "needle that goes",
                    sent_at=now,
                    received_at=now,
                    state="read",
                    timer=60,
                    expires_at=now,
                )
        assert bob.node._timers.delete_due()
        assert await until(lambda: only_one(bob), HOUR)
        assert [each.message.text for each in (await bob.node.search("needle")).found] == [
            "needle that stays"
        ]

    play(tmp_path, story)


@pytest.mark.parametrize("how", ["timer", "age"])
def test_long_texts_that_go_at_once_let_others_have_their_turn_in_between(tmp_path: Path, how: str) -> None:
    async def story(story: FileStory) -> None:
        bob = story.bob
        contact, now = bob.store.contacts.all()[0].id, bob.node._hub.now()
        with bob.store.transaction():
            for number in range(5):
                name, text = number.to_bytes(16, "big"), "long " * 5_000
                bob.store.messages.add(
                    contact,
                    "in",
                    name,
                    "text",
                    text,
                    sent_at=now,
                    received_at=now - 100_000,
                    state="read",
                    timer=60,
                    expires_at=now if how == "timer" else None,
                )
        left = []
        timers = bob.node._timers
        timers.retention.set(contact, 60)
        while (timers.delete_due if how == "timer" else timers.retention.delete_some)():
            left.append(len(await texts(bob, story.alice)))
        assert left == ([3, 1] if how == "timer" else [3, 1, 0])
        assert await texts(bob, story.alice) == []

    play(tmp_path, story)


async def only_one(person: SimulatedNode) -> bool:
    found = await person.node.search("needle")
    return found.whole and len(found.found) == 1 and person.store.messages.next_due() is None


def test_old_messages_are_deleted_here_alone_and_received_files_stay(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await told(story, "old")
        (offered,) = await story.offer(story.write("picture.bin", 1000), caption="look")
        await bob.node.file_accept(offered.id)
        await story.until_state(bob, offered.id, "complete")
        (unanswered,) = await story.offer(story.write("other.bin", 1000), caption="later")
        await calm(story)
        contact = await bob.node.conversation_retention("alice", 3600)
        assert contact.conversation.retention == 3600
        await asyncio.sleep(HOUR - 60)
        assert await texts(bob, alice) == ["old"]
        await told(story, "new")
        await bob.stop()
        await bob.start()
        await asyncio.sleep(700)
        left = await bob.node.messages("alice")
        assert [each.text for each in left] == ["later", "new"]
        assert left[0].file == unanswered.id
        assert len(story.on_disk(bob)) == 1
        assert (await bob.node.file_get(offered.id)).message is None
        assert await texts(alice, bob) == ["old", "new"]
        await bob.node.conversation_retention("alice", None)
        await asyncio.sleep(2 * HOUR)
        assert await texts(bob, alice) == ["new"]

    play(tmp_path, story)


def test_what_waits_is_not_deleted_by_its_age(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await bob.stop()
        await asyncio.sleep(300)
        await alice.say(bob, "wait for me")
        await alice.node.conversation_retention("bob", 60)
        await asyncio.sleep(DAY)
        assert await texts(alice, bob) == ["wait for me"]
        await bob.start()
        await calm(story)
        assert await texts(bob, alice) == ["wait for me"]
        await asyncio.sleep(700)
        assert await texts(alice, bob) == []

    play(tmp_path, story)
