"""`tuichat` alone: the interface. And `tuichat demo`."""

from __future__ import annotations

import os

from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.errors import UsageError
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the demo."""
    parser.add_command("demo", _demo, _("try it with a made-up person on a Tor network of its own"))


def run(context: Context) -> int:
    """Open the interface on the profile; it makes one at the first run."""
    _need_terminal()
    raise NotImplementedError


def _demo(context: Context) -> int:
    _need_terminal()
    raise NotImplementedError


def _need_terminal() -> None:
    if not (os.isatty(0) and os.isatty(1)):
        raise UsageError(
            _("The interface needs a terminal."), _("For scripts there are commands: see tuichat --help.")
        )
    if os.environ.get("TERM", "") in ("", "dumb"):
        raise UsageError(
            _("The interface cannot draw on this terminal (TERM={term}).").format(
                term=os.environ.get("TERM", "")
            ),
            _("Set TERM to what the terminal is, or use the commands: see tuichat --help."),
        )
