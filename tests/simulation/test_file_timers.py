"""Files that disappear between two real nodes: with their messages, and nothing of them is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.simulation.test_timers import heard_by, later, read
from tests.support.file_story import DAY, KIB, MIB, FileStory, play
from tests.support.simulated_node import SimulatedNode, until
from tests.support.stores import KEY
from tuichat.model import File, FileRemovedEvent, Message, MessageRemovedEvent
from tuichat.node.timer_rules import UNSEEN_SECONDS
from tuichat.store.database import Database

CANARY = "canary-bird"
LONG_FILE = 40 * MIB


async def calm(story: FileStory) -> None:
    for person in (story.alice, story.bob):
        assert await until(person.settled, DAY)


async def offered(story: FileStory, *sizes: int, seconds: int = 60) -> list[File]:
    """Alice's files as bob has them, in a conversation with a timer."""
    await story.alice.node.conversation_timer("bob", seconds)
    await calm(story)
    paths = [story.write(f"{CANARY} {number}.bin", size) for number, size in enumerate(sizes)]
    files = await story.offer(*paths, caption=CANARY)
    await calm(story)
    return files


async def fetched(story: FileStory, file: File, to: Path | None = None) -> Path:
    await story.bob.node.file_accept(file.id, "" if to is None else str(to))
    return Path((await story.until_state(story.bob, file.id, "complete")).path)


async def lines(person: SimulatedNode, other: SimulatedNode) -> list[Message]:
    return [each for each in await person.node.messages(other.name) if each.kind == "file"]


async def look_now(person: SimulatedNode, other: SimulatedNode) -> None:
    """Let a node see at once that its clock was set."""
    await person.node.conversation_set(other.name, muted=True)
    await asyncio.sleep(0.01)


def left_over(story: FileStory, person: SimulatedNode) -> list[str]:
    """Files of somebody who was stopped in which the canary still is, as they lie there and deciphered."""
    found = []
    for path in story.directory.glob(f"{person.name}-*.db*"):
        if CANARY.encode() in path.read_bytes():
            found.append(path.name)
        if path.suffix == ".db":
            database = Database(path, KEY)
            if CANARY.encode() in database._connection.serialize("main"):
                found.append(f"{path.name}, deciphered")
            database.close()
    return found


