"""One question, yes or no."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuichat.tui.glyphs import Glyphs
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine


class Confirm(Dialog[bool]):
    """Gives True for y or Enter, False for n or Esc. `danger` asks for y alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", show=False),
        Binding("n", "answer(False)", show=False),
        Binding("enter", "enter", show=False),
    ]

    def __init__(self, question: str, keys: str, glyphs: Glyphs, *, danger: bool = False) -> None:
        super().__init__(glyphs)
        self._question = question
        self._keys = keys
        self._danger = danger

    def compose(self) -> ComposeResult:
        """A question and its keys."""
        with VerticalScroll(classes="box", can_focus=False):
            yield Static(Text(self._question), markup=False)
            yield KeysLine(self._keys, classes="keys")

    def action_answer(self, answer: bool) -> None:
        """The person has decided."""
        self.dismiss(answer)

    def action_enter(self) -> None:
        """Enter is a yes where that is harmless."""
        if not self._danger:
            self.dismiss(True)

    def action_close(self) -> None:
        """Esc is a no."""
        self.dismiss(False)
