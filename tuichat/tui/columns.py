"""What stands behind characters that terminals draw in different widths, put where it belongs.

A family is two cells to a terminal that draws it as one picture and eight to one that does not; a flag is one
cell, two or four, and a picture that is newer than the terminal one or two. Whatever follows in the row would
be shifted, pushed out of it, or leave the rest of something older behind. So each of them is drawn onto blank
cells, and the cursor is then told its column. What could reach over cells that are not drawn anew now is
drawn by its first character alone, which is as wide as the interface counts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.drivers.linux_driver import LinuxDriver

from tuichat.tui.clusters import Cluster, alone, as_written, clusters, disputed
from tuichat.tui.direction import without_directions
from tuichat.tui.terminal import is_console

if TYPE_CHECKING:
    from tuichat.tui.drawn_row import DrawnRow

_PIECES = (
    r"(?P<move>\x1b\[\d+;(?P<column>\d+)H)"
    r"|(?P<control>\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b(?s:.)|[\x00-\x1a\x1c-\x1f])"
    r"|(?P<text>[^\x00-\x1f]+)"
)


def columns_told(data: str) -> str:
    """What goes to the terminal, with the column told behind everything whose width is disputed."""
    if not disputed(data):
        return data
    return "".join(_told(data))


def _told(data: str) -> Iterator[str]:
    """The pieces of `data`; a run of them is what is drawn from one known column on."""
    run: list[re.Match[str]] = []
    column: int | None = None  # where the run begins, from 1 on; None while it is not known
    for piece in re.finditer(_PIECES, data):
        told = piece["column"]
        lost = piece.lastgroup == "control" and piece.group()[0] != "\x1b"
        if told or lost:
            yield from _run(run, column)
            yield piece.group()
            run, column = [], int(told) if told else None
        else:
            run.append(piece)
    yield from _run(run, column)


def _run(run: list[re.Match[str]], column: int | None) -> Iterator[str]:
    if column is None:
        yield from (piece.group() for piece in run)
        return
    end = column + sum(cell_len(piece["text"]) for piece in run if piece["text"])
    for piece in run:
        text = piece["text"]
        if text and disputed(text):
            for cluster in clusters(text):
                yield _placed(cluster, column, end) if disputed(cluster.text) else cluster.text
                column += cluster.width
        else:
            yield piece.group()
            column += cell_len(text) if text else 0


def _placed(cluster: Cluster, column: int, end: int) -> str:
    """A cluster drawn at `column`, and the cursor put behind it; from `end` on nothing is drawn anew now."""
    drawn = as_written(cluster.text)
    if column + cluster.most > end:
        drawn = drawn[0] if alone(drawn[0]) <= cluster.width else ""
    return f"{' ' * cluster.width}\x1b[{column}G{drawn}\x1b[{column + cluster.width}G"


class ColumnDriver(LinuxDriver):
    """Textual's, with columns told, and without isolates where each of them would be shown as a sign."""

    @cached_property
    def _shows_isolates(self) -> bool:
        return is_console(os.environ)  # vt.c: conv_uni_to_pc knows of none that it is drawn in no cell

    def write(self, data: str) -> None:
        """Write to the terminal."""
        super().write(columns_told(without_directions(data) if self._shows_isolates else data))


class FarDriver(ColumnDriver):
    """For a terminal beyond a network: a row that is drawn again costs only what differs in it.

    And the mouse tells of buttons, not of every cell that it comes over.
    """

    @cached_property
    def _row(self) -> DrawnRow:
        from tuichat.tui.drawn_row import DrawnRow  # where nothing is far it is not needed

        return DrawnRow()

    def write(self, data: str) -> None:
        """Write to the terminal."""
        super().write(self._row.thinned(data).replace("\x1b[?1003", "\x1b[?1002"))
