"""The cursor of the input and of fields: between what is seen as one, never within it, and in its column."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.document._document import Document
from textual.events import Key
from textual.geometry import Offset

from tests.support.fixed_clock import FixedClock
from tests.support.interface import running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.odd_texts import odd_texts
from tuichat.tui.cluster_document import ClusterDocument, ClusterNavigator
from tuichat.tui.clusters import boundaries, countable
from tuichat.tui.widgets.field import Field
from tuichat.tui.wrapping import cells

FAMILY, FLAG, SYLLABLE = "👩\u200d👩\u200d👧", "🇨🇳", "क्षि"


@given(st.lists(odd_texts(), min_size=1, max_size=3), st.integers(12, 30))
def test_rows_of_the_input_fit_and_every_step_is_a_cluster(lines: list[str], width: int) -> None:
    document = Document("\n".join(lines))
    laid_out = ClusterDocument(document, width)
    navigator = ClusterNavigator(laid_out)
    for index, line in enumerate(lines):
        sections = laid_out.get_sections(index)
        assert "".join(sections) == line
        for section in sections:
            assert cells(countable(section.removesuffix(" "))) <= width
        assert set(laid_out.get_offsets(index)) <= set(boundaries(line))
    place, steps = (0, 0), [(0, 0)]
    while not navigator.is_end_of_document(place):
        place = navigator.get_location_right(place)
        steps.append(place)
    assert steps == [(row, edge) for row, line in enumerate(lines) for edge in boundaries(line)]
    for before, here in pairwise(steps):
        assert navigator.get_location_left(here) == before
        x, y = laid_out.location_to_offset(here)
        assert x <= width
        assert y < laid_out.height


@given(odd_texts(20), st.integers(12, 30))
def test_a_cell_leads_to_the_cluster_that_is_drawn_there(text: str, width: int) -> None:
    laid_out = ClusterDocument(Document(text), width)
    for edge in boundaries(text)[:-1]:
        x, y = laid_out.location_to_offset((0, edge))
        _row, found = laid_out.offset_to_location(Offset(x, y))
        assert laid_out.location_to_offset((0, found)) == (x, y)
        assert cell_len(countable(text[min(edge, found) : max(edge, found)])) == 0


def test_the_cursor_behind_a_space_that_hangs_over_the_edge_is_in_sight() -> None:
    laid_out = ClusterDocument(Document("123456 "), 6)
    assert laid_out.get_sections(0) == ["123456 ", ""]
    assert laid_out.location_to_offset((0, 7)) == (0, 1)
    assert ClusterDocument(Document("123456 78"), 6).get_sections(0) == ["123456 ", "78"]


async def test_keys_step_over_and_delete_what_is_seen_as_one() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        composer = screen.composer
        composer.take(f"a{FAMILY}{FLAG}{SYLLABLE}z")
        await pilot.press("left", "backspace")
        assert composer.text == f"a{FAMILY}{FLAG}z"
        await pilot.press("left", "left", "delete")
        assert composer.text == f"a{FLAG}z"
        await pilot.press("shift+right")
        assert composer.selected_text == FLAG
        await pilot.press("x")
        assert composer.text == "axz"


async def test_what_joins_with_what_is_behind_the_cursor_leaves_it_behind_both() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        composer = screen.composer
        composer.take("\u0301x")
        composer.move_cursor((0, 0))
        await pilot.press("e")
        assert composer.text == "e\u0301x"
        assert composer.cursor_location == (0, 2)


async def test_words_of_every_script_are_one_step_and_one_deletion() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        composer = screen.composer
        composer.take("हिन्दी שָׁלוֹם, word")
        columns = []
        for _step in range(4):
            await pilot.press("ctrl+left")
            columns.append(composer.cursor_location[1])
        assert [composer.text[column] for column in columns] == ["w", ",", "ש", "ह"]
        await pilot.press("ctrl+right")
        assert composer.text[composer.cursor_location[1] :].startswith(" ש")
        composer.action_delete_word_right()
        assert composer.text == "हिन्दी, word"
        composer.action_delete_word_left()
        assert composer.text == ", word"


async def test_up_and_down_keep_the_column_over_wide_and_odd_rows() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        composer = screen.composer
        composer.take(f"0123456789\n第三页{FAMILY}图表\n\n{SYLLABLE}123456789")
        composer.move_cursor((3, len(SYLLABLE) + 5))
        x = composer.wrapped_document.location_to_offset(composer.cursor_location).x
        seen = []
        for _step in range(3):
            await pilot.press("up")
            seen.append(composer.wrapped_document.location_to_offset(composer.cursor_location).x)
        assert x == 7
        assert seen == [0, 6, 7]
        composer.move_cursor((1, 4), record_width=False)
        assert composer.cursor_location == (1, 3 + len(FAMILY))


async def test_the_cursor_is_drawn_over_all_of_what_it_stands_on() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        composer = screen.composer
        composer.take(f"a{SYLLABLE}b")
        await pilot.press("home", "right")
        marked = [s.text for s in composer.render_line(0) if s.style and s.style.reverse]
        assert marked == [SYLLABLE]


async def test_joiners_and_wide_spaces_are_typed_and_bidi_controls_are_not() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        for letter in "می\u200cخ\u3000\u202e\u2067\u00ad!":
            pilot.app.post_message(Key("character", letter))
        await settle(pilot)
        assert screen.composer.text == "می\u200cخ\u3000!"


async def test_fields_step_over_what_is_seen_as_one_but_not_in_passphrases() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (_screen, pilot):
        await pilot.press("alt+k")
        await settle(pilot)
        field = top(pilot).query_one(Field)
        field.value = f"a{FAMILY}{SYLLABLE}"
        field.cursor_position = len(field.value)
        await pilot.press("left")
        assert field.cursor_position == 1 + len(FAMILY)
        await pilot.press("backspace")
        assert field.value == f"a{SYLLABLE}"
        await pilot.press("right")
        assert field.cursor_at_end
        pilot.app.post_message(Key("character", "\u200c"))
        await pilot.press("b", "home")
        assert field.value == f"a{SYLLABLE}\u200cb"
        assert field.cursor_position == 0
        await pilot.press("right", "delete")
        assert field.value == "ab"
        field.password = True
        field.value = SYLLABLE
        field.cursor_position = len(SYLLABLE)
        await pilot.press("backspace")
        assert field.value == SYLLABLE[:-1]


@pytest.mark.parametrize("sequence", [FAMILY, FLAG, SYLLABLE, "1\ufe0f\u20e3", "ᄒ\u119e\u11ab"])
async def test_a_click_on_any_cell_of_it_sets_the_cursor_before_it(sequence: str) -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        composer = screen.composer
        composer.take(f"ab{sequence}cd")
        for cell in range(cell_len(sequence)):
            await pilot.click(composer, offset=(2 + cell, 0))
            assert composer.cursor_location == (0, 2)
        await pilot.click(composer, offset=(2 + cell_len(sequence), 0))
        assert composer.cursor_location == (0, 2 + len(sequence))


@pytest.mark.parametrize("text", ["word " * 18, "字" * 40])
async def test_the_input_has_as_many_rows_as_its_text_takes_in_every_window(text: str) -> None:
    async with running(MemoryNode.sample(FixedClock()), size=(130, 24)) as (screen, pilot):
        screen.composer.take(text)
        rows = []
        for width in (130, 100, 60, 100, 130):
            await pilot.resize_terminal(width, 24)
            await settle(pilot)
            rows.append(screen.composer.size.height)
            assert screen.composer.scroll_offset.y == 0
        assert rows == [1, 2, 3, 2, 1]


async def test_a_slash_that_an_input_method_made_wide_begins_a_command() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        for letter in "／hel":
            pilot.app.post_message(Key(letter, letter))
        await settle(pilot)
        assert screen.composer.text == "/hel"
        assert screen.composer.cursor_location == (0, 4)
        await pilot.press("tab")
        await settle(pilot)
        assert screen.composer.text == "/help "
