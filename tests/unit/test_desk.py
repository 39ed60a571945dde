"""Tags, how conversations are kept, drafts and inputs: durable, bounded, told to every client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode
from tests.support.stores import receive
from tests.support.virtual_time import run_virtual
from tuichat.errors import NotFoundError, UsageError
from tuichat.model import (
    MAX_DRAFT_BYTES,
    MAX_INPUT_BYTES,
    MAX_TAGS,
    AnyEvent,
    Contact,
    ContactEvent,
    Conversation,
    Draft,
    DraftEvent,
    InputEvent,
)
from tuichat.node.desk import checked_tag
from tuichat.node.node import Node
from tuichat.store.inputs import KEPT

Story = Callable[["Stage"], Awaitable[None]]
Play = Callable[[Story], None]


class Stage:
    """One node that runs, with bob and carol in it."""

    def __init__(self, directory: Path) -> None:
        network = SimulatedNetwork(SeededRng(b"network"))
        self.alice = SimulatedNode("alice", directory, network, SeededRng(b"alice"))
        self.others = [
            SimulatedNode(name, directory, network, SeededRng(name.encode())) for name in ("bob", "carol")
        ]

    @property
    def node(self) -> Node:
        return self.alice.node

    async def start(self) -> None:
        await self.alice.start()
        for other in self.others:
            await self.node.contact_add(other.address, other.name)

    async def bob(self) -> Contact:
        return next(contact for contact in await self.node.contact_list() if contact.name == "bob")

    def hears(self, number: int) -> int:
        """A message of bob's comes in; its id."""
        bob = self.alice.store.contacts.by_petname("bob")
        assert bob is not None
        return receive(self.alice.store, bob.id, number).id


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    async def whole(story: Story) -> None:
        stage = Stage(tmp_path)
        await stage.start()
        try:
            await story(stage)
        finally:
            await stage.alice.stop()
        assert not stage.alice.failures

    return lambda story: run_virtual(whole(story))


async def told(events: AsyncIterator[AnyEvent]) -> list[AnyEvent]:
    """What a client hears until it is quiet."""
    heard = []
    try:
        while True:
            async with asyncio.timeout(0.1):
                heard.append(await anext(events))
    except TimeoutError:
        return heard


async def refuses(attempt: Awaitable[object], kind: type[Exception] = UsageError) -> None:
    with pytest.raises(kind):
        await attempt


def test_conversation_is_kept_as_told_in_every_client_and_over_a_restart(play: Play) -> None:
    async def story(stage: Stage) -> None:
        events = stage.node.subscribe()
        await told(events)
        kept = await stage.node.conversation_set("bob", muted=True, pinned=True)
        assert kept.conversation == Conversation(muted=True, pinned=True)
        heard = [event for event in await told(events) if isinstance(event, ContactEvent)]
        assert [event.contact.conversation for event in heard] == [kept.conversation]
        await stage.node.conversation_set("bob", pinned=False)
        await stage.node.conversation_set("bob")
        assert [event.contact.name for event in await told(events) if isinstance(event, ContactEvent)] == [
            "bob"
        ]
        await stage.alice.stop()
        await stage.alice.start()
        assert (await stage.bob()).conversation == Conversation(muted=True)
        others = [each for each in await stage.node.contact_list() if each.name != "bob"]
        assert [each.conversation for each in others] == [Conversation()]

    play(story)


def test_an_archived_conversation_comes_back_with_what_comes_in_and_not_with_what_leaves(play: Play) -> None:
    async def story(stage: Stage) -> None:
        await stage.node.conversation_set("bob", archived=True, muted=True)
        await stage.node.send("bob", "hello")
        assert (await stage.bob()).conversation.archived
        stage.hears(1)
        assert (await stage.bob()).conversation == Conversation(muted=True)

    play(story)


