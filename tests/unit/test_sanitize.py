"""No string from a peer moves a terminal, hides, reorders a line or piles up; real writing passes."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tuichat.protocol.sanitize import MAX_JOINERS, MAX_MARKS, sanitize_name, sanitize_text

TRICKY = (
    "\x1b\x9b\r\n\t\x85\u2028 a#1\u00a9\u0301\u0327\u034f\u064b\u0301\u0646\u0645\u0661\u0915\u094d\u0937"
    "\u093c"
    "\u09c7\u09be\u1100\u1161\u11a8\u115f\u1160\u1820\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u202e\u2066\u2069"
    "\u20e3\u2764\ufe0e\ufe0f\ufe00\ufeff\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e007f\U000e0001"
    "\U0001f468\U0001f3fd\U0001f1e9\ud800\udc00\uffff\U0010ffff\u0f71\u0f72\u0344\u212b\u2126\u3164\ufb1d\u05bc"
)
ANYTHING = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=[])),
    st.text(alphabet=st.sampled_from(TRICKY), max_size=80),
    st.lists(st.sampled_from(TRICKY), max_size=6).flatmap(lambda parts: st.just("".join(parts) * 20)),
)


@given(ANYTHING)
@settings(max_examples=600, deadline=None)
@example("\u0646\u0301\u064e\u200d\u0645")
@example("e" + "\u0301" * 40)
@example("\u1100" + "\u1161" * 40 + "\u11a8" * 40)
@example("a\u200d\u0301\ufe0f\u0327")
def test_sanitising_twice_is_sanitising_once(text: str) -> None:
    once = sanitize_text(text)
    assert sanitize_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    name = sanitize_name(text)
    assert sanitize_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert sanitize_name(once) == sanitize_name(sanitize_name(once))


@given(ANYTHING)
@settings(max_examples=600, deadline=None)
def test_nothing_that_moves_hides_or_reorders_remains(text: str) -> None:
    for clean in (sanitize_text(text), sanitize_name(text)):
        clean.encode("utf-8")
        for character in clean.replace("\n", ""):
            category = unicodedata.category(character)
            assert category not in {"Cc", "Cs", "Co", "Zl", "Zp"}
            assert (
                character
                not in "\u200b\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
            )
            assert ord(character) & 0xFFFE != 0xFFFE
    assert not set(sanitize_name(text)) & set("\n\t\u200e\u200f")
    assert len(sanitize_name(text)) <= 64


@given(ANYTHING)
@settings(max_examples=400, deadline=None)
def test_no_base_carries_more_than_eight_marks(text: str) -> None:
    marks = MAX_MARKS
    for character in sanitize_text(text):
        category = unicodedata.category(character)
        if category[0] == "M":
            marks += 1
            assert marks <= MAX_MARKS
        elif character == "\n":
            marks = MAX_MARKS
        elif category != "Cf":
            marks = 0


@pytest.mark.parametrize("code", [*range(10), *range(11, 13), *range(14, 32), *range(0x7F, 0xA0)])
def test_every_control_goes(code: int) -> None:
    expected = {9: "a    b", 0x85: "a\nb"}.get(code, "ab")
    assert sanitize_text(f"a{chr(code)}b") == expected


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("\x1b[2J\x1b[6n", "[2J[6n"),  # clear; ask for the cursor
        ("\x1b]52;c;aGk=\x07", "]52;c;aGk="),  # OSC 52: write the clipboard
        ("\x1b]0;title\x1b\\", "]0;title\\"),
        ("\x1bP$q\x1b\\", "P$q\\"),  # DCS
        ("\x1b_Gf=24\x1b\\", "_Gf=24\\"),  # APC
        ("\x1b^pm\x1b\\\x1bXsos\x1b\\", "^pm\\Xsos\\"),
        ("\x9b31m\x9dtitle\x9c\x90q\x9f", "31mtitleq"),  # the same in C1
        ("\x1b(0\x1bc\x1b7\x0e\x0f", "(0c7"),
        ("bell\x07 back\x08\x7f space", "bell back space"),
        ("a\x00b", "ab"),
    ],
)
def test_escape_sequences_lose_what_makes_them_act(hostile: str, left: str) -> None:
    assert sanitize_text(hostile) == left


@pytest.mark.parametrize(
    ("hostile", "left"),
    [
        ("exe.\u202egpj\u202c", "exe.gpj"),
        ("\u2066a\u2067b\u2068c\u2069", "abc"),
        ("\u202aa\u202bb\u202dc", "abc"),
        ("pay\u200bpal\u2060\ufeff\u00ad\u180e", "paypal"),
        ("a\u2061\u2062\u2063\u2064\u206a\u206fb", "ab"),
        ("a\u200db\u200cc", "abc"),
        ("a\ufe0fb\ufe00c\U000e0100", "abc"),
        ("hi\U000e0001\U000e0068\U000e0069\U000e007f", "hi"),  # text smuggled in tags
        ("\U0001f3f4" + "\U000e0061" * 40 + "\U000e007f", "\U0001f3f4"),
        ("\U0001f3f4\U000e0067\U000e0062", "\U0001f3f4"),  # not ended
        ("\u115f\u1160\u3164\uffa0", ""),
        ("a\ufff9b\ufffac\ufffb", "abc"),
        ("a\ufdd0\ufffe\uffff\U0001fffe\U0010ffffb", "ab"),
        ("a\ud800b\udfff", "a\ufffdb\ufffd"),
        ("a\U000e0080b\U000e00ffc\U000e01f0d\U000e0fff", "abcd"),  # reserved for what is not seen
        ("a\ufff0b\ufff8c\u2065d", "abcd"),
        ("a\U00013430b\U0001343fc\U00013441d\U00013442", "abcd"),  # hieroglyphs' layout and blanks
        ("\ue000a\uf8ffb\U000f0000c\U0010fffd", "\ufffda\ufffdb\ufffdc\ufffd"),  # private use
        ("\u0301\u0301a", "a"),
        ("a\n\u0489b", "a\nb"),
        ("\U0001f600\u200d", "\U0001f600"),
        ("\u0646\u200d\u200d\u200c\u0645", "\u0646\u200d\u0645"),
        ("\u0661\u200d\u0662", "\u0661\u0662"),
    ],
)
def test_what_hides_or_reorders_goes(hostile: str, left: str) -> None:
    assert sanitize_text(hostile) == left


@pytest.mark.parametrize(
    "written",
    [
        "plain [bold]text[/bold] <b>& \\x1b ../ ${HOME} '; DROP TABLE",
        "two\nlines\n\nand  spaces ",
        "Ça va? Đặng Ngữ, İstanbul, Ελλάδα, Кыргызстан",
        "你好，世界 こんにちは 안녕하세요",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: ZWNJ
        "\u0647\u200d\u0645",  # Arabic: ZWJ
        "\u0915\u094d\u200d\u0937 \u0915\u094d\u200c\u0937",  # Hindi: half form, open virama
        "\u0915\u094d\u0937",  # Hindi: conjunct
        "\u0d28\u0d4d\u200d ",  # Malayalam: the older chillu at the end of a word
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala: Sri
        "\u1828\u180e\u1820",  # Mongolian
        "שָׁלוֹם \u200fRTL\u200e",
        "ไม่เป็นไร ក្រុម မြန်မာ",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # family
        "\U0001f469\U0001f3fd\u200d\U0001f680 \U0001f3f3\ufe0f\u200d\U0001f308 \u2764\ufe0f\u200d\U0001f525",
        "\U0001f9d1\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f9d1 \U0001f408\u200d\u2b1b",
        "1\ufe0f\u20e3 #\ufe0f\u20e3 \u00a9\ufe0f \u2615\ufe0e",
        "\U0001f1e9\U0001f1ea\U0001f1e8\U0001f1f3",  # flags of countries
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "\U0001f642\u200d\u2194\ufe0f",
        "\U00013000\U00013001 \u2801\u2800\u2803",  # hieroglyphs, braille
        "\u0600\u0661 \U000110bd\U000110e7",  # signs that enclose numbers
        unicodedata.normalize("NFC", "a\u0328\u0301\u0323"),
    ],
)
def test_real_writing_passes_unchanged(written: str) -> None:
    assert sanitize_text(written) == written


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_every_line_end_becomes_lf(end: str) -> None:
    assert sanitize_text(f"a{end}b") == "a\nb"


def test_heaps_of_marks_are_cut_to_eight() -> None:
    assert sanitize_text("a" + "\u0489" * 5000 + "b") == "a" + "\u0489" * 8 + "b"
    piled = sanitize_text("\u0915" + ("\u094d\u200d" * 500))
    assert sum(unicodedata.category(character) == "Mn" for character in piled) <= 8
    assert len(sanitize_text("\u1100" + "\u1161" * 5000)) <= 9


@pytest.mark.parametrize(
    "pair", ["\u2500\u2500", "\u24d0\u24d1", "\U0001f130\u2500", "#\ufe0f\u2764", "\u2764#"]
)
def test_what_is_no_pictograph_is_not_joined_into_a_picture(pair: str) -> None:
    joined = f"{pair[:-1]}\u200d{pair[-1]}"
    assert sanitize_text(joined) == pair


@pytest.mark.parametrize("part", ["\U0001f468", "\U0001f468\U0001f3fd", "\u2764\ufe0f"])
def test_a_picture_is_joined_of_seven_at_most(part: str) -> None:
    chain = sanitize_text("\u200d".join([part] * 400))
    assert chain.count(part) == 400
    assert (
        max(cluster.count("\u200d") for cluster in chain.replace(part + part, f"{part} {part}").split()) == 6
    )
    assert MAX_JOINERS == 6
    assert sanitize_text(chain) == chain


@pytest.mark.parametrize(
    "hostile",
    [
        "\U0001f468\U0001f3fd\U0001f3fd\u200d\U0001f468",
        "\u2764\ufe0e\u200d\U0001f525",
        "a\U0001f3fd\u200d\u2764",
    ],
)
def test_a_joiner_stands_behind_a_picture_with_one_modifier_at_most(hostile: str) -> None:
    assert sanitize_text(hostile) == hostile.replace("\u200d", "")


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("  Ada \t\n Lovelace \u3000", "Ada Lovelace"),
        ("\u200eAda\u200f", "Ada"),
        ("\u2800\u3164\u200b", ""),
        ("\U00013441\U00013442\U000e0080", ""),
        ("x" * 200, "x" * 64),
        ("x" * 63 + " y", "x" * 63),
        ("\u0301Ada", "Ada"),
        ("[@click=app.quit]Bob[/]", "[@click=app.quit]Bob[/]"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\r\nb\u2028c", "a b c"),
        ("system\x1b[31m: hi", "system[31m: hi"),
    ],
)
def test_names_are_one_short_line(given_name: str, kept: str) -> None:
    assert sanitize_name(given_name) == kept


@pytest.mark.parametrize(
    "unit", ["\u0646\u200d", "\u0301", "e\u0301\u200d", "\U0001f468\u200d", "\x1b[", "\u200d\ufe0f"]
)
def test_the_longest_hostile_text_is_worked_through(unit: str) -> None:
    text = sanitize_text(unit * (48 * 1024 // len(unit.encode())))
    assert sanitize_text(text) == text


@pytest.mark.parametrize(
    "piled",
    [
        ("a", "\u0315", "\u0327"),  # classes 232 and 202: all of the latter belong before the former
        ("a", "\u0315\u0327"),
        ("a", "\u0f73"),  # of class 0, and made of two that are not
        ("a", "\u0344\u0327"),
        ("a", "\u0315\u0327\u200d"),  # joiners that go, so that the marks meet
        ("a", "\u0315\u0327\ufe0f"),
        ("a", "\u0315\u0327\U000e0041"),
        ("a", "\u0315\u0327\u180e\u200c\u200e"),
        ("\u1f82", "\u0315\u0327"),
        ("a", "\u0315\u0327\x1b\u2060"),
    ],
)
def test_marks_are_bounded_before_they_are_put_in_order(
    piled: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """NFC sorts the marks of a base by insertion: its work grows with the square of what lies behind one."""
    hostile = piled[0] + "".join(unit * 4_000 for unit in piled[1:])
    longest = 0
    normalize = unicodedata.normalize

    def watched(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        nonlocal longest
        run = 0
        for character in text:
            run = run + 1 if unicodedata.category(character)[0] == "M" else 0
            longest = max(longest, run)
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", watched)
    sanitize_text(hostile)
    sanitize_name(hostile)
    assert 0 < longest <= 2 * MAX_MARKS


# DerivedCoreProperties, Default_Ignorable_Code_Point: the same in every version of Unicode, by its stability.
DEFAULT_IGNORABLE = (
    "00ad 034f 061c 115f-1160 17b4-17b5 180b-180f 200b-200f 202a-202e 2060-206f 3164 fe00-fe0f feff ffa0"
    " fff0-fff8 1bca0-1bca3 1d173-1d17a e0000-e0fff"
)


def test_nothing_that_unicode_calls_ignorable_is_kept_between_letters() -> None:
    """But for the two marks that tell which way a number or a full stop is read."""
    for span in DEFAULT_IGNORABLE.split():
        first, last = (span.split("-") * 2)[:2]
        hidden = "a".join(map(chr, range(int(first, 16), int(last, 16) + 1)))
        assert set(sanitize_text(f"a{hidden}a")) <= set("a\u200e\u200f"), span
