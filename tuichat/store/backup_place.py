"""Where a backup is written: beside its final name, and under that name only when it is whole and on disk."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from tuichat.clock import Rng
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.store.files import sync_directory
from tuichat.store.profile_paths import ProfilePaths, shown
from tuichat.system_reasons import reason_of

_OTHERS_IN_HOME = frozenset({"node.log", "restoring.db", "wiping"})


def check_place(path: Path, paths: ProfilePaths, *, force: bool) -> Path:
    """The path, symlinks resolved, under which a backup may be written.

    Raises:
        UsageError: it is one of the profile's own files, no plain file, or there already without `force`.
        StorageError: its directory is missing or cannot be looked into.
    """
    try:
        real = path.resolve()
        _check_not_ours(real, paths)
        if not real.parent.is_dir():
            raise StorageError(
                _("The directory {path} does not exist.").format(path=shown(real.parent)),
                _("Make it, or name another place."),
            )
        found = real.lstat() if os.path.lexists(real) else None
    except (OSError, RuntimeError, ValueError) as failure:
        raise _impossible(path, failure) from failure
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise UsageError(
            _("{path} is no file that could be replaced.").format(path=shown(real)), _("Name another place.")
        )
    if found is not None and not force:
        raise UsageError(
            _("{path} is there already.").format(path=shown(real)),
            _("Name another place, or replace it with --force."),
        )
    return real


def write_place(path: Path, write: Callable[[BinaryIO], None], rng: Rng) -> int:
    """Let `write` fill a new file (mode 0600) and put it at `path`; its size in bytes.

    Raises:
        StorageError: the disk is full or fails, or cannot be written; what was at `path` is still there.
    """
    unfinished = path.with_name(f"{path.name}.{rng.bytes(4).hex()}.unfinished")
    try:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(unfinished, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
                write(file)
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            unfinished.rename(path)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)
    except OSError as failure:
        raise _impossible(path, failure) from failure
    return size


def _check_not_ours(real: Path, paths: ProfilePaths) -> None:
    home = paths.home.resolve()
    names = {paths.identity.name, paths.unlocked_key.name, paths.lock.name, *_OTHERS_IN_HOME}
    inside = [paths.tor, paths.inbox, home / "run"]
    if (
        (real.parent == home and (real.name in names or real.name.startswith(paths.database.name)))
        or any(real.is_relative_to(each.resolve()) for each in inside)
        or real == paths.config.resolve()
    ):
        raise UsageError(
            _("{path} belongs to the profile itself.").format(path=shown(real)),
            _("Name another place, best on another disk."),
        )


def _impossible(path: Path, failure: Exception) -> StorageError:
    number = failure.errno if isinstance(failure, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StorageError(
            _("The disk of {path} is full: there is no backup.").format(path=shown(path)),
            _("Free some space, or name a place on another disk."),
        )
    if number in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageError(
            _("{path} cannot be written: {reason}.").format(path=shown(path), reason=reason_of(failure)),
            _("Name a place that the node, which writes the file, may write to."),
        )
    reason = reason_of(failure)
    return StorageError(_("{path} cannot be written: {reason}.").format(path=shown(path), reason=reason))
