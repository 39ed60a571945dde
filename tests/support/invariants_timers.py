"""Invariants of timers: what disappears does so in time and as a whole, and both set the timer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any, Final

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.file_story import DAY, KIB, MIB, FileStory, play
from tests.support.fixed_clock import FixedClock
from tests.support.invariants import holds, scratch
from tests.support.invariants_deeds import SECRET, TARGET, Reader, edit, reaction
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_node import SimulatedNode, until
from tests.support.stores import open_store, wire_id
from tuichat.model import File as OfferedFile
from tuichat.node.events import EventHub
from tuichat.node.message_deeds import MessageDeeds
from tuichat.node.outbox import Outbox, Sealing
from tuichat.node.timer_rules import UNSEEN_SECONDS, next_revision
from tuichat.node.timer_rules import holds as comes_to_hold
from tuichat.protocol.bodies import MAX_REVISION, THE_TWO_OF_US, File, Text, Timer
from tuichat.store.records import ConversationRow
from tuichat.store.store import Store

TTL: Final = 60
NOW: Final = 1_795_269_600
LATEST: Final = (TTL + UNSEEN_SECONDS) * 1000
FILE: Final = wire_id(2)


def text() -> Text:
    return Text(THE_TWO_OF_US, TARGET, 0, SECRET, TTL)


def file() -> File:
    key = bytes(32)
    return File(THE_TWO_OF_US, FILE, 0, f"{SECRET}.txt", 9, "", SECRET, key, key, b"p" * 32, ttl=TTL)


def what_was_received_goes_when_its_time_is_over() -> None:
    """So long after it was first shown, and at the latest thirty days after that time counted from coming."""
    with _reader() as reader:
        reader.hear(text(), file())
        due = reader.store.messages.due
        holds("it goes before it was seen", not due(LATEST - 1, 9))
        holds("what nobody looks at stays for ever", len(due(LATEST, 9)) == 2)
        (newest,) = reader.store.messages.page(reader.contact, 1)
        for moment in (5_000, 50_000):
            reader.store.messages.mark_read(reader.contact, newest.id, moment)
        holds("it goes too early", not due(5_000 + TTL * 1000 - 1, 9))
        holds("it stays after its time", len(due(5_000 + TTL * 1000, 9)) == 2)


def what_was_shown_goes_when_its_time_is_over() -> None:
    """Also where it was not marked as read; its time begins once, and only its own."""
    with _reader() as reader:
        reader.hear(text(), file())
        messages = reader.store.messages
        (newest,) = messages.page(reader.contact, 1)
        for moment in (5_000, 50_000):
            messages.mark_shown(reader.contact, newest.id, newest.id, moment)
        messages.mark_read(reader.contact, newest.id, 60_000)
        holds("it goes too early", not messages.due(5_000 + TTL * 1000 - 1, 9))
        holds(
            "it stays after its time", [row.id for row in messages.due(5_000 + TTL * 1000, 9)] == [newest.id]
        )


def a_draft_goes_when_its_time_is_over() -> None:
    """One that was written while messages disappear; so long after its last change."""

    async def story(story: FileStory) -> None:
        alice = story.alice
        await alice.node.draft_set("bob", "from before")
        await alice.node.conversation_timer("bob", TTL)
        await asyncio.sleep(2 * TTL)
        holds("one from before is gone", len(await alice.node.draft_list()) == 1)
        for _ in range(2):
            await alice.node.draft_set("bob", SECRET)
            await asyncio.sleep(TTL - 1)
        holds("it goes while it is being written", len(await alice.node.draft_list()) == 1)
        await asyncio.sleep(2)
        holds("it stays after its time", not await alice.node.draft_list())

    _play(story)


def what_was_sent_goes_when_its_time_is_over() -> None:
    """So long after its acknowledgement, and at the latest thirty days after that time from sending."""
    with _reader() as reader:
        sealing = Sealing(b"o" * 32, b"p" * 32, SeededRng(b"timers"), DeterministicMlKem768())
        outbox = Outbox(reader.store, reader.contact, sealing)
        sent = [outbox.queue_text(text(), 0, given=True), outbox.queue_file(file(), 0, given=True)]
        due = reader.store.messages.due
        holds("it goes before it has come", not due(LATEST - 1, 9))
        holds("what never comes stays for ever", len(due(LATEST, 9)) == 2)
        for row in sent:
            reader.store.messages.mark_delivered(row.id, 5_000)
        holds("it goes too early", not due(5_000 + TTL * 1000 - 1, 9))
        holds("it stays after its time", len(due(5_000 + TTL * 1000, 9)) == 2)


def nothing_of_a_message_that_disappears_stays_in_the_database() -> None:
    """Neither what it said before, nor reactions, the name of its file, or what comes about it later."""
    with _reader() as reader:
        reader.hear(text(), edit(1, f"{SECRET}!"), reaction(1), file())
        hub = EventHub(reader.store, FixedClock(), lambda _: None, lambda _: None)
        with hub.change() as changes:
            for row in reader.store.messages.page(reader.contact, 9):
                MessageDeeds(reader.store).remove(row, changes)
        holds("it is in the history", not reader.store.messages.page(reader.contact, 9))
        holds("its file is listed", not reader.store.transfers.all())
        holds("words of it are there", SECRET.encode() not in _deciphered(reader.store))
        reader.hear(edit(2, f"{SECRET}?"))
        holds("an edit waits for what will never come", not reader.store.deeds.waiting(reader.contact))


def a_file_goes_with_its_message() -> None:
    """On both sides, also from the inbox; not what a person has put elsewhere."""

    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        elsewhere = story.directory / "elsewhere"
        elsewhere.mkdir()
        for to in ("", str(elsewhere)):
            file = await _offered(story, KIB)
            await bob.node.file_accept(file.id, to)
            await story.until_state(bob, file.id, "complete")
        await _read(bob, alice)
        await asyncio.sleep(TTL + 1)
        holds("its author has it", not await alice.node.file_list())
        holds("its reader has it", not await bob.node.file_list())
        await asyncio.sleep(1)
        holds("it is in the inbox", not story.on_disk(bob))
        holds("what was put elsewhere is gone", len(list(elsewhere.iterdir())) == 1)

    _play(story)


def a_transfer_ends_when_the_time_of_its_message_is_over() -> None:
    """Whoever's is over first: nothing is given any more, nothing is left in part, and the other is told."""

    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        for early, other in ((alice, bob), (bob, alice)):
            file = await _offered(story, 40 * MIB)
            await bob.node.file_accept(file.id)
            await story.until_bytes(bob, file.id, MIB)
            await _read(bob, alice)
            path = alice.store.transfers.unfinished()[0].path
            early.clock.offset += TTL
            await early.node.conversation_set(other.name, muted=True)  # it sees that its clock was set
            await asyncio.sleep(5)
            early.clock.offset -= TTL
            holds("it is under way", not bob.store.transfers.under_way() + alice.store.transfers.under_way())
            holds("it can be fetched", alice.node._transfers.find_blob(path) is None)
            holds("a part of it is on the disk", not story.on_disk(bob))
            await asyncio.sleep(2 * TTL)

    _play(story)


