"""A directory that an export is written into: nobody else's, marked as incomplete until it is whole.

All of it blocks: off the event loop only.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.model.exported import EARLIER, FILES, INCOMPLETE, MANIFEST, MESSAGES, PAGES
from tuichat.store.files import sync_directory, write_whole
from tuichat.store.profile_paths import shown
from tuichat.system_reasons import reason_of

_PIECE: Final = 1024 * 1024
_FOLDERS: Final = (MESSAGES, EARLIER, FILES, PAGES)
_MADE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class ExportPlace:
    """The directory in the making. Every method may raise StorageError.

    Raises:
        UsageError: there is something at `path` already, or it is no place for a directory.
        StorageError: it cannot be made or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            _make(path)
            self._append(INCOMPLETE, b"This export is not whole.\n")
            for folder in _FOLDERS:
                (path / folder).mkdir(mode=0o700)
        except OSError as error:
            raise self._failed(error) from error

    def append(self, name: str, data: bytes) -> None:
        """Write behind what is in the file of this name; it is made if it is not there."""
        try:
            self._append(name, data)
        except OSError as error:
            raise self._failed(error) from error

    def _append(self, name: str, data: bytes) -> None:
        path = self.path / name
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "ab") as file:  # noqa: PTH123 - a descriptor
            file.write(data)

    def copy(self, source: Path, name: str, size: int) -> bool:
        """Copy a file of `size` bytes; False if there is none such any more."""
        try:
            descriptor = os.open(source, _READ)
        except OSError:
            return False
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                return False
            left = size
            with open(os.open(self.path / name, _MADE, 0o600), "wb") as copy:  # noqa: PTH123 - a descriptor
                while left and (data := os.read(descriptor, min(_PIECE, left))):
                    copy.write(data)
                    left -= len(data)
            if left:  # it was cut meanwhile
                (self.path / name).unlink()
            return not left
        except OSError as error:
            raise self._failed(error) from error
        finally:
            os.close(descriptor)

    def remove(self, name: str) -> None:
        """Take back a file that was copied."""
        try:
            (self.path / name).unlink()
        except OSError as error:
            raise self._failed(error) from error

    def finish(self, manifest: bytes) -> None:
        """All is there: the manifest, and no mark any more."""
        try:
            for folder in (self.path, *(self.path / name for name in _FOLDERS)):
                _sync_all(folder)
            write_whole(self.path / MANIFEST, manifest)
            (self.path / INCOMPLETE).unlink()
            sync_directory(self.path)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StorageError:
        marked = os.access(self.path / INCOMPLETE, os.F_OK)
        return StorageError(
            _("The export cannot be written to {path}: {reason}.").format(
                path=shown(self.path), reason=reason_of(error)
            ),
            _("What is there is marked as incomplete. Remove it, and name another place.")
            if marked
            else _("Name another place."),
        )


def _make(path: Path) -> None:
    """Make the directory, or take an empty one."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if path.is_symlink() or not path.is_dir() or any(path.iterdir()):
            raise UsageError(
                _("{path} is there already, and is no empty directory.").format(path=shown(path)),
                _("Name another place."),
            ) from None
        path.chmod(0o700)
    except FileNotFoundError:
        raise UsageError(
            _("The directory {path} does not exist.").format(path=shown(path.parent)),
            _("Make it, or name another place."),
        ) from None


def _sync_all(folder: Path) -> None:
    """Have every file of a directory, and their names, on the disk."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
    sync_directory(folder)
