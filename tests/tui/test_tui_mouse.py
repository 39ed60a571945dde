"""Whoever points at something gets what a key would have done, and nothing is out of the mouse's reach."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.tui.palette import PaletteScreen
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.file_card import FileCard
from tuichat.tui.screens.help import Help
from tuichat.tui.screens.link_question import LinkQuestion
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.own_address import OwnAddress
from tuichat.tui.screens.quick_switch import QuickSwitch
from tuichat.tui.screens.status import StatusScreen
from tuichat.tui.screens.transfers import Transfers
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.keys_line import KeysLine, key_at
from tuichat.tui.widgets.title import Title


def row_of(widget: Widget, words: str) -> tuple[int, int]:
    """The cell and the row of a widget where `words` begin, the last time they stand there."""
    for y in reversed(range(widget.size.height)):
        text = widget.render_line(y).text
        if words in text:
            return cell_len(text[: text.index(words)]), y
    raise AssertionError(f"{words!r} is not there")


async def click(pilot: Pilot[int], target: Widget, words: str, button: int = 1) -> None:
    """Click on words in a widget, and wait for what comes of it."""
    x, y = row_of(target, words)
    await pilot.click(target, offset=(x + target.gutter.left, y + target.gutter.top), button=button)
    await settle(pilot)


async def click_key(pilot: Pilot[int], words: str) -> None:
    """Click on a named key of the screen in front."""
    await click(pilot, top(pilot).query(KeysLine).last(), words)


def talked() -> MemoryNode:
    """Bob, linked, with a link, an answer, a reaction and a file; alice waits; dave asks."""
    node = MemoryNode(FixedClock())
    node.person("bob", stage="linked", verified=True)
    node.person("alice")
    node.person("dave", state="pending")
    node.fill("bob", 60)
    return node


@pytest.mark.parametrize(
    ("row", "word", "key"),
    [
        ("y  stop it   n  no", "stop", "y"),
        ("y  stop it   n  no", "no", "n"),
        ("Esc choose  F1 help", "help", "f1"),
        ("r e d +  c copy  Esc write", "d +", "d"),
        ("r e d +  c copy  Esc write", "+", "plus"),
        ("Ctrl+S use   Ctrl+T snowflake", "snow", "ctrl+t"),
        ("c 复制  Esc 写", "写", "escape"),
        ("O in a directory", "dir", "O"),
        ("Copied, if your terminal allows that (OSC 52).   Esc close", "terminal", ""),
        ("Copied, if your terminal allows that (OSC 52).   Esc close", "close", "escape"),
    ],
)
def test_a_click_on_a_named_key_or_on_what_it_does_means_that_key(row: str, word: str, key: str) -> None:
    assert key_at(row, cell_len(row[: row.index(word)])) == key
    assert not key_at(row, cell_len(row))
    assert not key_at(row, -1)


async def test_each_word_of_the_rows_around_the_messages_can_be_clicked() -> None:
    node = talked()
    async with running(node) as (screen, pilot):
        status = screen.query_one("#top")
        await click(pilot, status, "tuichat")
        assert isinstance(top(pilot), Help)
        await pilot.press("escape")
        await click(pilot, screen.query_one("#hints"), "help")
        assert isinstance(top(pilot), Help)
        await pilot.press("escape")
        await click(pilot, status, "offline")
        assert isinstance(top(pilot), StatusScreen)
        await click_key(pilot, "your address")
        assert isinstance(top(pilot), OwnAddress)
        await click_key(pilot, "c copy")
        assert pilot.app.clipboard == node.address
        await click_key(pilot, "Esc")
        await click(pilot, screen.query_one(Title), "linked")
        assert isinstance(top(pilot), ContactCard)
        await click_key(pilot, "Esc close")
        assert top(pilot) is screen
        node.incoming("alice", "psst")
        await settle(pilot)
        await click(pilot, status, "1 new")
        assert screen.person is not None
        assert screen.person.name == "alice"


async def test_messages_are_chosen_and_what_stands_in_them_is_followed() -> None:
    node = talked()
    said = node.incoming("bob", "look: https://例子.example/a and more")
    node.offer("bob", "plan.txt", 10)
    async with running(node) as (screen, pilot):
        history = screen.history
        await click(pilot, history, "and more", button=3)
        assert history.chosen_message() == said
        assert "o open link" in str(screen.query_one("#hints", KeysLine).render())
        await click(pilot, screen.query_one("#hints"), "open link")
        assert isinstance(top(pilot), LinkQuestion)
        assert "xn--fsqu00a.example" in str(top(pilot).query_one("#cautions", Static).render())
        await click_key(pilot, "c copy")
        assert pilot.app.clipboard == "https://例子.example/a"
        await click_key(pilot, "Esc")
        await click(pilot, history, "https://")
        assert isinstance(top(pilot), LinkQuestion)
        await pilot.press("escape")
        await click(pilot, history, "plan.txt")
        await click(pilot, history, "plan.txt")
        assert isinstance(top(pilot), FileCard)
        await click_key(pilot, "Esc")
        await click(pilot, screen.query_one("#hints"), "write")
        assert screen.composer.has_focus


async def test_reactions_quotes_and_the_way_to_the_newest_are_clicked() -> None:
    node = talked()
    question = (await node.messages("bob"))[0]
    await node.send("bob", "an answer", question.id)
    theirs = node.incoming("bob", "good news")
    await node.react(theirs.id, "👍")
    async with running(node) as (screen, pilot):
        assert "👍" in history_text(screen)
        await click(pilot, screen.history, "👍")
        assert node._message(theirs.id).my_reactions == ()
        await click(pilot, screen.history, "bob: line")
        assert screen.history.chosen_message() == question
        await pilot.click(screen.history, offset=(20, screen.history.size.height - 1))
        await settle(pilot)
        assert screen.history.at_end


async def test_lists_and_questions_are_clicked_and_the_wheel_moves_them() -> None:
    node = talked()
    node.offer("bob", "one.txt", 10)
    node.offer("bob", "two.txt", 10)
    async with running(node) as (screen, pilot):
        people = screen.query_one("#list")
        await click(pilot, people, "requests")
        assert screen.has_class("-requests")
        await click(pilot, screen.query_one("#requests"), "reject")
        await click_key(pilot, "y") if isinstance(top(pilot), Confirm) else None
        assert not screen.shared.session.known.requests()
        await click(pilot, people, "alice")
        assert _open_name(screen) == "alice"
        await pilot.press("alt+k")
        await settle(pilot)
        await click(pilot, top(pilot).query_one("#found"), "bob")
        assert not isinstance(top(pilot), QuickSwitch)
        assert _open_name(screen) == "bob"
        await enter(screen, pilot, "/files")
        rows = top(pilot).query_one("#rows")
        await click(pilot, rows, "one.txt")
        assert isinstance(top(pilot), Transfers)
        await click_key(pilot, "d decline")
        assert isinstance(top(pilot), Confirm)
        await click_key(pilot, "decline")
        assert [file.state for file in await node.file_list() if file.name == "one.txt"] == ["declined"]
        await click(pilot, rows, "two.txt")
        await click(pilot, rows, "two.txt")
        assert isinstance(top(pilot), FileCard)


async def test_a_narrow_window_has_its_way_back_and_the_palette_is_clicked() -> None:
    async with running(talked(), size=(40, 15)) as (screen, pilot):
        await click(pilot, screen.query_one("#top"), screen.shared.glyphs.back)
        assert screen.has_class("-list")
        await click(pilot, screen.query_one("#list"), "alice")
        assert not screen.has_class("-list")
        await click(pilot, screen.query_one("#top"), "alice")
        assert isinstance(top(pilot), ContactCard)
        await pilot.press("escape", "ctrl+p")
        await settle(pilot)
        assert isinstance(top(pilot), PaletteScreen)
        assert notice_text(screen) == ""


def _open_name(screen: MainScreen) -> str:
    return "" if screen.person is None else screen.person.name


async def test_whoever_is_clicked_is_opened_in_a_list_that_the_wheel_has_moved() -> None:
    node = MemoryNode.sample(FixedClock())
    for number in range(40):
        node.person(f"p{number:02}")
    async with running(node) as (screen, pilot):
        people = screen.query_one(Conversations)
        first = people.render_line(0).text
        for _turn in range(5):
            people.post_message(MouseScrollDown(people, 3, 3, 0, 1, 0, False, False, False))
        await settle(pilot)
        moved = people.render_line(0).text
        assert moved != first
        node.set_stage("alice", "linked")
        await settle(pilot)
        assert people.render_line(0).text == moved
        assert "p1" in people.render_line(5).text
        wanted = people.render_line(5).text.split()[-1]
        await pilot.click(people, offset=(5, 5))
        await settle(pilot)
        assert _open_name(screen) == wanted
        assert any(wanted in people.render_line(y).text for y in range(people.size.height))


async def test_whoever_was_removed_meanwhile_is_not_gone_to() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (screen, pilot):
        screen.open(1)
        await settle(pilot)
        people = screen.query_one(Conversations)
        people.focus()
        await pilot.press("down")
        await settle(pilot)
        gone = people._cursor
        assert gone not in (None, 1)
        await node.contact_remove(screen.shared.session.known.people[gone or 0].address)
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert _open_name(screen) == "bob"
