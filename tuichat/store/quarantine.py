"""Opening a profile's database; a damaged one is set aside and told of, once."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from tuichat.clock import Clock
from tuichat.errors import DamagedError
from tuichat.i18n import _
from tuichat.store.database import Synchronous
from tuichat.store.files import sync_directory
from tuichat.store.profile_paths import ProfilePaths, impossible, shown
from tuichat.store.store import Store

_PARTS = ("", "-wal", "-shm")


def open_store(paths: ProfilePaths, key: bytes, clock: Clock, *, synchronous: Synchronous = "FULL") -> Store:
    """The profile's store; made when there is none.

    Raises:
        DamagedError: it was unreadable and was renamed, which the sentence tells; the next call starts anew.
        StorageError: the disk is full or fails, another process has it, or a newer version wrote it.
    """
    try:
        return Store.open(paths.database, key, synchronous=synchronous)
    except DamagedError as failure:
        kept = _set_aside(paths.database, clock.now())
        raise DamagedError(
            _(
                "The database could not be read and was set aside as {path}. Your address is kept; contacts "
                "and history start anew at the next start."
            ).format(path=shown(kept)),
            _("From a backup you get them back at a new place: tuichat --home DIR restore FILE"),
        ) from failure


def _set_aside(database: Path, now: float) -> Path:
    """Rename the database and its logs to a name that is free; that name."""
    moment = datetime.fromtimestamp(max(now, 0), tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    base = f"{database.name}.damaged-{moment}"
    kept, number = database.with_name(base), 1
    while any(os.path.lexists(f"{kept}{part}") for part in _PARTS):
        number += 1
        kept = database.with_name(f"{base}-{number}")
    try:
        for part in _PARTS:
            source = Path(f"{database}{part}")
            if os.path.lexists(source):
                source.rename(f"{kept}{part}")
        sync_directory(database.parent)
    except OSError as failure:
        raise impossible(database, failure) from failure
    return kept
