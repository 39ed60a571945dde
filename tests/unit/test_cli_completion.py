"""What may come next on a line, and the shells that offer it: bash, zsh and fish themselves."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.shells import SHELLS, TypedShell, offered
from tuichat.cli.commands import build_parser
from tuichat.cli.completion import SCRIPTS
from tuichat.cli.context import Context
from tuichat.cli.known_words import usable, words_from
from tuichat.cli.offers import Offer, offer
from tuichat.cli.output import Output
from tuichat.cli.passphrase import PassphraseSources
from tuichat.cli.shell_words import Line, for_bash, line_of
from tuichat.cli.unfinished import place_behind
from tuichat.settings import SETTINGS

ROOT = Path(__file__).parents[2]
REAL = f'PYTHONPATH={ROOT} exec {sys.executable} -m tuichat "$@"'
STRANGE = (
    "Ann Bee",
    "b$(touch pwned)",
    "c`touch pwned`",
    "d;touch pwned;",
    "e'f\"g\\h",
    "小明 的名字",
    "i&|<>(){}[]*?#",
    "j!!k !x",
    "l:m=n@o",
    "~root",
    "q\\",
    "$HOME",
)


def told(*words: str, current: str = "") -> Offer:
    """What is offered behind these words."""
    context = Context(
        words=build_parser().parse_args([]),
        output=Output(),
        environment={},
        passphrase=PassphraseSources(None, None, {}),
        clock=FixedClock(),
    )
    return offer(context, words, current)


def test_commands_and_their_subcommands_are_offered() -> None:
    assert {"init", "contact", "send", "doctor"} <= set(told().words)
    assert {"add", "list", "verify"} <= set(told("contact").words)
    assert not {"node-process", "completion-words"} & set(told().words)


def test_options_are_offered_where_they_are_taken() -> None:
    assert {"--file", "--wait", "--json"} <= set(told("send", "bob", current="--").words)
    assert {"--home", "--profile", "--json"} <= set(told(current="-").words)
    assert "--wait" not in told("contact", current="--").words
    assert told("send", "--", current="--").words == ()


def test_values_of_options_and_arguments_are_offered() -> None:
    states = ("sent", "delivered", "read")
    assert told("send", "bob", "--wait").words == states
    assert told("send", "bob", current="--wait=").words == tuple(f"--wait={state}" for state in states)
    assert told("completion").words == SHELLS
    assert told("config", "set").words == tuple(SETTINGS)
    assert told("config", "set", "tor.mode").words == ("child", "system")
    assert told("config", "set", "privacy.receipts").words == ("true", "false")
    assert told("config", "set", "no.such").words == ()
    assert told("messages", "bob", "--limit").words == ()


def test_paths_are_left_to_the_shell() -> None:
    assert told("backup").kind == told("send", "bob", "--file").kind == told("--config").kind == "files"
    assert told("export").kind == told("files", "accept", "1", "--to").kind == "directories"
    assert told(current="--home=").kind == "directories"


def test_value_or_name_that_is_also_a_command_changes_nothing() -> None:
    assert "status" in told("--home", "contact").words
    assert "status" in told("--home=contact").words
    assert "--wait" in told("send", "status", current="--").words


def test_any_words_whatever_are_borne() -> None:
    odd = ("", "-", "--", "--=", "--home", "\udcff", "\0", "contact", "no", "--wait", "'", "\n")
    for word, current in pairwise((*odd, *odd[::2], *odd[::3], *odd[::5])):
        assert told("send", word, current=current).kind
        assert told(word, current, current=word).kind


async def known(*words: str, current: str = "") -> tuple[str, ...]:
    """What the sample's node knows for the argument that is next."""
    place = place_behind((*words,))
    action = place.awaiting or place.positional()
    assert action is not None
    return usable(place, await words_from(NODE, place, action.dest))


NODE = MemoryNode.sample(FixedClock())
NODE.sample_files()


async def test_contacts_are_offered_where_one_is_named() -> None:
    everybody = ("alice", "bob", "carol", "dave", "小明")
    for words in (("send",), ("messages",), ("contact", "verify"), ("search", "--in"), ("files", "list")):
        assert set(await known(*words)) == set(everybody)
    assert await known("contact", "accept") == ("dave",)


