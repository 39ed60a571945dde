"""Messages that disappear, in the interface."""

from __future__ import annotations

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle
from tests.support.memory_node import MemoryNode
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
        assert screen.composer.text == "r"
        node.change_message(line.id, timer=0)
        await node.conversation_timer("bob", 0)
        await settle(pilot)
        assert "timer" not in title(screen)
        assert "set messages to stay" in history_text(screen)
