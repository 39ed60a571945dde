"""What a reader sees as one character, and how many cells terminals give it.

Extended grapheme clusters (Unicode Standard Annex 29, 3.1.1), as far as they occur in a message: marks and
vowel signs with their letter, conjoining jamo, joined consonants, pictures with their skin tones, joiners
and selectors, the two halves of a flag, keycaps, tags. A cluster is never parted, neither by the edge of a
row nor by the cursor.

Terminals agree on the cells of most characters and not on those of the rest: one knows a later Unicode than
the other, one joins a family of four into a picture of two cells where the other draws eight. So each cluster
has two widths.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len, get_character_cell_size

_AGREED: Final = (
    "\x00-\u00ac\u00ae-\u02ff\u0370-\u0482\u048a-\u052f\u0531-\u0556\u0561-\u0586\u05be\u05d0-\u05ea\u05f3\u05f4"
    "\u061b\u061f-\u064a\u0660-\u066f\u0671-\u06d5\u10a0-\u10c5\u10d0-\u10fc\u1e00-\u1f15\u1f20-\u1f45"
    "\u2010-\u2027\u2030-\u205e\u2070\u2071\u2074-\u208e\u20a0-\u20b5\u2100-\u214f\u2190-\u2319"
    "\u2500-\u25fc\u2713\u2717\u2800-\u28ff"
    "\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5\u3000-\u3029\u3041-\u3096\u309b-\u30ff\u3105-\u312c\u3131-\u3163\u3165-\u318e"
    "\u3190-\u31b7\u31f0-\u321e\u3220-\u3243\u3250-\u32fe\u3300-\u4db5\u4e00-\u9fa5\ua000-\ua48c\ua490-\ua4c6"
    "\uac00-\ud7a3\uf900-\ufa2d\ufe30-\ufe52\ufe54-\ufe66\ufe68-\ufe6b\uff01-\uff9f\uffa1-\uffbe\uffe0-\uffe6"
    "\U00020000-\U0002a6d6"
)
"""Characters whose width is the same in every terminal that knows Unicode, and that nothing else joins."""

OWN_SIGNS: Final = frozenset(map(chr, range(128))) | frozenset("─│┬┴●◌✓✗‹▌▓░·…“”┃")
"""Some of those: ASCII, and what the interface draws before anybody has said anything."""


@cache
def _everything_else() -> re.Pattern[str]:
    return re.compile(f"[^{_AGREED}]")  # takes two milliseconds, which the first picture does not need


def disputed(text: str) -> bool:
    """Whether anything else is in it: marks, joiners, pictures, scripts that join or stack, what is newer."""
    return not OWN_SIGNS.issuperset(text) and _everything_else().search(text) is not None


_SOMETIMES_SEEN: Final = "[\u1160-\u11ff\ud7b0-\ud7fb\u180b-\u180e\u2060-\u2065\u206a-\u206f\ufeff]"
"""No cell of their own; but some terminals give them one."""

_TYPED: Final = "[\u200c-\u200f\U000e0020-\U000e007f]"

_VIRAMAS: Final = "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d"
"""InCB=Linker (UAX 29, GB9c): of the six scripts where what follows is joined to what stands before."""

Kind = Literal["", "extend", "joiner", "half", "tone", "lead", "syllable", "picture"]

_PICTURES: Final = "\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"
_JOINED_PICTURE: Final = f"[{_PICTURES}]"
_SHAPING: Final = f"\u200d(?![{_PICTURES}])"
_STAND_IN: Final = "\u034f"


def countable(text: str) -> str:
    """`text` with a stand-in for every ZWJ that joins no pictures.

    Behind and before letters it shapes them, which costs no cell; to the counting in the libraries below it
    would hide the letter behind it. What goes to a terminal has it again: see `as_written`.
    """
    return text if text.isascii() else re.sub(_SHAPING, _STAND_IN, text)


def as_written(text: str) -> str:
    """`text` without the stand-ins: U+034F, which no text from a person or peer keeps."""
    return text.replace(_STAND_IN, "\u200d")


class Cluster(NamedTuple):
    """One cluster.

    Attributes:
        text: its characters.
        width: its cells as the interface counts them.
        most: the most cells that any terminal draws it in.
    """

    text: str
    width: int
    most: int


def clusters(text: str) -> list[Cluster]:
    """`text`, of which no line feed is a part, in clusters."""
    if text.isascii():
        return [Cluster(letter, 1, 1) for letter in text]
    if not disputed(text):
        return [_cluster(letter) for letter in text]
    return [_cluster(text[start:end]) for start, end in pairwise(boundaries(text))]


def boundaries(text: str) -> list[int]:
    """Where clusters begin, and behind them the end; [0] for no text at all."""
    if not disputed(text):
        return list(range(len(text) + 1))
    found = [0]
    start = 0
    for index in range(1, len(text)):
        if not _joined(text, start, index):
            found.append(start := index)
    return [*found, len(text)] if text else found


def cluster_start(text: str, index: int) -> int:
    """Where the cluster begins that `index` is in, or before; a place between two is its own."""
    found = boundaries(text)
    return found[bisect_right(found, index) - 1]


def cluster_end(text: str, index: int) -> int:
    """Where the cluster ends that `index` is in; a place between two is its own."""
    found = boundaries(text)
    return found[min(bisect_left(found, index), len(found) - 1)]


def is_typed(character: str | None) -> bool:
    """Whether a key's character is text, though Python does not call it printable.

    What joins or parts letters and pictures, tags, spaces of all widths, and what is newer than Python.
    """
    if not character or character.isprintable():
        return False
    return unicodedata.category(character[0]) in ("Zs", "Cn") or re.fullmatch(_TYPED, character) is not None


def _joined(text: str, start: int, index: int) -> bool:
    """Whether the character at `index` belongs to the cluster that began at `start`."""
    here = _kind(text[index])
    if here in ("extend", "joiner", "tone"):
        return True
    before = text[index - 1]
    if here == "half":
        return index == start + 1 and _kind(before) == "half"
    if before == "\u200d" and here == "picture":
        return _kind(text[start]) == "picture"
    if here in ("lead", "syllable"):
        return _kind(before) == "lead"
    if unicodedata.category(text[index]) != "Lo":
        return False
    if before in ("\u200d", _STAND_IN) and index - 2 >= start:
        before = text[index - 2]
    return before in _VIRAMAS and ord(before) & ~0x7F == ord(text[index]) & ~0x7F


@lru_cache(8192)
def _kind(character: str) -> Kind:
    """What it does to its neighbours."""
    if character == "\u200d":
        return "joiner"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "half"
    if "\U0001f3fb" <= character <= "\U0001f3ff":
        return "tone"
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "lead"
    if "\uac00" <= character <= "\ud7a3":
        return "syllable"
    if _extends(character):
        return "extend"
    return "picture" if re.match(_JOINED_PICTURE, character) else ""


def _extends(character: str) -> bool:
    """Marks, vowel signs, selectors, tags; the vowel AM of Thai and Lao, drawn over what is before."""
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character in "\u0e33\u0eb3"
        or (get_character_cell_size(character) == 0 and unicodedata.category(character) != "Cc")
    )


@lru_cache(8192)
def _cluster(text: str) -> Cluster:
    width = cell_len(countable(text))
    return Cluster(text, width, max(width, _apart(text)))


def _apart(text: str) -> int:
    """Cells of a cluster where nothing is joined; VS16 widens what is narrow."""
    widened = sum(alone(one) == 1 for one, next_ in pairwise(text) if next_ == "\ufe0f")
    return sum(map(alone, text)) + widened


@lru_cache(4096)
def alone(character: str) -> int:
    """The most cells of a character joined to nothing: a skin tone is a patch, half a flag a wide letter."""
    if _kind(character) in ("tone", "half"):
        return 2
    size = get_character_cell_size(character)
    seen = unicodedata.category(character) == "Mc" or re.match(_SOMETIMES_SEEN, character) is not None
    return size or int(seen)
