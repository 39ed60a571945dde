"""Finding a name from a few of its letters."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")


def score(query: str, name: str) -> int | None:
    """How well `query` fits `name`, smaller is better; None if its letters do not all occur in order.

    A beginning beats the first letters of its words, those a whole piece inside, and that scattered letters;
    ties go to the shorter name. Blanks between letters that are scattered mean nothing.
    """
    wanted, text = query.casefold().strip(), name.casefold()
    if not wanted:
        return 0
    if text.startswith(wanted):
        return len(text)
    initials = "".join(word[0] for word in _WORD.findall(text))
    if len(wanted) > 1 and initials.startswith(wanted):
        return 500 + len(text)
    at = text.find(wanted)
    if at >= 0:
        return 1_000 + at * 10 + len(text)
    return _scattered("".join(wanted.split()), text)


def _scattered(wanted: str, text: str) -> int | None:
    position, gaps = -1, 0
    for letter in wanted:
        found = text.find(letter, position + 1)
        if found < 0:
            return None
        gaps += found - position - 1
        position = found
    return 10_000 + gaps * 10 + len(text)


def best(query: str, names: list[str]) -> list[str]:
    """Those of `names` that fit, best first; with an empty query all, as they came."""
    scored = [
        (points, index) for index, name in enumerate(names) if (points := score(query, name)) is not None
    ]
    return [names[index] for _, index in sorted(scored)]
