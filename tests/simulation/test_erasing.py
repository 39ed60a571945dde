"""Erasing what was said with a contact: nothing of it is left in the profile, and the two go on talking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.file_story import DAY, MIB, FileStory, play
from tests.support.simulated_node import until
from tests.support.stores import KEY
from tuichat.errors import NotFoundError, StorageError
from tuichat.model import AnyEvent, Contact, Conversation, ConversationErasedEvent, FileEvent, MessageEvent
from tuichat.store.database import Database

CANARY = "canary-bird"


def left_over(directory: Path) -> list[str]:
    """Alice's files in which the canary still is: on the disk as it lies there, and below the cipher."""
    files = [path for path in directory.rglob("*") if path.is_file() and "hers" not in path.parts]
    found = [path.name for path in files if CANARY.encode() in path.read_bytes()]
    for path in directory.glob("alice-*.db"):
        database = Database(path, KEY)
        if CANARY.encode() in database._connection.serialize("main"):
            found.append(f"{path.name}, deciphered")
        database.close()
    return found


async def told(events: AsyncIterator[AnyEvent]) -> list[AnyEvent]:
    """What a client hears until it is quiet."""
    heard = []
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.1):
                heard.append(await anext(events))
    return heard


async def alices_bob(story: FileStory) -> Contact:
    return await story.alice.contact(story.bob)


async def say_much(story: FileStory) -> None:
    """Words, drafts, inputs, and files in both directions, all with the canary in them."""
    alice, bob = story.alice, story.bob
    await bob.say(alice, f"{CANARY} from bob")
    await alice.say(bob, f"{CANARY} from alice")
    (offered,) = await story.offer(story.write(f"{CANARY}.txt", 3 * MIB), caption=f"{CANARY} caption")
    await bob.node.file_accept(offered.id)
    await story.until_state(bob, offered.id, "complete")
    path = story.write(f"{CANARY}-back.bin", 40 * MIB)
    await bob.node.file_send("alice", [str(path)], f"{CANARY} caption", as_is=True)
    assert await until(lambda: _has_files(story, 2), DAY)
    incoming = (await alice.node.file_list())[-1]
    await alice.node.file_accept(incoming.id)
    await story.until_bytes(alice, incoming.id, MIB)
    await alice.node.draft_set("bob", f"{CANARY} draft")
    await alice.node.input_add(f"{CANARY} input", "bob")


async def _has_files(story: FileStory, count: int) -> bool:
    return len(await story.alice.node.file_list()) == count


