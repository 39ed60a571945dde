"""What stands behind a picture that terminals draw in different widths, put where it belongs.

A family is two cells to a terminal that draws it as one picture and six to one that does not; a hand with a
skin tone is two or four. Whatever follows in the row would be shifted, pushed out of it, or leave the rest of
something older behind. So each of them is drawn onto blank cells, and the cursor is then told its column.
"""

from __future__ import annotations

import re

from rich.cells import split_graphemes
from textual.drivers.linux_driver import LinuxDriver

_DISPUTED = re.compile(
    "[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff\u0900-\u0dff\u0e00-\u0fff]"
)
"""Joiners, variation selectors, skin tones, halves of flags; scripts with signs of a cell of their own."""

_HALF = re.compile("[\U0001f1e6-\U0001f1ff]")

_PIECES = re.compile(
    r"(?P<move>\x1b\[\d+;(?P<column>\d+)H)"
    r"|(?P<control>\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b.|[\x00-\x1a\x1c-\x1f])"
    r"|(?P<text>[^\x00-\x1f]+)",
    re.DOTALL,
)


def columns_told(data: str) -> str:
    """What goes to the terminal, with the column told behind everything whose width is disputed."""
    if data.isascii() or _DISPUTED.search(data) is None:
        return data
    told: list[str] = []
    column: int | None = None  # from 1 on; None while it is not known
    for piece in _PIECES.finditer(data):
        found = piece.group()
        if piece.lastgroup == "control":
            if found[0] != "\x1b":
                column = None
        elif piece["column"]:
            column = int(piece["column"])
        elif column is not None:
            found, column = _text(found, column)
        told.append(found)
    return "".join(told)


def _text(text: str, column: int) -> tuple[str, int]:
    """A text that begins at `column`, and the column behind it."""
    drawn: list[str] = []
    for unit, width in _units(text):
        if _DISPUTED.search(unit) is None:
            drawn.append(unit)
        else:
            drawn.append(f"{' ' * width}\x1b[{column}G{unit}\x1b[{column + width}G")
        column += width
    return "".join(drawn), column


def _units(text: str) -> list[tuple[str, int]]:
    """What is seen as one, with its cells as the interface counts them; a flag's halves stay together."""
    units: list[tuple[str, int]] = []
    for start, end, width in split_graphemes(text)[0]:
        unit = text[start:end]
        if units and _HALF.fullmatch(unit) and _HALF.fullmatch(units[-1][0]):
            units[-1] = (units[-1][0] + unit, units[-1][1] + width)
        else:
            units.append((unit, width))
    return units


class ColumnDriver(LinuxDriver):
    """Textual's, with columns told."""

    def write(self, data: str) -> None:
        """Write to the terminal."""
        super().write(columns_told(data))
