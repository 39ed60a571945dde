"""Text that no node has looked at, such as a path, before it is shown."""

from __future__ import annotations

import unicodedata

from tuichat.tui.direction import ISOLATES

_MOVING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # within words of some scripts, and within pictures


def harmless(text: str, *, isolates: bool = False) -> str:
    """`text` on one line, with U+FFFD for all that would move a terminal, turn the line or hide.

    Args:
        isolates: those that keep a name or a text to its own place stay.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _JOINERS + ISOLATES if isolates else _JOINERS
    return "".join(
        letter if letter in kept or unicodedata.category(letter) not in _MOVING else "\ufffd"
        for letter in text
    )