def test_nothing_of_an_erased_conversation_is_left_in_the_profile(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice = story.alice
        await alice.node.conversation_set("bob", muted=True)
        await alice.node.contact_tag("bob", ["work"])
        await say_much(story)
        await story.bob.stop()
        await alice.say(story.bob, f"{CANARY} that waits")
        events = alice.node.subscribe()
        contact = await alice.node.contact_erase("bob")
        assert (contact.state, contact.queued, contact.unread, contact.last_message_at) == (
            "accepted",
            0,
            0,
            None,
        )
        assert contact.conversation == Conversation(muted=True)
        assert contact.tags == ("work",)
        assert await alice.node.messages("bob") == []
        assert await alice.node.file_list() == []
        assert await alice.node.draft_list() == []
        assert await alice.node.input_list() == []
        heard = await told(events)
        erased = next(at for at, event in enumerate(heard) if isinstance(event, ConversationErasedEvent))
        assert not any(isinstance(event, MessageEvent | FileEvent) for event in heard[erased:])
        assert alice.log.stat().st_size == 0
        await alice.stop()
        assert left_over(tmp_path) == []
        await alice.start()
        await story.bob.start()

    play(tmp_path, story)


def test_the_canary_is_found_where_nothing_was_erased(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await say_much(story)
        await story.alice.stop()
        assert "alice-0.db, deciphered" in left_over(tmp_path)
        await story.alice.start()

    play(tmp_path, story)


def test_two_go_on_talking_after_one_has_erased_what_was_said(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.say(bob, "one")
        await bob.say(alice, "two")
        assert await until(alice.settled, DAY)
        assert await until(bob.settled, DAY)
        await bob.stop()
        await alice.say(bob, "never sent")
        await alice.node.contact_erase("bob")
        await alice.say(bob, "three")
        await bob.start()
        await bob.say(alice, "four")
        for person in (alice, bob):
            assert await until(person.settled, DAY)
        await alice.say(bob, "five")
        assert await until(alice.settled, DAY)
        assert await alice.history(bob) == ["four"]
        assert await alice.history(bob, "out") == ["three", "five"]
        assert await bob.history(alice) == ["one", "three", "five"]
        assert await bob.history(alice, "out") == ["two", "four"]

    play(tmp_path, story)


def test_what_was_taken_back_before_an_erasing_is_taken_back_there_too(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        back, edited = [await alice.say(bob, f"{CANARY} {number}") for number in (1, 2)]
        assert await until(alice.settled, DAY)
        await bob.stop()
        await asyncio.sleep(300)
        await alice.node.unsend(back.id)
        await alice.node.edit(edited.id, f"{CANARY} edited")
        contact = await alice.node.contact_erase("bob")
        assert contact.queued == 0
        await alice.stop()
        assert [name for name in left_over(tmp_path) if "alice" in name] == []
        await alice.start()
        await bob.start()
        await story.linked()
        await asyncio.sleep(60)
        theirs = await bob.node.messages("alice")
        assert [(each.text, each.unsent) for each in theirs] == [("", "done"), (f"{CANARY} 2", "")]
        assert alice.store.outbox.unacked(1) == []

    play(tmp_path, story)


@pytest.mark.parametrize("deed", ["erase", "block"])
def test_timer_that_was_set_before_an_erasing_or_a_block_holds_on_both_sides(
    tmp_path: Path, deed: str
) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await bob.stop()
        await asyncio.sleep(300)
        for seconds in (60, 0, 3600):
            await alice.node.conversation_timer("bob", seconds)
        if deed == "erase":
            await alice.node.contact_erase("bob")
        else:
            await alice.node.contact_block("bob")
            await alice.node.contact_unblock("bob")
        await bob.start()
        await story.linked()
        await asyncio.sleep(60)
        for person, other in ((alice, bob), (bob, alice)):
            assert (await person.contact(other)).conversation.timer == 3600
        set_to = [each.timer for each in await bob.node.messages("alice")]
        assert set_to == ([3600] if deed == "erase" else [60, 0, 3600])

    play(tmp_path, story)


def test_the_other_side_is_told_that_its_files_are_not_fetched_any_more(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        (offered,) = await story.offer(story.write("large.bin", 40 * MIB))
        await story.bob.node.file_accept(offered.id)
        await story.until_bytes(story.bob, offered.id, MIB)
        mine = (await story.alice.node.file_list())[0]
        await story.bob.node.contact_erase("alice")
        assert (await story.until_state(story.alice, mine.id, "cancelled")).reason == "peer"
        assert story.on_disk(story.bob) == []
        with pytest.raises(NotFoundError):
            await story.bob.node.file_get(offered.id)

    play(tmp_path, story)


def test_erasing_a_stranger_or_nothing_changes_nothing_else(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        await story.alice.say(story.bob, "kept")
        await story.bob.node.contact_erase("alice")
        await story.bob.node.contact_erase("alice")
        with pytest.raises(NotFoundError):
            await story.alice.node.contact_erase("nobody")
        assert await until(story.alice.settled, DAY)
        assert await story.alice.history(story.bob, "out") == ["kept"]
        assert (await alices_bob(story)).state == "accepted"

    play(tmp_path, story)


@pytest.mark.parametrize("deed", ["block", "remove"])
def test_who_is_blocked_or_removed_while_it_is_erased_is_dialled_no_more(tmp_path: Path, deed: str) -> None:
    async def story(story: FileStory) -> None:
        bob = story.bob
        await story.alice.say(bob, "hello")
        number = (await bob.contact(story.alice)).id
        others = {"block": bob.node.contact_block, "remove": bob.node.contact_remove}
        erasing = asyncio.ensure_future(bob.node.contact_erase("alice"))
        await asyncio.sleep(0)
        await others[deed]("alice")
        (erased,) = await asyncio.gather(erasing, return_exceptions=True)
        assert not bob.node._links.has(number)
        if deed == "remove":
            assert isinstance(erased, NotFoundError)
        else:
            assert (await bob.contact(story.alice)).state == "blocked"

    play(tmp_path, story)


@pytest.mark.parametrize("step", ["rows", "log"])
def test_disk_that_fails_while_it_is_erased_does_not_part_the_two(tmp_path: Path, step: str) -> None:
    async def story(story: FileStory) -> None:
        alice = story.alice
        number = (await alices_bob(story)).id
        part, name = {"rows": (alice.store.conversations, "erase"), "log": (alice.store, "checkpoint")}[step]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(part, name, _failing)
            with pytest.raises(StorageError):
                await alice.node.contact_erase("bob")
        assert alice.node._links.has(number)
        await story.linked()

    play(tmp_path, story)


def _failing(*_: object) -> None:
    raise StorageError("The disk fails.")
