"""The command line in Chinese: its help has no English left, and its columns stand one below the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.latin import left_over
from tuichat import i18n
from tuichat.cli.commands import build_parser
from tuichat.cli.doctor import _check_word
from tuichat.cli.output import width_of
from tuichat.cli.parser import Parser

_TYPED = {"default", "text", "file", "contacts", "invites", "link", "message", "notice", "sign"}
"""Besides commands and choices: kinds of messages, groups of methods, and types of events."""


@pytest.fixture(autouse=True)
def chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_translations", i18n._translations)
    monkeypatch.setenv("COLUMNS", "80")
    i18n.use_language("zh_CN")


def _parsers(parser: Parser) -> Iterator[Parser]:
    yield parser
    for below in parser.subcommands.values():
        yield from _parsers(below)


def _names(parser: Parser) -> set[str]:
    """What is typed word for word: commands, and the choices of arguments."""
    names = set(parser.subcommands)
    for argument in parser.arguments:
        names |= {str(choice) for choice in argument.choices or ()}
    return names.union(*map(_names, parser.subcommands.values()))


def test_no_help_has_english_left() -> None:
    whole = build_parser()
    names = _names(whole) | _TYPED
    left = {
        parser.prog: found for parser in _parsers(whole) if (found := left_over(parser.format_help(), names))
    }
    assert not left


def test_help_has_its_columns_one_below_the_other_and_fits() -> None:
    for parser in _parsers(build_parser()):
        lines = parser.format_help().splitlines()
        begins = {
            width_of(found[0]) for line in lines if (found := re.match(r"  {,4}\S+(?: \S+)*  +(?=\S)", line))
        }
        assert all(width_of(line) <= 80 for line in lines), parser.prog
        assert len(begins - {4}) <= 2, (parser.prog, begins)


def test_what_the_doctor_looks_at_has_a_chinese_name() -> None:
    docs = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    checks = set(re.findall(r"^\| `(\w+)", docs, re.MULTILINE)) - {"id"}
    assert {check for check in checks if _check_word(check) == check} == {"python", "tor"}
