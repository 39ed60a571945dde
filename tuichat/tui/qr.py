"""A QR code drawn with half blocks, two modules a cell, or with sextants, six of them."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

QUIET_ZONE = 2
"""Light modules around the code; two are enough for every reader tried, and keep it within 17 rows."""

_OLDER = {0: " ", 0b010101: "▌", 0b101010: "▐", 0b111111: "█"}
"""Of these four sixths Unicode had the signs before those of the others."""

_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def qr_rows(address: str) -> list[str]:
    """The code as rows of half blocks; a block is a dark module.

    Upper case lets the code use its alphanumeric mode, which makes it two sizes smaller.
    """
    matrix = _modules(address)
    if len(matrix) % 2:
        matrix.append([False] * len(matrix[0]))
    return [
        "".join(_HALVES[upper, lower] for upper, lower in zip(matrix[row], matrix[row + 1], strict=True))
        for row in range(0, len(matrix), 2)
    ]


def sextant_rows(address: str) -> list[str]:
    """The code as rows of sextants (Unicode 13, "Symbols for Legacy Computing"): two modules by three a cell.

    A third lower than in half blocks, and a little higher than broad, which readers put up with.
    """
    matrix = _modules(address)
    blank = [False] * (len(matrix) + 1)
    rows = [*([*row, False] for row in matrix), blank, blank]
    return [
        "".join(
            _sextant([rows[y + below][x + beside] for below in range(3) for beside in range(2)])
            for x in range(0, len(matrix), 2)
        )
        for y in range(0, len(matrix), 3)
    ]


def _sextant(modules: list[bool]) -> str:
    """The sign whose sixths are these, from the upper left to the lower right."""
    number = sum(1 << place for place, dark in enumerate(modules) if dark)
    if number in _OLDER:
        return _OLDER[number]
    return chr(0x1FB00 + number - sum(number > older for older in _OLDER))


def whole_rows(address: str, dark: str, light: str) -> list[str]:
    """The code as rows of whole cells, two for a module: for fonts that have no half blocks."""
    return ["".join((dark if module else light) * 2 for module in row) for row in _modules(address)]


def _modules(address: str) -> list[list[bool]]:
    import segno

    code = segno.make(address.upper(), error="l", micro=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_ZONE)]


def qr_text(address: str, most: int | None = None) -> Text:
    """The code in black on white, whatever the theme: readers need it dark on light.

    Args:
        most: where half blocks need more rows, it is drawn in sextants, which not every font has.
    """
    rows = qr_rows(address)
    if most is not None and len(rows) > most:
        rows = sextant_rows(address)
    return Text("\n".join(rows), style=Style(color="#000000", bgcolor="#ffffff"), no_wrap=True)
