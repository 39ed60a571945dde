"""Words that are not ours, of the system and of the TOML parser, are said in the chosen language, too."""

from __future__ import annotations

import ast
import errno
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion.sentence import reason_of as reason_of_onion
from tuichat import i18n, system_reasons
from tuichat.i18n import translated
from tuichat.system_reasons import reason_of
from tuichat.toml_words import toml_reason

ROOT = Path(__file__).parents[2]

BROKEN = {
    "=": "Invalid statement",
    "a = 1 b": "Expected newline or end of document after a statement",
    "a": "Expected '=' after a key in a key/value pair",
    "[a": "at the end of a section",
    "[[a]": "at the end of a section",
    "a = {b = 1 ": "Unclosed inline table",
    "[ui]\n[ui]": "Cannot declare ui twice",
    "a = 1\na = 2": "Cannot overwrite a value",
    "a = {}\n[a.b]": "Cannot declare|Cannot change|Cannot define|Cannot overwrite",
    "[fruit]\napple.color = 1\n[fruit.apple]": "Cannot declare fruit.apple twice",
    "a.b.c = 1\n[z]\n[a]\nb.x = 2": "Cannot",
    "a = {b = 1, b = 2}": "'b' stands twice",
    "é = 1": "Invalid statement",
    "a. = 1": "Invalid initial character for a key part",
    "a = [1": "Unclosed array",
    'a = "\\q"': "Unescaped",
    'a = "\\u00"': "Invalid hex value",
    'a = "\\ud800"': "not a Unicode scalar value",
    'a = "b': "Unterminated string|Expected",
    'a = "b\n"': "Illegal character",
    "a = 2026-02-30": "Invalid date or datetime",
    "a = \x01": "Invalid value",
    "a = 1 # \x01": "Found invalid character",
}


@pytest.fixture
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    i18n.use_language("zh_CN")


def test_the_systems_words_are_those_of_this_system() -> None:
    known = system_reasons._reasons()
    assert {number: os.strerror(number) for number in known} == known
    for number in errno.errorcode:
        assert reason_of(OSError(number, "with 127.0.0.1 in it")) == os.strerror(number)
    assert reason_of(TimeoutError()) == "TimeoutError"
    assert reason_of(ValueError("embedded null byte")) == "embedded null byte"


@pytest.mark.usefixtures("chinese")
def test_they_are_said_in_chinese_by_us_and_by_the_package_below() -> None:
    for number, words in system_reasons._reasons().items():
        failure = OSError(number, os.strerror(number))
        assert words != os.strerror(number)
        assert reason_of(failure) == translated(reason_of_onion(failure)) == words
    assert translated(reason_of_onion(OSError(0, "a {brace}"))) == "a {brace}"


def test_none_of_them_passes_by() -> None:
    """`strerror` is read in two places; elsewhere it may only make an error of the system's kind anew."""
    read = {
        f"{path.relative_to(ROOT)}:{name}"
        for folder in ("onion", "tuichat")
        for path in (ROOT / folder).rglob("*.py")
        for name in _readings(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert read == {
        "onion/sentence.py:reason_of",
        "tuichat/system_reasons.py:reason_of",
        "tuichat/node/hooks.py:_run",  # a line of the log
    }


def _readings(tree: ast.AST) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            made = {
                id(part) for call in ast.walk(function) if _makes_an_error(call) for part in ast.walk(call)
            }
            for node in ast.walk(function):
                names = (getattr(node, "attr", ""), getattr(node, "value", ""))
                if "strerror" in names and id(node) not in made:
                    yield function.name


def _makes_an_error(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error")


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_with_toml_is_said_with_its_place(text: str) -> None:
    words = toml_reason(refused(text))
    assert re.search(BROKEN[text], words)
    assert re.search(r" \(at (line \d+, column \d+|end of document)\)$", words)


@pytest.mark.usefixtures("chinese")
@pytest.mark.parametrize("text", BROKEN)
def test_and_in_chinese(text: str) -> None:
    words = toml_reason(refused(text))
    assert re.search(r"（(第 \d+ 行第 \d+ 列|文件末尾)）$", words)
    assert not re.search(r"[A-Za-z]{2,} [A-Za-z]", words)


def refused(text: str) -> tomllib.TOMLDecodeError:
    with pytest.raises(tomllib.TOMLDecodeError) as refusal:
        tomllib.loads(text)
    return refusal.value
