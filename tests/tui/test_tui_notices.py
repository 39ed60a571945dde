"""What is said above the input: when it goes, and that a command without an effect says why."""

from __future__ import annotations

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.errors import UnreachableError
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import Options
from tuichat.tui.node_client import NodeClient
from tuichat.tui.screens import conversation_screen
from tuichat.tui.widgets.parts_line import PartsLine


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


async def test_what_is_only_told_goes_with_the_next_key(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for key in ("a", "alt+r", "alt+i", "pageup"):
            screen.say("copied")
            await pilot.press(key)
            await settle(pilot)
            assert notice_text(screen) != "copied"


async def test_what_is_only_told_goes_by_itself(node: MemoryNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_screen, "NOTICE_SECONDS", 0.001)
    async with running(node) as (screen, pilot):
        screen.say("copied")
        while notice_text(screen):
            await pilot.pause()
        assert not screen.query_one("#notice").display


async def test_an_error_stays_for_a_key_that_was_on_its_way(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        screen.say("Not sent", "error")
        await pilot.press("a")
        assert notice_text(screen) == "Not sent"


async def test_an_error_that_could_be_read_goes_with_the_next_key(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_screen, "READING_SECONDS", 0.001)
    async with running(node) as (screen, pilot):
        screen.say("Not sent", "error")
        while not screen._notice_read:
            await pilot.pause()
        assert notice_text(screen) == "Not sent"
        await pilot.press("a")
        assert notice_text(screen) == ""


async def test_a_hint_at_the_start_stays_until_something_is_sent(node: MemoryNode) -> None:
    async with running(node, hint="Three things to try") as (screen, pilot):
        await pilot.press("a", "b")
        assert notice_text(screen) == "Three things to try"
        await pilot.press("enter")
        await settle(pilot)
        assert notice_text(screen) == ""


async def test_trouble_that_is_over_is_no_longer_told(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.set_tor(problem="clock_skew")
        await settle(pilot)
        assert "clock is wrong" in notice_text(screen)
        node.set_tor(problem="")
        await settle(pilot)
        assert notice_text(screen) == ""


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/query", "With whom? /query NAME"),
        ("/9", "no conversation 9"),
        ("/connect", "is connected"),
        ("/close foo", "Nothing may stand behind /close"),
        ("/mouse foo", "Nothing may stand behind /mouse"),
        ("/lock now", "Nothing may stand behind /lock"),
    ],
)
async def test_a_command_that_does_nothing_says_why(node: MemoryNode, line: str, answer: str) -> None:
    async with running(node) as (screen, pilot):
        here = screen.conversation.contact
        await enter(screen, pilot, line)
        assert answer in notice_text(screen)
        assert screen.conversation.contact == here
        assert not (await node.hello()).locked


async def test_a_key_for_a_conversation_that_is_not_there_says_so() -> None:
    async with running(MemoryNode(FixedClock())) as (screen, pilot):
        await pilot.press("alt+2")
        assert "no conversation 2" in notice_text(screen)


async def test_writing_to_requests_says_how_to_get_to_a_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        before = len(await node.messages("bob"))
        await pilot.press("alt+r")
        screen.set_focus(screen.composer)
        await enter(screen, pilot, "hello")
        assert "Alt+1 or Alt+K" in notice_text(screen)
        assert screen.composer.text == "hello"
        assert len(await node.messages("bob")) == before


async def test_a_card_asked_for_over_requests_is_not_that_of_a_hidden_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("alt+r", "alt+i")
        await settle(pilot)
        assert top(pilot) is screen
        assert "Alt+1 or Alt+K" in notice_text(screen)


async def test_a_warning_costs_the_bare_view_no_row(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        screen.say("tor is blocked", "warning")
        await pilot.press("alt+l")
        await settle(pilot)
        assert screen.history.size == pilot.app.size


async def test_without_a_node_nobody_is_linked_and_the_top_row_says_why() -> None:
    node = MemoryNode.sample(FixedClock(), node="detached")
    async with running(node) as (screen, pilot):
        screen.open(1)
        await settle(pilot)

        def row(name: str) -> str:
            return screen.query_one(name, PartsLine).render_line(0).text

        reachable, linked = row("#top"), row("#title")
        assert "reachable" in reachable
        assert "linked" in linked
        node.break_off("handover")
        await settle(pilot)
        assert (row("#top"), row("#title")) == (reachable, linked)
        node.break_off("stop")
        await settle(pilot)
        await pilot.press("a", "backspace")
        assert "no node" in row("#top")
        assert "linked" not in row("#title")
        assert "not reachable" in row("#title")
        await enter(screen, pilot, "/connect")
        assert (row("#top"), row("#title")) == (reachable, linked)


async def test_an_address_that_is_asked_for_before_a_node_answered_is_said_to_be_unknown() -> None:
    async def attach() -> NodeClient:
        raise UnreachableError("The node did not start.")

    app = TuichatApp(attach, Options(blink=False), FixedClock())
    async with app.run_test() as pilot:
        await settle(pilot)
        main = app.main_screen()
        assert main is not None
        await enter(main, pilot, "/address")
        assert top(pilot) is main
        assert "not known" in notice_text(main)
