"""The search screen: from words to the message in its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date

import msgspec
import pytest
from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.interface import enter, interface, running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.scenery import talkative, then
from tuichat.model import Found, Message, from_milliseconds
from tuichat.tui.dates import Calendar
from tuichat.tui.found_rows import MARKED, excerpt, head
from tuichat.tui.glyphs import ASCII, UNICODE
from tuichat.tui.screens.search import PAGE, SearchScreen
from tuichat.tui.wrapping import cells


@pytest.fixture
def node() -> MemoryNode:
    return talkative()


def shown(pilot: Pilot[int], selector: str = "#found") -> list[str]:
    return str(top(pilot).query_one(selector, Static).render()).splitlines()


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def look_for(pilot: Pilot[int], words: str) -> None:
    """Put words into the field and press Enter."""
    field = top(pilot).query_one(Input)
    field.value = words
    await pilot.pause()
    await press(pilot, "enter")


async def test_words_find_messages_and_enter_goes_there(node: MemoryNode) -> None:
    node.fill("bob", 900)
    async with running(node) as (screen, pilot):
        assert screen.history.window.index(1) is None
        await press(pilot, "ctrl+f", *"draft", "enter")
        assert shown(pilot) == [
            "▌ bob  2026-11-21 14:00",
            "▌ did the draft reach you?",
        ]
        await press(pilot, "enter")
        assert top(pilot) is screen
        chosen = screen.history.chosen_message()
        assert chosen is not None
        assert chosen.text == "did the draft reach you?"


async def test_another_conversation_is_opened_for_it(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        assert screen.conversation.person is not None
        assert screen.conversation.person.name != "alice"
        await enter(screen, pilot, "/search back in:alice from:me")
        assert shown(pilot)[0] == "▌ me to alice  2026-11-21 14:00"
        await press(pilot, "enter")
        assert screen.conversation.person.name == "alice"
        assert screen.history.chosen_message() is not None


async def test_words_that_go_while_they_are_shown_go_from_the_list_too(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        _kept, edited, unsent, brief = [node.incoming("bob", f"needle {number}") for number in range(4)]
        await settle(pilot)
        await enter(screen, pilot, "/search needle")
        await press(pilot, "up", "down", "down", "down")
        assert shown(pilot)[1::2] == ["  needle 3", "  needle 2", "  needle 1", "▌ needle 0"]
        node.disappeared(brief.id)
        node.change_message(unsent.id, text="", unsent="done")
        node.edited_by_them(edited.id, "thread 1")
        await settle(pilot)
        assert shown(pilot)[1::2] == ["  taken back", "  thread 1", "▌ needle 0"]
        await node.contact_erase("bob")
        await settle(pilot)
        assert shown(pilot) == []


async def test_arrows_choose_and_what_a_peer_wrote_is_no_markup(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/search figures")
        assert shown(pilot)[1] == "▌ the [bold]figures[/] are on page 3, 图表 too"
        await press(pilot, "down")
        assert shown(pilot)[2:4] == ["▌ bob  2026-11-21 14:00", "▌ figures.ods"]
        await press(pilot, "up", "up", "enter")
        chosen = screen.history.chosen_message()
        assert chosen is not None
        assert chosen.text.startswith("first line")


async def test_what_is_wrong_is_said_and_can_be_mended(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await press(pilot, "ctrl+f")
        await look_for(pilot, '"dra')
        assert "not closed" in shown(pilot, ".problem")[0]
        await look_for(pilot, '"draft"')
        assert not top(pilot).query_one(".problem").display
        assert shown(pilot)[1] == "▌ did the draft reach you?"
        await look_for(pilot, "nothinglikeit")
        assert not top(pilot).query_one("#found").display
        assert shown(pilot, "#told") == ["Nothing found."]
        await press(pilot, "enter", "down", "pagedown", "escape")
        assert top(pilot) is screen


async def test_an_index_in_the_making_is_told_of(node: MemoryNode) -> None:
    node.whole = False
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, "/search figures")
        assert "still being made ready" in " ".join(shown(pilot, "#told"))
        keys = top(pilot).query_one(".keys").region
        assert keys.bottom < 15, "the keys stay in sight"


async def test_more_is_fetched_as_the_cursor_goes_down(node: MemoryNode) -> None:
    node.fill("bob", 3 * PAGE)
    async with running(node, size=(200, 50)) as (screen, pilot):
        await enter(screen, pilot, "/search in:bob wrap")
        for _step in range(9):
            await press(pilot, "pagedown")
        found = shown(pilot)[-1]
        assert found.startswith("▌ ")
        assert "line 1 " in found


async def test_a_locked_profile_takes_the_search_away(node: MemoryNode) -> None:
    async with running(node, sealed=True) as (screen, pilot):
        await enter(screen, pilot, "/search figures")
        await node.lock()
        await settle(pilot)
        assert not isinstance(top(pilot), SearchScreen)
        assert not any(isinstance(each, SearchScreen) for each in pilot.app.screen_stack)


def found(text: str, *places: tuple[int, int]) -> Found:
    at = from_milliseconds(0)
    message = Message(
        id=1,
        contact=1,
        direction="in",
        kind="text",
        text=text,
        sent_at=at,
        received_at=at,
        state="read",
    )
    return Found(message=message, places=places)


def marked(row: Text) -> list[str]:
    return [row.plain[span.start : span.end] for span in row.spans if span.style == MARKED]


@pytest.mark.parametrize("width", [12, 20, 34, 60])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_the_row_shows_the_place_whatever_stands_around_it(width: int, glyphs: object) -> None:
    signs = UNICODE if glyphs is UNICODE else ASCII
    for before in ("", "很长的一句话" * 9, "a " * 40, "👩‍👩‍👧" * 20, "one\ntwo\n" * 5, "e\u0301" * 30):
        for behind in ("", "很" * 40, " b" * 40):
            text = f"{before}图表{behind}"
            row = excerpt(found(text, (len(before), len(before) + 2)), width, signs)
            assert cells(row.plain) <= width
            assert marked(row)[0].startswith("图")
            assert "\n" not in row.plain


def test_a_picture_is_marked_as_a_whole() -> None:
    row = excerpt(found("go 👩‍🚀 now", (5, 6)), 40, UNICODE)
    assert marked(row) == ["👩‍🚀"]


def test_places_beyond_the_row_are_left_out() -> None:
    row = excerpt(found("a b a\na", (0, 1), (4, 5), (6, 7)), 40, UNICODE)
    assert (row.plain, marked(row)) == ("a b a", ["a", "a"])


def test_what_has_no_words_says_what_it_is() -> None:
    nothing = found("").message
    shown = [
        excerpt(Found(message=msgspec.structs.replace(nothing, **kind)), 60, UNICODE).plain
        for kind in ({"kind": "unsupported"}, {"unsent": "done"}, {"kind": "timer", "timer": 0})
    ]
    assert shown == ["This message needs a newer tuichat.", "taken back", "set messages to stay"]


def test_a_name_that_looks_like_me_is_quoted() -> None:
    calendar = Calendar(UTC, date(2026, 11, 21))
    assert head(found("hi"), "me to bob", calendar, 60, UNICODE).startswith('"me to bob"  ')


def test_search_with_nothing_found_looks(snap_compare: Callable[..., None]) -> None:
    snap_compare(interface(talkative()), then("ctrl+f", *"zz", "enter"), size=(40, 15))


def test_search_in_ascii_and_sixteen_colours_looks(snap_compare: Callable[..., None]) -> None:
    app = interface(talkative(), theme="sixteen", glyphs=ASCII)
    snap_compare(app, then("ctrl+f", *"page", "enter"), size=(40, 15))
