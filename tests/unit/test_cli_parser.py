"""The words of the command line: what is understood, and what a mistake gets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tuichat.bootstrap import hardening
from tuichat.cli.commands import MODULES, build_parser, parser_for
from tuichat.cli.invocation import Invocation
from tuichat.cli.output import report
from tuichat.cli.parser import STREAM, Parser
from tuichat.cli.run import _dispatched
from tuichat.errors import TuichatError, UsageError


def outcome(parser: Parser, words: list[str]) -> str:
    """What becomes of these words: what is understood, or the sentence."""
    try:
        return str(parser.parse_args(words))
    except (UsageError, SystemExit) as error:
        return str(error)


def refused(*words: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        build_parser().parse_args(words)
    assert caught.value.message
    assert caught.value.message.endswith((".", "?"))
    return caught.value


def test_json_is_understood_before_and_behind_every_command() -> None:
    parser = build_parser()
    for words in (["--json", "status"], ["status", "--json"], ["contact", "list", "--json"]):
        assert parser.parse_args(words).json is True
    assert parser.parse_args(["status"]).json is False


def test_a_text_after_two_dashes_is_never_an_option() -> None:
    words = build_parser().parse_args(["send", "bob", "--", "--json"])
    assert (words.text, words.json) == ("--json", False)


@pytest.mark.parametrize("text", ["-", "-5", "-5 degrees", ""])
def test_texts_that_only_look_like_options_are_texts(text: str) -> None:
    assert build_parser().parse_args(["send", "bob", text]).text == text


@pytest.mark.parametrize(
    "words",
    [
        ("messages", "bob", "--limit", "-1"),
        ("messages", "bob", "--limit", "0"),
        ("messages", "bob", "--limit", "9" * 40),
        ("messages", "bob", "--limit", "٣"),
        ("messages", "bob", "--before", "x"),
        ("send", "bob", "hi", "--timeout", "nan"),
        ("send", "bob", "hi", "--timeout", "inf"),
        ("send", "bob", "hi", "--timeout", "-1"),
        ("events", "--since", "-1"),
        ("cancel", "first"),
        ("--passphrase-fd", "-1", "status"),
        ("--home", "", "status"),
        ("--profile", "../other", "status"),
        ("--profile", "", "status"),
    ],
)
def test_value_that_cannot_be_is_quoted_in_a_sentence(words: tuple[str, ...]) -> None:
    refused(*words)


def test_mistyped_command_gets_the_nearest_one() -> None:
    assert refused("sned", "bob").candidates == ("send", "unsend")
    assert refused("contact", "ad").candidates == ("add",)


def test_hidden_command_is_not_proposed() -> None:
    assert refused("node-proces").candidates == ()
    assert "node-process" not in build_parser().format_help()


def test_abbreviations_are_refused_so_that_scripts_do_not_break_later() -> None:
    refused("status", "--jso")
    refused("send", "bob", "x", "--time", "3")


def test_unquoted_words_and_dashes_get_a_hint() -> None:
    assert "--help" in refused("send", "bob", "two", "words").hint
    assert "--" in refused("send", "bob", "-hello").hint


def test_help_of_every_command_can_be_printed() -> None:
    waiting = [build_parser()]
    while waiting:
        parser = waiting.pop()
        assert parser.format_help()
        waiting += parser.subcommands.values()


def test_the_table_of_commands_names_what_each_module_adds() -> None:
    for name, commands in MODULES.items():
        assert tuple(parser_for([name]).subcommands) == commands


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ([], ()),
        (["--json", "--home", "send"], ()),
        (["--home", "/x", "--profile=y", "cancel", "lock"], MODULES["send"]),
        (["unlock", "--json"], MODULES["lock"]),
    ],
)
def test_only_the_command_that_is_wanted_is_imported(words: list[str], known: tuple[str, ...]) -> None:
    assert tuple(parser_for(words).subcommands) == known


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["sned"], ["--", "send"], ["--nothing"], [""], ["--home"], ["--json", "x"]]
)
def test_what_is_no_plain_command_is_left_to_the_whole_parser(words: list[str]) -> None:
    assert outcome(parser_for(words), words) == outcome(build_parser(), words)


@pytest.mark.parametrize("words", [("--", "-x dash"), ("hello",), ("--", "--json"), ("--", "-")])
def test_text_may_stand_behind_an_option(words: tuple[str, ...]) -> None:
    found = build_parser().parse_args(["send", "bob", "--timeout", "1", *words])
    assert (found.text, found.timeout, found.json) == (words[-1], 1.0, False)


def test_number_may_stand_behind_an_option() -> None:
    found = build_parser().parse_args(["contact", "verify", "bob", "--qr", "12345", "67890"])
    assert (found.number, found.qr) == (["12345", "67890"], True)


@pytest.mark.parametrize("words", [("a", "b"), ("--", "-a", "-b"), ("--foo",)])
def test_words_too_many_behind_an_option_are_refused(words: tuple[str, ...]) -> None:
    refused("send", "bob", "--timeout", "1", *words)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("doctor", "--home", "x"), "--home stands before the command"),
        (("contact", "list", "--profile=x"), "--profile stands before the command"),
        (("send", "bob", "-x"), "lone --"),
        (("status", "--foo"), "tuichat status --help"),
        (("status", "foo"), "tuichat status --help"),
        (("--foo", "status"), "tuichat --help"),
        (("--foo",), "tuichat --help"),
    ],
)
def test_word_that_is_not_understood_gets_the_hint_that_fits(words: tuple[str, ...], hint: str) -> None:
    assert hint in refused(*words).hint


def test_number_that_is_too_large_is_called_so() -> None:
    assert "too large" in refused("messages", "bob", "--limit", "9" * 40).message


@pytest.mark.parametrize("text", ["-hello", "-hello there", "-h "])
def test_a_text_that_begins_like_the_help_option_is_refused_and_not_taken_for_it(text: str) -> None:
    assert text in refused("send", "bob", text).message


ODD = (
    *("", " ", "-", "--", "-x", "-hx", "--=", "=", "--json=", "--json=1", "--limit=", "--wait=", "--home="),
    *("-1", "+1", "0", "1", "9" * 4000, "1e999", "nan", "١", "１", "bob", "None", "第", "x" * 200_000),
    *("%s", "%(prog)s", "{}", "{0}", "{x}", "~", "~nosuch/x", "@/etc/passwd", "'", '"', "$(id)"),
    *("a\0b", "\x1b]0;owned\a", "\x9b31m", "\u202e", "\n"),
)


def paths(parser: Parser, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in parser.subcommands.items():
        yield (*above, name)
        yield from paths(command, (*above, name))


def test_any_words_are_understood_or_refused_with_a_harmless_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = SeededRng(b"odd words")
    known = list(paths(build_parser()))
    options = sorted({word for action in build_parser().arguments for word in action.option_strings})
    options += ["--file", "--limit", "--timeout", "--in", "--to", "--reply", "--qr"]

    def drawn(choices: list[str]) -> str:
        return choices[int(rng.uniform(0, len(choices)))]

    for number in range(4 * len(known)):
        words = [drawn([*options, *ODD])] if number % 4 == 0 else []
        words += known[number % len(known)]
        words += [drawn([*options, *ODD]) for _ in range(number % 5)]
        try:
            with suppress(SystemExit):  # after the help
                parser_for(words).parse_args(words)
        except UsageError as error:
            report(error, error.hint)
        said = capsys.readouterr().err
        assert len(said) < 5000, words
        assert all(character.isprintable() or character == "\n" for character in said), words


@pytest.mark.parametrize(
    "words", [("--json", "contact", "list"), ("contact", "--json", "list"), ("contact", "list", "--json")]
)
def test_json_may_stand_before_between_and_behind(words: tuple[str, ...]) -> None:
    assert build_parser().parse_args(words).json is True


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_file_may_be_called_as_the_stream_is(command: str) -> None:
    parser = build_parser()
    assert parser.parse_args([command, "-"]).file == STREAM
    for named in ("./-", "~/-"):
        file = parser.parse_args([command, named]).file
        assert file != STREAM
        assert file.name == "-"


@pytest.mark.parametrize(
    "words",
    [
        ("--passphrase-file", "F", "--passphrase-fd", "0", "contact", "list"),
        ("passphrase", "--new-passphrase-file", "F", "--new-passphrase-fd", "0"),
        ("backup", "x", "--new-passphrase", "--new-passphrase-file", "F"),
        ("messages", "bob", "--follow", "--before", "6"),
        ("service", "install", "--user", "--system"),
    ],
)
def test_of_two_options_that_contradict_each_other_none_is_dropped_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TUICHAT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hardening, "harden", lambda: None)
    one, other = [word for word in words if word.startswith("--")]
    with pytest.raises(UsageError, match=f"^{one} and {other} exclude each other.$"):
        _dispatched(words, Invocation("tuichat"))


def test_a_backup_of_nothing_is_refused_before_a_place_for_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardening, "harden", lambda: None)
    with pytest.raises(TuichatError, match="There is no profile in"):
        _dispatched(["--home", str(tmp_path / "none"), "backup", "-"], Invocation("tuichat"))
