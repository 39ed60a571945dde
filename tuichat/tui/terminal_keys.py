"""What the terminal sends for a key, where Textual reads it differently than people mean it."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers import linux_driver

Decoder = Callable[[], codecs.IncrementalDecoder]


def free_alt_digits() -> None:
    """Let `ESC 1` arrive as Alt+1.

    Textual reads thirteen two-byte sequences as the characters that Option types on a Mac (`ESC 1` as an
    inverted exclamation mark), so that Alt+digit never reaches a binding. Those are the only two-byte
    entries of its table whose meaning is plain text.
    """
    table = ANSI_SEQUENCES_KEYS
    assert isinstance(table, dict)
    for sequence in [name for name, meaning in table.items() if len(name) == 2 and isinstance(meaning, str)]:
        del table[sequence]


def take_any_bytes(encoding: str) -> None:
    """Have Textual read what comes in this encoding, and a byte that is none of it as U+FFFD.

    It reads UTF-8 alone, and ends with an error at a byte that is not: a paste in another encoding, or the
    mouse of an old terminal beyond column 95, would end the interface.
    """
    decoder = codecs.getincrementaldecoder(encoding)

    def forgiving(_encoding: str) -> Decoder:
        return lambda: decoder(errors="replace")

    vars(linux_driver)["getincrementaldecoder"] = forgiving
