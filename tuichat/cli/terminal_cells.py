"""How many cells the terminal gives a text, by asking it where its cursor stands: nobody else knows."""

from __future__ import annotations

import contextlib
import os
import re
import select
import termios
import tty
from typing import Final

_SECONDS: Final = 0.4
_WHERE = "\x1b[6n"  # DSR, answered by CPR: ECMA-48 8.3.35 and 8.3.14
_ANSWER = re.compile(rb"\x1b\[\d+;(\d+)R")


def cells_taken(text: str) -> int | None:
    """The cells that `text` takes at the beginning of a line of the terminal; None if it does not say.

    The line is empty again afterwards.
    """
    try:
        before = termios.tcgetattr(0)
    except termios.error:
        return None
    try:
        tty.setcbreak(0, termios.TCSANOW)
        os.write(1, f"\r{text}{_WHERE}".encode())
        column = _column()
        os.write(1, b"\r\x1b[K")
    except (OSError, termios.error):
        return None
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, before)
    return None if column is None else column - 1


def _column() -> int | None:
    answer = b""
    while select.select([0], [], [], _SECONDS)[0]:
        answer += os.read(0, 64)
        if found := _ANSWER.search(answer):
            return int(found[1])
    return None
