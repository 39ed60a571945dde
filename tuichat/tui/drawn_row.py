"""A row that is drawn over and over, as the input is with each letter: only what differs has to go far.

    CSI row ; column H                     where it begins
    ( CSI style m  text  CSI 0 m ) ...     its parts, whose styles are whole
    ( CSI row ; column H ) ...             where the cursor is left

So Textual writes one region of one row. What stands there is known as long as nothing else was written since;
whatever else is written goes as it is. So a terminal that shows something else in the meantime, because it
was resized or another program wrote to it, is put right by the next picture of more than this row.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import Final

from tuichat.tui.clusters import clusters, disputed
from tuichat.tui.direction import turns

_PART: Final = r"\x1b\[([\d;]*)m([^\x00-\x1f\x7f]+)\x1b\[0m"
_ROW: Final = re.compile(
    r"\x1b\[(\d+);(\d+)H(?P<parts>(?:"
    + _PART.replace("(", "(?:")
    + r")+)(?:\x1b\[\d+;\d+H)*(?P<left>\x1b\[\d+;\d+H)"
)

_Cell = tuple[str, str, int]
"""A style, what is drawn as one, and how wide it is."""


class DrawnRow:
    """What was written last, if it was such a row."""

    def __init__(self) -> None:
        self._place = ("", "")
        self._cells: list[_Cell] = []

    def thinned(self, data: str) -> str:
        """What has to be written in the place of `data`."""
        found = _ROW.fullmatch(data)
        if found is None or disputed(data) or turns(data):
            self._cells = []
            return data
        place, cells = (found[1], found[2]), _cells(found["parts"])
        before = self._cells if place == self._place else []
        self._place, self._cells = place, cells
        if _width(before) != _width(cells):
            return data
        begin = _common(before, cells)
        end = len(cells) - _common(before[begin:][::-1], cells[begin:][::-1])
        if begin == end:
            return found["left"]
        column = int(found[2]) + _width(cells[:begin])
        return f"\x1b[{found[1]};{column}H{_drawn(cells[begin:end])}{found['left']}"


def _cells(parts: str) -> list[_Cell]:
    return [
        (part[1], cluster.text, cluster.width)
        for part in re.finditer(_PART, parts)
        for cluster in clusters(part[2])
    ]


def _width(cells: list[_Cell]) -> int:
    return sum(width for _style, _text, width in cells)


def _common(one: list[_Cell], other: list[_Cell]) -> int:
    """How many cells at the beginning are the same in both."""
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _drawn(cells: list[_Cell]) -> str:
    runs = groupby(cells, key=itemgetter(0))
    return "".join(f"\x1b[{style}m{''.join(cell[1] for cell in run)}\x1b[0m" for style, run in runs)
