"""The parser: argparse, with errors that are a sentence and a hint, and with its parts open to inspection."""

from __future__ import annotations

import argparse
import itertools
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from tuichat.cli.help_layout import Layout
from tuichat.cli.output import print_out
from tuichat.errors import UsageError
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.cli.context import Context

Command = Callable[["Context"], int]
"""A command: does its work, prints its results and gives the exit code."""

STREAM: Final = "-"
"""What is written for standard input or output; a file that is called so is ./-."""

_WORDINGS: tuple[tuple[str, Callable[[], str]], ...] = (
    (r"the following arguments are required: (.+)", lambda: _("This is missing: {0}.")),
    (r"unrecognized arguments: (.+)", lambda: _("This is not understood: {0}.")),
    (r"argument (.+?): expected (?:one|at least one) argument", lambda: _("{0} needs a value.")),
    (r"argument (.+?): ignored explicit argument (.+)", lambda: _("{0} takes no value: {1}.")),
    (r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)", lambda: _("{0} cannot be {1}.")),
    (r"argument (.+?): invalid \w+ value: (.+)", lambda: _("{0} cannot be {1}.")),
    (r"argument (.+?): (.+)", lambda: "{0}: {1}."),
)


class Parser(argparse.ArgumentParser):
    """Remembers what was added, for the manual's test and the completions.

    Attributes:
        arguments: options and positionals, in order, without those hidden from help.
        subcommands: parsers of the commands below this one, by name; empty for a leaf.
        hidden: whether this command is left out of help, manual and completions.
        above: options that stand before the command only.
    """

    def __init__(self, **details: Any) -> None:
        self.arguments: list[argparse.Action] = []
        self.subcommands: dict[str, Parser] = {}
        self.hidden = False
        self.above: frozenset[str] = frozenset()
        super().__init__(allow_abbrev=False, formatter_class=Layout, **details)
        self._positionals.title, self._optionals.title = _("positional arguments"), _("options")
        for action in self._actions:  # -h stands there already
            action.help = _("show this help message and exit")
        self._commands: argparse._SubParsersAction[Parser] | None = None

    def add_argument(self, *args: Any, **kwargs: Any) -> argparse.Action:
        """As argparse's."""
        action = super().add_argument(*args, **kwargs)
        if action.help is not argparse.SUPPRESS:
            self.arguments.append(action)
        return action

    def add_command(self, name: str, run: Command | None, summary: str, *, hidden: bool = False) -> Parser:
        """A command below this one; `run` None for a group that needs one more word."""
        if self._commands is None:
            self._commands = self.add_subparsers(
                metavar=_("COMMAND"), title=_("commands"), parser_class=Parser
            )
        shown: dict[str, Any] = {} if hidden else {"help": summary}
        parser = self._commands.add_parser(name, description=summary, **shown)
        parser.hidden = hidden
        parser.above = self.above or frozenset(self._option_string_actions)
        parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=_json_help())
        if run is not None:
            parser.set_defaults(run=run)
        else:
            parser.set_defaults(run=None, group=parser)
        self.subcommands[name] = parser
        return parser

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse's; a command says itself what it does not understand.

        Words behind an option are left over by some versions of argparse if they are for a positional that
        may be missing: it is given them here. And some take "-hello" for "-h", and print the help.
        """
        for word in itertools.takewhile(lambda word: word != "--", args or ()):
            if len(word) > 2 and word[1] != "-" and word[:2] in self._option_string_actions:
                raise UsageError(_("This is not understood: {0}.").format(word), self._hint_about(word))
        found, rest = super().parse_known_args(args, namespace)
        if rest and not self.subcommands:
            self._take_rest(found, rest)
            return found, []
        return found, rest

    def _take_rest(self, found: argparse.Namespace, rest: list[str]) -> None:
        """Give what is left over to the last positional if it has nothing yet. Raises UsageError."""
        words = rest[1:] if rest[0] == "--" else rest
        free = [action for action in self.arguments if action.nargs in ("?", "*")]
        fits = rest[0] == "--" or not any(word.startswith("-") for word in rest)
        action = free[-1] if free else None
        if action is None or not fits or getattr(found, action.dest) or (action.nargs == "?" and words[1:]):
            raise UsageError(
                _("This is not understood: {0}.").format(" ".join(rest)), self._hint_about(rest[0])
            )
        setattr(found, action.dest, words if action.nargs == "*" else next(iter(words), None))

    def _hint_about(self, word: str) -> str:
        option = word.partition("=")[0]
        if option in self.above:
            return _("{option} stands before the command: tuichat {option} ...").format(option=option)
        if option.startswith("-") and any(not action.option_strings for action in self.arguments):
            return _("What begins with a dash and is no option comes after a lone --.")
        return _("See {help}.").format(help=f"{self.prog} --help")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError in our own words; argparse would print and exit."""
        raise UsageError(*self._explained(message))

    def _print_message(self, message: str, file: Any = None) -> None:
        """argparse's way to print help and version, which is silent about a stream that takes nothing."""
        print_out(message)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """argparse's hook for choices: an unknown command gets the nearest names."""
        if action.choices is None or value in action.choices:
            return
        known = [name for name in action.choices if not self._is_hidden(name)]
        if action is not self._commands:
            message = _("{name} cannot be {value!r}.").format(name=_name_of(action), value=value)
            raise UsageError(message, _("Valid are: {choices}.").format(choices=", ".join(known)))
        import difflib

        near = tuple(difflib.get_close_matches(str(value), known, 3))
        message = _("There is no command {command!r}.").format(command=f"{self.prog} {value}")
        raise UsageError(message, _("See {help}.").format(help=f"{self.prog} --help"), near)

    def _is_hidden(self, name: str) -> bool:
        return name in self.subcommands and self.subcommands[name].hidden

    def _explained(self, message: str) -> tuple[str, str]:
        hint = _("See {help}.").format(help=f"{self.prog} --help")
        for pattern, wording in _WORDINGS:
            match = re.fullmatch(pattern, message, re.DOTALL)
            if match is None:
                continue
            return wording().format(*match.groups()), hint
        return message[:1].upper() + message[1:].rstrip(".") + ".", hint


