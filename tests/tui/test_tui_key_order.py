"""Keys that arrive in one read take effect in the order in which they were typed."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import notice_text, resize, running, seen, settle
from tests.support.memory_node import MemoryNode
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.field import Field


async def burst(pilot: Pilot[int], keys: list[str]) -> None:
    """Keys as the terminal's driver hands them over: all at once."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await settle(pilot)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([*"ab", "backspace", "c"], "ac"),
        ([*"one", "ctrl+u", *"two"], "two"),
        ([*"xy", "left", "z"], "xzy"),
        ([*"ab", "home", "c", "end", "d"], "cabd"),
    ],
)
async def test_editing_keys_stay_between_the_letters_around_them(keys: list[str], text: str) -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        await burst(pilot, keys)
        assert screen.composer.text == text


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("end ctrl+u", "one\n"),
        ("end ctrl+u ctrl+u", "one"),
        ("home up ctrl+k", "one\n" + "long " * 7),
        ("up up up end ctrl+k", "one" + "long " * 18),
    ],
)
async def test_a_line_is_deleted_whole_however_many_rows_it_has(keys: str, text: str) -> None:
    async with running(MemoryNode.sample(FixedClock()), size=(40, 15)) as (screen, pilot):
        screen.composer.take("one\n" + "long " * 18)
        await pilot.press(*keys.split())
        assert screen.composer.text == text


async def test_letters_typed_behind_enter_belong_to_the_next_text() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (screen, pilot):
        await burst(pilot, [*"hello", "enter", *"world"])
        assert screen.composer.text == "world"
        assert (await node.messages("bob"))[-1].text == "hello"


async def test_text_that_was_not_taken_stands_before_what_was_typed_since() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        await burst(pilot, [*"/nosuch", "enter", *" x"])
        assert screen.composer.text == "/nosuch x"


async def test_a_command_typed_behind_escape_stays_as_it_was_typed() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        pilot.app.post_message(events.Key("escape", None))
        await settle(pilot)
        for key, letter in (("slash", "/"), *((letter, letter) for letter in "set")):
            pilot.app.post_message(events.Key(key, letter))
        await settle(pilot)
        assert screen.composer.text == "/set"
        assert pilot.app.focused is screen.composer


def alt(letter: str) -> events.Key:
    """Alt and a letter as Textual reads it from a terminal: with the letter, as if that were meant."""
    return events.Key(f"alt+{letter}", letter)


@pytest.mark.parametrize("before", [[], ["escape"], ["alt+r"], ["ctrl+r", "h"]])
async def test_alt_and_a_digit_are_no_text_wherever_they_are_pressed(before: list[str]) -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (screen, pilot):
        await pilot.press(*before)
        await settle(pilot)
        for place in (2, 3, 2):
            wanted = screen.query_one(Conversations).entries()[place - 1]
            pilot.app.post_message(alt(str(place)))
            await settle(pilot)
            assert (screen.conversation.contact, screen.composer.text) == (wanted, "")


async def test_alt_and_a_letter_are_no_text_in_a_field() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (_screen, pilot):
        for _time in range(2):
            pilot.app.post_message(alt("k"))
            await settle(pilot)
        assert pilot.app.screen.query_one(Field).value == ""


@pytest.mark.parametrize("place", ["#title", "#list", "#requests", "#history"])
async def test_who_writes_where_no_field_is_writes_into_the_input(place: str) -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node, size=(40, 15)) as (screen, pilot):
        if place == "#requests":
            await pilot.press("alt+r")
        elif place == "#list":
            await pilot.press("alt+k")
        else:
            await resize(pilot, 80, 24)
            await settle(pilot)
            screen.set_focus(screen.query_one(place))
        await settle(pilot)
        for letter in "/set a bar":
            pilot.app.post_message(events.Key({"/": "slash", " ": "space"}.get(letter, letter), letter))
        await settle(pilot)
        assert screen.composer.text == "/set a bar"
        assert screen.composer.has_focus
        assert not seen(screen, "#list") or not screen.narrow
        assert screen.shared.session.known.requests()


@pytest.mark.parametrize("keys", ["ctrl+p pagedown", "ctrl+p a pageup", "ctrl+p home end pageup down"])
async def test_a_page_key_right_behind_that_of_the_palette_ends_nothing(keys: str) -> None:
    async with running(MemoryNode.sample(FixedClock()), size=(40, 15)) as (screen, pilot):
        await burst(pilot, keys.split())
        await pilot.press("escape")
        await settle(pilot)
        assert pilot.app.screen is screen


async def test_ctrl_c_in_the_input_copies_what_is_selected_and_else_says_how_to_quit() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        await burst(pilot, [*"abc", "shift+left", "ctrl+c"])
        assert (pilot.app.clipboard, notice_text(screen)) == ("c", "")
        await burst(pilot, ["end", "ctrl+c"])
        assert notice_text(screen) == "Ctrl+Q quits."
        assert screen.composer.text == "abc"
