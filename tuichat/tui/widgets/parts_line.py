"""One row with words at its left and right edge, each in the colour of its role."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.message import Message as WidgetMessage
from textual.strip import Strip

from tuichat.tui.widgets.painted import Painted
from tuichat.tui.wrapping import fit

Part = tuple[str, str] | tuple[str, str, str]
"""A role of `Painted.role`, a text and, where a click does something, the command that it stands for."""

Parts = Sequence[Part]


class PartsLine(Painted):
    """Where the row is too short the right side is said in fewer words; then the left one gives way to it."""

    DEFAULT_CSS = "PartsLine { height: 1; width: 1fr; }"

    class Pressed(WidgetMessage):
        """Words were clicked that stand for a command."""

        def __init__(self, command: str) -> None:
            super().__init__()
            self.command = command

    def __init__(self, *, id: str | None = None, ellipsis: str = "…") -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._left: Parts = ()
        self._right: Parts = ()
        self._short: Parts = ()
        self._ellipsis = ellipsis

    def show(self, left: Parts, right: Parts = (), short: Parts = ()) -> None:
        """Other words; nothing is drawn if they are the same. `short` is `right` in fewer of them."""
        shown = tuple(left), tuple(right), tuple(short)
        if shown != (self._left, self._right, self._short):
            self._left, self._right, self._short = shown
            self.refresh()

    @property
    def text(self) -> str:
        """What stands there, without colours."""
        return "".join(part[1] for part in (*self._left, *self._right))

    def command_at(self, cell: int) -> str:
        """The command that what stands in a cell is for; "" for none."""
        at = 0
        for part in self._row():
            at += cell_len(part[1])
            if cell < at:
                return part[2] if len(part) == 3 else ""
        return ""

    def on_click(self, event: events.Click) -> None:
        command = self.command_at(event.x)
        if command:
            event.stop()
            self.post_message(self.Pressed(command))

    def render_line(self, y: int) -> Strip:
        """The one row."""
        return self.painted([(part[0], part[1]) for part in self._row()], focused=self.has_focus)

    def _row(self) -> list[Part]:
        """Both sides, the left one in exactly the cells that the right one leaves."""
        right = self._right
        if self._short and _width(self._left) + _width(right) > self.size.width:
            right = self._short
        room = self.size.width - _width(right)
        fitted: list[Part] = []
        for part in self._left:
            text = fit(part[1], room, self._ellipsis) if room > 0 else ""
            fitted.append((part[0], text, *part[2:]))
            room -= cell_len(part[1])
        return [*fitted, ("text", " " * room), *right]


def _width(parts: Parts) -> int:
    return sum(cell_len(part[1]) for part in parts)