async def test_numbers_of_files_invites_and_messages_are_offered_where_they_are_of_use() -> None:
    assert await known("files", "accept") == ("1",)
    assert "1" not in await known("files", "pause")
    assert await known("invite", "revoke") == ()
    mine = [message for message in await NODE.messages("bob") if message.direction == "out"]
    assert str(mine[-1].id) in await known("edit")
    assert set(await known("send", "bob", "--reply")) == {str(m.id) for m in await NODE.messages("bob")}
    queued = [message for message in await NODE.messages("alice") if message.state == "queued"]
    assert set(await known("cancel")) == {str(message.id) for message in queued}
    assert await known("search", "--before") == ()


def test_what_cannot_be_typed_or_would_be_an_option_is_not_offered() -> None:
    words = ("plain", "-x", "two\nlines", "\x1b[31m", "\udcff", "👩\u200d🚀")
    assert usable(place_behind(["send"]), words) == ("plain", "👩\u200d🚀")
    assert usable(place_behind(["send", "--"]), words) == ("plain", "-x", "👩\u200d🚀")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", Line((), "")),
        ("tuichat", Line((), "tuichat")),
        ("tuichat send ", Line(("tuichat", "send"), "")),
        ("tuichat send A\\ n", Line(("tuichat", "send"), "A n")),
        ("tuichat send 'A n", Line(("tuichat", "send"), "A n", "'")),
        ('t "a b" \'c\\\' x"y"z', Line(("t", "a b", "c\\"), "xyz", kept=1)),
        ('t "a\\"b\\c', Line(("t",), 'a"b\\c', '"')),
        ("t --wait=se", Line(("t",), "--wait=se", kept=7)),
        ("t ann@ho", Line(("t",), "ann@ho", kept=3)),
        ("t ''", Line(("t",), "")),
        ("t \\", Line(("t",), "")),
    ],
)
def test_words_of_a_line_are_those_that_bash_reads(text: str, line: Line) -> None:
    assert line_of(text) == line


def test_every_name_comes_back_as_it_is_in_whatever_quotes() -> None:
    lines = []
    for name in STRANGE:
        for open_quote, close in (("", ""), ("'", "'"), ('"', '"')):
            line = line_of(f"t {open_quote}")
            lines.append(f"printf '%s\\0' {open_quote}{for_bash(name, line)}{close}\n")
    done = subprocess.run(["bash"], input="".join(lines).encode(), capture_output=True, check=True)
    assert done.stderr == b""
    assert done.stdout.decode().split("\0")[:-1] == [name for name in STRANGE for _ in range(3)]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_the_shell_asks_tuichat_itself(shell: str, tmp_path: Path) -> None:
    (tmp_path / "some file").touch()
    (tmp_path / "other").mkdir()

    def offers(line: str) -> list[str]:
        return offered(shell, SCRIPTS[shell], line, tmp_path, REAL)

    assert offers("tuichat contact re") == ["reject", "remove", "rename", "requests", "retention"]
    assert {"--to", "--all", "--wait", "--timeout"} <= set(offers("tuichat files accept 1 --"))
    found = offers("tuichat backup ")
    assert "default" in found if shell == "bash" else any("some" in name for name in found)
    found = offers("tuichat export ")
    assert found == ["dirnames"] if shell == "bash" else any("other" in name for name in found)
    assert not any("some" in name for name in found)


def test_nothing_is_offered_where_tuichat_fails(shell: str, tmp_path: Path) -> None:
    assert offered(shell, SCRIPTS[shell], "tuichat sen", tmp_path, "echo broken >&2; exit 3") == []


ANSWERS = """\
import sys
from tuichat.cli.shell_words import for_bash, line_of
text = sys.stdin.read()
line = line_of(text)
print("words")
for name in {names!r}:
    if sys.argv[1] != "bash":
        print(name)
    elif name.startswith(line.current):
        print(for_bash(name, line))
"""


def test_hostile_names_are_taken_as_names_by_the_shell_that_completes_them(
    shell: str, tmp_path: Path
) -> None:
    (tmp_path / "answers.py").write_text(ANSWERS.format(names=STRANGE), encoding="utf-8")
    answers = f'PYTHONPATH={ROOT} {sys.executable} {tmp_path}/answers.py "$2"'
    typed = TypedShell(shell, SCRIPTS[shell], tmp_path, answers)
    try:
        for name in STRANGE:
            begin = {"~": "'~r", "$": "'$"}.get(name[0], name[:1])
            assert typed.typed(f"tuichat send {begin}\thi") == ["send", name, "hi"], shell
        for begin in ("'Ann ", '"Ann ', "Ann\\ "):
            assert typed.typed(f"tuichat send {begin}\thi") == ["send", "Ann Bee", "hi"]
    finally:
        typed.close()
    assert not list(tmp_path.rglob("pwned"))
