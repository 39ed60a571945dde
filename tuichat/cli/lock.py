"""`tuichat lock` and `unlock`, for every client of the running node at once; `tuichat passphrase`."""

from __future__ import annotations

import argparse

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context, no_profile
from tuichat.cli.key_file import advice, new_key_file
from tuichat.cli.parser import Parser, exclude, natural, some_path
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
    command.add_argument(
        "--key-file",
        dest="new_key_file",
        metavar=_("FILE"),
        type=some_path,
        help=_("need this file beside the passphrase; it is made if it is not there"),
    )
    command.add_argument(
        "--duress",
        action="store_true",
        help=_("set a passphrase that wipes the profile when it is given"),
    )
    command.add_argument("--no-duress", action="store_true", help=_("take that one away"))
    command.add_argument(
        "--no-key-file", action="store_true", help=_("need the passphrase alone from now on")
    )


def _lock(context: Context) -> int:
    from tuichat import bootstrap

    async def work(node: AsyncClient) -> None:
        if not bootstrap.has_passphrase(context.paths()):
            raise TuichatError(
                _("This profile has no passphrase, so a lock would keep nobody out."), _("Nothing was done.")
            )
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
    from tuichat import bootstrap

    words, paths = context.words, context.paths()
    source = NewPassphrase(words.new_passphrase_file, words.new_passphrase_fd)
    _check_together(words, source)
    context.config()
    context.finish_wipe()
    if not bootstrap.profile_exists(paths):
        raise no_profile(paths)
    key_file = context.key_file() if bootstrap.uses_key_file(paths) else None
    current = context.passphrase.read() if bootstrap.has_passphrase(paths) else ""
    if words.duress or words.no_duress:
        _set_duress(context, (current, source.read() if words.duress else None, key_file))
    else:
        _set_passphrase(context, source, current, key_file)
    return 0


def _check_together(words: argparse.Namespace, source: NewPassphrase) -> None:
    if source.file is not None and source.descriptor is not None:
        raise exclude("--new-passphrase-file", "--new-passphrase-fd")
    others = words.no_passphrase or words.new_key_file is not None or words.no_key_file
    if (words.duress and words.no_duress) or ((words.duress or words.no_duress) and others):
        raise UsageError(_("--duress and --no-duress stand alone."), _("Change one thing after the other."))
    if (words.no_passphrase or words.no_duress) and source.is_given:
        raise UsageError(_("Either a new passphrase or none, not both."))
    if words.new_key_file is not None and words.no_key_file:
        raise UsageError(_("Either a key file or --no-key-file, not both."))
    if words.no_passphrase and words.new_key_file is not None:
        raise UsageError(_("A key file is needed beside a passphrase, not instead of one."))


def _set_passphrase(context: Context, source: NewPassphrase, current: str, key_file: bytes | None) -> None:
    words = context.words
    only_key_file = words.new_key_file is not None or words.no_key_file
    same = bool(current) and only_key_file and not source.is_given
    new = None if words.no_passphrase else current if same else source.read()
    with new_key_file(words.new_key_file, context.paths()) as made:
        kept = None if words.no_key_file or words.no_passphrase else key_file
        _change(context, (current, new, key_file, kept if made is None else made))
    context.output.note(_told(new, same=same))
    if words.new_key_file is not None:
        context.output.note(advice(words.new_key_file))


def _change(context: Context, change: tuple[str, str | None, bytes | None, bytes | None]) -> None:
    """In the node that runs, or here if none does; `change` is as `NodeApi.passphrase` takes it."""
    from tuichat import bootstrap

    async def work(node: AsyncClient) -> None:
        await node.passphrase(*change)

    try:
        context.with_node(work, start=False, unlock=False)
    except bootstrap.NoNodeError:
        inbox = context.config().files.directory
        bootstrap.change_passphrase(context.paths(), *change, inbox=inbox)


def _set_duress(context: Context, change: tuple[str, str | None, bytes | None]) -> None:
    """As `_change`, for `NodeApi.duress`."""
    from tuichat import bootstrap

    async def work(node: AsyncClient) -> None:
        await node.duress(*change)

    try:
        context.with_node(work, start=False, unlock=False)
    except bootstrap.NoNodeError:
        bootstrap.set_duress(context.paths(), *change, inbox=context.config().files.directory)
    if change[1] is None:
        context.output.note(_("There is no duress passphrase now."))
    else:
        context.output.note(
            _(
                "Whoever gives this passphrase wipes the profile, and is told that it is wrong. Never type "
                "it to try it."
            )
        )


def _told(new: str | None, *, same: bool) -> str:
    if new is None:
        return _("No passphrase: whoever can read your files can read your messages.")
    opens = _("The passphrase is the same as before.") if same else _("The new passphrase opens the profile.")
    rest = _(
        "Backups made before open with what they were made with. A duress passphrase, if there was one, is "
        "gone."
    )
    return f"{opens} {rest}"
