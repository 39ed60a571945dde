"""Choosing a message: what is done with it, and writing on without leaving first."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, resize, running, seen, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.main import MainScreen


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def hints(screen: MainScreen) -> str:
    return str(screen.query_one("#hints", Static).render())


async def test_writing_without_leaving_first_reaches_the_input_and_takes_nothing_back(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query alice")
        await pilot.press("escape", *"mixed")
        await settle(pilot)
        assert screen.composer.text == "mixed"
        assert not screen.history.choosing
        assert screen.composer.has_focus
        assert top(pilot) is screen
        assert (await node.messages("alice"))[-1].state == "queued"


async def test_letters_that_are_keys_are_text_once_something_was_typed(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape")
        await settle(pilot)
        for key in "zcx d":
            pilot.app.post_message(events.Key("space" if key == " " else key, key))
        await settle(pilot)
        assert screen.composer.text == "zcx d"
        assert pilot.app.clipboard == ""


async def test_enter_right_behind_what_was_typed_over_the_messages_sends_it(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape")
        await settle(pilot)
        for key in (*"zoom", "enter"):
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await settle(pilot)
        assert screen.composer.text == ""
        assert (await node.messages("bob"))[-1].text == "zoom"


async def test_a_paste_while_choosing_reaches_the_input(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape")
        await settle(pilot)
        screen.history.post_message(events.Paste("x marks the spot"))
        await settle(pilot)
        assert screen.composer.text == "x marks the spot"
        await pilot.press("escape")
        await settle(pilot)
        screen.history.post_message(events.Paste("\n".join("abcdefgh")))
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)


async def test_d_cancels_what_is_queued_after_a_question(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query alice")
        await pilot.press("escape", "d")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        assert (await node.messages("alice"))[-1].state == "queued"
        await pilot.press("y")
        await settle(pilot)
        assert (await node.messages("alice"))[-1].state == "cancelled"


async def test_taking_back_is_offered_only_where_it_works(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape")
        await settle(pilot)
        assert "x take back" not in hints(screen)
        assert "c copy" in hints(screen)
        await pilot.press("escape")
        await enter(screen, pilot, "/query alice")
        await pilot.press("escape")
        await settle(pilot)
        assert "x take back" in hints(screen)
        node.set_state((await node.messages("alice"))[-1].id, "sent")
        await settle(pilot)
        assert "x take back" not in hints(screen)
        await pilot.press("escape")
        await settle(pilot)
        assert "F1 help" in hints(screen)


async def test_the_newest_message_can_be_chosen_in_a_view_of_one_row(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape")
        await pilot.resize_terminal(40, 4)
        await settle(pilot)
        assert screen.history.size.height == 1
        assert "newer below" in screen.history.render_line(0).text
        await pilot.press("up", "down")
        await settle(pilot)
        assert "their clock" in screen.history.render_line(0).text


async def test_a_window_that_grows_shows_the_keys_it_has_room_for(node: MemoryNode) -> None:
    node.offer("bob", "minutes.pdf", 184_000)
    async with running(node, size=(70, 24)) as (screen, pilot):
        await pilot.press("escape")
        await settle(pilot)
        assert "O choose where" in hints(screen)
        assert "r answer" not in hints(screen)
        await resize(pilot, 80, 24)
        await settle(pilot)
        assert "r answer" in hints(screen)
        await resize(pilot, 70, 24)
        await settle(pilot)
        assert "r answer" not in hints(screen)


async def test_the_keys_are_shown_in_a_narrow_window_too(node: MemoryNode) -> None:
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, "/query alice")
        assert not seen(screen, "#hints")
        await pilot.press("escape")
        await settle(pilot)
        assert seen(screen, "#hints")
        assert screen.query_one("#hints").region.width >= len(hints(screen)) + 2
        await pilot.press("escape")
        await settle(pilot)
        assert not seen(screen, "#hints")
        assert seen(screen, "#composer")


async def test_a_chosen_message_stays_in_sight_whatever_arrives_and_when_all_is_read_anew(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "up")
        chosen = screen.history.chosen_message()
        assert chosen is not None
        screen.load()
        await settle(pilot)
        assert screen.history.chosen_message() == chosen
        for number in range(40):
            node.incoming("bob", f"more {number}")
        await settle(pilot)
        assert chosen.text in history_text(screen)
        assert "new · Alt+End" in history_text(screen)
        await pilot.press("c")
        assert pilot.app.clipboard == chosen.text


@pytest.mark.parametrize("deed", ["erase", "remove", "block"])
async def test_nothing_is_chosen_answered_or_read_of_a_conversation_that_ends_elsewhere(
    node: MemoryNode, deed: str
) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "r", "escape", "escape")
        await settle(pilot)
        assert screen.history.choosing
        await getattr(node, f"contact_{deed}")("bob")
        await settle(pilot)
        assert "draft" not in history_text(screen)
        assert not screen.has_class("-choosing")
        assert screen.composer.has_focus
        assert (screen.conversation.contact is None) == (deed != "erase")


async def test_what_was_to_be_an_answer_goes_to_nobody_once_its_sender_is_removed(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "r", *"no")
        await settle(pilot)
        await node.contact_remove("bob")
        await settle(pilot)
        assert screen.target is None
        await pilot.press("enter")
        await settle(pilot)
        assert "nothing was sent" in str(screen.query_one("#notice", Static).render())
        assert screen.composer.text == "no"
