"""The row that names keys and what they do: a click on one of them presses it."""

from __future__ import annotations

import re
from typing import Any, Final

from rich.cells import cell_len, chop_cells
from textual import events
from textual.app import App
from textual.keys import _character_to_key
from textual.widgets import Static

from tuichat.tui.keymap import key_name
from tuichat.tui.written_key import WrittenKey

_GROUP: Final = re.compile(r"(?:^|(?<= {2}))(?=\S)")
"""Where a key and its meaning begin: two spaces stand between it and the one before."""

_WRITTEN: Final = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown"}


def named_key(word: str) -> str:
    """Textual's name of a key as key rows write it, such as Esc, F1, Ctrl+S or c; "" if the word is none."""
    if len(word) == 1:
        return _character_to_key(word) if word.isascii() else ""
    *modifiers, last = word.lower().split("+")
    return key_name("+".join([*modifiers, _WRITTEN.get(last, last)])) if word[0].isupper() else ""


def key_at(row: str, cell: int) -> str:
    """The key that a click on a cell of the row means: that word, or what it stands behind; "" for none.

    A key may stand apart from its meaning, as in `y  stop it   n  no`, and several may share one.
    """
    if not 0 <= cell < cell_len(row):
        return ""
    at, found = len(chop_cells(row, cell + 1)[0]) - 1, ""
    for group in (each.start() for each in _GROUP.finditer(row)):
        words = list(re.finditer(r"\S+", row[group:].split("  ")[0]))
        starts = [group + word.start() for word in words]
        if group > at:
            break
        keys = [named_key(word[0]) for word in words]
        if keys[0]:
            found = keys[0]
        if all(keys):
            under = [key for key, start in zip(keys, starts, strict=True) if start <= at]
            found = under[-1]
    return found


def press_key(app: App[Any], key: str) -> None:
    """Have a key come as if it was pressed, by whatever keymap."""
    character = next((chr(code) for code in range(33, 127) if _character_to_key(chr(code)) == key), None)
    app.post_message(WrittenKey(key, character))


class KeysLine(Static):
    """As `Static`; each key in it can be clicked."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002 -- Textual's name
        super().__init__(text, id=id, classes=classes, markup=False)

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked, if one was."""
        place = event.get_content_offset(self)
        if place is None:
            return
        key = key_at(self.render_line(place.y).text.rstrip(), place.x)
        if key:
            event.stop()
            press_key(self.app, key)
