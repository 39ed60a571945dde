"""What remains of a string before it is stored, sent or shown.

Every string from a peer passes here once, and our own before they are sealed, so that both histories are
equal. What goes: anything that could move a terminal, reorder the line, hide, or pile up.

    out     C0 and C1 controls, ESC among them; bidi embeddings, overrides and isolates; zero-width, filler,
            annotation and tag characters; variation selectors; noncharacters; what Unicode reserves for
            more of these (DerivedCoreProperties, Default_Ignorable_Code_Point), which would carry a text
            that nobody sees; the layout and the blanks of Egyptian hieroglyphs, which terminals cannot lay
            out and of which a name could consist
    turned  CR, CRLF, NEL, U+2028, U+2029 into LF; TAB into four spaces; a lone surrogate into U+FFFD, and so
            every private character: it looks like nothing, or like whatever a font of the reader's puts
            there (signs of an interface among them), as wide as it pleases
    kept    LF; LRM and RLM; VS15 and VS16 behind a character that has both looks; ZWJ between pictographs;
            ZWJ and ZWNJ between letters of scripts that need them, ZWJ also behind a virama; the tags of a
            flag (U+1F3F4, UTS 51 ED-14a); Mongolian selectors behind Mongolian letters; signs that enclose
            numbers (U+0600 and the like), which are seen; braille without dots, which is a space in a name;
            all else that is unassigned, for the writing of later versions of Unicode
    bounded at most eight combining marks on a base, none without one, eight conjoining jamo in a row, seven
            pictographs joined into one

The result is in NFC, and sanitising it again changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial

from tuichat.model import MAX_NAME_CHARACTERS
from tuichat.protocol.pictographs import PICTOGRAPHS, SKIN_TONES

MAX_MARKS = 8
"""The most combining marks on one base."""

MAX_JOINERS = 6
"""The most ZWJ in one picture: twice as many as the longest that fonts have, a family of four."""

_PASSES = 4

_LINE_END = re.compile("\r\n|[\r\x85\u2028\u2029]")
_NO_ONES = re.compile("[\ud800-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(17)
)
_NEVER = re.compile(
    "["
    "\x00-\x09\x0b-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"  # soft hyphen, joiner of nothing, Arabic mark, fillers
    "\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ufe00-\ufe0d\U00013430-\U0001343f\U00013441\U00013442\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0080-\U000e0fff"
    f"{_NONCHARACTERS}]+"
)

# Characters that UTS 51 gives both a text and an emoji look lie in these blocks.
_PICTURES = "\u2190-\u21ff\u2300-\u27bf\u2900-\u2bff\U0001f000-\U0001faff"
_TWO_LOOKS = "#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299" + _PICTURES
_JOINING_SCRIPTS = (
    "\u0620-\u07ff\u0840-\u0dff\u0f00-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uaaff\uabc0-\uabff"
    "\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc\U00010a00-\U00010f6f\U00011000-\U00011fff\U0001e900-\U0001e95f"
)
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca"
_FLAG = "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"

_KEPT_OR_NOT = re.compile(
    # Each alternative that is kept is a group; what only the last one matches goes.
    f"({_FLAG})"
    f"|((?<=[{_TWO_LOOKS}])[\ufe0e\ufe0f])"
    f"|((?:(?<=[{PICTOGRAPHS}])|(?<=[{PICTOGRAPHS}][\ufe0f{SKIN_TONES}]))\u200d(?=[{PICTOGRAPHS}]))"
    f"|((?<=[{_JOINING_SCRIPTS}])(?<!\\d)[\u200c\u200d](?=[{_JOINING_SCRIPTS}])(?!\\d))"
    f"|((?<=[{_VIRAMAS}])\u200d)"
    "|((?<=[\u1820-\u18aa])[\u180b-\u180f])"
    "|[\ufe0e\ufe0f\u200c\u200d\u180b-\u180f\U000e0000-\U000e007f]"
)
_CONDITIONAL = re.compile("[\ufe0e\ufe0f\u200c-\u200f\u180b-\u180f\U000e0000-\U000e007f]+")
_PICTURE = f"[{PICTOGRAPHS}][\ufe0f{SKIN_TONES}]?"
_TOO_LONG_A_CHAIN = re.compile(f"((?:{_PICTURE}\u200d){{{MAX_JOINERS}}}{_PICTURE})\u200d")
_JOINERS = re.compile("([\u200c\u200d])[\u200c\u200d]+")
_DIRECTION_MARKS = re.compile("[\u200e\u200f]+")

# Marks are neither word characters nor space to `re`: only such runs hold too many, or one without a base.
_MAYBE_MARKS = re.compile(
    f"(?:^[^\\w\\s\x00-\u02ff]+|[^\\w\\s\x00-\u02ff]{{{MAX_MARKS + 1},}})", re.MULTILINE
)
_CONJOINING_JAMO = re.compile("([\u1161-\u11ff\ud7b0-\ud7fb]{8})[\u1161-\u11ff\ud7b0-\ud7fb]+")
_SPACE = re.compile("[\\s\u2800]+")


def sanitize_text(text: str) -> str:
    """The text of a message, safe to store and show; LF alone ends lines. Idempotent."""
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_END.sub("\n", text).replace("\t", "    ")
    return _settled(text, _text_pass)


def sanitize_name(name: str, limit: int = MAX_NAME_CHARACTERS) -> str:
    """A name: one line, single spaces, at most `limit` characters; "" when nothing remains. Idempotent."""
    return _settled(name, partial(_name_pass, limit=limit))


def _settled(text: str, once: Callable[[str], str]) -> str:
    """Repeat until nothing changes; text that never settles loses all that is kept only in context."""
    for _attempt in range(_PASSES):
        before, text = text, once(text)
        if text == before:
            return text
    while _CONDITIONAL.search(text):
        text = once(_CONDITIONAL.sub("", text))
    return text


def _text_pass(text: str) -> str:
    text = _NEVER.sub("", _NO_ONES.sub("\ufffd", text))
    # Before NFC too: putting the marks of one base in order takes it the square of their number.
    text = _MAYBE_MARKS.sub(_bounded_marks, text)
    text = _JOINERS.sub(r"\1", unicodedata.normalize("NFC", text))
    text = _TOO_LONG_A_CHAIN.sub(r"\1", _KEPT_OR_NOT.sub(_kept, text))
    text = unicodedata.normalize("NFC", text)
    text = _CONJOINING_JAMO.sub(r"\1", text)
    return _MAYBE_MARKS.sub(_bounded_marks, text)


def _name_pass(name: str, limit: int) -> str:
    name = _SPACE.sub(" ", name).strip()
    name = _text_pass(_DIRECTION_MARKS.sub("", name))
    start = next((place for place, character in enumerate(name) if _stands_alone(character)), len(name))
    return name[start:][:limit].strip()


def _stands_alone(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character)[0] != "M"


def _kept(match: re.Match[str]) -> str:
    return match[0] if match.lastindex else ""


def _bounded_marks(match: re.Match[str]) -> str:
    run, at_line_start = match[0], match.start() == 0 or match.string[match.start() - 1] == "\n"
    marks = MAX_MARKS if at_line_start else 0
    kept = []
    for character in run:
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
        elif category != "Cf":  # a joiner or direction mark is no base of its own
            marks = 0
        if category[0] != "M" or marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
