"""Read receipts, writing and being there: nothing of it leaves unless the settings say so."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support import friends
from tests.support.simulated_node import until
from tests.support.virtual_time import run_virtual
from tuichat.errors import UsageError
from tuichat.model import SignEvent
from tuichat.node.file_places import FileLimits
from tuichat.node.live_link import LiveLink
from tuichat.node.parts import Settled
from tuichat.node.signs import HERE_SECONDS, SAY_AGAIN_SECONDS, WRITING_SECONDS, SignRules, Signs
from tuichat.protocol.bodies import Receipt, decode_body
from tuichat.protocol.frames import Env, Frame, Presence, Typing

ALL = SignRules(receipts=True, typing=True, presence=True)
DAY = 86_400.0

Story = Callable[["Friends"], Awaitable[None]]
Play = Callable[[Story, SignRules], None]


class Friends(friends.Friends):
    """Alice, whose settings are those of the test, and Bob, who tells nothing. `said`: what she sent."""

    def __init__(self, directory: Path, rules: SignRules) -> None:
        super().__init__(directory)
        self.alice.signs = rules
        self.said: Counter[type[Frame]] = Counter()

    async def calm(self) -> None:
        assert await until(self._calm, DAY)

    async def _calm(self) -> bool:
        empty = not self.alice.store.outbox.unacked(1) if self.alice.running else True
        return empty and await self.bob.settled()

    async def read_by_alice(self) -> None:
        """She has seen everything."""
        newest = (await self.alice.node.messages("bob"))[-1].id
        await self.alice.node.mark_read("bob", newest)

    async def everything(self) -> None:
        """All that could tell something of Alice."""
        await self.bob.say(self.alice, "hello")
        await self.calm()
        await self.alice.node.typing("bob", True)
        await self.alice.node.present(True)
        await self.read_by_alice()
        await self.alice.node.typing("bob", False)
        await self.alice.node.present(False)
        await asyncio.sleep(60)


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    async def whole(story: Story, rules: SignRules) -> None:
        friends = Friends(tmp_path, rules)
        send = LiveLink.send

        def count(self: LiveLink, frame: Frame) -> None:
            if self.link.remote.onion == friends.bob.onion:
                friends.said[type(frame)] += 1
            send(self, frame)

        monkeypatch.setattr(LiveLink, "send", count)
        await friends.meet()
        try:
            await story(friends)
        finally:
            for person in (friends.alice, friends.bob):
                await person.stop()
                assert not person.failures

    return lambda story, rules: run_virtual(whole(story, rules))


def test_nothing_leaves_where_nothing_is_to(play: Play) -> None:
    async def story(friends: Friends) -> None:
        before = friends.said[Env]
        await friends.everything()
        assert friends.said[Typing] == friends.said[Presence] == 0
        assert friends.said[Env] == before
        assert [message.state for message in await friends.bob.node.messages("alice")] == ["delivered"]

    play(story, SignRules())


def test_signs_that_leave_unasked_are_found_out(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(self: Signs, contact: int, *, now: bool, at: float) -> None:
        self._hearers().pass_on(contact, Typing(now))

    monkeypatch.setattr(Signs, "write", write)

    async def story(friends: Friends) -> None:
        await friends.everything()
        assert friends.said[Typing]

    play(story, SignRules())


def test_all_of_it_leaves_where_it_is_to(play: Play) -> None:
    async def story(friends: Friends) -> None:
        links, before = friends.said[Presence], friends.said[Env]
        assert links
        await friends.everything()
        told = friends.said[Presence] - links
        assert (friends.said[Typing], told, friends.said[Env]) == (2, 2, before + 1)
        assert [message.state for message in await friends.bob.node.messages("alice")] == ["read"]

    play(story, ALL)


def test_what_was_seen_while_its_author_was_away_is_told_once_they_are_back(play: Play) -> None:
    async def story(friends: Friends) -> None:
        for number in range(5):
            await friends.bob.say(friends.alice, f"message {number}")
        await friends.calm()
        await friends.bob.stop()
        await asyncio.sleep(60)
        for message in await friends.alice.node.messages("bob"):
            await friends.alice.node.mark_read("bob", message.id)
        assert receipts(friends) == 1
        assert (await friends.alice.node.status()).outbox.queued == 0
        await friends.bob.start()
        await friends.calm()
        assert {message.state for message in await friends.bob.node.messages("alice")} == {"read"}
        await friends.bob.say(friends.alice, "not seen yet")
        await friends.calm()
        assert (await friends.bob.node.messages("alice"))[-1].state == "delivered"

    play(story, ALL)


@pytest.mark.parametrize("running", [True, False])
def test_a_receipt_that_waits_leaves_no_more_once_nobody_is_to_be_told(play: Play, running: bool) -> None:
    async def story(friends: Friends) -> None:
        await friends.bob.say(friends.alice, "hello")
        await friends.calm()
        await friends.bob.stop()
        await asyncio.sleep(60)
        await friends.read_by_alice()
        assert receipts(friends) == 1
        friends.alice.signs = SignRules()
        if running:
            friends.alice.node.settle(Settled(FileLimits(quota=1), SignRules(), 0))
        else:
            await friends.alice.stop()
            await friends.alice.start()
        assert receipts(friends) == 0
        await friends.bob.start()
        await friends.alice.say(friends.bob, "what comes behind it arrives")
        await friends.calm()
        history = await friends.bob.node.messages("alice")
        assert [message.state for message in history] == ["delivered", "delivered"]

    play(story, ALL)


def receipts(friends: Friends) -> int:
    """How many of Alice's wait."""
    bodies = [decode_body(row.body) for row in friends.alice.store.outbox.unacked(1)]
    return sum(isinstance(body, Receipt) for body in bodies)


