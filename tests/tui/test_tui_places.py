"""Where one was stays where it was: over other sizes, other themes, and whatever comes in meanwhile."""

from __future__ import annotations

import re

import pytest
from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, resize, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.tui.conversation import PAGE
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.history_window import CAPACITY

SIZES = [(40, 15), (200, 50), (61, 16), (120, 30), (80, 24)]


def long_node() -> MemoryNode:
    """Much said with alice, some of it over many rows."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("alice", stage="linked")
    node.fill("alice", 2_500)
    for number in range(40):
        node.outgoing("alice", f"long {number} " + "and on and on 又长又宽 " * 60, state="delivered")
    node.fill("alice", 60)
    return node


def top_message(screen: MainScreen) -> int | None:
    """The message whose row stands at the top."""
    return next(message for _row, message in screen.history._layout() if message is not None)


async def go_to_long_ones(screen: MainScreen, pilot: Pilot[int]) -> int:
    """Scroll up, into the middle of a message that takes many rows."""
    while "long 20 " not in history_text(screen):
        screen.history.scroll_rows(-5)
    screen.history.scroll_rows(2)
    await settle(pilot)
    message = top_message(screen)
    assert message is not None
    return message


async def test_other_sizes_and_themes_leave_the_same_message_at_the_top(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with running(long_node()) as (screen, pilot):
        top = await go_to_long_ones(screen, pilot)
        before = history_text(screen)
        for width, height in SIZES:
            await resize(pilot, width, height)
            await settle(pilot)
            assert top_message(screen) == top, (width, height)
        assert history_text(screen) == before
        for theme in ("light", "sixteen", "ember", "dark"):
            await enter(screen, pilot, f"/theme {theme}")
            await pilot.press("x", "backspace")  # takes the notice away
            await settle(pilot)
            assert pilot.app.theme == theme
            assert history_text(screen) == before


async def test_window_made_narrow_behind_a_dialog_is_a_narrow_one_when_that_is_gone() -> None:
    async with running(long_node()) as (screen, pilot):
        narrow = await _picture(screen, pilot)
        await resize(pilot, 80, 24)
        await settle(pilot)
        assert await _picture(screen, pilot, "ctrl+k") == narrow


async def _picture(screen: MainScreen, pilot: Pilot[int], *opens: str) -> list[str]:
    """All rows after the window was made narrow, with a dialog in front meanwhile if a key opens one."""
    await pilot.press(*opens)
    await resize(pilot, 50, 20)
    await settle(pilot)
    await pilot.press("escape" if opens else "x", *(() if opens else ("backspace",)))
    await settle(pilot)
    return [strip.text for strip in screen._compositor.render_strips()]


async def test_a_chosen_message_stays_chosen_and_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with running(long_node()) as (screen, pilot):
        await pilot.press("pageup", "pageup", "escape", "up", "up")
        await settle(pilot)
        chosen = screen.history.chosen_message()
        assert chosen is not None
        for width, height in SIZES:
            await resize(pilot, width, height)
            await settle(pilot)
            assert screen.history.chosen_message() == chosen
            assert any(message == chosen.id for _row, message in screen.history._layout()), (width, height)
        pilot.app.theme = "light"
        await settle(pilot)
        assert screen.history.chosen_message() == chosen
        assert screen.history.has_focus


async def test_more_messages_than_are_held_leave_the_place_where_it_was() -> None:
    node = long_node()
    async with running(node) as (screen, pilot):
        top = await go_to_long_ones(screen, pilot)
        before = history_text(screen).split("\n")[:-1]
        for number in range(CAPACITY + 500):
            node.incoming("alice", f"arrival {number}")
            if number % 500 == 499:
                await settle(pilot)
        await pilot.press(*"abc")
        await settle(pilot)
        assert top_message(screen) == top
        assert history_text(screen).split("\n")[:-1] == before
        assert f"{CAPACITY + 500:,} new" in history_text(screen)
        assert screen.composer.text == "abc"
        assert len(screen.history.window) <= CAPACITY
        await pilot.press("alt+end")
        await settle(pilot)
        assert f"arrival {CAPACITY + 499}" in history_text(screen)
        assert screen.history.at_end


async def test_what_changes_above_and_pages_that_come_leave_every_row_where_it_was() -> None:
    node = long_node()
    async with running(node) as (screen, pilot):
        top = await go_to_long_ones(screen, pilot)
        before = history_text(screen)
        messages = screen.history.window.messages
        above = messages[screen.history.window.nearest(top) - 2].id
        node.edited_by_them(above, "and now much more " * 60)
        await settle(pilot)
        assert history_text(screen) == before
        node.disappeared(above)
        await settle(pilot)
        assert history_text(screen) == before
        held = len(messages)
        await screen.conversation.load_page("older", messages[0].id)
        await settle(pilot)
        assert len(messages) == held + PAGE
        assert history_text(screen) == before
        node.disappeared(top)
        await settle(pilot)
        assert top_message(screen) == top + 1


async def test_day_that_moves_down_when_its_first_message_disappears_moves_nothing_else() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.person("alice")
    node.fill("alice", 1_500)
    async with running(node) as (screen, pilot):
        messages = screen.history.window.messages
        while messages[0].sent_at.day == messages[-1].sent_at.day:
            await screen.conversation.load_page("older", messages[0].id)
        first = next(at for at, each in enumerate(messages) if each.sent_at.day != messages[0].sent_at.day)
        while top_message(screen) != messages[first + 1].id:
            screen.history.scroll_rows(-1)
        await settle(pilot)
        before = history_text(screen)
        node.disappeared(messages[first].id)
        await settle(pilot)
        assert history_text(screen) == before


async def test_other_width_stays_in_the_same_part_of_a_message_longer_than_the_screen() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.person("alice")
    words = [f"word{number:04}" for number in range(1_000)]
    node.incoming("alice", " ".join(words))
    node.fill("alice", 30)
    async with running(node) as (screen, pilot):
        while "word0500" not in history_text(screen).split("\n")[0]:
            screen.history.scroll_rows(-1)
        await settle(pilot)
        before = history_text(screen)
        for width, height in SIZES:
            await resize(pilot, width, height)
            await settle(pilot)
            seen_first = re.findall(r"word(\d+)", history_text(screen))[0]
            assert 480 <= int(seen_first) <= 520, (width, height)
        assert history_text(screen) == before


async def test_cursor_in_a_long_list_stays_on_its_conversation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    node = MemoryNode(FixedClock(), node="detached")
    for number in range(250):
        node.person(f"person {number}")
    async with running(node) as (screen, pilot):
        listed = screen.query_one(Conversations)
        listed.focus()
        await settle(pilot)
        listed.action_step(170)
        cursor = listed._cursor

        def rows() -> list[str]:
            return [listed.render_line(y).text for y in range(listed.size.height)]

        name = next(p.name for p in screen.shared.session.known.people.values() if p.id == cursor)
        for width, height in [(120, 30), (200, 50), (80, 24)]:
            await resize(pilot, width, height)
            await settle(pilot)
            assert listed._cursor == cursor
            assert any(row.startswith("▌") and name in row for row in rows())
        pilot.app.theme = "light"
        node.incoming("person 240", "now I am at the top")
        await settle(pilot)
        assert listed._cursor == cursor
        assert any(row.startswith("▌") and name in row for row in rows())
        assert listed.entries()[0] == node._find("person 240").record.id


async def test_letter_is_drawn_without_waiting_for_the_next_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(long_node()) as (screen, pilot):
        monkeypatch.setattr(screen._update_timer, "resume", lambda: None)  # no frame comes any more
        await pilot.press("x")
        assert screen.composer.text == "x"
        assert screen.composer not in screen._dirty_widgets
        screen.composer.insert("y")  # nobody waits for this one
        await pilot._wait_for_screen()  # a pause would draw
        assert screen.composer in screen._dirty_widgets


async def test_a_dialog_takes_its_size_also_where_what_is_behind_it_was_quicker() -> None:
    async with running(long_node()) as (screen, pilot):
        await pilot.press("f1")
        await settle(pilot)
        dialog, size = top(pilot), Size(40, 15)
        assert dialog is not screen
        told = Resize(size, size)  # the same one for all of them, as Textual tells it
        for each in (screen, dialog):
            each.post_message(told)
            await settle(pilot)
        assert dialog._compositor.size == size
