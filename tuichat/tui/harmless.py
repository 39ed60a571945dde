"""Text that no node has looked at, such as a path, before it is shown."""

from __future__ import annotations

import unicodedata

_MOVING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"  # within words of some scripts, and within pictures


def harmless(text: str) -> str:
    """`text` on one line, with U+FFFD for all that would move a terminal, turn the line or hide."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter if letter in _JOINERS or unicodedata.category(letter) not in _MOVING else "\ufffd"
        for letter in text
    )
