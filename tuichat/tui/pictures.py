"""Pictures as rows of half blocks: which files have one, which were drawn, and which are to be drawn.

They are decoded by processes of their own (`media.drawing`), one at a time. A bounded number of the small
ones is kept; whatever cannot be shown is remembered as such, and looks as if it were no picture.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tuichat.model import File

if TYPE_CHECKING:  # most people see no pictures, and without a screen there is no Textual
    from textual.app import App

    from tuichat.media.drawing import Pixels
    from tuichat.tui.context import Options

Row = list[tuple[str, str]]
Rows = tuple[Row, ...]

UPPER_HALF = "▀"
"""A role that begins with it names colours: of the upper half of a cell, and of the lower if there is one."""

MOST_ROWS: Final = 12
"""Rows of a small picture in a history."""

MOST_COLUMNS: Final = 64

KEPT: Final = 64
"""So many small pictures are kept: about a screen of each, however long the history."""

_WAITING: Final = 16


def is_picture(file: File) -> bool:
    """Whether a file is here, mine or fetched to its end, and of a type that can be shown."""
    from tuichat.media.drawing import DRAWABLE

    if file.direction == "out":
        return bool(file.path) and file.media_type in DRAWABLE
    return bool(file.path) and file.state == "complete" and file.sniffed_type in DRAWABLE


def kind_of(file: File) -> str:
    """The media type that its bytes have, as this side's node saw them."""
    return file.media_type if file.direction == "out" else file.sniffed_type


def can_show(app: App[Any], options: Options) -> bool:
    """Whether pictures are wanted, and the terminal has the signs and the colours for them."""
    few = app.theme == "sixteen" or app.console.color_system in {None, "standard"} or app.no_color
    return options.images and not options.glyphs.ascii_only and not few


def half_blocks(pixels: Pixels) -> Rows:
    """Two rows of pixels to a row of cells; equal neighbours are one part, named by its colours."""
    return tuple(_half_blocks(pixels, y) for y in range(0, pixels.height, 2))


def _half_blocks(pixels: Pixels, y: int) -> Row:
    length = 3 * pixels.width
    upper = pixels.data[y * length : (y + 1) * length].hex()
    lower = pixels.data[(y + 1) * length : (y + 2) * length].hex()
    row: Row = []
    for at in range(0, 6 * pixels.width, 6):
        part = f"{UPPER_HALF}{upper[at : at + 6]}{lower[at : at + 6]}"
        if row and row[-1][0] == part:
            row[-1] = (part, row[-1][1] + UPPER_HALF)
        else:
            row.append((part, UPPER_HALF))
    return row


class KnownPictures:
    """The small pictures of files by id.

    Attributes:
        enabled: they are shown at all.
    """

    def __init__(self) -> None:
        self.enabled = False
        self._kept: dict[int, tuple[int, Rows]] = {}
        self._waiting: dict[int, tuple[File, int]] = {}
        self._drawing: tuple[int, int] | None = None

    @property
    def busy(self) -> bool:
        """Whether something is being drawn."""
        return self._drawing is not None

    def rows(self, file: File | None, width: int) -> Rows:
        """The picture of a file in rows of at most `width` cells, as far as it was drawn; else none."""
        kept = self._kept.get(file.id) if file is not None and self.enabled else None
        return kept[1] if kept is not None and kept[0] == _columns(width) else ()

    def is_wanted(self, file: File | None, width: int) -> bool:
        """Whether a file has a picture that was not drawn in this width, nor is to be."""
        if file is None or not self.enabled or not is_picture(file):
            return False
        columns = _columns(width)
        asked = self._waiting[file.id][1] if file.id in self._waiting else 0
        kept = self._kept[file.id][0] if file.id in self._kept else 0
        return columns not in {asked, kept} and self._drawing != (file.id, columns)

    def ask(self, file: File, width: int) -> None:
        """Have it drawn; what was asked for longest ago is left until it is asked for again."""
        self._waiting.pop(file.id, None)
        self._waiting[file.id] = file, _columns(width)
        if len(self._waiting) > _WAITING:
            del self._waiting[next(iter(self._waiting))]

    async def drawn(self) -> AsyncIterator[File]:
        """Draw what is asked for, the latest first, and tell each; ends at once if that goes on already."""
        if self._drawing:
            return
        try:
            while self._waiting:
                file, width = self._waiting.pop(next(reversed(self._waiting)))
                kept, self._drawing = self._kept, (file.id, width)
                rows = await _drawn(file, width)
                if kept is self._kept:
                    self._keep(file.id, width, rows)
                    yield file
        finally:
            self._drawing = None

    def forget(self) -> None:
        """Nothing is known of a locked profile; what is being drawn is not kept."""
        self._kept = {}
        self._waiting.clear()

    def remove(self, file: int) -> None:
        """A file is gone; what is being drawn is not kept."""
        self._kept = {number: kept for number, kept in self._kept.items() if number != file}
        self._waiting.pop(file, None)

    def _keep(self, file: int, width: int, rows: Rows) -> None:
        self._kept.pop(file, None)
        self._kept[file] = width, rows
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]


def _columns(width: int) -> int:
    return max(1, min(width, MOST_COLUMNS))


async def _drawn(file: File, width: int) -> Rows:
    from tuichat.media.drawing import UnshownError, draw

    try:
        return half_blocks(await draw(Path(file.path), kind_of(file), width, 2 * MOST_ROWS))
    except UnshownError:
        return ()
