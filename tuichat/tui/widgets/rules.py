"""Rules of one cell between the parts of a screen."""

from __future__ import annotations

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tuichat.tui.glyphs import Glyphs


class HorizontalRule(Widget):
    """A line over the whole width; at column `tee`, if one is set, a vertical rule meets it."""

    DEFAULT_CSS = "HorizontalRule { height: 1; width: 1fr; color: $rule; }"

    def __init__(self, line: str, tee: str, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self.tee_at: int | None = None
        self._line = line
        self._tee = tee

    def meet(self, column: int | None) -> None:
        """Where the vertical rule meets it, if it does."""
        if column != self.tee_at:
            self.tee_at = column
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The one row."""
        width, at = self.size.width, self.tee_at
        cells = self._line * width
        if at is not None and at < width:
            cells = cells[:at] + self._tee + cells[at + 1 :]
        return Strip([Segment(cells, self.rich_style)], width)


class VerticalRule(Widget):
    """A line over the whole height, one cell wide."""

    DEFAULT_CSS = "VerticalRule { width: 1; height: 1fr; color: $rule; }"

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._cell = glyphs.vertical

    def render_line(self, y: int) -> Strip:
        """One cell."""
        return Strip([Segment(self._cell, self.rich_style)], 1)
