"""What bash, zsh and fish offer for a line, by a completion script of ours and with a made-up `tuichat`."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final

SHELLS: Final = ("bash", "zsh", "fish")
_SECONDS: Final = 30

# The function is called as bash calls it: the words of the line, and the index of the one to complete.
_BASH = """
    source "$1"
    read -ra COMP_WORDS <<<"$2"
    [[ "$2" == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    _tuichat tuichat "${COMP_WORDS[COMP_CWORD]}"
    printf '<%s>\\n' "${COMPREPLY[@]}"
"""

# A shell within the shell has a terminal to complete on; whatever it would list is printed, too. Without the
# thousand functions for other programs it starts at once.
_ZSH = r"""
    zmodload zsh/zpty
    zpty inner zsh -f -i
    zpty -w inner "PROMPT= RPROMPT=; stty -echo; LISTMAX=10000"
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
