"""Scroll bars for fonts without parts of blocks: their ends are whole cells."""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender


class WholeBars(ScrollBarRender):
    """Textual's, in steps of a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def draw_whole_bars() -> None:
    """Draw all scroll bars so from now on."""
    ScrollBar.renderer = WholeBars
