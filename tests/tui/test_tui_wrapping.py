"""Rows are never wider than asked for, lose nothing, and tear nothing that is seen as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tuichat.tui.wrapping import fit, graphemes, pad, wrap

SEQUENCES = ["👩‍🚀", "👩‍👩‍👧", "🇨🇳", "👍🏽", "❤️", "e\u0301", "第", "नि"]


@given(
    st.lists(st.one_of(st.sampled_from(SEQUENCES), st.text("ab c-,。第三页 ", max_size=9)), max_size=30),
    st.integers(2, 40),
)
def test_rows_fit_and_nothing_but_spaces_at_breaks_is_lost(parts: list[str], width: int) -> None:
    text = "".join(parts)
    rows = wrap(text, width)
    assert all(cell_len(row) <= width for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("width", [2, 3, 5, 8])
def test_a_sequence_is_never_torn(sequence: str, width: int) -> None:
    for row in wrap(sequence * 9, width):
        assert row == sequence * (len(row) // len(sequence))


def test_lines_break_between_words_and_between_wide_characters() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("第三页有图表", 5) == ["第三", "页有", "图表"]
    assert wrap("a\n\nb", 5) == ["a", "", "b"]


def test_closing_punctuation_does_not_begin_a_row() -> None:
    assert wrap("第三页。有", 6) == ["第三", "页。有"]


def test_a_word_longer_than_the_row_is_cut() -> None:
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]


@given(st.lists(st.sampled_from([*SEQUENCES, "a", " "]), max_size=9), st.integers(0, 12))
def test_padding_gives_exactly_the_width(parts: list[str], width: int) -> None:
    text = "".join(parts)
    assert cell_len(pad(text, width)) == width
    assert cell_len(fit(text, width)) <= width


def test_a_flag_is_one_unit() -> None:
    assert [piece for piece, _ in graphemes("🇨🇳🇩🇪")] == ["🇨🇳", "🇩🇪"]
