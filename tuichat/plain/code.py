"""A QR code without colours."""

from __future__ import annotations

from typing import Final

_INVERTED: Final = str.maketrans("█▀▄ ", " ▄▀█")
_HALVES: Final = {"█": "  ", "▀": " #", "▄": "# ", " ": "##"}
"""Of each cell: its upper and its lower module, a light one as #."""


def code_rows(text: str, *, ascii_only: bool) -> list[str]:
    """The code with light modules drawn, as a dark terminal needs it; in ASCII each is two # wide."""
    from tuichat.tui.qr import qr_rows

    rows = qr_rows(text)
    if not ascii_only:
        return [row.translate(_INVERTED) for row in rows]
    return ["".join(_HALVES[cell][half] * 2 for cell in row) for row in rows for half in (0, 1)]
