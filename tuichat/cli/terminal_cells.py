"""How many cells the terminal gives a text, by asking it where its cursor stands: nobody else knows."""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import select
import termios
import tty
from collections.abc import Sequence
from typing import Any, Final

_SECONDS: Final = 3.0
"""An answer may come from the other end of the world, over a slow ssh; few terminals give none."""

_WHERE: Final = "\x1b[6n"  # DSR, answered by CPR: ECMA-48 8.3.35 and 8.3.14
_ANSWER: Final = re.compile(rb"\x1b\[\d+;(\d+)R")


def cells_taken(texts: Sequence[str]) -> list[int] | None:
    """The cells that each of `texts` takes at the beginning of a line; None if the terminal does not say.

    The line is empty again afterwards. An answer that comes too late is neither shown nor typed into what
    runs next on the terminal, as long as this process lasts.
    """
    try:
        before = termios.tcgetattr(0)
    except termios.error:
        return None
    columns: list[int] = []
    try:
        tty.setcbreak(0, termios.TCSANOW)
        os.write(1, ("".join(f"\r{text}{_WHERE}" for text in texts) + "\r\x1b[K").encode())
        columns = _columns(len(texts))
    except (OSError, termios.error):
        return None
    finally:
        if len(columns) < len(texts):
            _swallow_until_the_end(before)
        else:
            _restore(before, termios.TCSANOW)
    return [column - 1 for column in columns] if len(columns) == len(texts) else None


def _columns(count: int) -> list[int]:
    answer = b""
    while len(_ANSWER.findall(answer)) < count and select.select([0], [], [], _SECONDS)[0]:
        got = os.read(0, 64)
        if not got:
            break
        answer += got
    return [int(column) for column in _ANSWER.findall(answer)]


def _swallow_until_the_end(before: list[Any]) -> None:
    """Let nothing that comes be seen, and throw it away when the process ends."""
    silent = before.copy()
    silent[3] &= ~termios.ECHO
    _restore(silent, termios.TCSANOW)
    atexit.register(_restore, before, termios.TCSAFLUSH)


def _restore(modes: list[Any], when: int) -> None:
    with contextlib.suppress(termios.error):
        termios.tcsetattr(0, when, modes)
