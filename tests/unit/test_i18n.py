"""Sentences of other packages in the chosen language, and those that are parts of others."""

from __future__ import annotations

import gettext

import pytest

from onion.binary import advisories
from onion.bridges import parse_bridges
from onion.child import last_words
from onion.errors import TorError
from onion.sentence import NOTHING, Sentence
from tuichat import i18n
from tuichat.i18n import number_in, translated


class Shouting(gettext.NullTranslations):
    """A language in which everything but the places in a sentence is in capitals."""

    def gettext(self, message: str) -> str:
        words = [word if "{" in word else word.upper() for word in message.split(" ")]
        return " ".join(words) if message else "what a catalogue says about itself"


@pytest.fixture(autouse=True)
def shouting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", Shouting())


def test_sentence_is_translated_before_it_is_filled_in() -> None:
    assert [translated(each)[:38] for each in advisories("0.4.9.11")] == [
        "TOR 0.4.9.11 HAS A KNOWN WEAKNESS, CVE"
    ]
    assert translated(last_words(-9, ["it said this"])) == "ENDED BY SIGNAL 9: it said this"


def test_reason_inside_a_sentence_is_translated_too() -> None:
    with pytest.raises(TorError) as caught:
        parse_bridges(["a"])
    assert translated(caught.value.fields["reason"]).startswith("“a” IS NEITHER")
    assert translated(caught.value.message) == (
        "LINE 1 IS NO BRIDGE LINE: “a” IS NEITHER AN ADDRESS NOR A TRANSPORT THAT IS KNOWN."
    )


def test_nothing_stays_nothing() -> None:
    assert translated(NOTHING) == ""


@pytest.mark.parametrize(
    "sentence", [NOTHING, Sentence("no place"), Sentence(Sentence("no place")), "a word"]
)
def test_what_is_translated_is_a_plain_text(monkeypatch: pytest.MonkeyPatch, sentence: str) -> None:
    monkeypatch.setattr(i18n, "_translations", gettext.NullTranslations())
    assert type(translated(sentence)) is str


@pytest.mark.parametrize("template", ["{path}, line {line}", "{path} 第 {line} 行", "row {line} of {path}"])
def test_number_is_found_where_a_language_puts_it(template: str) -> None:
    said = template.format(path="/a/3.toml", line=47)
    assert number_in(f"{said}: no.", template, "line") == "47"
    assert number_in("/a/3.toml cannot be read.", template, "line") is None
