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
        local name
        while IFS= read -r name; do
            [[ "$name" == "$current"* ]] && COMPREPLY+=("$(printf %q "$name")")
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


def _fish(places: list[Place]) -> str:
    lines = [
        "# fish completion for tuichat",
        "complete -c tuichat -f",
        "function __tuichat_names",
        '    string match -q \'*"node":"d*\' -- (tuichat status --json 2>/dev/null </dev/null); or return',
        "    tuichat --passphrase-fd 0 contact list 2>/dev/null </dev/null"
        " | string replace -r ' +[a-z2-7]{56}.*$' ''",
        "end",
    ]
    for place in places:
        condition = _fish_condition(place, places)
        lines += [f"complete -c tuichat -n '{condition}' {_fish_word(place, word)}" for word in place.words]
        if place.names:
            lines.append(f"complete -c tuichat -n '{condition}' -a '(__tuichat_names)'")
    return "\n".join(lines)


def _fish_condition(place: Place, places: list[Place]) -> str:
    """Seen: every word of the path; not seen: any word that leads further."""
    seen = [f"__fish_seen_subcommand_from {word}" for word in place.path.split()]
    depth = len(place.path.split())
    further = [
        other.path.split()[depth]
        for other in places
        if len(other.path.split()) == depth + 1 and other.path.startswith(place.path)
    ]
    if further:
        seen.append(f"not __fish_seen_subcommand_from {' '.join(further)}")
    return "; and ".join(seen) or "true"


def _fish_word(place: Place, word: str) -> str:
    if word.startswith("--"):
        return f"-l {word[2:]}" + (" -r" if word in place.valued else "")
    return f"-s {word[1:]}" if word.startswith("-") else f"-a {word}"
