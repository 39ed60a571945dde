"""All commands, in the order of the help, and the parser of the command line."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from tuichat import __version__
from tuichat.cli import interface
from tuichat.cli.parser import Parser, natural, profile_name, some_path
from tuichat.i18n import _

MODULES = {
    "init": ("init",),
    "address": ("address",),
    "invite": ("invite",),
    "contact": ("contact",),
    "send": ("send", "cancel"),
    "edit": ("edit", "unsend", "react"),
    "timer": ("timer",),
    "messages": ("messages",),
    "search": ("search",),
    "files": ("files",),
    "events": ("events",),
    "status": ("status",),
    "daemon": ("daemon", "node-process"),
    "lock": ("lock", "unlock", "passphrase"),
    "wipe": ("wipe",),
    "backup": ("backup", "restore"),
    "export": ("export", "import"),
    "rpc": ("rpc",),
    "token": ("token",),
    "doctor": ("doctor",),
    "config": ("config",),
    "service": ("service",),
    "completion": ("completion", "completion-words"),
    "demo": ("demo",),
}
"""The modules beside this one, and the commands that each adds."""

_FLAGS = ("--json", "--plain")
VALUED = ("--home", "--profile", "--config", "--passphrase-file", "--passphrase-fd", "--key-file")


def build_parser() -> Parser:
    """The parser of the whole command line."""
    return _parser_of(MODULES)


def parser_for(arguments: Sequence[str]) -> Parser:
    """A parser that is enough for `arguments`: what they do not need is not imported, which takes time."""
    command = _command_in(arguments)
    if command is None:
        return build_parser()
    return _parser_of(name for name, commands in MODULES.items() if command in commands)


def _command_in(arguments: Sequence[str]) -> str | None:
    """The command's word, "" if there is none; None where the whole parser has to tell."""
    waiting = iter(arguments)
    for argument in waiting:
        if argument in VALUED:
            next(waiting, None)
        elif not argument.startswith("-"):
            return argument if any(argument in commands for commands in MODULES.values()) else None
        elif argument not in _FLAGS and not argument.startswith(tuple(f"{name}=" for name in VALUED)):
            return None
    return ""


def _parser_of(modules: Iterable[str]) -> Parser:
    parser = Parser(
        prog="tuichat",
        description=_("A messenger without a server. Without a command it opens the interface."),
    )
    _add_global_options(parser)
    parser.set_defaults(run=interface.run)
    for name in modules:
        importlib.import_module(f"tuichat.cli.{name}").add(parser)
    return parser


def _add_global_options(parser: Parser) -> None:
    def add(name: str, **details: Any) -> None:
        parser.add_argument(name, **details)

    add("--home", metavar=_("DIR"), type=some_path, help=_("keep everything of the profile in DIR"))
    add("--profile", metavar=_("NAME"), type=profile_name, help=_("use the profile NAME"))
    add("--config", metavar=_("FILE"), type=some_path, help=_("read the settings from FILE"))
    add("--passphrase-file", metavar=_("FILE"), type=some_path, help=_("read the passphrase from FILE"))
    add("--passphrase-fd", metavar="N", type=natural, help=_("read the passphrase from descriptor N"))
    add("--key-file", metavar=_("FILE"), type=some_path, help=_("open the profile with this key file, too"))
    add("--plain", action="store_true", help=_("the interface line by line, for any terminal and for pipes"))
    add("--json", action="store_true", help=_("print one JSON object a line"))
    add("--version", action="version", version=f"tuichat {__version__}", help=_("print the version"))
