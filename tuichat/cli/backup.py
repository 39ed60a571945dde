"""`tuichat backup` and `tuichat restore`: a profile as one sealed file, and a profile out of it."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from tuichat.cli.context import Context, no_profile
from tuichat.cli.output import printable
from tuichat.cli.parser import STREAM, Parser, exclude, file_or_stream, some_path
from tuichat.cli.passphrase import PassphraseSources, from_file
from tuichat.cli.paths import whole
from tuichat.cli.piped import from_standard_input, to_standard_output
from tuichat.cli.progress import progress, size_of
from tuichat.errors import LockedError, UsageError
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.api.client import AsyncClient
    from tuichat.model import Backup, Restored


def add(parser: Parser) -> None:
    """Add the commands."""
    backup = parser.add_command(
        "backup", _backup, _("write identity, contacts and history into a sealed file")
    )
    backup.add_argument(
        "file", metavar=_("FILE"), type=file_or_stream, help=_("where to write it; - is standard output")
    )
    backup.add_argument("--force", action="store_true", help=_("replace a file that is there"))
    backup.add_argument(
        "--new-passphrase",
        action="store_true",
        help=_("ask for a passphrase for this backup instead of using the profile's"),
    )
    backup.add_argument(
        "--new-passphrase-file",
        metavar=_("FILE"),
        type=some_path,
        help=_("read a passphrase for this backup from FILE"),
    )
    restore = parser.add_command("restore", _restore, _("make a profile of a backup"))
    restore.add_argument(
        "file", metavar=_("FILE"), type=file_or_stream, help=_("the backup; - is standard input")
    )
    restore.add_argument(
        "--no-passphrase",
        action="store_true",
        help=_("keep the key in a file: whoever can read your files can read your messages"),
    )


def _backup(context: Context) -> int:
    words = context.words
    if words.new_passphrase and words.new_passphrase_file is not None:
        raise exclude("--new-passphrase", "--new-passphrase-file")
    if words.file == STREAM:
        _print_backup(context)
        return 0
    path = Path(whole(words.file))
    made = _made(context, path, force=words.force)
    context.output.result(made, made.path)
    context.output.note(_opened_by(context, made))
    return 0


def _print_backup(context: Context) -> None:
    """To standard output, where a result would be part of it."""
    if context.output.json:
        raise UsageError(_("A backup on standard output leaves no room for JSON."), _("Name a file."))
    from tuichat import bootstrap

    if bootstrap.nothing_is_left(context.paths()):
        raise no_profile(context.paths())
    with to_standard_output(context.paths().home) as path:
        made = _made(context, path, force=False)
    context.output.note(_opened_by(context, made))


def _made(context: Context, path: Path, *, force: bool) -> Backup:
    async def work(node: AsyncClient) -> Backup:
        passphrase = _passphrase_of_its_own(context)  # asked for after the one that unlocks the node
        unfinished = partial(size_of, path.parent, f"{escape(path.name)}.*.unfinished")
        with progress(_("Writing the backup..."), context.clock, unfinished):
            return await node.backup(str(path), passphrase, force)

    return context.with_node(work)


def _opened_by(context: Context, made: Backup) -> str:
    from tuichat import bootstrap

    whose = _("its own passphrase") if made.own_passphrase else _("your passphrase")
    if not made.own_passphrase and bootstrap.uses_key_file(context.paths()):
        whose = _("your passphrase and your key file")
    text = _("Whoever has this file and {whose} has your identity. Keep it on another disk.")
    return text.format(whose=whose)


def _passphrase_of_its_own(context: Context) -> str | None:
    """A passphrase for the backup alone; None for the profile's."""
    if context.words.new_passphrase_file is not None:
        return from_file(context.words.new_passphrase_file, "--new-passphrase-file")
    if context.words.new_passphrase:
        return PassphraseSources(None, None, {}).read_new()
    from tuichat import bootstrap

    if not bootstrap.has_passphrase(context.paths()):
        context.output.note(_("This profile has no passphrase; its backup needs one."))
        return context.passphrase.read_new()
    return None


def _restore(context: Context) -> int:
    if context.words.file != STREAM:
        return _restored(context, context.words.file)
    from tuichat import bootstrap

    bootstrap.check_no_profile(context.paths())  # before anything is waited for
    with from_standard_input() as file:
        return _restored(context, file)


def _restored(context: Context, file: Path) -> int:
    from tuichat import bootstrap

    paths, words = context.paths(), context.words
    config = context.config()
    context.finish_wipe()
    needs_key_file = bootstrap.check_restorable(paths, file)
    key_file = context.key_file() if needs_key_file else None
    if needs_key_file and key_file is None:
        raise LockedError(
            _("This backup opens only with the key file that the profile had."),
            _("Name it: tuichat --key-file FILE restore BACKUP"),
        )
    passphrase = context.passphrase.read()
    restoring = partial(size_of, paths.home, "restoring.db")
    with progress(_("Restoring..."), context.clock, restoring):
        made = bootstrap.restore_profile(
            paths, file, passphrase, key_file, keep_passphrase=not words.no_passphrase
        )
    context.output.result(made, _told(made))
    if needs_key_file and not words.no_passphrase:
        context.output.note(_("The restored profile needs the same key file beside its passphrase."))
    for sentence in _advice(made):
        context.output.note(sentence)
    if made.visibility == "contacts" and config.privacy.visibility != "contacts":
        _keep_hidden(context)
    return 0


def _told(made: Restored) -> str:
    since, until = _moment(made.made_at), _moment(made.restored_at)
    gaps = [
        _("{name}: messages between {since} and {until} may be missing").format(
            name=contact.name, since=since, until=until
        )
        for contact in made.contacts
    ]
    return "\n".join([made.address, *gaps])


def _advice(made: Restored) -> list[str]:
    since = _moment(made.made_at)
    told = [
        _(
            "This is your profile as it was on {since}: whom you removed or blocked later is a contact again."
        ).format(since=since),
        _(
            "The old copy must not run any more: both would fight over one address, and contacts refuse the "
            "old one's key once they have seen this one's."
        ),
    ]
    if made.invites_closed:
        told.append(_("Invites that were open: {count}. They are closed.").format(count=made.invites_closed))
    if made.queued:
        told.append(
            _(
                "Messages that were queued: {count}. They are sent again; who has one already gets no second."
            ).format(count=made.queued)
        )
    return told


def _keep_hidden(context: Context) -> None:
    """The service admitted contacts only; a new place must not open it to everybody unasked."""
    path = context.paths().config
    if path.exists():
        context.output.note(
            _("Your service admitted contacts only; the settings here open it to everybody.")
            + "\n  "
            + _("To close it: tuichat config set privacy.visibility contacts")
        )
        return
    from tuichat.cli.config_edit import set_key

    set_key(path, "privacy.visibility", "contacts")
    context.output.note(
        _("Set in {path}: privacy.visibility = contacts, as it was.").format(path=printable(path))
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
