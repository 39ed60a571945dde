"""The words of an unfinished line as a shell reads them, and words written so that a shell reads them back.

Nothing is expanded: no variable, no command, no pattern. A `~` at the beginning is left to who takes paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SPECIAL: Final = frozenset(" \t\"'\\$`!&|;<>()*?[]{}#^~")
_IN_DOUBLE_QUOTES: Final = frozenset('"\\$`')
_PARTED_BEHIND: Final = ":="
_PARTED_BEFORE: Final = "@"


@dataclass(frozen=True, slots=True)
class Line:
    """A line up to the cursor.

    Attributes:
        words: those that are finished.
        current: the one that is being typed, "" where a new one begins.
        quote: the quotation mark that is still open in it, or "".
        kept: how many of its characters bash keeps when it puts a completed word there: it parts words also
            behind colons and behind what equals, and at quotation marks.
    """

    words: tuple[str, ...]
    current: str
    quote: str = ""
    kept: int = 0


def line_of(text: str) -> Line:
    """The words of `text`, as bash would read them."""
    words: list[str] = []
    current, quote, kept, begun = "", "", 0, False
    characters = iter(text)
    for character in characters:
        if quote == "'" or (quote and character == quote):
            quote, current = ("", current) if character == quote else (quote, current + character)
        elif character == "\\":
            following = next(characters, "")
            literal = quote and following not in _IN_DOUBLE_QUOTES
            current, begun = current + ("\\" if literal else "") + following, True
        elif quote:
            current += character
        elif character in "\"'":
            quote, kept, begun = character, len(current), True
        elif character.isspace():
            words += [current] if begun else []
            current, kept, begun = "", 0, False
        else:
            kept = len(current) if character in _PARTED_BEFORE else kept
            current, begun = current + character, True
            kept = len(current) if character in _PARTED_BEHIND else kept
    return Line(tuple(words), current, quote, kept)


def for_bash(word: str, line: Line) -> str:
    """What bash is to put in the place of what it does not keep of the current word, so that it is `word`."""
    rest = word[line.kept :]
    if line.quote == "'":
        return rest.replace("'", "'\\''")
    if line.quote:
        # An exclamation mark would call up an earlier command, and a backslash before it would stay.
        return "".join("\"'!'\"" if c == "!" else "\\" + c if c in _IN_DOUBLE_QUOTES else c for c in rest)
    return "".join("\\" + c if c in _SPECIAL else c for c in rest)
