"""What is one emoji, and what is none or more."""

from __future__ import annotations

import pytest

from tuichat.protocol.bodies import MAX_EMOJI_BYTES
from tuichat.protocol.emoji import one_emoji

PICTURES = ["👍", "❤️", "❤", "👩🏽‍❤️‍💋‍👨🏿", "👨‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🇨🇳", "1️⃣", "\U0001faff"]


@pytest.mark.parametrize("picture", PICTURES)
def test_one_emoji_is_itself_and_fits_a_reaction(picture: str) -> None:
    assert one_emoji(picture) == picture
    assert len(picture.encode()) <= MAX_EMOJI_BYTES
    assert one_emoji(one_emoji(picture)) == picture


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "1",
        "*",
        "👍👍",
        "👍 ",
        "👍\n",
        "👍a",
        "🇨",
        "\u200d",
        "\ufe0f",
        "\x1b[31m",
        "[red]",
        "👍" * 30,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert one_emoji(text) == ""


def test_what_could_move_a_terminal_is_taken_out_first() -> None:
    assert one_emoji("\x1b👍\u202e") == "👍"
