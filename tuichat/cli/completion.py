"""`tuichat completion bash|zsh|fish`: a script for the shell, and the hidden command that it asks.

The scripts know nothing of tuichat: they pass the line on, and put what comes back in its place, quoted. The
line goes by standard input, since other users of the machine see the words of a command.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Final

from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.i18n import _

SHELLS = ("bash", "zsh", "fish")
_MOST_BYTES: Final = 256 * 1024

_BASH = r"""# bash completion for tuichat
_tuichat() {
    local -a lines=()
    mapfile -t lines < <(printf '%s' "${COMP_LINE:0:COMP_POINT}" | tuichat completion-words bash 2>/dev/null)
    COMPREPLY=()
    case "${lines[0]}" in
        files) compopt -o default ;;
        directories) compopt -o dirnames ;;
        *) COMPREPLY=("${lines[@]:1}") ;;
    esac
}
complete -F _tuichat tuichat
"""

_ZSH = r"""#compdef tuichat
_tuichat() {
    local -a lines typed
    typed=("${(@Q)words[2,CURRENT-1]}")
    lines=("${(@f)$(printf '%s\0' "${typed[@]}" "${(Q)PREFIX}" | tuichat completion-words zsh 2>/dev/null)}")
    case "${lines[1]}" in
        files) _files ;;
        directories) _files -/ ;;
        *)
            lines=("${(@)lines[2,-1]}")
            (( ${#lines} )) && compadd -- "${lines[@]}"
            ;;
    esac
}
if [ "$funcstack[1]" = _tuichat ]; then
    _tuichat "$@"
else
    compdef _tuichat tuichat
fi
"""

_FISH = r"""# fish completion for tuichat
function __tuichat_offers
    set -l typed (commandline -opc)
    set -e typed[1]
    set -l current (commandline -ct)
    set -l lines (printf '%s\0' $typed "$current" | tuichat completion-words fish 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case directories
            __fish_complete_directories "$current"
        case '*'
            set -e lines[1]
            test (count $lines) -gt 0; and printf '%s\n' $lines
    end
end

complete -c tuichat -f -a '(__tuichat_offers)'
"""

SCRIPTS: Final = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def add(parser: Parser) -> None:
    """Add the commands."""
    completion = parser.add_command("completion", _script, _("print a completion script for your shell"))
    completion.add_argument("shell", choices=SHELLS, metavar=_("SHELL"), help=_("bash, zsh or fish"))
    asked = parser.add_command("completion-words", _words, _("print what may come next"), hidden=True)
    asked.add_argument("shell", choices=SHELLS)


def _script(context: Context) -> int:
    shell = context.words.shell
    script = SCRIPTS[shell]
    context.output.result({"shell": shell, "script": script}, script.rstrip("\n"))
    return 0


def _words(context: Context) -> int:
    """The kind of what may come, and behind it a line for each word."""
    from tuichat.cli.offers import offer
    from tuichat.cli.shell_words import Line, for_bash, line_of

    with os.fdopen(0, "rb", closefd=False) as stream:
        text = stream.read(_MOST_BYTES).decode("utf-8", "replace")
    if context.words.shell == "bash":
        line = line_of(text)
        line = replace(line, words=line.words[1:])
    else:
        *words, current, _end = text.split("\0")
        line = Line(tuple(words), current.lstrip("\"'") if context.words.shell == "fish" else current)
    found = offer(context, line.words, line.current)
    context.output.line(found.kind)
    for word in found.words:
        if context.words.shell != "bash":
            context.output.line(word)
        elif word.startswith(line.current):
            context.output.line(for_bash(word, line))
    return 0
