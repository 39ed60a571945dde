"""The completion scripts: made from the parser, run by the shells, offering what there is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.shells import SHELLS, offered
from tuichat.cli.commands import build_parser
from tuichat.cli.completion import _bash, _fish, _zsh, places_of

PLACES = list(places_of(build_parser()))
SCRIPTS = {"bash": _bash(PLACES), "zsh": _zsh(PLACES), "fish": _fish(PLACES)}
Offers = Callable[..., list[str]]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def offers(shell: str, tmp_path: Path) -> Offers:
    """What the shell offers at the end of a line, with some shell code as `tuichat`."""

    def ask(line: str, tuichat: str = "exit 3") -> list[str]:
        return offered(shell, SCRIPTS[shell], line, tmp_path, tuichat)

    return ask


def test_commands_and_their_subcommands_are_offered(offers: Offers) -> None:
    assert offers("tuichat sen") == ["send"]
    assert offers("tuichat contact re") == ["reject", "remove", "rename", "requests", "retention"]
    assert {"init", "contact", "send", "doctor"} <= set(offers("tuichat "))
    assert {"add", "list", "verify"} <= set(offers("tuichat contact "))


def test_commands_and_options_about_files_are_offered(offers: Offers) -> None:
    assert {"list", "accept", "decline", "cancel", "pause", "resume"} <= set(offers("tuichat files "))
    assert {"--to", "--all", "--wait", "--timeout"} <= set(offers("tuichat files accept 1 --"))
    assert offers("tuichat send bob --fi") == ["--file"]


def test_options_are_offered_where_they_are_taken(offers: Offers) -> None:
    assert offers("tuichat send bob --wa") == ["--wait"]
    assert {"--home", "--profile", "--json"} <= set(offers("tuichat --"))
    assert "--wait" not in offers("tuichat contact --")


def test_choices_of_an_argument_are_offered(offers: Offers) -> None:
    assert set(SHELLS) <= set(offers("tuichat completion "))


def test_value_of_an_option_is_not_taken_for_a_command(offers: Offers) -> None:
    assert offers("tuichat --home contact sta") == ["status"]
    assert offers("tuichat --home=contact sta") == ["status"]


def test_name_that_is_also_a_command_changes_nothing(offers: Offers) -> None:
    assert offers("tuichat send status --wa") == ["--wait"]


def test_hidden_words_are_not_offered(offers: Offers) -> None:
    assert "node-process" not in offers("tuichat ")


def test_names_of_contacts_come_from_a_node_that_runs_for_the_same_profile(
    shell: str, offers: Offers
) -> None:
    address = "a2" * 28
    tuichat = f"""
    case "$*" in
        "--profile work status --json") echo '{{"schema":1,"node":"daemon"}}' ;;
        "--profile work --passphrase-fd 0 contact list")
            echo 'bob        {address}  accepted'
            echo 'Ann Bee    {address}  accepted, online' ;;
        *) echo '{{"schema":1,"node":"none"}}' ;;
    esac"""
    spaced = {"bash": r"Ann\ Bee", "zsh": "Ann Bee", "fish": "Ann Bee"}[shell]
    names = {spaced, "bob"}
    assert names <= set(offers("tuichat --profile work messages ", tuichat))
    assert offers("tuichat --profile work messages A", tuichat) == [spaced]
    assert not names & set(offers("tuichat messages ", tuichat))
    assert "" not in offers("tuichat messages ", tuichat)


def test_every_word_stands_in_the_script(shell: str) -> None:
    for place in PLACES:
        for word in place.words:
            assert word in SCRIPTS[shell]
