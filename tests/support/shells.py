"""What bash, zsh and fish offer for a line, by a completion script of ours and with a made-up `tuichat`."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
from pathlib import Path
from typing import Final

SHELLS: Final = ("bash", "zsh", "fish")
_SECONDS: Final = 60

# The function is called as bash calls it: with the line up to the cursor.
_BASH = """
    source "$1"
    compopt() { printf '<%s>\\n' "$2"; }
    COMP_LINE="$2"
    COMP_POINT=${#2}
    _tuichat
    (( ${#COMPREPLY[@]} )) && printf '<%s>\\n' "${COMPREPLY[@]}"
    true
"""

# A shell within the shell has a terminal to complete on; whatever it would list is printed, too. Without the
# thousand functions for other programs it starts at once.
_ZSH = r"""
    zmodload zsh/zpty
    zpty inner zsh -f -i
    zpty -w inner "PROMPT= RPROMPT=; stty -echo; LISTMAX=10000"
    zpty -w inner 'autoload -Uz +X _files _path_files'
    zpty -w inner 'fpath=(${fpath:#*/(Unix|X|Linux|Debian|vendor-completions)})'
    zpty -w inner "autoload -Uz compinit; compinit -u -D"
    zpty -w inner "source ${(q)1}"
    zpty -w inner 'compadd() {
        local -a found
        builtin compadd -O found "$@"
        (( $#found )) && print -rl -- "<"${^found}">"
        builtin compadd "$@"
    }'
    zpty -w inner 'told() { print "DONE" }; comppostfuncs=(told); bindkey "^I" complete-word; print "READ""Y"'
    zpty -r inner seen "*READY*"
    zpty -w -n inner "$2"$'\t'
    zpty -r inner seen "*DONE*"
    print -r -- "$seen"
    zpty -d inner
"""

_FISH = """
    source $argv[1]
    complete --do-complete $argv[2] | string replace -r '\\t.*' '' | string replace -r '(.*)' '<$1>'
    true
"""

_COMMANDS: Final = {
    "bash": ("bash", "--norc", "-c", _BASH, "bash"),
    "zsh": ("zsh", "-f", "-c", _ZSH, "zsh"),
    "fish": ("fish", "--no-config", "-c", _FISH),
}


def offered(shell: str, script: str, line: str, directory: Path, tuichat: str = "exit 3") -> list[str]:
    """What `shell` offers where the cursor stands at the end of `line`.

    Args:
        script: the completion script.
        directory: for the files of the shells; the current one, too.
        tuichat: lines of sh that are run as `tuichat`.
    """
    place, environment = _laid_out(shell, script, directory, tuichat)
    result = subprocess.run(
        [*_COMMANDS[shell], place, line],
        env=environment,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    if result.stderr:
        raise AssertionError(f"{shell} says: {result.stderr}")
    return sorted(re.findall(r"<(.*)>", result.stdout))


def _laid_out(shell: str, script: str, directory: Path, tuichat: str) -> tuple[Path, dict[str, str]]:
    """The script's file, and an environment in which `tuichat` is that program."""
    programs = directory / "programs"
    programs.mkdir(exist_ok=True)
    program = programs / "tuichat"
    program.write_text(f"#!/bin/sh\n{tuichat}\n")
    program.chmod(0o755)
    place = directory / f"completion.{shell}"
    place.write_text(script)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "TERM": "dumb",
    }
    return place, environment


_INTERACTIVE: Final = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
_PREPARED: Final = {
    "bash": "PS1=; bind 'set bell-style none'; source {place}",
    "zsh": "PROMPT= RPROMPT=; fpath=(${{fpath:#*/(Unix|X|Linux|Debian|vendor-completions)}}); "
    "autoload -Uz compinit; compinit -u -D; source {place}",
    "fish": "source {place}",
}


class TypedShell:
    """A shell at a terminal, in which lines are typed; `tuichat` writes down the words it is given.

    Args:
        answers: lines of sh, which answer `tuichat completion-words`.
    """

    def __init__(self, shell: str, script: str, directory: Path, answers: str) -> None:
        self._told = directory / "told"
        program = (
            f'case "$1" in completion-words) {answers};; '
            f"*) for word; do printf '%s\\0' \"$word\" >>{directory}/telling; done; "
            f"mv {directory}/telling {self._told};; esac"
        )
        place, environment = _laid_out(shell, script, directory, program)
        self._terminal, inner = pty.openpty()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *_INTERACTIVE[shell]],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            cwd=directory,
            env={**environment, "TERM": "xterm"},
        )
        os.close(inner)
        os.set_blocking(self._terminal, False)
        self.seen = b""
        self.typed(_PREPARED[shell].format(place=place) + "; tuichat ready")

    def typed(self, line: str) -> list[str]:
        """The words that `tuichat` is given by a line; a tab in it completes what stands before."""
        os.write(self._terminal, line.encode() + b"\r")
        for _ in range(_SECONDS * 100):
            if self._told.exists():
                words = self._told.read_bytes().decode().split("\0")[:-1]
                self._told.unlink()
                return words
            self._read()
        raise AssertionError(f"nothing became of {line!r}: {self.seen[-2000:].decode(errors='replace')}")

    def _read(self) -> None:
        select.select([self._terminal], [], [], 0.01)
        with contextlib.suppress(BlockingIOError):
            self.seen += os.read(self._terminal, 65536)

    def close(self) -> None:
        """End the shell."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)
