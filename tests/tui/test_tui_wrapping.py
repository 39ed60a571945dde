"""Rows are never wider than asked for, lose nothing, and tear nothing that is seen as one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.odd_texts import odd_texts
from tuichat.tui.clusters import as_written, clusters, countable
from tuichat.tui.wrapping import breaks, cells, fit, graphemes, pad, wrap, wrap_table

SEQUENCES = ["👩‍🚀", "👩‍👩‍👧", "🇨🇳", "👍🏽", "❤️", "e\u0301", "第", "नि"]


@given(
    st.lists(st.one_of(st.sampled_from(SEQUENCES), st.text("ab c-,。第三页 ", max_size=9)), max_size=30),
    st.integers(2, 40),
)
def test_rows_fit_and_nothing_but_spaces_at_breaks_is_lost(parts: list[str], width: int) -> None:
    text = "".join(parts)
    rows = wrap(text, width)
    assert all(cell_len(row) <= cells(row) <= width for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_what_stands_beside_a_word_in_a_table_goes_on_below_itself() -> None:
    text = "Nobody here yet.\n/add   asks somebody whom you know\n/添加  请求某人，前提是你有他的地址"
    assert wrap_table(text, 20) == [
        "Nobody here yet.",
        "/add   asks somebody",
        "       whom you know",
        "/添加  请求某人，前",
        "       提是你有他的",
        "       地址",
    ]
    assert wrap_table("a plain sentence", 8) == wrap("a plain sentence", 8)


@given(odd_texts(), st.integers(9, 30))
def test_rows_of_any_writing_fit_and_part_no_cluster(text: str, width: int) -> None:
    whole = {cluster.text for cluster in clusters(countable(text))}
    for row in wrap(text, width):
        assert cell_len(row) <= cells(row) <= width
        assert {cluster.text for cluster in clusters(row)} <= whole
    assert cell_len(pad(text, width)) == width


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("width", [6, 7, 9, 13])
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
    assert cells(pad(text, width).rstrip(" ")) <= width
    assert cell_len(fit(text, width)) <= cells(fit(text, width)) <= width


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("👩‍👩‍👧", 6),  # by a terminal that joins nothing
        ("👍🏽", 4),
        ("a🏽🏽🏽", 7),
        ("❤️‍🔥", 4),
        ("नि", 2),  # a vowel sign with a cell of its own
        ("e\u0301", 1),
        ("1\ufe0f\u20e3", 2),
    ],
)
def test_width_is_the_most_that_a_terminal_draws(text: str, drawn: int) -> None:
    assert cells(text) == drawn
    assert sum(cells(row) for row in wrap(text * 50, 20)) == 50 * drawn


def test_a_joiner_between_letters_hides_none_of_them() -> None:
    letters = "\u0628" * 100
    rows = wrap("\u200d".join(letters), 30)
    assert [cell_len(row) for row in rows] == [30, 30, 30, 10]
    assert as_written("".join(rows)) == "\u200d".join(letters)
    assert cell_len(pad("\u200d".join(letters), 30)) == 30


def test_a_picture_that_is_wider_than_a_row_comes_apart() -> None:
    assert all(cells(row) <= 5 for row in wrap("👩‍👩‍👧", 5))


def test_a_flag_is_one_unit() -> None:
    assert [piece for piece, _ in graphemes("🇨🇳🇩🇪")] == ["🇨🇳", "🇩🇪"]


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("这里可能封锁了 Tor。消息在这里等待。", 20, ["这里可能封锁了 Tor。", "消息在这里等待。"]),
        ("口令不对。什么也没有打开。", 24, ["口令不对。什么也没有打", "开。"]),
        ("o 打开   c 复制   Esc 关闭", 20, ["o 打开   c 复制   ", "Esc 关闭"]),
        ("o open   Esc close", 18, ["o open   Esc close"]),
        ("written 2026-11-21 by them", 15, ["written ", "2026-11-21 by ", "them"]),
        ("a block: /bridges", 10, ["a block: ", "/bridges"]),
        ("as xn--fsqu00a.example", 18, ["as ", "xn--fsqu00a.exampl", "e"]),
        ("a" * 7, 3, ["aaa", "aaa", "a"]),
    ],
)
def test_sentences_and_rows_of_keys_are_broken_where_a_reader_would(
    line: str, width: int, rows: list[str]
) -> None:
    ends = [*breaks(line, width), len(line)]
    assert [line[start:end] for start, end in pairwise([0, *ends])] == rows


@given(odd_texts(), st.integers(2, 30))
def test_breaks_of_any_writing_lie_within_it_and_go_on(text: str, width: int) -> None:
    for line in text.split("\n"):
        found = breaks(line, width)
        assert all(start < end for start, end in pairwise([0, *found, len(line)])) or not found
