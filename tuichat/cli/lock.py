"""`tuichat lock` and `unlock`, for every client of the running node at once; `tuichat passphrase`."""

from __future__ import annotations

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.parser import Parser, natural, some_path
from tuichat.cli.passphrase import NewPassphrase
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _


def add(parser: Parser) -> None:
    """Add the commands."""
    parser.add_command("lock", _lock, _("lock the running node: keys forgotten, links closed"))
    parser.add_command("unlock", _unlock, _("unlock the running node"))
    command = parser.add_command(
        "passphrase", _passphrase, _("change the profile's passphrase, set or remove it")
    )
    command.add_argument(
        "--new-passphrase-file",
        metavar=_("FILE"),
        type=some_path,
        help=_("read the new passphrase from FILE"),
    )
    command.add_argument(
        "--new-passphrase-fd", metavar="N", type=natural, help=_("read the new passphrase from descriptor N")
    )
    command.add_argument(
        "--no-passphrase",
        action="store_true",
        help=_("keep the key in a file: whoever can read your files can read your messages"),
    )


def _lock(context: Context) -> int:
    async def work(node: AsyncClient) -> None:
        if not (await node.hello()).locked:
            await node.lock()

    context.with_node(work, start=False, unlock=False, none=_("So there is nothing to lock."))
    return 0


def _unlock(context: Context) -> int:
    async def work(_node: AsyncClient) -> None:
        return None

    context.with_node(work, start=False)
    return 0


def _passphrase(context: Context) -> int:
    """Change it in the node that runs, or here if none does."""
    from tuichat import bootstrap

    words, paths = context.words, context.paths()
    context.config()
    source = NewPassphrase(words.new_passphrase_file, words.new_passphrase_fd)
    if words.no_passphrase and source.is_given:
        raise UsageError(_("Either a new passphrase or --no-passphrase, not both."))
    if not bootstrap.profile_exists(paths):
        raise TuichatError(
            _("There is no profile in {path}.").format(path=paths.home), _("Make one: tuichat init")
        )
    current = context.passphrase.read() if bootstrap.has_passphrase(paths) else ""
    new = None if words.no_passphrase else source.read()

    async def work(node: AsyncClient) -> None:
        await node.passphrase(current, new)

    try:
        context.with_node(work, start=False, unlock=False)
    except bootstrap.NoNodeError:
        bootstrap.change_passphrase(paths, current, new)
    context.output.note(_told(new))
    return 0


def _told(new: str | None) -> str:
    if new is None:
        return _("No passphrase: whoever can read your files can read your messages.")
    return _(
        "The new passphrase opens the profile. Backups made before open with the one they were made with."
    )
