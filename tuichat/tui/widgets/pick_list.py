"""Rows to pick one of, some of them headings: by a cursor that a screen moves, or by the mouse."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from textual import events
from textual.geometry import Size
from textual.message import Message as WidgetMessage
from textual.strip import Strip

from tuichat.tui.glyphs import Glyphs
from tuichat.tui.widgets.painted import Painted

WHEEL_ROWS = 3


class Line(msgspec.Struct, frozen=True):
    """One row.

    Attributes:
        parts: (role, text) pairs, without the first cell, which is the cursor's.
        item: what is picked by it, by number; several rows may be one item. None: a heading.
    """

    parts: tuple[tuple[str, str], ...]
    item: int | None = None


class PickList(Painted):
    """Scrolls by itself so that all rows of the item under the cursor are in sight."""

    DEFAULT_CSS = "PickList { width: 1fr; height: auto; }"

    class Picked(WidgetMessage):
        """A click on an item; `again` if the cursor was there already."""

        def __init__(self, item: int, *, again: bool) -> None:
            super().__init__()
            self.item = item
            self.again = again

    class Wheeled(WidgetMessage):
        """The mouse wheel was turned by so many rows."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._glyphs = glyphs
        self._lines: Sequence[Line] = ()
        self._cursor = 0
        self._first = 0

    def show(self, lines: Sequence[Line], cursor: int) -> None:
        """Other rows, or another place of the cursor."""
        taller = len(lines) != len(self._lines)
        self._lines, self._cursor = lines, cursor
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """A heading, or a row of an item."""
        if y == 0:
            self._bring_into_sight()
        at = self._first + y
        if at >= len(self._lines):
            return self.painted([])
        line = self._lines[at]
        here = line.item is not None and line.item == self._cursor
        mark = ("mark", self._glyphs.chosen) if here else ("text", " ")
        return self.painted([mark, *line.parts], chosen=here)

    def _bring_into_sight(self) -> None:
        rows = [at for at, line in enumerate(self._lines) if line.item == self._cursor]
        height, first = self.size.height, self._first
        if rows:
            above = rows[0] - 1  # its heading, if it has one
            start = above if above >= 0 and self._lines[above].item is None else rows[0]
            first = min(max(first, rows[-1] - height + 1), start)
        self._first = max(0, min(first, len(self._lines) - height))

    def on_click(self, event: events.Click) -> None:
        at = self._first + event.y
        item = self._lines[at].item if at < len(self._lines) else None
        if item is not None:
            self.post_message(self.Picked(item, again=item == self._cursor))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Wheeled(-WHEEL_ROWS))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Wheeled(WHEEL_ROWS))
