"""Names that one person takes for another's, and words whose letters come from several scripts.

After the skeletons of UTS #39, with a small table of our own, and stricter in one point: accents count for
nothing, because they are small on a terminal. These count as the same:

    written otherwise   full-width and mathematical letters, ligatures (NFKC); upper and lower case
    another script      Cyrillic, Greek, Armenian, Cherokee, Lisu and phonetic letters that look Latin; Kana
                        and Han characters that look like each other
    digits and lines    0 and O; 1, | and l, and a capital I; the digits of all scripts
    two for one         rn and m, vv and w
    nothing at all      spaces, hyphens, dots, apostrophes, and whatever cannot be seen

A capital I looks like a small l but not like a capital L. So a name has two skeletons, one as it is read and
one in lower case, and two names are alike if they share either: "AIice" is like "alice", "Ian" is like "lan",
but "Ian" is not like "Lan".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

# What is taken for the character before the colon: Cyrillic, Greek, Armenian, Cherokee, Lisu, other Latin.
_TAKEN_FOR: Final = {
    "A": "АΑᎪꓮ", "B": "ВΒᏴꓐ", "C": "СᏟꓚ", "D": "ᎠꓓĐÐ", "E": "ЕΕᎬꓰ", "F": "Ϝꓝ",
    "G": "ԌᏀꓖ", "H": "НΗᎻꓧĦ", "I": "ІӀΙꓲƖ", "J": "ЈᎫꓙ", "K": "КΚᏦꓗ", "L": "ԼᏞꓡŁ",
    "M": "МΜᎷꓟ", "N": "Νꓠ", "O": "ОΟՕꓳØ", "P": "РΡᏢꓑ", "Q": "Ԛ", "R": "ᎡᏒꓣ",
    "S": "ЅՏᏚꓢ", "T": "ТΤᎢꓔŦ", "U": "Սꓴ", "V": "ѴᏙꓦ", "W": "ԜᎳꓪ", "X": "ХΧꓫ",
    "Y": "УҮΥꓬ", "Z": "ΖᏃꓜ",
    "a": "аαɑᴀ", "b": "вьЬʙɓƀ", "c": "сᴄ", "d": "ԁᴅđðɖɗ", "e": "еᴇ", "f": "ƒ",
    "g": "ցɡɢɠ", "h": "һհнʜħ", "i": "іιɩıɪ", "j": "јյϳᴊ", "k": "кκᴋƙ", "l": "ӏʟłƚɭ",
    "m": "мᴍ", "n": "ηոɴŋ", "o": "оοօᴏø", "p": "рρᴘ", "q": "ԛզ", "r": "гʀ",
    "s": "ѕꜱ", "t": "тτᴛŧ", "u": "υսᴜʋ", "v": "νѵᴠ", "w": "ԝωᴡ", "x": "хχ",
    "y": "уүγʏƴ", "z": "ᴢʐ",
    "3": "ЗзƷʒ", "6": "б",
    "口": "ロ囗", "工": "エ", "二": "ニ", "力": "カ", "夕": "タ", "八": "ハ", "卜": "ト",
    "丿": "ノ", "一": "ー", "ヘ": "へ", "リ": "り", "已": "己巳", "未": "末", "土": "士", "日": "曰",
    "戊": "戌戍", "人": "入",
}  # fmt: skip

_LETTERS: Final = str.maketrans({odd: plain for plain, odds in _TAKEN_FOR.items() for odd in odds})
_STROKES: Final = str.maketrans({"0": "o", "1": "l", "|": "l", "∣": "l", "ǀ": "l"})
_AS_READ: Final = str.maketrans({"I": "l", "L": "\x02"})  # the sentinel is no part of any name

_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe2f\U000e0100-\U000e01ef]"
)
_MODIFIER_LETTERS: Final = range(0x02B0, 0x0300)

_EAST_ASIAN: Final = "east asian"
_ONE_WRITING: Final = frozenset(
    ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "HENTAIGANA")
)
"""First words of the names of letters that Japanese, Korean and Chinese people mix, also with Latin ones."""


class Skeletons(NamedTuple):
    """What is left of a name when everything is gone that an eye may miss.

    Attributes:
        read: as it is written, where a capital I is a small l.
        folded: in lower case, where it is an i.
    """

    read: str
    folded: str


def skeletons(name: str) -> Skeletons:
    """Both skeletons of a name; each says under which of the two it stands, so that one set can hold all."""
    bare = _bare(name)
    read = bare.translate(_AS_READ).casefold()
    return Skeletons("read:" + _joined(read), "folded:" + _joined(bare.casefold()))


def skeleton(name: str) -> str:
    """The name in lower case without what an eye may miss."""
    return _joined(_bare(name).casefold())


def lookalikes(name: str, others: Iterable[str]) -> list[str]:
    """Those of `others` that `name` can be taken for, in their order; the very same name is among them."""
    mine = set(skeletons(name))
    return [other for other in others if not mine.isdisjoint(skeletons(other))]


def mixed_scripts(name: str) -> bool:
    """Whether one word of the name has letters of scripts that nobody mixes in a word (UTS #39, 5.2)."""
    scripts: set[str] = set()
    for character in unicodedata.normalize("NFKC", name):
        category = unicodedata.category(character)
        if category in ("Lu", "Ll", "Lt", "Lo"):
            scripts.add(_script(character))
            if len(scripts) > 1 and scripts != {_EAST_ASIAN, "LATIN"}:
                return True
        elif category[0] in "ZPS":
            scripts = set()
    return False


def _bare(name: str) -> str:
    """Seen characters only, without accents, in plain letters where there are such."""
    compatible = unicodedata.normalize("NFKC", name)
    apart = _ACCENTS.sub("", unicodedata.normalize("NFD", compatible))
    seen = apart if apart.isascii() and apart.isalpha() else "".join(map(_seen, apart))
    return (seen or compatible).translate(_LETTERS)


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "ZCP" or category == "Sk" or ord(character) in _MODIFIER_LETTERS:
        return ""
    return str(unicodedata.decimal(character)) if category == "Nd" else character


def _joined(folded: str) -> str:
    return folded.translate(_LETTERS).translate(_STROKES).replace("rn", "m").replace("vv", "w")


def _script(character: str) -> str:
    first = unicodedata.name(character, "").partition(" ")[0]
    return _EAST_ASIAN if first in _ONE_WRITING else first
