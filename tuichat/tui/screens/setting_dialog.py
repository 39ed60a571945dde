"""The ground of the screens about settings: rows to go up and down in, and below them what is wrong."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.types import CSSPathType
from textual.widgets import Static

from tuichat.tui.screens.dialog import Dialog, Result

LOW = 20
"""In a window of fewer rows nothing stands empty."""


class SettingDialog(Dialog[Result]):
    """A dialog with a `.problem` row and at most `WIDEST` columns."""

    CSS_PATH: ClassVar[CSSPathType | None] = ["dialog.tcss", "settings.tcss"]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (LOW, "-high")]  # noqa: RUF012 -- as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,ctrl+b", "step(-1)", show=False),
        Binding("down,ctrl+n", "step(1)", show=False),
        Binding("ctrl+r", "reset", show=False, priority=True),
    ]
    WIDEST: ClassVar[int]

    @abstractmethod
    def action_step(self, step: int) -> None:
        """Go so many rows down, up if negative."""

    @abstractmethod
    def action_reset(self) -> None:
        """Have a setting be what it is by itself."""

    @property
    def inner_width(self) -> int:
        """The cells within the frame."""
        return min(self.WIDEST, self.app.size.width) - 4

    def say(self, text: str) -> None:
        """Say what was done or what is wrong, "" for nothing."""
        problem = self.query_one(".problem", Static)
        problem.display = bool(text)
        problem.update(Text(text))
