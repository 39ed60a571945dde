"""What becomes of what waits for somebody who is blocked: both histories say the same once that is undone."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.file_story import DAY, HOUR, FileStory, play
from tests.support.simulated_node import SimulatedNode, until
from tuichat.node.timer_rules import UNSEEN_SECONDS


async def calm(story: FileStory) -> None:
    for person in (story.alice, story.bob):
        assert await until(person.settled, DAY)


async def words(person: SimulatedNode, other: SimulatedNode) -> list[tuple[str, bool, str]]:
    """What a history shows of texts and files: what each says, whether it was edited, and taken back."""
    shown = [each for each in await person.node.messages(other.name) if each.kind != "timer"]
    return [(each.text, each.edited, each.unsent) for each in shown]


async def written(story: FileStory) -> list[str]:
    """The states of alice's messages."""
    return [each.state for each in await story.alice.node.messages("bob") if each.direction == "out"]


async def block(story: FileStory) -> None:
    """Alice blocks bob, and dies then: nothing keeps her node running."""
    alice = story.alice
    assert (await alice.node.contact_block("bob")).queued == 0
    assert not alice.node.has_work()
    await alice.crash()
    await alice.start()
    assert not alice.node.has_work()


async def unblock(story: FileStory) -> None:
    """Alice does, and bob is there again."""
    await story.alice.node.contact_unblock("bob")
    await story.bob.start()
    await story.linked()
    await calm(story)


async def lost_on_its_way(story: FileStory) -> None:
    """What alice has queued is given to a link, and bob has nothing of it."""
    alice, contact = story.alice, story.alice.store.contacts.all()[0].id

    async def given() -> bool:
        return all(row.given for row in alice.store.outbox.unacked(contact))

    assert await until(given, DAY)
    await story.bob.crash()
    story.bob.disk_full = False


def test_what_was_done_to_messages_before_a_block_is_done_there_once_it_is_undone(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        first, second = await alice.say(bob, "first"), await alice.say(bob, "second")
        await calm(story)
        await bob.say(alice, "third")
        await calm(story)
        await bob.stop()
        await asyncio.sleep(300)
        await alice.node.edit(first.id, "first edited")
        assert (await alice.node.unsend(second.id)).unsent == "asked"
        (theirs,) = [each for each in await alice.node.messages("bob") if each.direction == "in"]
        await alice.node.react(theirs.id, "👍")
        await alice.node.conversation_timer("bob", 3600)
        never = await alice.say(bob, "never leaves")
        await alice.node.react(never.id, "🎉")
        await block(story)
        await unblock(story)
        assert await written(story) == ["delivered", "delivered", "delivered", "cancelled"]
        assert (await words(alice, bob))[:3] == await words(bob, alice)
        assert (await alice.node.message_get(second.id)).unsent == "done"
        assert (await bob.node.messages("alice"))[2].reactions == ("👍",)
        assert (await bob.contact(alice)).conversation.timer == 3600
        assert alice.store.outbox.unacked(1) == []

    play(tmp_path, story)


def test_what_had_left_when_somebody_was_blocked_is_not_shown_as_cancelled(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        bob.disk_full = True
        mine = await alice.say(bob, "on its way")
        await lost_on_its_way(story)
        await block(story)
        assert await written(story) == ["queued"]
        await unblock(story)
        assert await written(story) == ["delivered"]
        assert await words(bob, alice) == [("on its way", False, "")]
        await alice.node.unsend(mine.id)
        await calm(story)
        assert await words(bob, alice) == [("", False, "done")]

    play(tmp_path, story)


def test_offer_that_had_left_when_somebody_was_blocked_is_over_on_both_sides(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        bob.disk_full = True
        await alice.node.file_send("bob", [str(story.write("large.bin", 1000))], "look", as_is=True)
        await lost_on_its_way(story)
        await block(story)
        await unblock(story)
        await asyncio.sleep(60)
        for person in (alice, bob):
            assert [file.state for file in await person.node.file_list()] == ["cancelled"]
        assert await words(bob, alice) == [("look", False, "")]

    play(tmp_path, story)


def test_what_is_kept_for_somebody_blocked_grows_old_all_the_same(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        kept, back = await alice.say(bob, "kept"), await alice.say(bob, "taken back")
        await calm(story)
        await bob.stop()
        await asyncio.sleep(300)
        await alice.node.edit(kept.id, "edited")
        await alice.node.unsend(back.id)
        await alice.node.contact_block("bob")
        await alice.node.conversation_retention("bob", 3600)
        await asyncio.sleep(2 * HOUR)
        assert await alice.node.messages("bob") == []
        await alice.node.contact_unblock("bob")
        await bob.start()
        await story.linked()
        await asyncio.sleep(60)
        assert await words(bob, alice) == [("kept", False, ""), ("", False, "done")]
        assert alice.store.outbox.unacked(1) == []

    play(tmp_path, story)


def test_time_of_what_had_left_to_somebody_blocked_ends_and_nobody_dials_them(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        bob.disk_full = True
        await alice.say(bob, "on its way")
        await lost_on_its_way(story)
        await block(story)
        for person in (alice, bob):
            person.clock.offset += UNSEEN_SECONDS + 3601
        await asyncio.sleep(60)
        assert await words(alice, bob) == []
        assert not alice.node._links.has((await alice.contact(bob)).id)
        await unblock(story)
        await asyncio.sleep(60)
        assert await words(bob, alice) == [("", False, "done")]
        assert alice.store.outbox.unacked(1) == []

    play(tmp_path, story)
