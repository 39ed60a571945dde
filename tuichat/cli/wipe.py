"""`tuichat wipe`: the keys destroyed, then every file of the profile removed; there is no way back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tuichat.cli.context import Context, run_async
from tuichat.cli.output import printable, say
from tuichat.cli.parser import Parser
from tuichat.cli.progress import progress
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the command."""
    command = parser.add_command("wipe", run, _("destroy the keys and remove all of the profile, for good"))
    command.add_argument("--yes", action="store_true", help=_("do not ask"))
    command.add_argument(
        "--keep-files", action="store_true", help=_("leave received files that are whole where they are")
    )


def run(context: Context) -> int:
    """Ask for the profile's name, and wipe it: through its node, or here if none runs."""
    from tuichat import bootstrap

    words, paths = context.words, context.paths()
    found = (paths.identity, paths.database, paths.wiping)
    if not any(os.path.lexists(path) for path in found):
        raise TuichatError(_("There is no profile in {path}.").format(path=printable(paths.home)))
    if not words.yes:
        _ask(paths.home)
    inbox = _inbox(context)
    with progress(_("Wiping..."), context.clock):
        run_async(bootstrap.wipe_profile(paths, inbox, keep_files=words.keep_files))
    context.output.result({"wiped": str(paths.home)}, _("Wiped: {path}").format(path=printable(paths.home)))
    context.output.note(left_over(paths.config))
    if words.keep_files:
        kept = printable(inbox or paths.inbox)
        context.output.note(_("Received files are still in {path}, not encrypted.").format(path=kept))
    return 0


def _ask(home: Path) -> None:
    """Raise UsageError unless the person at the terminal types the profile's name."""
    if not os.isatty(0):
        raise UsageError(
            _("A wipe asks for the profile's name, and there is no terminal to ask on."),
            _("Nothing was done. In scripts: tuichat wipe --yes"),
        )
    say(
        _(
            "This destroys the keys, contacts, messages and received files of the profile in {path}. There "
            "is no way back."
        ).format(path=printable(home))
    )
    say(_("To go on, type its name: {name}").format(name=printable(Path(home.name))))
    if sys.stdin.readline().rstrip("\r\n") != home.name:
        raise UsageError(_("That is not its name."), _("Nothing was done."))


def _inbox(context: Context) -> Path | None:
    """Where received files are put; settings that cannot be read must keep nobody from wiping."""
    try:
        return context.config(required=False).files.directory
    except TuichatError as error:
        say(_("The settings cannot be read, so only the profile's own inbox is looked at."))
        say(error.message)
        return None


def left_over(config: Path) -> str:
    """What a wipe does not reach."""
    return _(
        "Not reached: backups, files that you saved elsewhere, the settings in {path}, and what a flash "
        "disk, a snapshot or the terminal keeps of what was removed."
    ).format(path=printable(config))
