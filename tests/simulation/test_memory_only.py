"""Conversations in memory only between two real nodes: no word of them is on disk, and what delivery promises
holds all the same.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.support.file_story import DAY, HOUR, FileStory, play
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_node import SimulatedNode, until
from tests.support.stores import KEY
from tests.support.troubles import Troubles
from tuichat.errors import NotFoundError, StorageError, UsageError
from tuichat.store.database import Database

CANARY = "canary-bird"
LASTING = "lasting words"


def deciphered(person: SimulatedNode) -> bytes:
    """What the running node has of its database on disk, free pages and all."""
    return person.store._database._connection.serialize("main")


def raw(person: SimulatedNode) -> bytes:
    """What is on disk of somebody who does not run, below the cipher."""
    database = Database(person._database, KEY)
    try:
        return database._connection.serialize("main")
    finally:
        database.close()


def left_over(directory: Path, *running: SimulatedNode) -> list[str]:
    """The files in which the canary is: as they lie on the disk, and databases below their cipher."""
    in_use = {person._database for person in running}
    files = [path for path in directory.rglob("*") if path.is_file() and "hers" not in path.parts]
    found = [path.name for path in files if CANARY.encode() in path.read_bytes()]
    for path in set(directory.glob("*-*.db")) - in_use:
        database = Database(path, KEY)
        if CANARY.encode() in database._connection.serialize("main"):
            found.append(f"{path.name}, deciphered")
        database.close()
    return found


async def calm(story: FileStory) -> None:
    for person in (story.alice, story.bob):
        assert await until(person.settled, DAY)


async def texts(person: SimulatedNode, other: SimulatedNode) -> list[str]:
    return [each.text for each in await person.node.messages(other.name)]


async def both_in_memory(story: FileStory) -> None:
    await story.alice.node.conversation_memory("bob", True)
    await story.bob.node.conversation_memory("alice", True)


async def say_all(story: FileStory) -> None:
    """Everything in which a word can be, in both directions."""
    alice, bob = story.alice, story.bob
    hers = await alice.say(bob, f"{CANARY} from alice")
    await calm(story)
    theirs = (await bob.node.messages("alice"))[-1]
    await bob.node.send("alice", f"{CANARY} answer", theirs.id)
    await alice.node.edit(hers.id, f"{CANARY} edited")
    await bob.node.react(theirs.id, "🐦")
    await calm(story)
    reply = (await alice.node.messages("bob"))[-1]
    assert reply.quote is not None
    assert (reply.quote.text, reply.reply_to) == (f"{CANARY} edited", hers.id)
    assert (await alice.node.message_get(hers.id)).reactions == ("🐦",)
    assert await bob.node.message_earlier(theirs.id) == [f"{CANARY} from alice"]
    for person, other in ((alice, bob), (bob, alice)):
        await person.node.draft_set(other.name, f"{CANARY} draft")
        await person.node.input_add(f"{CANARY} input", other.name)
        found = (await person.node.search(CANARY)).found
        assert [each.message.text for each in found] == [f"{CANARY} answer", f"{CANARY} edited"]
        assert [draft.text for draft in await person.node.draft_list()] == [f"{CANARY} draft"]
        assert await person.node.input_list() == []


def test_no_word_of_it_is_on_disk_while_it_lasts_or_after(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.say(bob, LASTING)
        await calm(story)
        await both_in_memory(story)
        await say_all(story)
        await bob.stop()
        await alice.say(bob, f"{CANARY} that waits")
        status = await alice.node.status()
        assert (status.in_memory, status.outbox.queued, status.outbox.in_memory) == (3, 1, 1)
        assert (await alice.contact(bob)).queued == 1
        await alice.node.export_to(str(tmp_path / "export"))
        alice.back_up()
        assert LASTING.encode() in deciphered(alice)
        assert CANARY.encode() not in deciphered(alice)
        assert left_over(tmp_path, alice) == []
        await alice.stop()
        assert left_over(tmp_path) == []
        await alice.start()
        contact = await alice.contact(bob)
        assert (contact.conversation.memory, contact.queued, contact.unread) == (True, 0, 0)
        assert await texts(alice, bob) == [LASTING]
        assert await alice.node.draft_list() == []
        assert (await alice.node.search(CANARY)).found == ()
        await bob.start()
        other = SimulatedNode("dora", tmp_path, story.network, SeededRng(b"dora"))
        await other.start()
        await other.node.import_from(str(tmp_path / "export"))
        (imported,) = await other.node.contact_list()
        assert imported.conversation.memory
        assert [each.text for each in await other.node.messages("bob")] == [LASTING]
        await other.stop()

    play(tmp_path, story)


def test_talk_goes_on_in_order_after_either_crashes_and_nothing_comes_twice(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_memory("bob", True)  # bob keeps his side
        for number in range(3):
            await alice.say(bob, f"{CANARY} {number}")
            await bob.node.send("alice", f"answer {number}")
        await calm(story)
        await bob.stop()
        for number in (3, 4):
            await alice.say(bob, f"{CANARY} {number}")  # sealed under numbers that bob will never see
        await alice.crash()
        await alice.start()
        assert (await alice.contact(bob)).queued == 0
        await bob.start()
        await story.linked()
        await alice.say(bob, "after the crash")
        await bob.node.send("alice", "and so do I")
        await calm(story)
        heard = [each.text for each in await bob.node.messages("alice") if each.direction == "in"]
        assert heard == [*(f"{CANARY} {number}" for number in range(3)), "after the crash"]
        assert await texts(alice, bob) == ["after the crash", "and so do I"]
        await bob.crash()
        await bob.start()
        await story.linked()
        await bob.node.send("alice", "once")
        await calm(story)
        assert (await texts(alice, bob)).count("once") == 1
        assert (await texts(bob, alice))[-1] == "once"

    play(tmp_path, story)


def test_crash_before_the_acknowledgement_leaves_one_copy_at_the_sender(tmp_path: Path) -> None:
    """Whatever is lost with the crash, what the sender has is right, and the next message arrives."""

    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await both_in_memory(story)
        for round_ in range(6):
            task = asyncio.create_task(alice.say(bob, f"{CANARY} {round_}"))
            await task
            await asyncio.sleep(0.02 * round_)
            await bob.crash()
            await bob.start()
            await story.linked()
            await calm(story)
            assert (await alice.node.messages("bob"))[-1].state == "delivered"
            await bob.node.send("alice", f"heard {round_}")
            await calm(story)
        assert [each.text for each in await alice.node.messages("bob") if each.direction == "in"] == [
            f"heard {round_}" for round_ in range(6)
        ]
        await alice.stop()
        await bob.stop()
        assert left_over(tmp_path) == []

    play(tmp_path, story)


def test_history_from_before_stays_frozen_or_is_erased_and_later_words_last_again(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        before = await alice.say(bob, LASTING)
        await calm(story)
        theirs = (await bob.node.messages("alice"))[-1]
        await both_in_memory(story)
        for deed in (alice.node.edit(before.id, CANARY), bob.node.react(theirs.id, "🐦")):
            with pytest.raises(UsageError):
                await deed
        await bob.node.conversation_memory("alice", False)
        await bob.node.react(theirs.id, "🐦")  # hers is frozen, and stays as it is
        await calm(story)
        assert (await alice.node.message_get(before.id)).reactions == ()
        hers = await alice.say(bob, f"{CANARY} in memory")
        await calm(story)
        await alice.node.conversation_memory("bob", False)
        await alice.node.send("bob", "kept again", hers.id)
        await alice.node.edit(hers.id, f"{CANARY} edited in memory")
        await calm(story)
        assert await texts(alice, bob) == [LASTING, f"{CANARY} edited in memory", "kept again"]
        assert CANARY.encode() not in deciphered(alice)
        assert (await alice.node.export_to(str(tmp_path / "mixed"))).messages == 2
        assert left_over(tmp_path, alice, bob) == []
        await alice.node.unsend(before.id)
        await calm(story)
        await alice.stop()
        await alice.start()
        assert not (await alice.contact(bob)).conversation.memory
        kept = await alice.node.messages("bob")
        assert [(each.text, each.unsent) for each in kept] == [("", "done"), ("kept again", "")]
        assert kept[-1].quote is not None
        assert kept[-1].quote.message is None
        with pytest.raises(UsageError):
            await alice.node.conversation_memory("bob", False, True)
        contact = await alice.node.conversation_memory("bob", True, True)
        assert contact.conversation.memory
        assert await texts(alice, bob) == []
        await story.linked()
        await alice.say(bob, "once more")
        await calm(story)
        assert await texts(bob, alice) == ["", f"{CANARY} edited in memory", "kept again", "once more"]

    play(tmp_path, story)


def test_files_are_neither_sent_nor_kept_and_their_sender_hears_so(tmp_path: Path) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await bob.node.conversation_memory("alice", True)
        path = story.write(f"{CANARY}.txt", 1000)
        with pytest.raises(UsageError):
            await bob.node.file_send("alice", [str(path)])
        (sent,) = await alice.node.file_send("bob", [str(path)], f"{CANARY} caption", as_is=True)
        await story.until_state(alice, sent.file.id, "declined")
        (line,) = await bob.node.messages("alice")
        assert (line.kind, line.text, line.file) == ("file", f"{CANARY} caption", None)
        assert await bob.node.file_list() == []
        assert CANARY.encode() not in deciphered(bob)

    play(tmp_path, story)


def test_deeds_that_overtake_their_message_wait_in_memory_and_a_removed_contact_takes_all_along(
    tmp_path: Path,
) -> None:
    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await both_in_memory(story)
        await say_all(story)
        await alice.node.conversation_timer("bob", 60)
        gone = await alice.say(bob, f"{CANARY} for a minute")
        await calm(story)
        await asyncio.sleep(62)
        with pytest.raises(NotFoundError):
            await alice.node.message_get(gone.id)
        await alice.stop()
        await alice.start()
        assert (await alice.contact(bob)).conversation.timer == 60
        await story.linked()
        contact = bob.store.contacts.all()[0].id
        bob.store.deeds.wait(contact, bytes(16), CANARY.encode(), int(bob.clock.now() * 1000 + HOUR))
        bob.store.sessions.hold(contact, 999, CANARY.encode())
        assert bob.store.deeds.waiting(contact) == 1
        assert bob.store.sessions.held(contact, 999) == CANARY.encode()
        assert CANARY.encode() not in deciphered(bob)
        await bob.node.contact_remove("alice")
        assert (await bob.node.search(CANARY)).found == ()
        assert (await bob.node.status()).in_memory == 0

    play(tmp_path, story)


async def _say_if_possible(person: SimulatedNode, other: SimulatedNode, text: str) -> list[str]:
    try:
        await person.node.send(other.name, text)
    except StorageError:  # the disk is full
        return []
    return [text]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_befalls_each_text_comes_once_and_in_order_into_one_of_the_lives(
    tmp_path: Path, seed: int
) -> None:
    """Bob's side is in memory only. All that alice says is in one of his lives; nothing that he says arrives
    twice or out of order, and what he says last arrives.
    """

    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await bob.node.conversation_memory("alice", True)
        draw = random.Random(seed)
        troubles = Troubles(story.network, (alice, bob), SeededRng(b"memory %d" % seed))
        hers: list[str] = []
        his: list[str] = []
        heard: list[str] = []
        for number in range(60):
            hers += await _say_if_possible(alice, bob, f"{CANARY} {number}")
            his += await _say_if_possible(bob, alice, f"{CANARY} {number}")
            if draw.random() < 0.3:
                troubles.befall()
            await asyncio.sleep(draw.choice((0.0, 0.3, 3.0, 40.0)))
            if draw.random() < 0.15:
                heard += await bob.history(alice)
                await (bob.crash() if draw.random() < 0.7 else bob.stop())
                await asyncio.sleep(draw.choice((0.0, 20.0)))
                await bob.start()
            if draw.random() < 0.05:
                await alice.crash()
                await alice.start()
        troubles.heal()
        his += await _say_if_possible(bob, alice, "the end")
        await calm(story)
        heard += await bob.history(alice)
        assert heard == hers
        arrived = await alice.history(bob)
        assert arrived == [text for text in his if text in arrived]
        assert arrived[-1] == "the end"
        for person in (alice, bob):
            person.clock.offset = 0.0
        await bob.stop()
        assert CANARY.encode() not in raw(bob)

    play(tmp_path, story)
