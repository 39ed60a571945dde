"""A picture of half blocks."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from tuichat.tui.pictures import Rows
from tuichat.tui.widgets.painted import Painted


class HalfBlocks(Painted):
    """As large as its rows."""

    DEFAULT_CSS = "HalfBlocks { width: auto; height: auto; }"

    def __init__(self, rows: Rows, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's own name
        super().__init__(id=id)
        self._picture = rows

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return sum(len(text) for _part, text in self._picture[0]) if self._picture else 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._picture)

    def render_line(self, y: int) -> Strip:
        """One row of cells."""
        return self.painted(self._picture[y] if y < len(self._picture) else [])
