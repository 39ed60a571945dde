"""What is in a folder, to be sent as it lies there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _, ngettext
from tuichat.media.failures import UnreadableError, shown, unreadable
from tuichat.media.identity import Identity

MAX_FILES: Final = 1000
"""The most files of one folder."""

MAX_DEPTH: Final = 64
"""The most folders within one another that are looked into."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A regular file, and the names of the folders that it lies in, the one that was given first.

    Attributes:
        identity: which file it was when the folder was looked at.
    """

    path: Path
    folders: tuple[str, ...]
    identity: Identity | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Folder:
    """What is in a folder and in those within it.

    Attributes:
        files: hidden ones too, by name, those of a folder before those of the folders in it.
        links: symbolic links, which are not followed.
    """

    files: tuple[FoundFile, ...]
    links: tuple[Path, ...]


def walk(path: Path, limit: int = MAX_FILES) -> Folder:
    """All files below a folder, which itself may be given by a link.

    Raises:
        UnreadableError: part of it cannot be read, something in it is no file (a device, a socket, a pipe),
            or there is no file in it.
        UsageError: more than `limit` files, or folders within folders beyond `MAX_DEPTH`.
    """
    files, links = list[FoundFile](), list[Path]()
    top = path.name if path.name not in ("", "..") else path.resolve().name
    for found, status, folders in _entries(path, (top,)):
        if stat.S_ISLNK(status.st_mode):
            links.append(found)
        elif stat.S_ISREG(status.st_mode):
            files.append(FoundFile(found, folders, Identity.of(status)))
        else:
            raise _special(found)
        if len(files) > limit:
            raise _too_many(path, limit)
    if not files:
        raise UnreadableError(
            _("There is no file in {path}.").format(path=shown(path)),
            _("Links are not followed; send what they point at."),
        )
    return Folder(tuple(files), tuple(links))


def _entries(path: Path, folders: tuple[str, ...]) -> Iterator[tuple[Path, os.stat_result, tuple[str, ...]]]:
    """Everything below a folder that is no folder itself, with its status and the folders that it is in."""
    if len(folders) > MAX_DEPTH:
        raise UsageError(
            _("There are too many folders within one another in {path}.").format(path=shown(path)),
            _("Pack it into an archive and send that."),
        )
    listed = _listed(path)
    yield from ((found, status, folders) for found, status in listed if not stat.S_ISDIR(status.st_mode))
    for found, status in listed:
        if stat.S_ISDIR(status.st_mode):
            yield from _entries(found, (*folders, found.name))


def _listed(path: Path) -> list[tuple[Path, os.stat_result]]:
    """What a folder holds, by name, each with its status; links as what they are."""
    try:
        with os.scandir(path) as found:
            listed = [(Path(entry.path), entry.stat(follow_symlinks=False)) for entry in found]
    except OSError as failure:
        raise unreadable(path, failure) from failure
    return sorted(listed, key=lambda each: each[0].name)


def _special(path: Path) -> UnreadableError:
    return UnreadableError(
        _("{path} is no file that could be sent: it is a device, a socket or a pipe.").format(
            path=shown(path)
        ),
        _("Remove it from the folder, or send the files one by one."),
    )


def _too_many(path: Path, limit: int) -> UsageError:
    sentence = ngettext(
        "There is more than {limit} file in {path}.", "There are more than {limit} files in {path}.", limit
    )
    return UsageError(
        sentence.format(limit=limit, path=shown(path)), _("Pack it into an archive and send that.")
    )