def _json_help() -> str:
    return _("print one JSON object a line")


def _name_of(action: argparse.Action) -> str:
    return "/".join(action.option_strings) or str(action.metavar or action.dest)


def seconds(text: str) -> float:
    """The type of `--timeout`: seconds, finite, not negative."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise argparse.ArgumentTypeError(_("{value!r} is not a number of seconds").format(value=text))
    return value


def positive(text: str) -> int:
    """The type of counts and ids: a whole number from 1 that fits 63 bits."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """The type of event numbers and descriptors: a whole number from 0 that fits 63 bits."""
    return _whole(text, 0)


def _whole(text: str, least: int) -> int:
    if re.fullmatch(r"[0-9]{19,}", text):
        raise argparse.ArgumentTypeError(_("{value!r} is too large").format(value=text))
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < least:
        message = _("{value!r} is not a whole number from {least}")
        raise argparse.ArgumentTypeError(message.format(value=text, least=least))
    return int(text)


def profile_name(text: str) -> str:
    """The type of `--profile`: a name that is one plain directory name."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", text):
        raise argparse.ArgumentTypeError(
            _("{value!r} is no profile name: letters, digits, dot, dash and underscore, at most 64").format(
                value=text
            )
        )
    return text


def is_unicode(text: str) -> bool:
    """Whether a word of the command line, or a variable's value, came as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def exclude(one: str, other: str) -> UsageError:
    """Why two options do not go together, of which only one can be meant."""
    return UsageError(_("{one} and {other} exclude each other.").format(one=one, other=other))


def some_path(text: str) -> Path:
    """The type of paths: not empty; a leading ~ is the home directory."""
    if not text:
        raise argparse.ArgumentTypeError(_("an empty path names nothing"))
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise argparse.ArgumentTypeError(_("there is no such user: {path}").format(path=text)) from None


def file_or_stream(text: str) -> Path | str:
    """The type of files that may be a pipe: a path, whatever it is called, or `STREAM`."""
    return STREAM if text == STREAM else some_path(text)
