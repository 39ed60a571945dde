"""Paths in the words of a command, as the node is told of them: whole, and looked at before it is asked."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from tuichat.cli.output import printable
from tuichat.errors import NotFoundError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of


def to_send(path: Path) -> str:
    """The whole path of a file or folder that can be read.

    Raises:
        NotFoundError: nothing is there.
        StorageError: it cannot be read.
        UsageError: it is no file, such as a pipe or a device; or its path cannot be told.
    """
    mode = _mode(path, _("There is no file {path}.").format(path=printable(path)))
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise UsageError(
            _("{path} is no file but a {kind}; nothing of it can be sent.").format(
                path=printable(path), kind=_kind(mode)
            ),
            _("Write what comes out of it into a file first."),
        )
    if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise _unreadable(path, _("you may not read it"))
    return whole(path)


def to_receive(path: Path) -> str:
    """The whole path of a directory that can be written to.

    Raises:
        NotFoundError: nothing is there.
        UsageError: it is no directory, or its path cannot be told.
        StorageError: it cannot be written to.
    """
    text = _("There is no directory {path}.").format(path=printable(path))
    hint = _("Make it first, or name another one.")
    if not stat.S_ISDIR(_mode(path, text, hint)):
        raise UsageError(_("{path} is no directory.").format(path=printable(path)), hint)
    if not os.access(path, os.W_OK | os.X_OK):
        raise StorageError(
            _("You may not write to the directory {path}.").format(path=printable(path)),
            _("Check its permissions, or name another one."),
        )
    return whole(path)


def whole(path: Path) -> str:
    """The absolute path, symbolic links as they are.

    Raises:
        UsageError: it is not UTF-8, so that the node cannot be told of it.
        StorageError: the current directory is gone.
    """
    try:
        absolute = os.path.abspath(path)  # noqa: PTH100 - without looking at links
    except OSError as error:
        raise StorageError(
            _("The current directory cannot be read: {why}.").format(why=reason_of(error)),
            _("Change into one that is there, or write the whole path."),
        ) from error
    try:
        absolute.encode()
    except UnicodeEncodeError:
        raise UsageError(
            _("The path {path} is not UTF-8.").format(path=printable(Path(absolute))),
            _("Rename what is on the way to it, or go by another one."),
        ) from None
    return absolute


def _mode(path: Path, missing: str, hint: str = "") -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(missing, hint) from None
    except OSError as error:
        raise _unreadable(path, reason_of(error)) from error


def _unreadable(path: Path, why: str | None) -> StorageError:
    return StorageError(
        _("{path} cannot be read: {why}.").format(path=printable(path), why=why or "?"),
        _("Check its permissions."),
    )


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return _("pipe")
    return _("socket") if stat.S_ISSOCK(mode) else _("device")
