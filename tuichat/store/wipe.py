"""Wiping a profile: first the keys, then the files; what is broken off, the next start finishes.

1. `wiping` is written beside the other files: what is to be removed, and where received files lie.
2. The identity, with the key of the database in it, is overwritten, synced and removed; so is the key of a
   profile without a passphrase, and what a change of the passphrase may have left. From here on the database
   is noise.
3. The files go: database and logs, copies, tor's data, received files, what is on its way in or out.
4. `wiping` goes.

Received files and copies of sent pictures are removed, not overwritten. What else lies in a directory that
the person chose for received files stays: there only files with names as we give them are removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from tuichat.clock import Rng
from tuichat.errors import StorageError, TuichatError
from tuichat.i18n import _
from tuichat.store.files import erase, put_over, read_bounded, sync_directory, write_whole
from tuichat.store.identity_file import MAX_LENGTH, MalformedError, decoy
from tuichat.store.part_file import GIVEN_NAME, PART_NAME
from tuichat.store.profile_paths import ProfilePaths, impossible, shown
from tuichat.system_reasons import reason_of

_LONGEST: Final = 16_384
_Failure = tuple[Path, OSError]


class WipeOrder(msgspec.Struct, frozen=True):
    """What is to be wiped.

    Attributes:
        inbox: the directory that received files are put into.
        keep_files: received files that are whole stay.
        decoy: in the identity's place comes one that nothing opens, and nobody is told of the wipe: after a
            duress passphrase, all is to look as after a wrong one.
    """

    inbox: str
    keep_files: bool = False
    decoy: bool = False


def begin_wipe(paths: ProfilePaths, order: WipeOrder, rng: Rng) -> None:
    """Note what is to be done, and destroy the keys. Needs no lock, and nothing but the disk.

    Raises:
        StorageError: a key cannot be overwritten.
    """
    with contextlib.suppress(OSError):  # a full disk must not keep the keys
        write_whole(paths.wiping, msgspec.json.encode(order))
    stays = paths.identity if order.decoy and _put_decoy(paths.identity, rng) else None
    keys = [path for path in _keys(paths) if path != stays]
    failures = [failure for path in keys if (failure := _destroy(path)) is not None]
    for path, _reason in failures:
        raise _resists(path)


def wipe_begun(paths: ProfilePaths) -> WipeOrder | None:
    """What a wipe that was begun is to do, None if none was; of a damaged note, all.

    One that was overwritten stood for a wipe in which nothing but its own removal was left to do: nothing
    of what it said may be undone, and nobody be told.
    """
    try:
        note = read_bounded(paths.wiping, _LONGEST)
        if note and not note.strip(b"\0"):
            return WipeOrder(os.fspath(paths.inbox), decoy=True, keep_files=True)
        return msgspec.json.decode(note, type=WipeOrder)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        return WipeOrder(os.fspath(paths.inbox))


def finish_wipe(paths: ProfilePaths, order: WipeOrder) -> None:
    """Remove what is left of a profile whose keys are destroyed; hold its lock. May be done again.

    A change of the passphrase that was under way when they were may have put one back: that goes first.

    Raises:
        StorageError: a key is still there, or something cannot be removed; all else is.
    """
    for path in _keys(paths):
        if not (order.decoy and path == paths.identity):
            _destroy(path)
    failures = [failure for path in _remains(paths, order) if (failure := _remove(path)) is not None]
    for path in _keys(paths):
        if os.path.lexists(path) and not (order.decoy and path == paths.identity):
            raise _resists(path)
    for path, reason in failures:
        raise StorageError(
            _("The keys are destroyed, but {path} cannot be removed: {reason}.").format(
                path=shown(path), reason=reason_of(reason)
            ),
            _("Remove it yourself, or run: tuichat wipe"),
        )
    try:
        sync_directory(paths.home)
        if order.decoy:
            with contextlib.suppress(OSError):  # nobody is to find out that it was the duress passphrase
                erase(paths.wiping)
        paths.wiping.unlink(missing_ok=True)
        sync_directory(paths.home)
    except OSError as failure:
        raise impossible(paths.home, failure) from failure


def wipe_whole(paths: ProfilePaths, order: WipeOrder, rng: Rng) -> None:
    """Both, one after the other; hold the lock. Raises StorageError as they do, when all else is done."""
    with contextlib.suppress(StorageError):  # a key that resists is seen at the end
        begin_wipe(paths, order, rng)
    finish_wipe(paths, order)


def wipe_completed() -> TuichatError:
    """What whoever wanted to open a profile is told, whose wipe had been broken off."""
    return TuichatError(
        _("A wipe of this profile had been broken off. It is complete now."),
        _("Make a new profile: tuichat init"),
    )


def _keys(paths: ProfilePaths) -> Iterator[Path]:
    for path in (paths.identity, paths.unlocked_key):
        yield path
        yield path.with_name(path.name + ".new")


def _resists(path: Path) -> StorageError:
    return StorageError(
        _("The key in {path} cannot be destroyed.").format(path=shown(path)),
        _("Remove it yourself, then run: tuichat wipe"),
    )


def _put_decoy(identity: Path, rng: Rng) -> bool:
    """Whether the identity is one now that nothing opens; else it was none that a passphrase opened."""
    try:
        put_over(identity, decoy(read_bounded(identity, MAX_LENGTH), rng))
    except (OSError, MalformedError):
        return False
    return True


def _destroy(path: Path) -> _Failure | None:
    """Overwrite and remove a key file; what is in its place, a link or a directory, is removed."""
    try:
        if not os.path.lexists(path) or stat.S_ISREG(path.lstat().st_mode):
            erase(path)
            return None
    except OSError as failure:
        return path, failure
    return _remove(path)


def _remains(paths: ProfilePaths, order: WipeOrder) -> Iterator[Path]:
    home = paths.home
    for pattern in (f"{paths.database.name}*", "restoring.db*", "node.log", "http.token*", ".piped-*"):
        yield from sorted(home.glob(pattern))
    yield from (paths.outgoing, paths.tor)
    yield from _drafts(paths)
    chosen = Path(order.inbox)
    for inbox in dict.fromkeys((paths.inbox, chosen)):
        if inbox == paths.inbox and not inbox.is_symlink() and not order.keep_files:
            yield inbox
        else:
            yield from _named(inbox, PART_NAME if order.keep_files else GIVEN_NAME)


def _drafts(paths: ProfilePaths) -> Iterator[Path]:
    """What an editor was given, in the directory for sockets; those in use stay."""
    with contextlib.suppress(OSError, StorageError):
        for path in sorted(paths.run_directory().iterdir()):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                yield path


def _named(directory: Path, pattern: re.Pattern[str]) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for path in sorted(directory.iterdir()):
            if pattern.fullmatch(path.name) and stat.S_ISREG(path.lstat().st_mode):
                yield path


def _remove(path: Path) -> _Failure | None:
    """Remove a file or all of a directory, no link followed; what could not be removed, and why."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as failure:
        return path, failure
    return None
