"""A profile out of a backup: same address, same history, another handshake key, no session of old.

Everything is made beside its final name; `identity.sealed` comes last, and before it there is no profile.
While the database has its final name and there is no identity yet, it keeps its first name as well: who finds
the two knows that a restoring was cut off, and that this database is nobody's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal

from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import rotate_ik
from tuichat.crypto.passphrase import MODERATE, Cost, Secret, needs_key_file, wrap
from tuichat.crypto.sealing import KEY_LENGTH
from tuichat.errors import StorageError, TuichatError
from tuichat.i18n import _
from tuichat.store.backup_file import BackupReader, read_head, wrapped_in
from tuichat.store.backup_renewal import Renewal, Restored, renew
from tuichat.store.files import sync_directory
from tuichat.store.home import prepare_home
from tuichat.store.profile import OpenProfile, profile_exists, put_profile
from tuichat.store.profile_lock import NodeLock
from tuichat.store.profile_paths import ProfilePaths, impossible, shown
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class Restoration:
    """A profile that was restored: `onion` is its 32-byte address; `visibility` was its setting."""

    onion: bytes
    visibility: Literal["public", "contacts"]
    times: Restored
    found: Renewal


@dataclass(frozen=True, slots=True)
class Locking:
    """How the restored profile is locked: with the backup's secret at this cost, or not at all."""

    passphrase: bool = True
    cost: Cost = MODERATE


def restore_backup(
    paths: ProfilePaths,
    backup: Path,
    secret: str | Secret,
    rng: Rng,
    clock: Clock,
    locking: Locking | None = None,
) -> Restoration:
    """Make a profile where there is none.

    Raises:
        LockedError: the secret is wrong.
        DamagedError: it is no backup, was changed or cut. In this and every other case nothing was made.
        TuichatError: a profile is there.
        StorageError: the disk is full or fails, or a newer version made the backup.
    """
    check_can_restore(paths)
    with _opened(backup) as source:
        reader = BackupReader(source, backup, secret)
        prepare_home(paths, create=True)
        with _alone(paths):
            check_can_restore(paths)  # a profile may have been made while the lock was another's
            _clear_cut_off(paths)
            return _Restoring(paths, rng, clock).restore(reader, secret, locking or Locking())


def check_backup(backup: Path) -> bool:
    """Look whether the file can be a backup at all, before a passphrase is asked for; whether it needs a key
    file.

    Raises:
        DamagedError: it is none. StorageError: it cannot be read, or a newer version made it.
    """
    with _opened(backup) as source:
        return needs_key_file(wrapped_in(read_head(source, backup)))


def check_can_restore(paths: ProfilePaths) -> None:
    """Refuse where a profile is, or what remains of one; what a killed restoring left is no hindrance.

    Raises:
        TuichatError: there is one.
    """
    there = profile_exists(paths)
    if there or (os.path.lexists(paths.database) and not _cut_off(paths)):
        text = (
            _("There is a profile in {path} already.")
            if there
            else _("There is a database in {path} already.")
        )
        raise TuichatError(
            text.format(path=shown(paths.home)),
            _("Restore to another place with --home or --profile, or move that directory away first."),
        )


class _Restoring:
    """One restoring under the profile's lock."""

    def __init__(self, paths: ProfilePaths, rng: Rng, clock: Clock) -> None:
        self._paths = paths
        self._rng = rng
        self._clock = clock
        self._first = first_name(paths)

    def restore(self, reader: BackupReader, secret: str | Secret, locking: Locking) -> Restoration:
        manifest = reader.manifest
        now = int(self._clock.now() * 1000)
        times = Restored(manifest.made_at, now)
        try:
            self._copy(reader)
            found = self._renewed(manifest.content.database_key, times)
            # A clock that was set back must not give a key that contacts take for an older one.
            at = max(manifest.made_at, now) / 1000
            identity = rotate_ik(manifest.content.identity, self._rng, at)
            key = self._rng.bytes(KEY_LENGTH)
            if isinstance(secret, Secret) and not reader.needs_key_file:
                secret = secret.passphrase  # a key file that opened nothing is no part of the lock
            wrapped = wrap(key, secret, self._rng, locking.cost) if locking.passphrase else None
            profile = OpenProfile(
                identity, manifest.content.database_key, manifest.content.name, key, wrapped
            )
            os.link(self._first, self._paths.database)
            sync_directory(self._paths.home)
            put_profile(self._paths, profile, self._rng)
            self._first.unlink()
        except BaseException as failure:
            if not profile_exists(self._paths):
                _clear(self._paths)
            if isinstance(failure, OSError):
                raise impossible(self._paths.home, failure) from failure
            raise
        return Restoration(identity.onion, manifest.visibility, times, found)

    def _copy(self, reader: BackupReader) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(self._first, flags, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
            reader.copy_database(file)
            file.flush()
            os.fsync(file.fileno())

    def _renewed(self, key: bytes, times: Restored) -> Renewal:
        store = Store.open(self._first, key)
        try:
            return renew(store, times)
        finally:
            store.close()


def first_name(paths: ProfilePaths) -> Path:
    """Where the database of a backup lies before it is the profile's."""
    return paths.home / "restoring.db"


@contextmanager
def _alone(paths: ProfilePaths) -> Iterator[None]:
    lock = NodeLock.acquire(paths.lock, "init")
    if lock is None:
        raise StorageError(
            _("Another tuichat is at work in {path} at this moment.").format(path=shown(paths.home)),
            _("Wait for it, then try again."),
        )
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _opened(backup: Path) -> Iterator[BufferedReader]:
    try:
        with backup.open("rb") as source:
            yield source
    except OSError as failure:
        raise impossible(backup, failure) from failure


def _cut_off(paths: ProfilePaths) -> bool:
    """Whether the database under its final name is one that a killed restoring has left."""
    try:
        return paths.database.samefile(first_name(paths))
    except FileNotFoundError:
        return False
    except OSError as failure:
        raise impossible(paths.home, failure) from failure


def _clear_cut_off(paths: ProfilePaths) -> None:
    """Remove what a restoring that was killed has left behind."""
    try:
        _clear(paths)
    except OSError as failure:
        raise impossible(paths.home, failure) from failure


def _clear(paths: ProfilePaths) -> None:
    first = first_name(paths)
    if _cut_off(paths):
        paths.database.unlink()
        paths.unlocked_key.unlink(missing_ok=True)
    for ending in ("", "-wal", "-shm"):
        first.with_name(first.name + ending).unlink(missing_ok=True)
