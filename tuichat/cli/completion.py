"""`tuichat completion bash|zsh|fish`: a script for the shell, made from the parser itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.i18n import _

SHELLS = ("bash", "zsh", "fish")


class Place(NamedTuple):
    """What may follow one command.

    Attributes:
        path: the words of the command, "" for the top.
        words: its subcommands and options, and the choices of a positional.
        valued: its options that take a value.
        names: whether it takes a contact's name.
    """

    path: str
    words: list[str]
    valued: list[str]
    names: bool


def add(parser: Parser) -> None:
    """Add the command."""
    completion = parser.add_command("completion", run, _("print a completion script for your shell"))
    completion.add_argument("shell", choices=SHELLS, metavar=_("SHELL"), help=_("bash, zsh or fish"))


def run(context: Context) -> int:
    """Print the script."""
    from tuichat.cli.commands import build_parser

    places = list(places_of(build_parser()))
    script = {"bash": _bash, "zsh": _zsh, "fish": _fish}[context.words.shell](places)
    context.output.line(script.rstrip("\n"))
    return 0


def places_of(parser: Parser, path: str = "") -> Iterator[Place]:
    """Every command that is shown to people, the top first."""
    options = [action for action in parser.arguments if action.option_strings]
    positionals = [action for action in parser.arguments if not action.option_strings]
    commands = {name: command for name, command in parser.subcommands.items() if not command.hidden}
    choices = [str(choice) for action in positionals for choice in action.choices or ()]
    yield Place(
        path=path,
        words=[*commands, *choices, *(word for action in options for word in action.option_strings)],
        valued=[word for action in options if action.nargs != 0 for word in action.option_strings],
        names=any(action.dest == "ref" for action in positionals),
    )
    for name, command in commands.items():
        yield from places_of(command, f"{path} {name}".strip())


# Asks for names only where a node runs already, and never for a passphrase: descriptor 0 gives an empty one.
_NAMES = r"""
_tuichat_names() {
    case "$(tuichat "$@" status --json 2>/dev/null </dev/null)" in
        *'"node":"d'*) ;;
        *) return ;;
    esac
    tuichat "$@" --passphrase-fd 0 contact list 2>/dev/null </dev/null | sed -E 's/ +[a-z2-7]{56}.*$//'
}
"""

_WALK = r"""
    local place="" word="" skip="" cut=""
    local -a globals=()
    for word in "${before[@]}"; do
        if [ -n "$skip" ]; then
            [ "$word" = "=" ] && continue
            skip=""
            [ -z "$place" ] && globals+=("$word")
            continue
        fi
        case "$place" in
@VALUED@
        esac
        case "$word" in
            -*) [ -z "$place" ] && globals+=("$word") ;;
            *)
                cut="${place:+$place }$word"
                case "$cut" in
                    @PATHS@) place="$cut" ;;
                esac
                ;;
        esac
    done
    local offer="" contacts=""
    case "$place" in
@WORDS@
    esac
"""


def _walk(places: list[Place]) -> str:
    """Shell code, for bash and zsh, that finds the command in `before` and sets `offer` and `contacts`."""
    valued, words = [], []
    for place in places:
        label = f'"{place.path}"'
        if place.valued:
            valued.append(
                f'            {label}) case "$word" in {"|".join(place.valued)}) skip=yes ;; esac ;;'
            )
        names = " contacts=yes" if place.names else ""
        words.append(f'        {label}) offer="{" ".join(place.words)}"{names} ;;')
    paths = "|".join(f'"{place.path}"' for place in places if place.path)
    code = _WALK.replace("@VALUED@", "\n".join(valued)).replace("@PATHS@", paths)
    return code.replace("@WORDS@", "\n".join(words))


def _bash(places: list[Place]) -> str:
    return f"""# bash completion for tuichat
{_NAMES}
_tuichat() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}"
    local -a before=("${{COMP_WORDS[@]:1:COMP_CWORD-1}}")
{_walk(places)}
    if [ -n "$skip" ]; then
        COMPREPLY=()
        compopt -o default
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$offer" -- "$current")
    if [ -n "$contacts" ]; then
        local name typed="${{current//\\\\/}}"
        while IFS= read -r name; do
            [[ "$name" == "$typed"* ]] && COMPREPLY+=("$(printf %q "$name")")
        done < <(_tuichat_names "${{globals[@]}}")
    fi
}}
complete -F _tuichat tuichat
"""


def _zsh(places: list[Place]) -> str:
    return f"""#compdef tuichat
{_NAMES}
_tuichat() {{
    local -a before=("${{(@)words[2,CURRENT-1]}}")
    local -a offered
    () {{
{_walk(places)}
        if [ -n "$skip" ]; then
            _files
            return
        fi
        offered=(${{=offer}})
        compadd -a offered
        if [ -n "$contacts" ]; then
            offered=("${{(@f)$(_tuichat_names "${{globals[@]}}")}}")
            offered=("${{(@)offered:#}}")
            compadd -a offered
        fi
    }}
}}
if [ "$funcstack[1]" = _tuichat ]; then
    _tuichat "$@"
else
    compdef _tuichat tuichat
fi
"""


_FISH = r"""# fish completion for tuichat
function __tuichat_names
    string match -q '*"node":"d*' -- (tuichat $argv status --json 2>/dev/null </dev/null); or return
    tuichat $argv --passphrase-fd 0 contact list 2>/dev/null </dev/null \
        | string replace -r ' +[a-z2-7]{56}.*$' ''
end

function __tuichat_offers
    set -l place ''
    set -l skip ''
    set -l globals
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip ''
            test -z "$place"; and set -a globals $word
            continue
        end
        if string match -q -- '-*' $word
            contains -- "$place $word" @VALUED@; and set skip yes
            test -z "$place"; and set -a globals $word
            continue
        end
        set -l cut (string trim -- "$place $word")
        contains -- $cut @PATHS@; and set place $cut
    end
    if test -n "$skip"
        __fish_complete_path (commandline -ct)
        return
    end
    set -l offer
    set -l contacts ''
    switch $place
@WORDS@
    end
    if string match -q -- '-*' (commandline -ct)
        string match -- '-*' $offer
        return
    end
    string match -v -- '-*' $offer
    test -n "$contacts"; and __tuichat_names $globals
end

complete -c tuichat -f -a '(__tuichat_offers)'
"""


def _fish(places: list[Place]) -> str:
    words = []
    for place in places:
        words.append(f"        case '{place.path}'\n            set offer {' '.join(place.words)}")
        words += ["            set contacts yes"] if place.names else []
    valued = " ".join(f"'{place.path} {word}'" for place in places for word in place.valued)
    paths = " ".join(f"'{place.path}'" for place in places if place.path)
    code = _FISH.replace("@VALUED@", valued).replace("@PATHS@", paths)
    return code.replace("@WORDS@", "\n".join(words))
