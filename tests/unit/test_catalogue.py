"""The catalogues say everything the program says, and what must stay the same in every language does."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.catalogue import Catalogue, Entry, catalogues, compiled, read, written
from tests.support.sentences import Found, NoLiteralError, sentences, sentences_in
from tuichat import i18n
from tuichat.cli.commands import build_parser
from tuichat.settings import languages

_FIELD = re.compile(r"\{[^{}]*\}")
_KEPT = re.compile(
    r"""
      (?<![\w-])--?[a-z][a-z-]*                           # options
    | (?<![\w/.])/[a-z][a-z.]*(?:/[A-Za-z.]+)*            # commands of the interface, and paths
    | \b(?:Ctrl|Alt|Shift)\+[A-Z0-9]\w* | \b(?:Esc|Enter|Tab|F[0-9]+)\b
    | https?://[\w./-]+
    | \b[a-z]+\.[a-z_]+\b                                 # settings, methods, files
    | \b[A-Z]+_[A-Z_]+\b                                  # variables
    """,
    re.VERBOSE,
)
_COMMANDS = build_parser().subcommands
_COMMAND = re.compile(r"\btuichat( [a-z]+)( [a-z]+)?")


def _entries() -> list[Entry]:
    return [entry for path in catalogues() for entry in read(path).entries]


def _kept(text: str) -> set[str]:
    return {found.rstrip(".") for found in _KEPT.findall(text)} | set(_commands(text))


def _commands(text: str) -> Iterator[str]:
    """The commands of the program that are named in `text`; "tuichat runs" is none."""
    for first, second in _COMMAND.findall(text):
        if command := _COMMANDS.get(first.strip()):
            yield first + second if second.strip() in command.subcommands else first


def test_there_is_chinese() -> None:
    assert "zh_CN" in languages()


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parts[-3])
def test_catalogue_has_every_sentence_and_no_other(path: Path) -> None:
    before = read(path)
    now = before.brought_up_to(sentences())
    assert not [f"{each.files[0]}: {each.words!r}" for each in now.missing()]
    mend = "run: .venv/bin/python -m tests.support.catalogue"
    assert path.read_text(encoding="utf-8") == written(now), mend
    assert path.with_suffix(".mo").read_bytes() == compiled(now), mend


def test_every_translation_has_the_fields_of_its_sentence() -> None:
    wrong = [
        (each.words, each.translation)
        for each in _entries()
        if set(_FIELD.findall(each.translation)) != set(_FIELD.findall(each.plural or each.words))
    ]
    assert not wrong


def test_every_translation_begins_and_ends_and_breaks_lines_as_its_sentence() -> None:
    wrong = [
        (each.words, each.translation)
        for each in _entries()
        if not _has_edges(each.translation, _edges(each.words))
        or each.words.count("\n") != each.translation.count("\n")
    ]
    assert not wrong


def _has_edges(text: str, wanted: tuple[str, str]) -> bool:
    """Whether blanks stand around it as wanted; a mark that is as wide as two letters has one in it."""
    before, behind = _edges(text)
    return before == wanted[0] and (behind == wanted[1] or (wanted[1] == " " and text.endswith(("：", "，"))))


def _edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def test_keys_commands_options_and_paths_stay_as_they_are() -> None:
    wrong = [
        (each.words, each.translation, missing)
        for each in _entries()
        if (missing := _kept(each.words) - _kept(each.translation))
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_keys_to_press_stay_in_their_order() -> None:
    """A line such as "c copy   Esc close" begins each part with the key that does it."""
    wrong = []
    for each in _entries():
        parts = [re.split(r" {2,}|\n", text) for text in (each.words, each.translation)]
        keys = [[part[0] for part in text if re.match(r"[!-~] ", part)] for text in parts]
        if len(parts[0]) > 1 and keys[0] != keys[1]:
            wrong.append((each.words, each.translation))
    assert not wrong


def test_chinese_is_plain() -> None:
    """Written with its own marks, and to a person on the same footing."""
    wrong = [
        each.translation
        for each in _entries()
        if "您" in each.translation
        or re.search(r"[\u4e00-\u9fff][,;?!](?!\.)|[\u4e00-\u9fff]\.(?!\.)", each.translation)
    ]
    assert not wrong


def test_what_gettext_reads_is_what_the_catalogue_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", gettext.NullTranslations())
    i18n.use_language("zh_CN")
    for each in _entries():
        assert i18n._(each.words) == each.translation or each.plural
        if each.plural:
            assert i18n.ngettext(each.words, each.plural, 1) == each.translation
            assert i18n.ngettext(each.words, each.plural, 2) == each.translation
    i18n.use_language("en")
    assert i18n._("locked") == "locked"


@pytest.mark.parametrize(
    "line",
    ['_(f"{count} left")', "_(words)", '_("a" + more)', 'ngettext("one", many, 2)', 'Sentence(f"{a}")'],
)
def test_a_sentence_that_no_translator_can_find_is_refused(line: str) -> None:
    with pytest.raises(NoLiteralError):
        sentences_in(ast.parse(line), "tuichat/a.py")


def test_sentences_of_every_kind_are_found() -> None:
    source = '_("one")\nngettext("a", "some", 2)\nraise TorError("code", "It.", "Do.", x=Sentence("why"))'
    found = sentences_in(ast.parse(source), "onion/a.py")
    assert sorted((each.words, each.plural) for each in found) == sorted(
        [("one", ""), ("a", "some"), ("It.", ""), ("Do.", ""), ("why", "")]
    )


def test_what_is_translated_stays_and_what_is_said_no_more_goes(tmp_path: Path) -> None:
    old = Catalogue("# A comment.", "Language: xx\n", (Entry("gone", "", "weg"), Entry('a\n"b"', "", "c\nd")))
    now = old.brought_up_to(
        [Found("new", "", "x.py", 1), Found('a\n"b"', "", "x.py", 2), Found("new", "", "y.py", 1)]
    )
    assert [(each.words, each.translation, each.files) for each in now.entries] == [
        ("new", "", ("x.py", "y.py")),
        ('a\n"b"', "c\nd", ("x.py",)),
    ]
    assert [each.words for each in now.missing()] == ["new"]
    path = tmp_path / "xx.po"
    path.write_text(written(now), encoding="utf-8")
    assert read(path) == now


@pytest.mark.parametrize(
    "block", ['#, fuzzy\nmsgid "a"\nmsgstr "b"\n', '#~ msgid "a"\nmsgid "b"\nmsgstr ""\n']
)
def test_a_catalogue_with_guesses_or_leavings_is_refused(tmp_path: Path, block: str) -> None:
    path = tmp_path / "xx.po"
    path.write_text(f'# A comment.\nmsgid ""\nmsgstr "Language: xx\\n"\n\n{block}', encoding="utf-8")
    with pytest.raises(ValueError, match="not in a catalogue of ours"):
        read(path)
