"""Text that runs from right to left, kept from turning the row around it.

Some terminals order a row's letters by themselves, for the whole row as one paragraph: a Hebrew name at the
left and a Hebrew message at the right would change places, with the time and the line between them. Isolates
(UAX 9, 2.4) keep each to its own cells. They are drawn in none, and a terminal that knows neither order nor
isolates shows letters in the order they were written in; one that would show a sign for an isolate is given
none. No text from a peer contains any, since they are taken out before it is stored: each of these ends where
it should.

What is being written is not isolated, so that the cursor stands in the cell where the next letter comes;
behind it a mark from left to right ends its run.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MARK: Final = "\u200e"
"""Left to right: what stands behind it does not belong to the letters before it."""

_LEFT, _RIGHT, _FIRST, _END = "\u2066", "\u2067", "\u2068", "\u2069"

ISOLATES: Final = _FIRST + _END
"""What `isolated` adds."""

_TURNING: Final = "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
_DIRECTIONS: Final = "[\u200e\u2066-\u2069]"


def turns(text: str) -> bool:
    """Whether any of it runs from right to left."""
    return not text.isascii() and re.search(_TURNING, text) is not None


def isolated(text: str) -> str:
    """`text` that runs in the direction of its first letter and turns nothing around it.

    Spaces at its ends stay outside.
    """
    if not turns(text):
        return text
    core = text.strip(" ")
    start = text.index(core)
    return f"{text[:start]}{_FIRST}{core}{_END}{text[start + len(core) :]}"


def isolated_parts(row: str) -> str:
    """`row`, each of its parts by itself: two blanks part them, and a sign that stands first is one."""
    if not turns(row):
        return row
    return "".join(isolated(part) for part in re.split(r"(^\W | {2,})", row))


def enclosing(text: str) -> tuple[str, str]:
    """What stands before and behind each row of `text`, so that all run as its first letter does."""
    if not turns(text):
        return "", ""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("L", "R", "AL"):
            return (_LEFT if direction == "L" else _RIGHT), _END
    return _LEFT, _END


def without_directions(data: str) -> str:
    """For a terminal that would draw them."""
    return re.sub(_DIRECTIONS, "", data)
