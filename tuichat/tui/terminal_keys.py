"""What the terminal sends for a key, where Textual reads it differently than people mean it."""

from __future__ import annotations

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS


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