def what_may_still_come_is_taken_back() -> None:
    """A text whose time is over before it has come: it never leaves, or an unsend follows it."""

    async def story(story: FileStory) -> None:
        alice, bob = story.alice, story.bob
        await alice.node.conversation_timer("bob", TTL)
        await _calm(story)
        await alice.say(bob, SECRET)
        await bob.crash()
        await asyncio.sleep(300)
        await alice.say(bob, SECRET)
        for person in (alice, bob):
            person.clock.offset += UNSEEN_SECONDS + TTL
        await asyncio.sleep(60)
        await bob.start()
        await alice.say(bob, "still there?")
        await _calm(story)
        texts = [each.text for each in await bob.node.messages("alice") if each.kind == "text"]
        holds("it says what it said", texts == ["", "still there?"])

    _play(story)


def changes_of_a_timer_come_to_the_same() -> None:
    """In whatever order they come: the latest one, and of two at once the shorter time."""
    said = [_timer(seconds, NOW + later) for seconds in (0, 30, 60) for later in (0, 1)]
    ends = {_after(order) for order in permutations(said)}
    holds("they end otherwise", ends == {(30, NOW + 1)})


def a_timer_can_always_be_set_again() -> None:
    """Whatever a contact has said, and again after that."""
    for revision in (1, NOW, NOW + 10**9, 2**40, 2**52, MAX_REVISION - 1, MAX_REVISION):
        known = ConversationRow(1, timer=30, timer_revision=revision)
        for _change in range(3):
            change = _timer(86_400, next_revision(known, NOW * 1000))
            holds("its number is none", 1 <= change.revision <= MAX_REVISION)
            holds("it cannot be set", comes_to_hold(change, known))
            known = ConversationRow(1, timer=change.seconds, timer_revision=change.revision)


def _timer(seconds: int, revision: int) -> Timer:
    return Timer(THE_TWO_OF_US, bytes(16), 0, seconds, revision)


def _after(changes: tuple[Timer, ...]) -> tuple[int, int]:
    known = ConversationRow(1)
    for change in changes:
        if comes_to_hold(change, known):
            known = ConversationRow(1, timer=change.seconds, timer_revision=change.revision)
    return known.timer, known.timer_revision


@contextmanager
def _reader() -> Iterator[Reader]:
    with scratch() as directory:
        store = open_store(directory)
        try:
            yield Reader(store)
        finally:
            store.close()


def _deciphered(store: Store) -> bytes:
    return bytes(store._database._connection.serialize("main"))


def _play(story: Callable[[FileStory], Coroutine[Any, Any, None]]) -> None:
    with scratch() as directory:
        play(Path(directory), story)


async def _calm(story: FileStory) -> None:
    for person in (story.alice, story.bob):
        holds("something waits for ever", await until(person.settled, DAY))


async def _offered(story: FileStory, size: int) -> OfferedFile:
    """A file of alice's, in a conversation with a timer."""
    await story.alice.node.conversation_timer("bob", TTL)
    (offered,) = await story.offer(story.write("a.bin", size))
    await _calm(story)
    return offered


async def _read(person: SimulatedNode, other: SimulatedNode) -> None:
    newest = (await person.node.messages(other.name))[-1]
    await person.node.mark_read(other.name, newest.id)
