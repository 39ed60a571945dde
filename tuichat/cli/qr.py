"""A QR code on the terminal, for whatever it can show."""

from __future__ import annotations

import os
import sys

from tuichat.errors import UsageError
from tuichat.i18n import _

_INVERTED = str.maketrans("█▀▄ ", " ▄▀█")


def check_shows_codes() -> None:
    """Raise UsageError if the terminal's encoding has no blocks."""
    try:
        "█▀▄".encode(sys.stdout.encoding if sys.stdout is not None else "utf-8")
    except UnicodeEncodeError:
        raise UsageError(_("This terminal cannot show a QR code: its encoding is not UTF-8.")) from None


def code_lines(text: str) -> list[str]:
    """Dark on light where colours may be set; else light modules as blocks, as a dark terminal needs it.

    Raises:
        UsageError: as `check_shows_codes` does.
    """
    from tuichat.tui.qr import qr_rows, whole_rows
    from tuichat.tui.terminal import is_console

    check_shows_codes()
    if is_console(os.environ):  # its fonts have no half blocks
        return whole_rows(text, " ", "█")
    rows = qr_rows(text)
    if sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        return [f"\x1b[30;107m{row}\x1b[0m" for row in rows]
    return [row.translate(_INVERTED) for row in rows]
