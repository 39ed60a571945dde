"""`tuichat init`: a new identity in a new profile."""

from __future__ import annotations

from tuichat.cli.context import Context
from tuichat.cli.key_file import advice, new_key_file
from tuichat.cli.parser import Parser, some_path
from tuichat.errors import UsageError
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
    init.add_argument(
        "--key-file",
        dest="new_key_file",
        metavar=_("FILE"),
        type=some_path,
        help=_("need this file beside the passphrase; it is made if it is not there"),
    )


def run(context: Context) -> int:
    """Make the profile; its address is the result."""
    from tuichat import bootstrap

    paths = context.paths()
    words = context.words
    if words.no_passphrase and words.new_key_file is not None:
        raise UsageError(_("A key file is needed beside a passphrase, not instead of one."))
    context.finish_wipe()
    bootstrap.check_no_profile(paths)
    passphrase = None if words.no_passphrase else context.passphrase.read_new()
    with new_key_file(words.new_key_file, paths) as key_file:
        address = bootstrap.create_profile(paths, passphrase, words.name, key_file)
    context.output.result({"address": address}, address)
    if words.new_key_file is not None:
        context.output.note(advice(words.new_key_file))
    if passphrase is None:
        context.output.note(_("No passphrase: whoever can read your files can read your messages."))
    return 0
