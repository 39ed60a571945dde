"""All commands, in the order of the help."""

from __future__ import annotations

from typing import Any

from tuichat import __version__
from tuichat.cli import (
    address,
    completion,
    config,
    contact,
    daemon,
    demo,
    doctor,
    events,
    init,
    interface,
    invite,
    lock,
    messages,
    rpc,
    send,
    status,
)
from tuichat.cli.parser import Parser, natural, profile_name, some_path
from tuichat.i18n import _

GROUPS = (
    init,
    address,
    invite,
    contact,
    send,
    messages,
    events,
    status,
    daemon,
    lock,
    rpc,
    doctor,
    config,
    completion,
    demo,
)


def build_parser() -> Parser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="tuichat",
        description=_("A messenger without a server. Without a command it opens the interface."),
    )
    _add_global_options(parser)
    parser.set_defaults(run=interface.run)
    for group in GROUPS:
        group.add(parser)
    return parser


def _add_global_options(parser: Parser) -> None:
    def add(name: str, **details: Any) -> None:
        parser.add_argument(name, **details)

    add("--home", metavar=_("DIR"), type=some_path, help=_("keep everything of the profile in DIR"))
    add("--profile", metavar=_("NAME"), type=profile_name, help=_("use the profile NAME"))
    add("--config", metavar=_("FILE"), type=some_path, help=_("read the settings from FILE"))
    add("--passphrase-file", metavar=_("FILE"), type=some_path, help=_("read the passphrase from FILE"))
    add("--passphrase-fd", metavar="N", type=natural, help=_("read the passphrase from descriptor N"))
    add("--json", action="store_true", help=_("print one JSON object a line"))
    add("--version", action="version", version=f"tuichat {__version__}", help=_("print the version"))
