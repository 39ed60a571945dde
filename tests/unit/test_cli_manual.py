"""The manual page and the parser say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuichat import errors
from tuichat.bootstrap import attaching, taking
from tuichat.cli import context
from tuichat.cli.commands import build_parser
from tuichat.cli.parser import Parser
from tuichat.hook_settings import DEADLINE_SECONDS, HOOK_EVENTS, MOST_HOOKS
from tuichat.model import MAX_TEXT_BYTES
from tuichat.node import hook_process, hooks
from tuichat.settings import SETTINGS, themes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "man" / "tuichat.1").read_text(encoding="utf-8")
README = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
# Without the font changes and escapes of roff, each entry's first line is the synopsis as people read it.
PLAIN = re.sub(r"\\f[RIBP]|\\dq|\"", "", PAGE).replace("\\-", "-")


def commands(parser: Parser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Parser]]:
    for name, command in parser.subcommands.items():
        if command.hidden:
            continue
        if command.subcommands:
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = list(commands(build_parser()))


def entry(path: tuple[str, ...]) -> str:
    """The synopsis line of a command."""
    found = re.search(rf"^\.B {' '.join(path)}(?= |$).*$", PLAIN, re.MULTILINE)
    assert found, f"the manual has no entry for {' '.join(path)}"
    return found[0]


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_stands_in_the_manual_with_its_options(path: tuple[str, ...], command: Parser) -> None:
    line = entry(path)
    for action in command.arguments:
        for word in action.option_strings:
            if word not in ("-h", "--help", "--json"):
                assert word in line
        if action.option_strings == [] and not action.choices:
            assert str(action.metavar) in line
        for choice in action.choices or ():
            assert str(choice) in line


def test_manual_has_no_option_or_command_that_there_is_not() -> None:
    known = {
        word for _, command in COMMANDS for action in command.arguments for word in action.option_strings
    }
    known |= {word for action in build_parser().arguments for word in action.option_strings}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PLAIN)) | {"-h"} == known
    documented = PLAIN.partition(".SH COMMANDS")[2].partition(".SH SETTINGS")[0]
    entries = re.findall(r"^\.TP\n\.B (.+)$", documented, re.MULTILINE)
    assert len(entries) == len(COMMANDS)


def test_every_global_option_stands_in_the_manual() -> None:
    options = PLAIN.partition(".SH OPTIONS")[2].partition(".SH COMMANDS")[0]
    for action in build_parser().arguments:
        for word in action.option_strings:
            assert word in options


def test_settings_and_exit_codes_of_the_manual_are_those_of_the_program() -> None:
    settings = PLAIN.partition(".SH SETTINGS")[2].partition(".SH EXIT STATUS")[0]
    sections = "|".join({name.partition(".")[0] for name in SETTINGS})
    assert set(re.findall(rf"\b(?:{sections})\.[a-z_]+", settings)) == set(SETTINGS)
    codes = PLAIN.partition(".SH EXIT STATUS")[2].partition(".SH ENVIRONMENT")[0]
    assert set(re.findall(r"^\.B (\d+)$", codes, re.MULTILINE)) == exit_codes()


def test_manual_has_every_event_that_hooks_know_and_their_limits() -> None:
    section = PLAIN.partition(".SH HOOKS")[2].partition(".SH FILES")[0]
    named = re.findall(
        r"\b(?:message|file|contact|conversation|link|sign|tor|service|notice)\.[a-z]+", section
    )
    assert set(named) == set(HOOK_EVENTS)
    for limit in (
        f"{DEADLINE_SECONDS}s if left out",
        f"At most {MOST_HOOKS} hooks",
        f"{hooks.MOST_WAITING} events wait",
    ):
        assert limit in section
    assert hooks.MOST_AT_ONCE == 4
    assert hook_process.GRACE_SECONDS == 2


def exit_codes() -> set[str]:
    """Every code that a command may end with."""
    raised = {
        str(found.exit_code)
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, errors.TuichatError)
    }
    return raised | {"0", "130"}


def test_readme_has_every_exit_code() -> None:
    sentence = README.partition("The exit code says what happened: ")[2].partition(". ")[0]
    assert {part.split()[0] for part in sentence.split(", ")} == exit_codes()


def test_limits_and_choices_that_people_meet_are_written_down() -> None:
    limit = f"at most {MAX_TEXT_BYTES // 1024} KiB"
    assert limit in PLAIN
    assert limit in README
    entry_of_theme = PLAIN.partition("\n.BR ui.theme ")[2].partition("\n.TP")[0]
    for theme in themes():
        assert re.search(rf"\b{theme}\b", entry_of_theme), theme


def test_how_long_a_node_is_waited_for_is_written_down() -> None:
    decision = (ROOT / "docs" / "adr" / "0004-one-node-process-per-profile.md").read_text(encoding="utf-8")
    for page in (PLAIN, decision):
        words = " ".join(page.split())
        assert f"{context.ATTACH_SECONDS:g} seconds" in words
        assert f"{taking.LOCK_SECONDS:g} seconds" in words
    assert f"clients {attaching.ATTACH_SECONDS:g} seconds" in " ".join(decision.split())
