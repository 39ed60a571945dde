"""One line of standard error that is written over and over, for a person who watches; and the bar on it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

from tuichat.cli.output import full_name, width_of
from tuichat.file_words import circuits, how_far, percent, rate, time_left
from tuichat.i18n import _
from tuichat.model import File
from tuichat.sizes import shown_size
from tuichat.tui.terminal import is_console

_LEAST_COLUMNS = 20
_BAR_CELLS = 16
_LEAST_NAME = 12
_GAP = "  "
_CLEAR = "\r\x1b[K"


class StatusLine:
    """Shows nothing where nobody would see it move: no terminal, or one that cannot go back in a line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        able = os.environ.get("TERM", "") not in ("", "dumb")
        self.is_shown = able and self._stream is not None and self._stream.isatty()
        self._used = False

    def show(self, text: str) -> None:
        """Put `text` in the place of what stood there."""
        if self.is_shown:
            self._used = True
            self._write(_CLEAR + _cut(text, self._columns() - 1))

    def show_file(self, file: File, number: int = 1, count: int = 1) -> None:
        """How far a file is, the `number`th of `count`."""
        if self.is_shown:
            encoding = (self._stream.encoding or "").lower().replace("-", "")
            plain = encoding != "utf8" or is_console(os.environ)
            self.show(bar_line(file, number, count, columns=self._columns() - 1, plain=plain))

    def clear(self) -> None:
        """Leave an empty line, so that others can write there."""
        if self._used:
            self._used = False
            self._write(_CLEAR)

    def _columns(self) -> int:
        return max(_LEAST_COLUMNS, shutil.get_terminal_size().columns)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self.is_shown = self._used = False


def bar_line(file: File, number: int = 1, count: int = 1, *, columns: int = 80, plain: bool = False) -> str:
    """A file that comes on a line of at most `columns` cells; what does not fit is left out, the name is cut.

    Args:
        number, count: which of how many it is; not shown for a single one.
        plain: with ASCII signs only.
    """
    which = f"{number}/{count} " if count > 1 else ""
    parts = _parts(file, plain=plain)
    while parts and width_of(which + _GAP.join(parts)) + _LEAST_NAME + len(_GAP) > columns:
        parts.pop()
    rest = "".join(_GAP + part for part in parts)
    return which + _cut(full_name(file), columns - width_of(which + rest)) + rest


def _parts(file: File, *, plain: bool) -> list[str]:
    """What is said about a file, the most important first."""
    if file.state != "active":
        return [how_far(file), shown_size(file.size)]
    full, empty = "#-" if plain else "▓░"
    done = _BAR_CELLS * percent(file) // 100
    bar = f"{full * done}{empty * (_BAR_CELLS - done)} {percent(file)}%"
    amounts = _("{done} of {size}").format(done=shown_size(file.bytes_done), size=shown_size(file.size))
    return [
        part for part in (bar, amounts, rate(file.rate), time_left(file), circuits(file.circuits)) if part
    ]


def _cut(text: str, cells: int) -> str:
    """`text` in at most so many cells, with dots where some of it is missing."""
    if width_of(text) <= cells:
        return text
    kept = ""
    for character in text:
        if width_of(kept + character) > cells - 3:
            break
        kept += character
    return kept + "..."[: max(cells, 0)]
