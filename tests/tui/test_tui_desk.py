"""Drafts, earlier inputs, where reading stopped, how conversations are kept: in every front end the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, rows_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.model import MAX_DRAFT_BYTES, Draft
from tuichat.tui.drafts import Drafts
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.quick_switch import QuickSwitch
from tuichat.tui.slash import tells_no_secret
from tuichat.tui.widgets.conversations import Conversations

BOB, ALICE, MING = 1, 2, 3
PATIENCE = 10.0


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts are kept as soon as they are written."""
    monkeypatch.setattr("tuichat.tui.screens.desk_screen.DRAFT_SECONDS", 0.02)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - the interface brings it about
            await asyncio.sleep(0.01)


def list_rows(screen: MainScreen) -> list[str]:
    listed = screen.query_one(Conversations)
    rows = (listed.render_line(y).text.strip() for y in range(listed.size.height))
    return [row for row in rows if row]


async def write(screen: MainScreen, pilot: Pilot[int], contact: int, text: str) -> None:
    """Open a conversation and write without sending."""
    screen.open(contact)
    await settle(pilot)
    screen.composer.take(text)
    await pilot.pause()


@asynccontextmanager
async def two(node: MemoryNode) -> AsyncIterator[tuple[MainScreen, MainScreen, Pilot[int], Pilot[int]]]:
    """Two front ends of one node, both with bob's conversation open."""
    async with running(node) as (one, pilot), running(node) as (other, other_pilot):
        for screen in (one, other):
            screen.open(BOB)
        await settle(pilot)
        await settle(other_pilot)
        yield one, other, pilot, other_pilot


