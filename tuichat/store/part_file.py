"""A file on its way in, on disk: reserved before the first byte, written in any order, named when it is
whole.

Until then it has a name that says what it is and nothing about its content, in the directory where it will
end up. Nothing here follows a link or writes over what is there. All of it blocks: off the event loop only.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final

from tuichat.store.files import sync_directory

_MADE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FOUND: Final = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


PART_NAME: Final = re.compile(r"\.tuichat-[0-9a-f]+\.part")
"""What partial files are called, by `part_name`."""

GIVEN_NAME: Final = re.compile(rf"[0-9a-f]{{16}}|{PART_NAME.pattern}")
"""What files in the inbox, copies of what is sent and partial files are called."""


def part_name(random: bytes) -> str:
    """The name of a partial file; `random` makes it one of a kind."""
    return f".tuichat-{random.hex()}.part"


def reserve(path: Path, size: int) -> None:
    """Make an empty file of `size` bytes and take the space for them.

    Raises:
        OSError: there is no room (ENOSPC, EDQUOT), or it cannot be made; then nothing is left of it.
    """
    descriptor = os.open(path, _MADE, 0o600)
    try:
        if size:
            _allocate(descriptor, size)
        os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _allocate(descriptor: int, size: int) -> None:
    status = os.fstatvfs(descriptor)
    if status.f_bavail * status.f_frsize < size:
        # Some file systems would first take all there is, and everybody else's writing would fail.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise
        os.ftruncate(descriptor, size)  # a file system that cannot set space aside


class PartFile:
    """An open partial file.

    Args:
        names: those that it may have got already, before a crash.

    Raises:
        OSError: it is gone, is no regular file, has another size than was reserved, or is somebody's or
            something else: what is written there would be written over another file.
    """

    def __init__(self, path: Path, size: int, names: Iterable[Path] = ()) -> None:
        self._descriptor = os.open(path, _FOUND)
        try:
            found = os.fstat(self._descriptor)
            if found.st_size != size or not _is_ours(found, path, names):
                raise FileNotFoundError(errno.ENOENT, "this is not the partial file", str(path))
        except BaseException:
            self.close()
            raise

    def write(self, offset: int, data: bytes) -> None:
        """Write all of `data` there."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            offset += written
            view = view[written:]

    def read(self, offset: int, length: int) -> bytes:
        """What is there; fewer bytes at the file's end only."""
        parts = []
        while length and (data := os.pread(self._descriptor, length, offset)):
            parts.append(data)
            offset += len(data)
            length -= len(data)
        return b"".join(parts)

    def sync(self) -> None:
        """Have what was written on the disk."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close it; once."""
        os.close(self._descriptor)


def is_part_file(path: Path, size: int, names: Iterable[Path] = ()) -> bool:
    """Whether a partial file is still what was made (see `PartFile`)."""
    try:
        found = path.lstat()
        return stat.S_ISREG(found.st_mode) and found.st_size == size and _is_ours(found, path, names)
    except OSError:
        return False


def _is_ours(found: os.stat_result, path: Path, names: Iterable[Path]) -> bool:
    """Whether no other file than this one is there, under another link of its own. On disks that know no
    owners all that is in a directory belongs to the directory's.
    """
    if found.st_uid != os.geteuid() and found.st_uid != path.parent.stat().st_uid:
        return False
    if found.st_nlink <= 1:
        return True
    taken = takewhile(os.path.lexists, names)
    return found.st_nlink == 2 and any(_is_same(path, name) for name in taken)


def put_in_place(part: Path, names: Iterator[Path]) -> Path:
    """Give a whole file the first of `names` that is free, at one stroke; the partial name stays beside it.

    If it has one of them already, from before a crash, that one it is. Where there are no hard links the
    partial name goes.
    """
    for name in names:
        try:
            os.link(part, name, follow_symlinks=False)
        except FileExistsError:
            if _is_same(part, name):
                return name
            continue
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if not _claim(name):
                continue
            part.replace(name)
        sync_directory(name.parent)
        return name
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _claim(name: Path) -> bool:
    """Make an empty file, so that nobody else can take the name meanwhile; False if somebody has it."""
    try:
        os.close(os.open(name, _MADE, 0o600))
    except FileExistsError:
        return False
    return True


def _is_same(one: Path, other: Path) -> bool:
    try:
        return not other.is_symlink() and one.samefile(other)
    except FileNotFoundError:
        return False
