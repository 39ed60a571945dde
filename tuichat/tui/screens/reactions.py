"""Choosing an emoji for a message: one of a few by its number, any other by its name."""

from __future__ import annotations

import unicodedata
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.types import CSSPathType
from textual.widgets import Input

from tuichat.i18n import _
from tuichat.model import Message
from tuichat.tui.emoji import pictures
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.field import Field
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.row_list import RowList

_USUAL: Final = ("👍", "❤", "😂", "😮", "😢", "🙏", "🎉", "👀")
_ROWS: Final = len(_USUAL)


class Reactions(Dialog[str]):
    """Gives the emoji; one that the message has of oneself is taken away by choosing it again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+b", "step(-1)", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
    ]
    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "quick_switch.tcss"]

    def __init__(self, glyphs: Glyphs, message: Message) -> None:
        super().__init__(glyphs)
        self._mine = message.my_reactions
        self._found: list[str] = []
        self._cursor = 0

    def compose(self) -> ComposeResult:
        """A field, and what fits below it."""
        with Vertical(classes="box") as box:
            box.border_title = _("React")
            yield Field(placeholder=_("an emoji, or letters of its name"), compact=True)
            yield RowList("", id="found", markup=False)
            yield KeysLine(_("Enter react   Esc close"), classes="keys")

    def on_mount(self) -> None:
        self._find("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        typed = event.value.strip()
        if len(typed) == 1 and typed in "123456789"[: len(self._found)]:
            self.dismiss(self._found[int(typed) - 1])
        else:
            self._find(typed)

    def _find(self, typed: str) -> None:
        own = [each for each in self._mine if each not in _USUAL]
        self._found = [*_USUAL, *own][: _ROWS + 1]
        if typed and not typed.isascii():
            self._found = [typed]
        elif len(typed) > 1:
            self._found = pictures(f":{typed.strip(':').replace(' ', '_')}")[:_ROWS]
        self._cursor = 0
        self._show()

    @on(Input.Submitted)
    def _choose(self) -> None:
        if self._found:
            self.dismiss(self._found[self._cursor])

    @on(RowList.Clicked)
    def _clicked(self, event: RowList.Clicked) -> None:
        if event.row < len(self._found):
            self.dismiss(self._found[event.row])

    @on(RowList.Wheeled)
    def _wheeled(self, event: RowList.Wheeled) -> None:
        self.action_step(event.step)

    def action_step(self, step: int) -> None:
        """Another one of those that fit."""
        self._cursor = max(0, min(len(self._found) - 1, self._cursor + step))
        self._show()

    def _show(self) -> None:
        text = Text(no_wrap=True, overflow="ellipsis")
        for index, emoji in enumerate(self._found):
            here = index == self._cursor
            mark = self.glyphs.chosen if here else " "
            yours = "  " + _("yours; again takes it away") if emoji in self._mine else ""
            text.append(f"{mark} {index + 1}  {emoji}  ", "bold" if here else "")
            text.append(f"{_name(emoji)}{yours}\n", "dim")
        self.query_one("#found", RowList).update(text if self._found else Text(_("No emoji fits.")))


def _name(emoji: str) -> str:
    """As Unicode calls it."""
    return unicodedata.name(emoji[0], "").lower() if emoji else ""
