"""The completion scripts: made from the parser, understood by the shell, completing what there is."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tuichat.cli.commands import build_parser
from tuichat.cli.completion import _bash, _fish, _zsh, places_of

PLACES = list(places_of(build_parser()))


def completed(tmp_path: Path, *words: str, tuichat: str = "exit 3") -> list[str]:
    """What bash offers for the last of `words`, with a `tuichat` in PATH that is the given shell line."""
    program = tmp_path / "tuichat"
    program.write_text(f"#!/bin/sh\n{tuichat}\n")
    program.chmod(0o755)
    script = tmp_path / "completion.bash"
    script.write_text(_bash(PLACES))
    line = """
        source "$1"; shift; COMP_WORDS=(tuichat "$@"); COMP_CWORD=$#
        _tuichat; printf '%s\\n' "${COMPREPLY[@]}"
    """
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    result = subprocess.run(
        ["bash", "-c", line, "bash", script, *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert result.stderr == ""
    return result.stdout.split("\n")[:-1]


@pytest.mark.parametrize(("shell", "script"), [("bash", _bash), ("zsh", _zsh), ("fish", _fish)])
def test_shell_understands_its_script(tmp_path: Path, shell: str, script: object) -> None:
    assert callable(script)
    path = tmp_path / "script"
    path.write_text(script(PLACES))
    if shutil.which(shell) is not None:
        assert subprocess.run([shell, "-n", path], timeout=20, check=False).returncode == 0
    for place in PLACES:
        for word in place.words:
            assert word.lstrip("-") in path.read_text()


def test_commands_are_completed(tmp_path: Path) -> None:
    assert completed(tmp_path, "se") == ["send"]
    assert completed(tmp_path, "contact", "re") == ["requests", "reject", "remove", "rename"]
    assert completed(tmp_path, "--home", "contact", "sta") == ["status"]
    assert completed(tmp_path, "send", "bob", "--wa") == ["--wait"]
    assert completed(tmp_path, "completion", "") == ["bash", "zsh", "fish", "-h", "--help", "--json"]


def test_later_and_hidden_words_are_not_offered(tmp_path: Path) -> None:
    assert "--file" not in completed(tmp_path, "send", "--")
    assert "node-process" not in completed(tmp_path, "")


def test_names_of_contacts_come_from_a_node_that_runs_for_the_same_profile(tmp_path: Path) -> None:
    address = "a2" * 28
    tuichat = f"""
    case "$*" in
        "--profile work status --json") echo '{{"schema":1,"node":"daemon"}}' ;;
        "--profile work --passphrase-fd 0 contact list")
            echo 'bob        {address}  accepted'
            echo 'Ann Bee    {address}  accepted, online' ;;
        *) echo '{{"schema":1,"node":"none"}}' ;;
    esac"""
    offered = completed(tmp_path, "--profile", "work", "messages", "", tuichat=tuichat)
    assert offered[-2:] == ["bob", "Ann\\ Bee"]
    assert completed(tmp_path, "messages", "b", tuichat=tuichat) == [""]
