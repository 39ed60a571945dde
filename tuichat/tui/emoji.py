"""Pictures by their Unicode names, for whoever types `:name` and Tab."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain
from typing import Final

_PLACES: Final = (range(0x231A, 0x2C00), range(0x1F000, 0x1FB00))
_TYPED: Final = re.compile(r":([a-z0-9_-]{2,}):?", re.ASCII | re.IGNORECASE)


def pictures(word: str) -> list[str]:
    """The pictures that `:name` may mean: of this name, of names that begin so, or that have such a word.

    A name is as Unicode has it, with _ for spaces; two letters are the least, for `:D` means itself.
    """
    typed = _TYPED.fullmatch(word)
    if typed is None:
        return []
    wanted = typed[1].lower().replace("_", " ")
    fitting = [name for name in _pictures() if f" {wanted}" in f" {name}"]
    return [_pictures()[name] for name in sorted(fitting, key=lambda name: _rank(name, wanted))]


def _rank(name: str, wanted: str) -> tuple[bool, bool, int, str]:
    return name != wanted, not name.startswith(wanted), len(name), name


@cache
def _pictures() -> dict[str, str]:
    """By name, what terminals show as a picture, two columns wide, without being asked to."""
    return {
        unicodedata.name(picture).lower(): picture
        for picture in map(chr, chain(*_PLACES))
        if unicodedata.category(picture) == "So" and unicodedata.east_asian_width(picture) == "W"
    }
