"""`tuichat init`: a new identity in a new profile."""

from __future__ import annotations

from tuichat.cli.context import Context
from tuichat.cli.parser import Parser
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the command."""
    init = parser.add_command("init", run, _("make a profile and print its address"))
    init.add_argument("--name", metavar=_("NAME"), default="", help=_("the name suggested to contacts"))
    init.add_argument(
        "--no-passphrase",
        action="store_true",
        help=_("keep the key in a file: whoever can read your files can read your messages"),
    )


def run(context: Context) -> int:
    """Make the profile; its address is the result."""
    from tuichat import bootstrap

    paths = context.paths()
    bootstrap.check_no_profile(paths)
    passphrase = None if context.words.no_passphrase else context.passphrase.read_new()
    address = bootstrap.create_profile(paths, passphrase, context.words.name)
    context.output.result({"address": address}, address)
    if passphrase is None:
        context.output.note(_("No passphrase: whoever can read your files can read your messages."))
    return 0