def test_a_late_acknowledgement_does_not_make_what_was_read_unread(play: Play) -> None:
    async def story(friends: Friends) -> None:
        store = friends.bob.store
        message = await friends.bob.say(friends.alice, "hello")
        with store.transaction():
            assert store.messages.seen_by_them(1, message.id) == [message.id]
            assert store.messages.seen_by_them(1, message.id) == []
        await friends.calm()
        assert (await friends.bob.node.message_get(message.id)).state == "read"

    play(story, ALL)


def test_writing_is_shown_for_a_while_and_being_there_while_the_link_lasts(play: Play) -> None:
    async def story(friends: Friends) -> None:
        told: list[tuple[bool, str]] = []
        friends.bob.node._hub.listen(
            lambda event: (
                told.append((event.typing, event.presence)) if isinstance(event, SignEvent) else None
            )
        )
        alice = friends.alice.node
        await alice.present(True)
        for _ in range(3):
            await alice.typing("bob", True)
        await asyncio.sleep(2)
        assert (friends.said[Typing], told) == (1, [(False, "here"), (True, "here")])
        contact = await friends.bob.contact(friends.alice)
        assert (contact.typing, contact.presence) == (True, "here")
        await asyncio.sleep(SAY_AGAIN_SECONDS)
        await alice.typing("bob", True)
        await asyncio.sleep(WRITING_SECONDS + 2)
        assert told[2:] == [(False, "here")]
        await asyncio.sleep(HERE_SECONDS)
        assert told[3:] == [(False, "away")]
        await friends.alice.stop()
        await asyncio.sleep(2)
        assert told[4:] == [(False, "")]
        assert (await friends.bob.contact(friends.alice)).presence == ""

    play(story, ALL)


def test_who_is_at_one_of_two_front_ends_is_here(play: Play) -> None:
    async def story(friends: Friends) -> None:
        alice, told = friends.alice.node, friends.said[Presence]
        await alice.present(True, "one")
        await alice.present(True, "two")
        await alice.present(False, "one")
        await asyncio.sleep(HERE_SECONDS / 2)
        await alice.present(False, "one")
        assert friends.said[Presence] == told + 1
        assert (await friends.bob.contact(friends.alice)).presence == "here"
        await asyncio.sleep(HERE_SECONDS)
        assert friends.said[Presence] == told + 2
        assert (await friends.bob.contact(friends.alice)).presence == "away"
        await alice.present(True, "one")
        await alice.present(True, "two")
        alice.settle(Settled(FileLimits(quota=1), SignRules(), 0))
        assert friends.said[Presence] == told + 4
        with pytest.raises(UsageError):
            await alice.present(True, "x" * 1000)

    play(story, ALL)


def test_only_accepted_contacts_are_told(play: Play) -> None:
    async def story(friends: Friends) -> None:
        told = friends.said[Presence]
        with friends.alice.store.transaction():
            friends.alice.store.contacts.update(1, state="requested")
        await friends.alice.node.typing("bob", True)
        await friends.alice.node.present(True)
        assert (friends.said[Typing], friends.said[Presence]) == (0, told)

    play(story, ALL)


def test_what_is_settled_while_the_node_runs_holds_from_then_on(play: Play) -> None:
    async def story(friends: Friends) -> None:
        def settle(signs: SignRules, retention: int = 0) -> None:
            friends.alice.node.settle(Settled(FileLimits(quota=1), signs, retention))

        await friends.everything()
        assert friends.said[Typing] == friends.said[Presence] == 0
        settle(ALL)
        await friends.everything()
        assert (friends.said[Typing], friends.said[Presence]) == (2, 2)
        assert {message.state for message in await friends.bob.node.messages("alice")} == {"read"}
        assert friends.alice.node._with.files.limits.quota == 1

        # Who was told that she is here hears the last of it, and then nothing more.
        await friends.alice.node.present(True)
        settle(SignRules())
        assert friends.said[Presence] == 4
        queued = friends.said[Env]
        await friends.everything()
        assert (friends.said[Typing], friends.said[Presence], friends.said[Env]) == (2, 4, queued)

        settle(SignRules(), retention=3600)
        await asyncio.sleep(3 * 3600)
        assert await friends.alice.node.messages("bob") == []
        assert len(await friends.bob.node.messages("alice")) == 3

    play(story, SignRules())