def test_nothing_of_a_file_that_has_disappeared_is_left_but_what_was_put_elsewhere(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        kept = tmp_path / "kept"
        kept.mkdir()
        files = await offered(story, 70 * KIB, 200, 300)
        assert [each.timer for each in await lines(alice, bob)] == [60, 60, 60]
        assert [each.timer for each in await lines(bob, alice)] == [60, 60, 60]
        inboxed, saved = await fetched(story, files[0]), await fetched(story, files[1], kept)
        assert inboxed.parent.name == "inbox"
        events = [person.node.subscribe() for person in (alice, bob)]
        await asyncio.sleep(61)
        assert await lines(alice, bob) == []
        assert await alice.node.file_list() == []
        assert len(await lines(bob, alice)) == 3  # nobody has looked at them
        assert inboxed.exists()
        await read(bob, alice)
        await asyncio.sleep(59)
        assert len(await lines(bob, alice)) == 3
        await asyncio.sleep(2)
        assert await lines(bob, alice) == []
        assert await bob.node.file_list() == []
        assert story.on_disk(bob) == []
        assert saved.read_bytes() == story.write(f"{CANARY} 1.bin", 200).read_bytes()
        assert (tmp_path / "hers" / f"{CANARY} 0.bin").exists()
        for each in events:
            heard = await heard_by(each)
            removed = [event.file for event in heard if isinstance(event, FileRemovedEvent)]
            assert len(removed) == 3
            assert sum(isinstance(event, MessageRemovedEvent) for event in heard) == 3
        for person in (alice, bob):
            assert (await person.node.search(CANARY)).found == ()
        await calm(story)
        await asyncio.sleep(95)
        for person in (alice, bob):
            await person.stop()
            assert left_over(story, person) == []
            await person.start()

    play(tmp_path, story)


def test_transfer_under_way_ends_on_both_sides_when_the_senders_time_is_up(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        large, small = await offered(story, LONG_FILE, 500, seconds=30)
        (row, _small) = alice.store.transfers.all()
        await bob.node.file_accept(large.id)
        await story.until_bytes(bob, large.id, MIB)
        assert story.on_disk(bob) != []
        assert alice.node._transfers.find_blob(row.path) is not None
        later(story, 31)
        await look_now(alice, bob)
        assert await alice.node.file_list() == []
        assert alice.node._transfers.find_blob(row.path) is None
        for each in (large, small):
            ended = await story.until_state(bob, each.id, "cancelled")
            assert ended.reason == "peer"
        await asyncio.sleep(5)
        assert story.on_disk(bob) == []
        assert len(await lines(bob, alice)) == 2

    play(tmp_path, story)


def test_transfer_under_way_ends_on_both_sides_when_the_readers_time_is_up(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        (large,) = await offered(story, LONG_FILE, seconds=30)
        (hers,) = await alice.node.file_list()
        await bob.node.file_accept(large.id)
        await story.until_bytes(bob, large.id, MIB)
        await read(bob, alice)
        bob.clock.offset += 31
        await look_now(bob, alice)
        assert await bob.node.file_list() == []
        await asyncio.sleep(0.1)
        assert story.on_disk(bob) == []
        assert (await story.until_state(alice, hers.id, "cancelled")).reason == "peer"
        await calm(story)
        (another,) = await offered(story, 100, seconds=3600)
        assert (await fetched(story, another)).exists()

    play(tmp_path, story)


def test_file_for_somebody_who_is_away_for_long_never_leaves_after_its_time(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", 3600)
        await calm(story)
        await bob.stop()
        await asyncio.sleep(300)
        await alice.node.file_send("bob", [str(story.write("away.bin", 100))], CANARY, as_is=True)
        later(story, UNSEEN_SECONDS + 3601)
        await asyncio.sleep(60)
        assert await lines(alice, bob) == []
        assert await alice.node.file_list() == []
        await bob.start()
        await alice.say(bob, "still there?")
        await calm(story)
        assert await lines(bob, alice) == []

    play(tmp_path, story)


def test_received_file_goes_when_its_message_is_taken_back_grows_old_or_goes_with_everything(
    tmp_path: Path,
) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        kept = tmp_path / "kept"
        kept.mkdir()
        first, second, third, fourth = await offered(story, 10, 20, 30, 40, seconds=7 * 86_400)
        for each in (first, second, third):
            await fetched(story, each)
        saved = await fetched(story, fourth, kept)
        await alice.node.unsend((await lines(alice, bob))[0].id)
        await calm(story)
        await asyncio.sleep(5)
        assert len(story.on_disk(bob)) == 2
        assert [each.id for each in await bob.node.file_list()] == [second.id, third.id, fourth.id]
        with bob.store.transaction():
            bob.store._database.run(
                "UPDATE messages SET received_at = 1, sent_at = 1 WHERE id = ?", (second.message,)
            )
        await bob.node.conversation_retention("alice", 3600)
        await asyncio.sleep(700)
        assert len(story.on_disk(bob)) == 1
        await bob.node.contact_erase("alice")
        await asyncio.sleep(5)
        assert story.on_disk(bob) == []
        assert saved.stat().st_size == 40

    play(tmp_path, story)


def test_contact_that_is_removed_takes_what_would_have_disappeared(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        bob = story.bob
        (stays,) = await story.offer(story.write("stays.bin", 10))
        await fetched(story, stays)
        (goes,) = await offered(story, 20)
        await fetched(story, goes)
        await bob.node.contact_remove("alice")
        await asyncio.sleep(5)
        (left,) = (tmp_path / "bob" / "inbox").iterdir()
        assert left.stat().st_size == 10

    play(tmp_path, story)


def test_file_that_comes_to_its_end_as_its_time_is_over_leaves_nothing(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        for seconds in (0.1, 0.3, 0.5, 0.7, 0.9, 1.1):
            (file,) = await offered(story, 300 * KIB, seconds=30)
            await read(bob, alice)
            await bob.node.file_accept(file.id)
            bob.clock.offset += 30 - seconds
            await look_now(bob, alice)
            await asyncio.sleep(40)
            assert await bob.node.file_list() == []
            assert story.on_disk(bob) == []
            await calm(story)
            await alice.node.conversation_timer("bob", 0)

    play(tmp_path, story)
