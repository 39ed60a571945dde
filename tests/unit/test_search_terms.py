"""How texts become terms: what counts, what does not, and where each stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.search_terms import Phrase, document, folded, of_kind, phrase, places


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Hello, World!", "hello world"),
        ("crème brûlée ÉTÉ Ёлка", "creme brulee ete елка"),
        ("Straße STRASSE İstanbul", "strasse strasse istanbul"),
        ("foo_bar.pdf", "foo bar pdf"),
        ("你好吗", "你 好 吗"),
        ("第3页", "第 3 页"),
        ("がっこう", "が っ こ う"),
        ("한국어", "한 국 어"),
        ("ภาษา", "ภ า ษ า"),
        ("ｆｕｌｌ ﬁne", "full fine"),
        ("👩‍🚀👍🏽", "👩 🚀 👍"),
        ("❤️ 5€", "❤ 5 €"),
        ("हिन्दी", "हिन्दी"),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
        ("می‌خواهم", "میخواهم"),
        ("Acme™ №7", "acme tm no 7"),
        ("בית־ספר", "בית ספר"),
        ("--- ... !?", ""),
    ],
)
def test_terms_have_no_case_no_diacritics_and_no_punctuation(text: str, terms: str) -> None:
    assert " ".join(folded(text).split()) == terms


@pytest.mark.parametrize(
    ("text", "looked_for", "found"),
    [
        ("say Hello, hello!", "hello", ["Hello", "hello"]),
        ("crème brûlée", "BRULEE", ["brûlée"]),
        ("昨天你好，今天你不好", "你好", ["你好"]),
        ("one two three two three", "two three", ["two three", "two three"]),
        ("see foo_bar.pdf", "bar.PDF", ["bar.pdf"]),
        ("go 👍🏽 now", "👍", ["👍🏽"]),
        ("x½y", "1", []),
        ("nothing", "thing", []),
        ("好好好", "好好", ["好好好"]),
    ],
)
def test_places_are_those_of_the_text_as_it_is_shown(text: str, looked_for: str, found: list[str]) -> None:
    wanted = phrase(looked_for)
    assert wanted is not None
    assert [text[start:end] for start, end in places(text, [wanted], 100)] == found


def test_the_beginning_of_a_term_marks_all_of_it() -> None:
    wanted = phrase("good mor", prefix=True)
    assert wanted == Phrase(("good", "mor"), True)
    assert places("Good morning, good day", [wanted], 100) == [(0, 12)]


def test_a_tag_is_one_term_whatever_the_kind_is_called() -> None:
    for kind in ("text", "voice_note", "voice-note"):
        assert of_kind(kind)[1:].isalnum()
    assert "note" not in document(1, "in", "voice-note", "hello", None).split()


def test_only_so_many_places_are_told() -> None:
    wanted = [Phrase(("a",)), Phrase(("b", "a"))]
    assert places("a b a b a", wanted, 100) == [(0, 1), (2, 5), (6, 9)]
    assert places("a b a b a", wanted, 2) == [(0, 1), (2, 5)]


@given(st.text(alphabet="aB1 -_ä", max_size=30))
def test_ascii_alone_gives_the_same_terms(text: str) -> None:
    plain = text.replace("ä", "a")
    for word in ("a", "ab", "b1"):
        assert places(plain + " 好", [Phrase((word,))], 100) == places(plain, [Phrase((word,))], 100)


def test_a_character_that_is_a_word_has_no_beginning() -> None:
    assert phrase("你", prefix=True) == Phrase(("你",), False)
    assert phrase("a", prefix=True) == Phrase(("a",), True)


def test_nothing_to_look_for_is_no_phrase() -> None:
    assert phrase("?! ...") is None


@given(st.text())
def test_a_text_is_found_by_itself_from_its_first_term_to_its_last(text: str) -> None:
    shown = sanitize_text(text)
    wanted = phrase(shown)
    if wanted is None:
        assert not folded(shown).strip()
    else:
        found = places(shown, [wanted], 100)
        assert len(found) == 1
        assert phrase(shown[slice(*found[0])]) == wanted
