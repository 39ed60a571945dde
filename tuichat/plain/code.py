"""A QR code without colours."""

from __future__ import annotations

import os
from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.tui.glyphs import Glyphs

_INVERTED: Final = str.maketrans("█▀▄ ", " ▄▀█")


def code_rows(text: str, glyphs: Glyphs) -> list[str]:
    """The code with light modules drawn, as a dark terminal needs it: by half blocks, else two cells each.

    Raises:
        UsageError: it is wider than the terminal.
    """
    from tuichat.tui.qr import qr_rows, whole_rows

    rows = whole_rows(text, " ", glyphs.done) if glyphs.ascii_only else qr_rows(text)
    room = _columns()
    if room and len(rows[0]) > room:
        raise UsageError(
            _("The QR code is {width} columns wide, and the terminal {columns}.").format(
                width=len(rows[0]), columns=room
            ),
            _("Make it wider."),
        )
    return rows if glyphs.ascii_only else [row.translate(_INVERTED) for row in rows]


def _columns() -> int:
    """Of the terminal; 0 where there is none."""
    try:
        return os.get_terminal_size(1).columns
    except OSError:
        return 0
