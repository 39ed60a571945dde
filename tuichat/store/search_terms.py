"""How a text becomes terms, for the index of the search and for whoever looks something up in it.

A term is a run of letters, digits and the marks on them, without case and without diacritics. Scripts that
put no spaces between words, and pictographs, give a term for each character: what is looked for then is a
phrase, so that words of one and two characters are found, wherever they stand.

The index splits what it gets at ASCII alone, so that this file decides everything. Its output depends on the
tables of Unicode: `FORM` names both, and an index of another form has to be made anew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

FORM: Final = f"1 {unicodedata.unidata_version}"
"""What an index was made with: the number changes when anything here does."""

_TAG: Final = "\x80"
"""Begins a term that no text has: controls separate terms."""

_ASCII_TERM: Final = re.compile("[A-Za-z0-9]+")
_REMEMBERED: Final = 16_384
_JOINED_BY: Final = f" {_TAG}e "

_DIACRITICS: Final = (
    (0x0300, 0x036F),
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),
    (0x0640, 0x0640),  # tatweel
    (0x064B, 0x065F),  # Arabic vowels
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x20D0, 0x20FF),
    (0xFE00, 0xFE0F),  # variation selectors
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0020, 0xE007F),  # the tags of a flag
)
_ALONE: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1100, 0x11FF),  # Hangul
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),
    (0x3021, 0x30FF),  # kana
    (0x3100, 0x31FF),
    (0x3400, 0x9FFF),  # Han, Yi
    (0xA000, 0xA4CF),
    (0xA960, 0xA97F),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0x16FE0, 0x18DFF),  # Tangut, Khitan
    (0x1AFF0, 0x1B2FF),
    (0x20000, 0x3FFFF),
)


def _within(code: int, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= code <= last for first, last in ranges)


class _Folding(dict[int, str]):
    """What each character gives, remembered; a table for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = _folded(chr(code))
        if len(self) < _REMEMBERED:  # a peer may use every character there is
            self[code] = folded
        return folded


def _folded(character: str) -> str:
    """Letters without case and diacritics; a space where a term ends; nothing for what does not count."""
    if _is_diacritic(character) or unicodedata.category(character) == "Cf":
        return ""
    parts = unicodedata.normalize("NFKD", character.casefold()).casefold()
    kept = "".join(part for part in parts if not _is_diacritic(part))
    terms = "".join(map(_class_of, unicodedata.normalize("NFC", kept)))
    is_sign = unicodedata.category(character)[0] == "S"  # such as the letters in a trademark's
    return f" {terms} " if is_sign else terms


def _is_diacritic(character: str) -> bool:
    return _within(ord(character), _DIACRITICS) and unicodedata.category(character)[0] != "P"


def _class_of(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LNM" or category in ("Co", "Cn"):
        return f" {character} " if _within(ord(character), _ALONE) else character
    return f" {character} " if category[0] == "S" and not character.isascii() else " "


_FOLDING: Final = _Folding()


def folded(text: str) -> str:
    """The terms of a text, in order, with spaces between them."""
    return unicodedata.normalize("NFC", text).translate(_FOLDING)


def document(conversation: int, direction: str, kind: str, text: str, file_name: str | None) -> str:
    """What the index has of a message: tags to filter by, the name of its file, and its text."""
    tags = " ".join((in_conversation(conversation), of_direction(direction), of_kind(kind)))
    name = "" if file_name is None else folded(file_name)
    return f"{tags} {name}{_JOINED_BY}{folded(text)}"


def in_conversation(conversation: int) -> str:
    """The tag of all messages of a conversation."""
    return f"{_TAG}c{conversation}"


def of_direction(direction: str) -> str:
    """The tag of all messages of a direction."""
    return f"{_TAG}d{direction}"


def of_kind(kind: str) -> str:
    """The tag of all messages of a kind."""
    return f"{_TAG}k{''.join(filter(str.isalnum, kind))}"  # else it would be several terms


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that stand one behind the other; with `prefix` the last one is only the beginning of a term."""

    terms: tuple[str, ...]
    prefix: bool = False


def phrase(text: str, *, prefix: bool = False) -> Phrase | None:
    """What to look for where a person wrote `text`; None if there is no term in it."""
    terms = tuple(folded(text).split())
    if not terms:
        return None
    goes_on = not (len(terms[-1]) == 1 and _stands_alone(terms[-1]))
    return Phrase(terms, prefix and goes_on)


def _stands_alone(character: str) -> bool:
    return _FOLDING[ord(character)].startswith(" ")


def places(text: str, phrases: Sequence[Phrase], most: int) -> list[tuple[int, int]]:
    """Where a text (NFC) has any of these phrases, at most so many of them: the first character of each place
    and the one behind its last, in order, none overlapping another.
    """
    terms = _placed(text) if phrases else []
    letters = [term.letters for term in terms]
    starts = ((each, at) for each in phrases for at in islice(_found(each, letters), most))
    found = sorted((terms[at].start, terms[at + len(each.terms) - 1].end) for each, at in starts)[:most]
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


@dataclass(slots=True)
class _Term:
    letters: str
    start: int
    end: int


def _placed(text: str) -> list[_Term]:
    """The terms of a text, and where each of them stands."""
    if text.isascii():
        return [_Term(run[0].lower(), *run.span()) for run in _ASCII_TERM.finditer(text)]
    terms: list[_Term] = []
    is_open = False
    for index, character in enumerate(text):
        given = _FOLDING[ord(character)]
        if not given and terms and terms[-1].end == index:
            terms[-1].end = index + 1
        for letter in given:
            if letter == " ":
                is_open = False
            elif is_open:
                terms[-1].letters += letter
                terms[-1].end = index + 1
            else:
                terms.append(_Term(letter, index, index + 1))
                is_open = True
    return terms


def _found(wanted: Phrase, letters: Sequence[str]) -> Iterator[int]:
    """At which of a text's terms a phrase begins."""
    *first, last = wanted.terms
    for at in range(len(letters) - len(first)):
        end = letters[at + len(first)]
        if (end == last or (wanted.prefix and end.startswith(last))) and (
            not first or [*letters[at : at + len(first)]] == first
        ):
            yield at
