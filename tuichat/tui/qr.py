"""A QR code drawn with half blocks, two modules a cell."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

QUIET_ZONE = 2
"""Light modules around the code; two are enough for every reader tried, and keep it within 17 rows."""

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


def whole_rows(address: str, dark: str, light: str) -> list[str]:
    """The code as rows of whole cells, two for a module: for fonts that have no half blocks."""
    return ["".join((dark if module else light) * 2 for module in row) for row in _modules(address)]


def _modules(address: str) -> list[list[bool]]:
    import segno

    code = segno.make(address.upper(), error="l", micro=False)
    return [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_ZONE)]


def qr_text(address: str) -> Text:
    """The code in black on white, whatever the theme: readers need it dark on light."""
    return Text("\n".join(qr_rows(address)), style=Style(color="#000000", bgcolor="#ffffff"), no_wrap=True)
