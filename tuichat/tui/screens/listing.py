"""A short list to walk over, and one key that does something with the row under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tuichat.errors import TuichatError
from tuichat.tui.context import Context
from tuichat.tui.direction import isolated_parts
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.row_list import RowList
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import fit

_AROUND = 8
"""Rows of the window that the list itself does not get."""


class Listing(Dialog[None]):
    """Scrolls by itself so that the cursor stays in sight.

    Attributes:
        ROWS_EACH: how many rows each line takes; they stand in one string, with line feeds between them.
    """

    ROWS_EACH: ClassVar[int] = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "far(-1)", show=False),
        Binding("end", "far(1)", show=False),
        Binding("q", "close", show=False),
    ]

    def __init__(self, shared: Context) -> None:
        super().__init__(shared.glyphs)
        self.shared = shared
        self.cursor = 0
        self._first = 0

    @abstractmethod
    def title_text(self) -> str:
        """What is listed."""

    @abstractmethod
    def nothing_text(self) -> str:
        """What stands there while the list is empty."""

    @abstractmethod
    def keys_text(self) -> str:
        """The keys."""

    @abstractmethod
    def lines(self) -> Sequence[str]:
        """What is listed, from top to bottom."""

    def compose(self) -> ComposeResult:
        """The list and its keys."""
        with VerticalScroll(classes="box", can_focus=False) as box:
            box.border_title = self.title_text()
            yield RowList("", id="rows", markup=False)
            yield Static("", classes="problem", markup=False)
            yield KeysLine(self.keys_text(), classes="keys")

    def on_mount(self) -> None:
        self.query_one(".problem").display = False
        self.show()

    def on_resize(self) -> None:
        self.show()

    def action_step(self, step: int) -> None:
        """Another row."""
        self.cursor += step
        self.show()

    def action_page(self, step: int) -> None:
        """As many as are seen at once, but for one."""
        self.action_step(step * max(1, self._room - 1))

    def action_far(self, step: int) -> None:
        """The first or the last."""
        self.action_step(step * len(self.lines()))

    @on(RowList.Clicked)
    def _clicked(self, event: RowList.Clicked) -> None:
        wanted = self._first + event.row // self.ROWS_EACH
        if wanted == self.cursor:
            self.clicked_again()
        elif wanted < len(self.lines()):
            self.action_step(wanted - self.cursor)

    @on(RowList.Wheeled)
    def _wheeled(self, event: RowList.Wheeled) -> None:
        self.action_step(event.step)

    def clicked_again(self) -> None:
        """The row under the cursor was clicked."""

    def show(self) -> None:
        """Draw the rows anew; the cursor stays on one of them."""
        lines = self.lines()
        self.cursor = max(0, min(len(lines) - 1, self.cursor))
        self.query_one("#rows", RowList).update(self._drawn(lines) if lines else Text(self.nothing_text()))

    @property
    def row_width(self) -> int:
        """Cells of a row, behind the cursor's mark."""
        return min(72, self.app.size.width) - 6

    @property
    def _room(self) -> int:
        """How many are seen at once."""
        return max(1, (self.app.size.height - _AROUND) // self.ROWS_EACH)

    def _drawn(self, lines: Sequence[str]) -> Text:
        room = self._room
        first = self._first = max(0, min(self.cursor - room + 1, len(lines) - room))
        text = Text(no_wrap=True)
        for index in range(first, min(first + room, len(lines))):
            here = index == self.cursor
            for row in lines[index].split("\n"):
                mark = self.glyphs.chosen if here else " "
                shown = isolated_parts(fit(row, self.row_width, self.glyphs.ellipsis))
                text.append(f"{mark} {shown}\n", "bold" if here else "")
        text.right_crop(1)
        return text

    def say(self, text: str) -> None:
        """Say what was done or why not."""
        problem = self.query_one(".problem", Static)
        problem.display = bool(text)
        problem.update(Text(text))

    def fail(self, error: TuichatError) -> None:
        """Say what went wrong and what to do."""
        self.say(error_text(error))

    async def ask(self, question: str, keys: str) -> bool:
        """One question; anything but a yes is a no."""
        answer: bool | None = await self.app.push_screen_wait(
            Confirm(question, keys, self.glyphs, danger=True)
        )
        return answer is True
