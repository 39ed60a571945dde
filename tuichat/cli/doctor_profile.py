"""What the doctor finds about a profile: its files, who may read them, its database and its node."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tuichat.cli.context import Context, run_async
from tuichat.cli.finding import Finding
from tuichat.cli.output import in_command, printable
from tuichat.config_owner import who_may_change
from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of


def settings(context: Context) -> Iterator[Finding]:
    """Whether they can be read, and who may change them."""
    context.config()
    path = context.paths().config
    try:
        status = path.stat()
    except OSError:
        yield Finding("settings", "ok", _("defaults"))
        return
    yield about_settings(path, status)


def about_settings(path: Path, status: os.stat_result) -> Finding:
    """Who else may change them: settings name programs that are run."""
    by = who_may_change(status)
    if by == "owner":
        text = _("{path} belongs to another user").format(path=printable(path))
        hint = _("Make it yours: sudo chown {user} {path}").format(user=os.getuid(), path=in_command(path))
        return Finding("settings", "error", text, hint, "owner")
    if by == "mode":
        text = _("others may change {path}").format(path=printable(path))
        hint = _("Close it: chmod 600 {path}").format(path=in_command(path))
        return Finding("settings", "error", text, hint, "mode")
    return Finding("settings", "ok", printable(path))


def profile(context: Context) -> Iterator[Finding]:
    """Its directory, its identity, and the modes and owners of its files."""
    home = context.paths().home
    try:
        status = home.lstat()
    except FileNotFoundError:
        yield _no_profile(home)
        return
    except OSError as error:
        text = f"{printable(home)}: {reason_of(error)}"
        yield Finding("profile", "error", text, _("Choose another place: --home DIR"), "unreadable")
        return
    about = about_directory(home, status)
    if about.state == "ok":
        about = _about_identity(context) or about
    yield about
    yield from _about_files(home)


def _about_identity(context: Context) -> Finding | None:
    """What is wrong with identity.sealed: damaged, or not there; None if nothing is."""
    from tuichat import bootstrap, doctor

    paths = context.paths()
    if bootstrap.nothing_is_left(paths):
        return _no_profile(paths.home)
    try:
        doctor.check_identity(paths)
    except TuichatError as error:
        return Finding("profile", "error", error.message, error.hint, "identity")
    return None


def _no_profile(home: Path) -> Finding:
    text = _("there is none in {path}").format(path=printable(home))
    return Finding("profile", "warning", text, _("Make one: tuichat init"), "none")


def about_directory(home: Path, status: os.stat_result) -> Finding:
    """Whether a directory is one that is this user's alone."""
    path = printable(home)
    if not stat.S_ISDIR(status.st_mode):
        text = _("{path} is no directory").format(path=path)
        return Finding("profile", "error", text, _("Choose another place: --home DIR"), "no_directory")
    if status.st_uid != os.getuid():
        text = _("{path} belongs to another user").format(path=path)
        return Finding("profile", "error", text, _("Run tuichat as that user."), "owner")
    if status.st_mode & 0o077:
        text = _("others may look into {path}").format(path=path)
        return Finding(
            "profile", "error", text, _("Close it: chmod 700 {path}").format(path=in_command(home)), "mode"
        )
    return Finding("profile", "ok", path)


def _about_files(home: Path) -> Iterator[Finding]:
    for path in sorted(home.iterdir()) if os.access(home, os.R_OK | os.X_OK) else ():
        yield from about_file(path, path.lstat())


def about_file(path: Path, status: os.stat_result) -> Iterator[Finding]:
    """What is wrong with the owner or the mode of a file in the profile."""
    shown = printable(path)
    if status.st_uid != os.getuid():
        text = _("{path} belongs to another user").format(path=shown)
        hint = _("Make it yours: sudo chown {user} {path}").format(user=os.getuid(), path=in_command(path))
        yield Finding("profile", "warning", text, hint, "file_owner")
    if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        text = _("others may read {path}").format(path=shown)
        yield Finding(
            "profile",
            "warning",
            text,
            _("Close it: chmod 600 {path}").format(path=in_command(path)),
            "file_mode",
        )


def database(context: Context) -> Iterator[Finding]:
    """A whole look at the database: by the node that has it, or here while none runs; never two at once."""
    from tuichat import bootstrap, doctor

    context.finish_wipe()
    paths = context.paths()
    if not os.access(paths.home, os.R_OK | os.X_OK):
        return
    for kept in doctor.set_aside(paths):
        text = _("a damaged one was set aside as {path}").format(path=printable(kept))
        hint = _("With a backup: restore it to another place. Delete this file when it has no use any more.")
        yield Finding("database", "warning", text, hint, "set_aside")
    if not os.path.lexists(paths.database):
        return
    if not bootstrap.profile_exists(paths):
        text = _("it is there, but identity.sealed is missing")
        yield Finding("database", "error", text, _restore_hint(), "no_identity")
        return
    sound = _is_sound(context)
    if sound is None:
        text = _("not looked into: locked. Unlock it (tuichat unlock), or name a --passphrase-file")
        yield Finding("database", "ok", text, what="locked")
    elif sound:
        size = paths.database.stat().st_size
        yield Finding("database", "ok", _("sound, {size} MiB").format(size=-(-size // 2**20)))
    else:
        text = _("its tables or indexes are damaged")
        yield Finding("database", "error", text, _restore_hint(), "damaged")


def _is_sound(context: Context) -> bool | None:
    """Whether the database is; None if it cannot be looked into now."""
    from tuichat import bootstrap, doctor

    paths = context.paths()
    if doctor.holder(paths) is not None:
        listens = bootstrap.socket_path(paths).exists()  # one that begins or ends is not waited for
        return run_async(_ask_node(context)) if listens else None
    passphrase = context.passphrase.given() if bootstrap.has_passphrase(paths) else ""
    if passphrase is None:
        return None
    key_file = context.key_file() if bootstrap.uses_key_file(paths) else None
    return doctor.database_is_sound(paths, passphrase, key_file)


async def _ask_node(context: Context) -> bool | None:
    """Whether the running node finds its database sound; None if it is locked."""
    async with context.node(start=False, unlock=False) as node:
        if (await node.hello()).locked:
            return None
        return (await node.check_database()).sound


def _restore_hint() -> str:
    return _("Restore a backup to another place: tuichat --home DIR restore FILE")


def node(context: Context) -> Iterator[Finding]:
    """Whether one runs, and who may speak to it."""
    from tuichat import bootstrap, doctor

    socket = bootstrap.socket_path(context.paths())
    holder = doctor.holder(context.paths()) if os.access(context.paths().home, os.F_OK) else None
    if holder is None:
        text = _("none is running; its socket would be {path}").format(path=printable(socket))
        yield Finding("node", "ok", text, what="none")
    elif socket.exists():
        kind = {"daemon": _("a daemon"), "detached": _("a detached node")}.get(holder.kind or "", "?")
        yield Finding("node", "ok", _("{kind} is running, pid {pid}").format(kind=kind, pid=holder.pid))
    else:
        text = _("process {pid} holds the profile but does not listen").format(pid=holder.pid or "?")
        hint = _("It may be starting or ending; if it stays so, end it.")
        yield Finding("node", "warning", text, hint, "silent")
    if socket.exists():
        yield from about_socket(socket, socket.lstat())


def about_socket(path: Path, status: os.stat_result) -> Iterator[Finding]:
    """What is wrong with the socket of the running node."""
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        text = _("{path} is no socket of yours alone").format(path=printable(path))
        hint = _("Stop the node, remove it, and start the node again: tuichat daemon stop")
        yield Finding("node", "error", text, hint, "socket")
