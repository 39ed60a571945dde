"""Messages that disappear, in the interface."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.model import Message
from tuichat.tui.screens.desk_screen import DRAFT_SECONDS
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.widgets.title import Title


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def title(screen: MainScreen) -> str:
    return screen.query_one(Title).render_line(0).text


async def test_row_of_a_message_whose_time_is_over_goes_at_once(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        gone = node.incoming("bob", "burn after reading")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        chosen = screen.history.chosen_message()
        assert chosen is not None
        assert chosen.id == gone.id
        node.disappeared(gone.id)
        await settle(pilot)
        assert "burn after reading" not in history_text(screen)
        assert not screen.history.choosing
        await enter(screen, pilot, "hello")
        assert "hello" in history_text(screen)


@pytest.mark.parametrize("goes", ["disappears", "erased"])
async def test_what_goes_as_soon_as_it_has_come_is_not_shown_afterwards(node: MemoryNode, goes: str) -> None:
    async with running(node) as (screen, pilot):
        await settle(pilot)
        brief = node.incoming("bob", "not for long")
        if goes == "disappears":
            node.disappeared(brief.id)
        else:
            await node.contact_erase("bob")
        await settle(pilot)
        assert "not for long" not in history_text(screen)
        assert brief.id not in [message.id for message in screen.history.window.messages]


async def test_file_goes_with_the_row_of_its_message(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        file = node.offer("bob", "plan.pdf", 2000)
        await settle(pilot)
        assert file.message is not None
        node.change_message(file.message, timer=60)
        await settle(pilot)
        assert "disappears 1 minute after it was seen" in history_text(screen)
        known = screen.shared.session.known.files
        assert known.get(file.id) is not None
        node.disappeared(file.message)
        await settle(pilot)
        assert "plan.pdf" not in history_text(screen)
        assert known.get(file.id) is None


async def half_a_thought_and_then(
    screen: MainScreen, pilot: Pilot[int], node: MemoryNode, key: str
) -> Message:
    """A text stands in the input when a key is pressed on a message that disappears."""
    mine = await node.send("bob", "burn after reading")
    node.change_message(mine.id, timer=60)
    await settle(pilot)
    screen.composer.take("half a thought")
    await pilot.press("escape", key)
    await settle(pilot)
    return mine


@pytest.mark.parametrize("key", ["e", "r"])
async def test_words_taken_into_the_input_or_quoted_above_it_go_with_their_message(
    node: MemoryNode, key: str
) -> None:
    async with running(node) as (screen, pilot):
        mine = await half_a_thought_and_then(screen, pilot, node, key)
        assert "burn after reading" in notice_text(screen)
        if key == "e":
            await pilot.press("!")
        node.disappeared(mine.id)
        await settle(pilot)
        assert screen.composer.text == "half a thought"
        assert "burn after reading" not in notice_text(screen)
        await pilot.press("enter")
        await settle(pilot)
        last = (await node.messages("bob"))[-1]
        assert (last.text, last.reply_to, last.edited) == ("half a thought", None, False)


@pytest.mark.parametrize("way", ["disappears", "is taken back", "erased", "removed", "locked"])
async def test_earlier_texts_are_shown_no_longer_than_there_are_any(node: MemoryNode, way: str) -> None:
    async with running(node) as (screen, pilot):
        await node.edit(2, "it burns")
        await settle(pilot)
        await enter(screen, pilot, "/earlier")
        assert "reading it now" in notice_text(screen)
        match way:
            case "disappears":
                node.disappeared(2)
            case "is taken back":
                await node.unsend(2)
            case "erased":
                await node.contact_erase("bob")
            case "removed":
                await node.contact_remove("bob")
            case _:
                await node.lock()
        await settle(pilot)
        assert "reading it now" not in notice_text(screen)


async def test_an_edit_of_what_disappears_is_never_kept_as_a_draft(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        mine = await node.send("bob", "burn after reading")
        node.change_message(mine.id, timer=60)
        await settle(pilot)
        await pilot.press("escape", "e", "!")
        await pilot.pause(2 * DRAFT_SECONDS)
        assert screen.composer.text == "burn after reading!"
        assert await node.draft_list() == []
    assert await node.draft_list() == []


@pytest.mark.parametrize("keys", ["up, down", "ctrl+r h, escape", "palette, up"])
async def test_an_edit_of_what_disappears_comes_back_by_no_key(node: MemoryNode, keys: str) -> None:
    before, after = keys.split(", ")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "hello")
        mine = await node.send("bob", "burn after reading")
        node.change_message(mine.id, timer=60)
        await settle(pilot)
        await pilot.press("escape", "e")
        await settle(pilot)
        assert screen.composer.text == "burn after reading"
        if before == "palette":
            screen.begin_command("rename")
        else:
            await pilot.press(*before.split())
        node.disappeared(mine.id)
        await settle(pilot)
        await pilot.press(after)
        assert "burn" not in screen.composer.text


@pytest.mark.parametrize("way", ["disappears", "is taken back"])
async def test_an_edit_is_no_message_of_its_own_where_its_message_goes_as_it_is_entered(
    node: MemoryNode, way: str
) -> None:
    async with running(node) as (screen, pilot):
        mine = await half_a_thought_and_then(screen, pilot, node, "e")
        screen.composer.submit()
        if way == "disappears":
            node.disappeared(mine.id)
        else:
            await node.unsend(mine.id)
        await settle(pilot)
        goes = [each for each in await node.messages("bob") if each.state == "queued"]
        assert not goes
        assert screen.composer.text == "half a thought"


async def test_an_edit_that_is_refused_goes_with_its_message_all_the_same(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(message: int, text: str) -> None:
        raise UsageError(f"Message {message} says that already.")

    monkeypatch.setattr(node, "edit", refuse)
    monkeypatch.setattr("tuichat.tui.screens.desk_screen.DRAFT_SECONDS", 0.01)
    async with running(node) as (screen, pilot):
        mine = await node.send("bob", "burn after reading")
        node.change_message(mine.id, timer=60)
        await settle(pilot)
        await pilot.press("escape", "e", "enter")
        await settle(pilot)
        assert screen.composer.text == "burn after reading"
        assert f"Not edited: Message {mine.id} says that already." in notice_text(screen)
        await pilot.pause(0.1)
        assert not any(node.drafts.values())
        node.disappeared(mine.id)
        await settle(pilot)
        assert screen.composer.text == ""


async def test_a_draft_that_a_command_put_aside_is_called_back_for_as_long_as_it_would_have_stayed(
    node: MemoryNode,
) -> None:
    await node.conversation_timer("bob", 3)
    async with running(node) as (screen, pilot):
        screen.composer.take("half a secret")
        await pilot.pause()
        screen.begin_command("rename")
        await pilot.press("up")
        assert screen.composer.text == "half a secret"
        await pilot.press("down")
        while screen.composer.inputs.search("half a secret") is not None:
            await pilot.pause(0.02)
        await pilot.press("up")
        assert screen.composer.text == "/rename "


async def test_all_rows_may_go(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for message in await node.messages("bob"):
            node.disappeared(message.id)
        await settle(pilot)
        assert "No messages yet" in history_text(screen)


async def test_title_says_that_a_timer_is_on_and_the_history_who_has_set_it(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        assert "timer" not in title(screen)
        line = node.incoming("bob", "")
        node.change_message(line.id, kind="timer", timer=5400)
        await node.conversation_timer("bob", 5400)
        await settle(pilot)
        assert "timer 90m" in title(screen)
        assert "bob" in history_text(screen)
        assert "set messages to disappear after 90 minutes" in history_text(screen)
        await enter(screen, pilot, "/timer")
        assert "after 90 minutes, on both sides" in notice_text(screen)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("r")
        await settle(pilot)
        assert screen.composer.text == ""
        assert "not with this" in notice_text(screen)
        node.change_message(line.id, timer=0)
        await node.conversation_timer("bob", 0)
        await settle(pilot)
        assert "timer" not in title(screen)
        assert "set messages to stay" in history_text(screen)
