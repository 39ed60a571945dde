"""A copy of a received file under the name that it was offered with, in a directory that the person chose."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tuichat.clock import Rng, SystemRng
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.node.file_places import is_full, names_for
from tuichat.protocol.labels import disk_name
from tuichat.store.part_file import PartFile, part_name, put_in_place, reserve
from tuichat.system_reasons import reason_of

_PIECE: Final = 1024 * 1024
_RANDOM_BYTES: Final = 8


def save_copy(
    source: Path, label: str, directory: Path, stopped: Callable[[], bool], rng: Rng | None = None
) -> Path | None:
    """Copy a file next to whatever is in `directory`, never over it; the path of the copy.

    Blocks. None if it was `stopped` on the way; then, and after a failure, nothing is left of the copy.

    Raises:
        UsageError: there is no such directory.
        StorageError: the file cannot be read, or the copy cannot be written.
    """
    if not _is_directory(directory):
        raise UsageError(
            _("There is no directory {directory}.").format(directory=directory),
            _("Make it first, or name another one."),
        )
    part = directory / part_name((rng or SystemRng()).bytes(_RANDOM_BYTES))
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise StorageError(
            _("{path} cannot be read: {reason}.").format(path=source, reason=reason_of(error)),
            _("Perhaps it was moved or removed."),
        ) from error
    try:
        if not _copy(descriptor, part, stopped):
            return None
        return put_in_place(part, names_for(directory / disk_name(label)))
    except OSError as error:
        raise _failed(error, directory) from error
    finally:
        os.close(descriptor)
        part.unlink(missing_ok=True)


def _is_directory(path: Path) -> bool:
    """Whether it is one; False too if the system does not let us see it."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _failed(error: OSError, directory: Path) -> StorageError:
    if is_full(error):
        return StorageError(
            _("There is not enough room in {directory} for a copy.").format(directory=directory),
            _("Make room, or name another directory."),
        )
    return StorageError(
        _("Nothing can be written to {directory}: {reason}.").format(
            directory=directory, reason=reason_of(error)
        ),
        _("Check its permissions, or name another directory."),
    )


def _copy(descriptor: int, part: Path, stopped: Callable[[], bool]) -> bool:
    """Fill a new partial file; whether it went to the end."""
    size = os.fstat(descriptor).st_size
    reserve(part, size)
    copy = PartFile(part, size)
    try:
        offset = 0
        while data := os.pread(descriptor, _PIECE, offset):
            if stopped():
                return False
            copy.write(offset, data)
            offset += len(data)
        copy.sync()
        return True
    finally:
        copy.close()
