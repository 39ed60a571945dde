"""Small files that are there whole or not at all, also after a power loss."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put `data` (mode 0600) at `path`, in place of what is there.

    Raises:
        OSError: nothing was changed; or all was, and only the directory could not be synced, so that after a
            power loss either may be there. An interruption leaves the one or the other, too.
    """
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(unfinished, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_over(path: Path, data: bytes) -> None:
    """As `write_whole`; once that is safe, what was there is overwritten, as far as the disk lets us."""
    old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        write_whole(path, data)
        with contextlib.suppress(OSError):  # it has no name any more: nobody is told of it
            _overwrite(old)
    finally:
        os.close(old)


def erase(path: Path) -> None:
    """Overwrite a small file and remove it; one that is not there is well. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        _overwrite(descriptor)
    finally:
        os.close(descriptor)
    path.unlink()
    sync_directory(path.parent)


def put_over(path: Path, data: bytes) -> None:
    """Write `data` where a file of the same length is, over its own bytes. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.pwrite(descriptor, data, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _overwrite(descriptor: int) -> None:
    os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
    os.fsync(descriptor)


def read_bounded(path: Path, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a file. Raises OSError, also when it is a symlink."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
        return file.read(limit + 1)


def sync_directory(directory: Path) -> None:
    """Make renames within a directory last. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
