"""Where received files lie, and whether there is room for one more."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tuichat.clock import Rng
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.media.failures import shown
from tuichat.protocol.labels import disk_name, disk_place, numbered
from tuichat.store.files import sync_directory
from tuichat.store.part_file import part_name, reserve
from tuichat.store.records import FileRow
from tuichat.system_reasons import reason_of

_RANDOM_BYTES: Final = 8
_INBOX_NAME: Final = re.compile(f"[0-9a-f]{{{2 * _RANDOM_BYTES}}}")
_MOST_NAMES: Final = 10_000


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What may be settled anew while a node runs.

    Attributes:
        circuits: how many may carry one file.
        auto_accept_below: smaller files of verified contacts are fetched without asking; 0 for none.
        quota: bytes that the inbox may have.
    """

    circuits: int = 12
    auto_accept_below: int = 0
    quota: int = 20 * 1024**3


@dataclass(slots=True)
class FileRules:
    """What this person has settled about files. Whoever goes by it looks here each time.

    Attributes:
        inbox: the directory into which received files go.
        outgoing: where cleaned copies of what is sent lie meanwhile.
        limits: see there.
    """

    inbox: Path
    outgoing: Path
    limits: FileLimits = FileLimits()

    @classmethod
    def inside(cls, directory: Path) -> FileRules:
        """The usual rules, with everything below one directory."""
        return cls(inbox=directory / "inbox", outgoing=directory / "outgoing")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file is put together, and the name that it gets then. The folders between the two are made only
    when the file is whole: of one that never comes nothing stays.
    """

    part: Path
    final: Path


def choose(rules: FileRules, row: FileRow, to: str, rng: Rng) -> Place:
    """Where an accepted file goes: into the inbox under a name that says nothing, or as the person said.

    Blocks: off the event loop only.

    Raises:
        UsageError: `to` is no directory that can be written to.
        StorageError: the inbox cannot be made, or it is full.
    """
    if to:
        chosen = _chosen(Path(to))
        final = chosen.joinpath(*disk_place(row.place), disk_name(row.name))
        directory = _deepest(chosen, final.parent)
    else:
        directory = inbox_with_room(rules, row.size)
        final = directory / rng.bytes(_RANDOM_BYTES).hex()
    return Place(directory / part_name(rng.bytes(_RANDOM_BYTES)), final)


def is_in_inbox(row: FileRow) -> bool:
    """Whether a received file lies in the inbox, and not where a person wanted to have it.

    There it has a name that says nothing, elsewhere the one under which it was offered.
    """
    name = Path(row.stored_as).name
    return _INBOX_NAME.fullmatch(name) is not None and name != disk_name(row.name)


def make_room(part: Path, size: int) -> None:
    """Make the partial file with all its space.

    Raises:
        StorageError: there is not as much room, or it cannot be made.
    """
    try:
        reserve(part, size)
    except OSError as error:
        raise full_or_failing(error, part.parent) from error


def another_part(part: Path, rng: Rng) -> Path:
    """A fresh name for a partial file in the same directory."""
    return part.with_name(part_name(rng.bytes(_RANDOM_BYTES)))


def names_for(final: Path) -> Iterator[Path]:
    """The chosen name, then the same with numbers, should somebody have taken it meanwhile."""
    yield final
    for number in range(2, _MOST_NAMES):
        yield final.with_name(numbered(final.name, number))


def is_full(error: OSError) -> bool:
    """Whether a failure means that there is no room."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def full_or_failing(error: OSError, directory: Path) -> StorageError:
    """What a failure of the disk means to a person."""
    if is_full(error):
        return StorageError(
            _("There is not enough room in {directory} for this file.").format(directory=directory),
            _("Make room, or choose another directory with --to, then accept it again."),
        )
    return StorageError(
        _("Nothing can be written to {directory}: {reason}.").format(
            directory=directory, reason=reason_of(error)
        ),
        _("Check the directory's permissions, or choose another one with --to."),
    )


def inbox_with_room(rules: FileRules, size: int) -> Path:
    """The inbox, made if it is not there, in which there is room for so many bytes more. Blocks.

    Raises:
        StorageError: it cannot be made, or it is full.
    """
    try:
        rules.inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        used = _used(rules.inbox)
    except OSError as error:
        raise full_or_failing(error, rules.inbox) from error
    if used + size > rules.limits.quota:
        raise StorageError(
            _("The inbox would have more than its {quota} bytes with this file.").format(
                quota=rules.limits.quota
            ),
            _("Remove what you no longer need from {inbox}, or raise files.quota.").format(inbox=rules.inbox),
        )
    return rules.inbox


def _used(directory: Path) -> int:
    """Bytes of all that is in a directory; what goes meanwhile does not count."""
    used = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                used += entry.stat(follow_symlinks=False).st_size
    return used


def make_folders(above: Path, directory: Path) -> list[Path]:
    """Make the folders of an offer that are not there yet; which were made, the outermost first.

    Args:
        above: one that is there, and `directory` is in it.

    Raises:
        OSError: one cannot be made, or something else is in its place. Nothing of them is left then.
    """
    made: list[Path] = []
    try:
        for folder in _between(above, directory):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                made.append(folder)
                sync_directory(folder.parent)
            if not stat.S_ISDIR(folder.lstat().st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    except BaseException:
        remove_folders(made)
        raise
    return made


def remove_folders(made: list[Path]) -> None:
    """Undo `make_folders`, as far as nothing else is in them by now."""
    with contextlib.suppress(OSError):
        for folder in reversed(made):
            folder.rmdir()


def _between(above: Path, directory: Path) -> list[Path]:
    """The folders below one down to another, the outermost first."""
    names = directory.relative_to(above).parts
    return [above.joinpath(*names[: number + 1]) for number in range(len(names))]


def _chosen(path: Path) -> Path:
    """A directory that a person chose. Raises UsageError if it is none."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError(
            _("The name of {path} is not UTF-8.").format(path=shown(path)), _("Choose another directory.")
        ) from None
    try:
        if path.is_absolute() and stat.S_ISDIR(path.stat().st_mode):
            return path
    except PermissionError as error:
        raise full_or_failing(error, path) from error
    except (OSError, ValueError):
        pass
    raise UsageError(
        _("There is no directory {directory}.").format(directory=shown(path)),
        _("Make it first, or name another one."),
    )


def _deepest(chosen: Path, directory: Path) -> Path:
    """The innermost folder of an offer that is there already; links in between are not followed."""
    deepest = chosen
    for folder in _between(chosen, directory):
        try:
            mode = folder.lstat().st_mode
        except FileNotFoundError:
            break
        except OSError as error:
            raise full_or_failing(error, folder) from error
        if stat.S_ISLNK(mode):
            raise UsageError(
                _("{directory} is a link, through which nothing is written.").format(directory=folder),
                _("Remove it, or choose another directory."),
            )
        if not stat.S_ISDIR(mode):
            raise full_or_failing(OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)), folder)
        deepest = folder
    return deepest
