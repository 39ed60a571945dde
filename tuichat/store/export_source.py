"""An export as it is read back: nothing in it is believed, no link is followed, every read has a bound.

All of it blocks: off the event loop only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, TypeVar

import msgspec

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.model.exported import (
    CONTACTS,
    EARLIER,
    EXPORT_VERSION,
    FILE_LINES,
    INCOMPLETE,
    MANIFEST,
    MAX_LINE,
    MESSAGES,
    ExportedContact,
    ExportedEarlier,
    ExportedFile,
    ExportedMessage,
    Manifest,
)
from tuichat.store.profile_paths import shown
from tuichat.system_reasons import reason_of

Line = TypeVar("Line", bound=msgspec.Struct)

_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE: Final = 1024 * 1024


class NoExportError(UsageError):
    """A directory is no export that can be imported; nothing was changed."""

    def __init__(self, why: str) -> None:
        super().__init__(why, _("Nothing was imported."))


class ExportSource:
    """The directory at `path`. Every method may raise NoExportError.

    Raises:
        NoExportError: it is not there, not whole, or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise NoExportError(
                _("{path} cannot be read: {reason}.").format(path=shown(path), reason=reason_of(error))
            ) from error
        try:
            self.manifest = self._checked_manifest()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the directory."""
        os.close(self._directory)

    def _checked_manifest(self) -> Manifest:
        if self._is_there(INCOMPLETE) or not self._is_there(MANIFEST):
            raise NoExportError(_("{path} is no whole export.").format(path=shown(self._path)))
        lines = list(self._lines(MANIFEST, Manifest))
        if len(lines) != 1:
            raise NoExportError(_("{name} has not one line.").format(name=MANIFEST))
        if lines[0].version != EXPORT_VERSION:
            raise NoExportError(
                _("This export has version {version}; this program knows {known}.").format(
                    version=lines[0].version, known=EXPORT_VERSION
                )
            )
        return lines[0]

    def _is_there(self, name: str) -> bool:
        try:
            os.lstat(name, dir_fd=self._directory)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unreadable(name, error) from error
        return True

    def contacts(self) -> Iterator[ExportedContact]:
        """Every contact."""
        return self._lines(CONTACTS, ExportedContact)

    def messages(self, contact: int) -> Iterator[ExportedMessage]:
        """Every message with a contact."""
        return self._lines(f"{MESSAGES}/{contact}.jsonl", ExportedMessage)

    def earlier(self, contact: int) -> Iterator[ExportedEarlier]:
        """Every earlier text of messages with a contact; none of an export from before they were in it."""
        name = f"{EARLIER}/{contact}.jsonl"
        return self._lines(name, ExportedEarlier) if self._is_there(name) else iter(())

    def files(self) -> Iterator[ExportedFile]:
        """Every file."""
        return self._lines(FILE_LINES, ExportedFile)

    def copy(self, name: str, size: int, to: Path) -> None:
        """Copy a stored file of `size` bytes to a new file.

        Raises:
            StorageError: it cannot be written.
        """
        descriptor = self._open(name)
        try:
            if os.fstat(descriptor).st_size != size:
                raise NoExportError(_("{name} has not the size that is said of it.").format(name=name))
            _copy(descriptor, name, size, to)
        finally:
            os.close(descriptor)

    def _open(self, name: str) -> int:
        """A plain file in the directory, or in a plain directory in it."""
        folder, _slash, last = name.rpartition("/")
        inside = self._directory
        try:
            if folder:
                inside = os.open(folder, _FOLDER, dir_fd=self._directory)
            try:
                descriptor = os.open(last, _READ, dir_fd=inside)
            finally:
                if inside != self._directory:
                    os.close(inside)
        except OSError as error:
            raise _unreadable(name, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NoExportError(_("{name} is no plain file.").format(name=name))
        return descriptor

    def _lines(self, name: str, kind: type[Line]) -> Iterator[Line]:
        """The lines of a file, each decoded and bounded."""
        decoder = msgspec.json.Decoder(kind)
        with open(self._open(name), "rb") as file:  # noqa: PTH123 - a descriptor
            number = 0
            while line := _next_line(file, name):
                number += 1
                try:
                    if len(line) > MAX_LINE or not line.endswith(b"\n"):
                        raise msgspec.DecodeError(_("it is too long, or has no end"))
                    yield decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    why = str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__
                    raise NoExportError(
                        _("Line {number} of {name} cannot be read: {why}.").format(
                            number=number, name=name, why=why
                        )
                    ) from None


def _next_line(file: IO[bytes], name: str) -> bytes:
    try:
        return file.readline(MAX_LINE + 1)
    except OSError as error:
        raise _unreadable(name, error) from error


def _copy(descriptor: int, name: str, size: int, to: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(to, flags, 0o600), "wb") as copy:  # noqa: PTH123 - a descriptor
            left = size
            while left and (data := os.read(descriptor, min(_PIECE, left))):
                copy.write(data)
                left -= len(data)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        raise StorageError(
            _("{path} cannot be written: {reason}.").format(path=shown(to), reason=reason_of(error)),
            _("Nothing was imported."),
        ) from error
    if left:
        raise NoExportError(_("{name} has not the size that is said of it.").format(name=name))


def _unreadable(name: str, error: OSError) -> NoExportError:
    return NoExportError(_("{path} cannot be read: {reason}.").format(path=name, reason=reason_of(error)))
