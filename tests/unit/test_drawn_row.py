"""A row of which only what differs is written looks as if all of it were."""

from __future__ import annotations

import random

import pyte
import pytest

from tests.support.opinions import OpinionatedScreen
from tuichat.tui.drawn_row import DrawnRow

STYLE, CURSOR = "38;5;252;48;5;233", "7;38;5;252;48;5;233"
WIDTH = 30


def row(text: str, cursor: int, *, place: str = "5;4", style: str = STYLE) -> str:
    """As Textual writes the input with a text of narrow and Chinese letters, and a cursor in it."""
    letters = [*text, *" " * (WIDTH - sum(2 if letter > "\u2e80" else 1 for letter in text))]
    before, at, behind = "".join(letters[:cursor]), letters[cursor], "".join(letters[cursor + 1 :])
    parts = [(style, before), (CURSOR, at), (style, behind)]
    drawn = "".join(f"\x1b[{look}m{words}\x1b[0m" for look, words in parts if words)
    return f"\x1b[{place}H{drawn}\x1b[5;34H\x1b[5;{cursor + 4}H"


def test_what_is_typed_changed_and_deleted_is_drawn_as_if_all_of_it_were() -> None:
    chance, thin = random.Random(1), DrawnRow()
    whole_screen, thin_screen = OpinionatedScreen(40, 8), OpinionatedScreen(40, 8)
    whole, thinned = pyte.Stream(whole_screen), pyte.Stream(thin_screen)
    text, cursor, written = "", 0, [0, 0]
    for _step in range(400):
        deed = chance.choice(["type", "type", "type", "delete", "move", "elsewhere", "style"])
        if deed == "type" and len(text) < 12:
            text, cursor = text[:cursor] + chance.choice("ab你好 ") + text[cursor:], cursor + 1
        elif deed == "delete" and cursor:
            text, cursor = text[: cursor - 1] + text[cursor:], cursor - 1
        elif deed == "move":
            cursor = chance.randint(0, len(text))
        data = row(text, cursor, style="1" if deed == "style" else STYLE)
        if deed == "elsewhere":
            data = f"\x1b[1;1H\x1b[1mx{chance.randint(0, 9)}\x1b[0m\x1b[5;4H\x1b[2K"
        few = thin.thinned(data)
        whole.feed(data)
        thinned.feed(few)
        written[0] += len(data)
        written[1] += len(few)
        assert thin_screen.buffer == whole_screen.buffer
        assert (thin_screen.cursor.x, thin_screen.cursor.y) == (whole_screen.cursor.x, whole_screen.cursor.y)
    assert written[1] < written[0] * 0.7


def test_a_letter_at_the_end_costs_only_itself_and_the_cursor() -> None:
    thin = DrawnRow()
    thin.thinned(row("hello", 5))
    assert thin.thinned(row("hello!", 6)) == f"\x1b[5;9H\x1b[{STYLE}m!\x1b[0m\x1b[{CURSOR}m \x1b[0m\x1b[5;10H"
    assert thin.thinned(row("hello!", 6)) == "\x1b[5;10H"


@pytest.mark.parametrize(
    "data",
    [
        "\x07",
        "\x1b[5;4H\x1b[2K",
        row("hello", 5, place="6;4"),
        row("he👩\u200d👩llo", 5),
        row("שלום", 4),
        row("hello", 5) + "\x1b[1;1H\x1b[1mx\x1b[0m",
    ],
)
def test_what_is_no_such_row_goes_as_it_is_and_nothing_is_known_after_it(data: str) -> None:
    thin = DrawnRow()
    thin.thinned(row("hello", 5))
    assert thin.thinned(data) == data
    assert thin.thinned(row("hello", 5)) == row("hello", 5)