async def test_a_draft_survives_switching_closing_and_another_front_end(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await write(screen, pilot, BOB, "half a sent")
        await write(screen, pilot, ALICE, "第三页")
        screen.open(BOB)
        assert screen.composer.text == "half a sent"
        screen.composer.take("half a sentence")
        await pilot.pause()
    assert node.drafts == {BOB: "half a sentence", ALICE: "第三页"}
    async with running(node) as (screen, pilot):
        screen.open(ALICE)
        assert screen.composer.text == "第三页"
        screen.open(BOB)
        assert screen.composer.text == "half a sentence"
        await pilot.press("enter")
        await until(lambda: node.drafts[BOB] == "")
        assert screen.composer.text == ""


async def test_a_draft_stays_what_it_was_while_a_message_is_edited(node: MemoryNode) -> None:
    async with two(node) as (one, other, pilot, other_pilot):
        one.composer.insert("half a thought")
        await pilot.press("escape", "up", "e", "!")
        await settle(pilot)
        assert one.composer.text == "reading it now!"
        one._keep_due()
        await settle(other_pilot)
        assert node.drafts[BOB] == other.composer.text == "half a thought"
        other.composer.insert(", gone on with")
        await until(lambda: node.drafts[BOB] != "half a thought")
        await pilot.press("escape")
        await settle(pilot)
        assert one.composer.text == "half a thought, gone on with"
        await node.draft_set("bob", "half a thought", "another")
        await settle(pilot)
    assert node.drafts[BOB] == "half a thought"
    async with running(node) as (screen, pilot):
        screen.open(BOB)
        await settle(pilot)
        await pilot.press("escape", "up", "e", "!", "enter")
        await settle(pilot)
        assert (await node.message_get(2)).text == "reading it now!"
        assert screen.composer.text == node.drafts[BOB] == "half a thought"


async def test_a_draft_is_seen_elsewhere_while_it_is_written(node: MemoryNode) -> None:
    async with two(node) as (one, other, pilot, _other_pilot):
        one.composer.insert("hello")
        await until(lambda: other.composer.text == "hello")
        assert notice_text(other) == ""
        await pilot.press("enter")
        await until(lambda: other.composer.text == "" and one.composer.text == "")
        assert notice_text(other) == notice_text(one) == ""


async def test_whoever_types_wins_and_the_other_is_told_only_if_both_typed(node: MemoryNode) -> None:
    async with two(node) as (one, other, _pilot, _other_pilot):
        one.composer.insert("mine")
        await until(lambda: other.composer.text == "mine")
        other.composer.insert(" and yours")
        await until(lambda: one.composer.text == "mine and yours")
        assert "changed elsewhere" in notice_text(one)
        assert notice_text(other) == ""


def test_what_is_typed_is_not_taken_away_by_what_came_before_it() -> None:
    drafts = Drafts("me")
    drafts.load([Draft(contact=BOB, text="as it was"), Draft(contact=ALICE, text="hers")])
    assert drafts.open(BOB) == "as it was"
    drafts.written("as it was, and more")
    assert drafts.elsewhere(Draft(contact=BOB, text="other"), "you") == (None, False)
    assert drafts.due() == Draft(contact=BOB, text="as it was, and more")
    assert drafts.due() is None
    assert drafts.elsewhere(Draft(contact=BOB, text="as it was, and more"), "me") == (None, False)
    assert drafts.elsewhere(Draft(contact=BOB, text="yours"), "you") == ("yours", True)
    assert drafts.elsewhere(Draft(contact=BOB, text="still yours"), "you") == ("still yours", False)
    drafts.written("still yours, now mine")
    assert drafts.due() is not None
    assert drafts.elsewhere(Draft(contact=BOB, text=""), "you") == ("", False)
    assert drafts.elsewhere(Draft(contact=ALICE, text="hers, longer"), "you") == (None, False)
    assert drafts.open(ALICE) == "hers, longer"
    drafts.written("x" * (MAX_DRAFT_BYTES + 1))
    assert drafts.due() == Draft(contact=ALICE, text="")


async def test_what_was_in_progress_behind_an_earlier_input_stays_with_its_conversation(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        screen.open(BOB)
        await enter(screen, pilot, "said before")
        screen.composer.take("for bob alone")
        await pilot.press("up")
        screen.open(ALICE)
        await pilot.press("down")
        assert screen.composer.text == ""
        screen.open(BOB)
        assert screen.composer.text == "for bob alone"


async def test_a_text_that_is_refused_goes_back_to_whom_it_was_meant_for(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asyncio.Event()

    async def refuse(ref: str, text: str, reply_to: int | None = None) -> None:
        await answered.wait()
        raise UsageError("There is no room.")

    monkeypatch.setattr(node, "send", refuse)
    async with running(node) as (screen, pilot):
        screen.open(BOB)
        await settle(pilot)
        screen.composer.take("for bob alone")
        await pilot.press("enter")
        await write(screen, pilot, ALICE, "for alice")
        answered.set()
        await until(lambda: node.drafts.get(BOB) == "for bob alone")
        await settle(pilot)
        assert screen.composer.text == "for alice"
        assert "Not sent: There is no room." in notice_text(screen)
        screen.open(BOB)
        assert screen.composer.text == "for bob alone"


async def test_words_that_disappear_are_not_called_back(node: MemoryNode) -> None:
    for name, timer in (("bob", 60), ("alice", 0)):
        await node.conversation_timer(name, timer)
    async with running(node) as (screen, pilot):
        for line in ("burn", "/me burns", "/msg bob burn", "/msg alice stays", "/timer"):
            screen.open(BOB)
            await enter(screen, pilot, line)
        mine = await node.send("alice", "edit me")
        node.change_message(mine.id, timer=60)
        screen.open(ALICE)
        await settle(pilot)
        await pilot.press("escape", "e", "!", "enter")
        await settle(pilot)
        assert (await node.message_get(mine.id)).text == "edit me!"
        await enter(screen, pilot, "/edit and me")
        assert (await node.message_get(mine.id)).text == "and me"
        found = [await recalled(pilot, screen) for _ in range(3)]
        assert found == ["/timer", "/msg alice stays", "/msg alice stays"]
        assert [text for text, _contact in node.inputs] == ["/msg alice stays", "/timer"]


async def recalled(pilot: Pilot[int], screen: MainScreen) -> str:
    await pilot.press("up")
    return screen.composer.text


async def test_what_may_hold_a_secret_is_kept_nowhere(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await write(screen, pilot, BOB, "/add tuichat1:secret")
        await write(screen, pilot, ALICE, "/unlcok my passphrase")
        screen.open(BOB)
        assert screen.composer.text == "/add tuichat1:secret"
        await enter(screen, pilot, "/add nonsense bob")
        await enter(screen, pilot, "/unlcok my passphrase")
        await enter(screen, pilot, "/msg bbo in memory only, with bob")
        await enter(screen, pilot, "/rename bob robert")
        await until(lambda: bool(node.inputs))
    assert node.inputs == [("/rename bob robert", BOB)]
    assert not any(node.drafts.values())
    for line in ("hello", "//literal", "/help", "/msg bob hi", "/tag bob work"):
        assert tells_no_secret(line)
    for line in ("/add tuichat1:x", "/passphrase hunter2", "/invite 24h", "/set key secret"):
        assert not tells_no_secret(line)


async def test_inputs_can_be_called_back_in_another_front_end_and_after_a_restart(node: MemoryNode) -> None:
    async with two(node) as (one, other, pilot, other_pilot):
        await enter(one, pilot, "said here")
        await until(lambda: bool(node.inputs))
        await enter(one, pilot, "/msg alice over there")
        await until(lambda: len(node.inputs) == 2)
        await settle(other_pilot)
        await other_pilot.press("up", "up")
        assert other.composer.text == "said here"
        await other_pilot.press("down", "down")
    assert node.inputs == [("said here", BOB), ("/msg alice over there", ALICE)]
    async with running(node) as (screen, pilot):
        await pilot.press("up")
        assert screen.composer.text == "/msg alice over there"


async def test_nothing_can_be_called_back_while_the_profile_is_locked(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await write(screen, pilot, BOB, "a secret plan")
        await enter(screen, pilot, "said before")
        await node.lock()
        await settle(pilot)
        assert screen.composer.inputs.older("") is None
        assert (screen.composer.text, screen.drafts.text, screen.drafts.contact) == ("", "", None)


@pytest.mark.parametrize("way", ["contact_erase", "contact_remove"])
async def test_what_was_said_to_whom_is_gone_is_called_back_nowhere(node: MemoryNode, way: str) -> None:
    await node.input_add("said to alice", "alice")
    async with running(node) as (screen, pilot):
        screen.open(BOB)
        await settle(pilot)
        await enter(screen, pilot, "said to bob")
        await until(lambda: len(node.inputs) == 2)
        await getattr(node, way)("bob")
        await settle(pilot)
        assert screen.composer.inputs.older("") == "said to alice"
        assert screen.composer.inputs.older("") is None


@pytest.mark.parametrize("keys", ["", "escape", "escape e", "escape r"])
async def test_with_who_is_removed_elsewhere_goes_all_that_is_on_the_screen_of_them(
    node: MemoryNode, keys: str
) -> None:
    mine = await node.send("bob", "first words")
    async with running(node) as (screen, pilot):
        screen.open(BOB)
        await settle(pilot)
        screen.composer.take("half a thought")
        await pilot.press(*keys.split())
        await settle(pilot)
        assert mine.text in history_text(screen)
        await node.contact_remove("bob")
        await settle(pilot)
        assert mine.text not in history_text(screen)
        assert (screen.composer.text, screen.target) == ("half a thought", None)
        assert mine.text not in notice_text(screen)
        assert not screen.history.choosing
        assert "choose" in str(screen.query_one("#hints", Static).render())
        screen.open(ALICE)
        await settle(pilot)
        assert screen.composer.text == ""


async def test_the_rule_stays_where_reading_stopped_in_every_front_end(node: MemoryNode) -> None:
    async with two(node) as (one, other, pilot, other_pilot):
        one.open(ALICE)
        other.open(ALICE)
        await settle(pilot)
        node.incoming("bob", "first of two")
        node.incoming("bob", "second of two")
        await settle(pilot)
        one.open(BOB)
        await settle(pilot)
        await until(lambda: node._find("bob").shown().unread == 0)
        other.open(BOB)
        await settle(other_pilot)
        for screen in (one, other):
            rows = history_text(screen).splitlines()
            rule = next(index for index, row in enumerate(rows) if "─ new ─" in row)
            assert "first of two" in rows[rule + 1]
        one.open(ALICE)
        await settle(pilot)
        one.open(BOB)
        await settle(pilot)
        assert "─ new ─" in history_text(one)
        await enter(one, pilot, "an answer")
        one.open(ALICE)
        await settle(pilot)
        one.open(BOB)
        await settle(pilot)
        assert "─ new ─" not in history_text(one)


async def test_pinned_stand_first_and_muted_do_not_count(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/pin alice")
        await enter(screen, pilot, "/mute 小明")
        node.incoming("小明", "psst")
        await settle(pilot)
        assert "alice" in list_rows(screen)[0]
        assert "▴" in list_rows(screen)[0]
        assert any("小明" in row and "⊘ 2" in row for row in list_rows(screen))
        assert screen.shared.session.known.unread() == 0
        node.incoming("alice", "psst")
        await settle(pilot)
        assert screen.shared.session.known.unread() == 1
        await enter(screen, pilot, "/unmute 小明")
        await enter(screen, pilot, "/unpin alice")
        assert screen.shared.session.known.unread() == 3
        assert not any("▴" in row or "⊘" in row for row in list_rows(screen))


async def test_an_archived_conversation_is_hidden_until_it_is_asked_for_or_something_comes(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        screen.open(BOB)
        await settle(pilot)
        await enter(screen, pilot, "/archive")
        assert screen.person is None
        await enter(screen, pilot, "/archive alice")
        assert not any("bob" in row or "alice" in row for row in list_rows(screen))
        assert any("archived (2)" in row for row in list_rows(screen))
        await enter(screen, pilot, "/archived")
        assert isinstance(top(pilot), QuickSwitch)
        await pilot.press(*"ali", "enter")
        await settle(pilot)
        assert screen.conversation.contact == ALICE
        assert any("alice" in row for row in list_rows(screen))
        node.incoming("bob", "are you there?")
        await settle(pilot)
        assert any("bob" in row for row in list_rows(screen))
        await enter(screen, pilot, "/unarchive alice")
        assert not any("archived" in row for row in list_rows(screen))
        await enter(screen, pilot, "/archived")
        assert "Nothing is archived" in notice_text(screen)


async def test_tags_stand_in_the_card_and_filter_the_quick_switch(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/tag bob Work 家人")
        screen.open(MING)
        await settle(pilot)
        await enter(screen, pilot, "/tag 家人")
        await enter(screen, pilot, "/mute")
        await pilot.press("alt+k")
        await settle(pilot)
        found = top(pilot).query_one("#found", Static)
        top(pilot).query_one(Input).value = "#家 b"
        await settle(pilot)
        assert str(found.render()).strip("▌● \n") == "bob  #work  #家人"
        top(pilot).query_one(Input).value = "#nobody"
        await settle(pilot)
        assert "Nobody fits" in str(found.render())
        await pilot.press("escape")
        await enter(screen, pilot, "/card")
        assert isinstance(top(pilot), ContactCard)
        facts = rows_text(pilot)
        assert "#家人" in facts
        assert "muted" in facts
        await pilot.press("escape")
        await enter(screen, pilot, "/untag bob work")
        await enter(screen, pilot, "/untag bob work")
        assert "no such tag" in notice_text(screen)
        await enter(screen, pilot, "/tag")
        assert "Which tags" in notice_text(screen)