def test_where_reading_stopped_stays_until_it_is_answered(play: Play) -> None:
    async def story(stage: Stage) -> None:
        first, second = stage.hears(1), stage.hears(2)
        await stage.node.conversation_set("bob", unread_from=first)
        await stage.node.mark_read("bob", second)
        assert (await stage.bob()).unread == 0
        assert (await stage.bob()).conversation.unread_from == first
        mine = await stage.node.send("bob", "hello")
        assert (await stage.bob()).conversation.unread_from is None
        for wrong in (mine.id, 999):
            await refuses(stage.node.conversation_set("bob", unread_from=wrong), NotFoundError)
        await refuses(stage.node.conversation_set("carol", unread_from=first), NotFoundError)

    play(story)


def test_tags_are_words_in_small_letters_each_once_and_few(play: Play) -> None:
    async def story(stage: Stage) -> None:
        assert (await stage.node.contact_tag("bob", ["#Work", "家人", "work"])).tags == ("work", "家人")
        await stage.node.contact_tag("carol", ["work"])
        assert {each.name: each.tags for each in await stage.node.contact_list()} == {
            "bob": ("work", "家人"),
            "carol": ("work",),
        }
        for wrong in ("", "#", "two words", "a,b", "a#b", "x" * 33, "\x1b", "\u202e"):
            await refuses(stage.node.contact_tag("bob", [wrong]))
        await refuses(stage.node.contact_tag("bob", [f"t{number}" for number in range(MAX_TAGS - 1)]))
        await refuses(stage.node.contact_untag("bob", ["work", "play"]), NotFoundError)
        assert (await stage.node.contact_untag("bob", ["WORK"])).tags == ("家人",)
        await stage.node.contact_remove("carol")
        assert stage.alice.store.tags.all() == {1: ("家人",)}

    play(story)


@pytest.mark.parametrize("word", ["ﬂ\u0301", "ᾳ\u0304", "İ", "ẞ", "ΐ"])
def test_a_tag_that_folds_into_other_letters_is_taken_away_as_it_is_shown(play: Play, word: str) -> None:
    async def story(stage: Stage) -> None:
        (tag,) = (await stage.node.contact_tag("bob", [word])).tags
        assert checked_tag(tag) == tag
        assert (await stage.node.contact_untag("bob", [tag])).tags == ()

    play(story)


def test_a_draft_is_told_to_all_and_comes_back_after_a_restart(play: Play) -> None:
    async def story(stage: Stage) -> None:
        events = stage.node.subscribe()
        await told(events)
        await stage.node.draft_set("bob", "/me thinks\n第三页", writer="one")
        heard = [event for event in await told(events) if isinstance(event, DraftEvent)]
        assert [(event.draft.text, event.writer, event.seq) for event in heard] == [
            ("/me thinks\n第三页", "one", None)
        ]
        await refuses(stage.node.draft_set("bob", "x" * (MAX_DRAFT_BYTES + 1)))
        await refuses(stage.node.draft_set("bob", "x", writer="w" * 65))
        await refuses(stage.node.draft_set("nobody", "x"), NotFoundError)
        await stage.alice.stop()
        await stage.alice.start()
        assert await stage.node.draft_list() == [Draft(contact=1, text="/me thinks\n第三页")]
        await stage.node.draft_set("bob", "")
        assert await stage.node.draft_list() == []

    play(story)


def test_inputs_are_remembered_in_order_bounded_and_go_with_their_contact(play: Play) -> None:
    async def story(stage: Stage) -> None:
        events = stage.node.subscribe()
        await told(events)
        for text, ref in (("one", "bob"), ("one", "bob"), ("  ", None), ("two", "carol"), ("/help", None)):
            await stage.node.input_add(text, ref, writer="w")
        assert await stage.node.input_list() == ["one", "two", "/help"]
        heard = [event.text for event in await told(events) if isinstance(event, InputEvent)]
        assert heard == ["one", "two", "/help"]
        await refuses(stage.node.input_add("x" * (MAX_INPUT_BYTES + 1)))
        await stage.node.contact_remove("carol")
        assert await stage.node.input_list() == ["one", "/help"]
        for number in range(KEPT):
            stage.alice.store.inputs.add(f"line {number}", None)
        assert await stage.node.input_list() == [f"line {number}" for number in range(KEPT)]

    play(story)
