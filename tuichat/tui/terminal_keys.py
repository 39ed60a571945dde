"""What the terminal sends for a key, where Textual reads it differently than people mean it."""

from __future__ import annotations

import codecs
import re
import string
from dataclasses import dataclass

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers import linux_driver

_BEGIN, _END = "\x1b[200~", "\x1b[201~"
_LINES = re.compile(r"[\r\n][^\x00-\x1f\x7f]")


_BEGINNINGS = frozenset("NOPX")
"""Behind ESC these are no keys but begin longer sequences (ECMA-48, 5.3)."""


@dataclass(frozen=True)
class _Named:
    """As an entry of Textual's `Keys`, which has none for these."""

    value: str


def know_alt_keys() -> None:
    """Let `ESC 1` arrive as Alt+1, and `ESC k` as Alt+K as soon as both are there.

    Textual reads thirteen two-byte sequences as the characters that Option types on a Mac (`ESC 1` as an
    inverted exclamation mark), so that Alt+digit never reaches a binding. Those are the only two-byte
    entries of its table whose meaning is plain text. Of others it waits for more; if that comes at once,
    another Alt+K say, it takes both for text: a circumflex and a k.
    """
    table = ANSI_SEQUENCES_KEYS
    assert isinstance(table, dict)
    for sequence in [name for name, meaning in table.items() if len(name) == 2 and isinstance(meaning, str)]:
        del table[sequence]
    for letter in sorted({*string.ascii_letters, *string.digits} - _BEGINNINGS):
        name = f"alt+shift+{letter.lower()}" if letter.isupper() else f"alt+{letter}"
        table.setdefault(f"\x1b{letter}", (_Named(name),))


def take_any_bytes(encoding: str, *, pastes_told: bool = True) -> None:
    """Have Textual read what comes in this encoding, and a byte that is none of it as U+FFFD.

    It reads UTF-8 alone, and ends with an error at a byte that is not: a paste in another encoding, or the
    mouse of an old terminal beyond column 95, would end the interface.

    Args:
        pastes_told: the terminal says where a paste begins and ends; else `as_paste` guesses.
    """
    decoder = codecs.getincrementaldecoder(encoding)

    class Forgiving:
        def __init__(self) -> None:
            self._decoder = decoder(errors="replace")
            self._told = pastes_told

        def decode(self, data: bytes, final: bool = False) -> str:
            text = self._decoder.decode(data, final)
            self._told = self._told or _BEGIN in text  # a tmux in between tells it
            return text if self._told else as_paste(text)

    vars(linux_driver)["getincrementaldecoder"] = lambda _encoding: Forgiving


def as_paste(text: str) -> str:
    """What came in one read, marked as a paste if Enter and more letters are in it: nobody types so fast.

    Else each line of it would be sent by itself.
    """
    return f"{_BEGIN}{text}{_END}" if _LINES.search(text) and "\x1b" not in text else text
