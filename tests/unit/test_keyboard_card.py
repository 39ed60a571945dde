"""The keyboard card says what the help page says, in both languages."""

from __future__ import annotations

import pytest

from tests.support.keyboard_card import CARDS, DOCS, card
from tuichat.tui.keymap import load_keymaps
from tuichat.tui.slash import usages


@pytest.mark.parametrize("name", list(CARDS))
def test_card_is_up_to_date(name: str) -> None:
    mend = "run: .venv/bin/python -m tests.support.keyboard_card"
    assert (DOCS / name).read_text(encoding="utf-8") == card(name), mend


@pytest.mark.parametrize("name", list(CARDS))
def test_card_has_every_command_and_every_key_of_the_keymaps(name: str) -> None:
    text = card(name)
    for command in usages():
        assert f"| `/{command}" in text
    for keymap in load_keymaps().values():
        for key, _meaning, _place in keymap.rows():
            assert f"| {key} |" in text


def test_chinese_card_is_not_the_english_one() -> None:
    english, chinese = (card(name).splitlines() for name in CARDS)
    same = set(english) & set(chinese)
    assert not [line for line in same if line and not line.startswith("| ---")]
