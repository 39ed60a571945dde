"""A profile out of a backup, for the command line: no node runs, so everything happens here."""

from __future__ import annotations

from pathlib import Path

from tuichat.clock import SystemClock, SystemRng
from tuichat.crypto.passphrase import Secret
from tuichat.model import Gap, Restored, from_milliseconds
from tuichat.network.addresses import address_of
from tuichat.store.backup_restore import (
    Locking,
    Restoration,
    check_backup,
    check_can_restore,
    restore_backup,
)
from tuichat.store.profile_paths import ProfilePaths


def check_restorable(paths: ProfilePaths, backup: Path) -> bool:
    """Refuse what needs no passphrase to be refused; whether a key file is needed. Raises TuichatError."""
    check_can_restore(paths)
    return check_backup(backup)


def restore_profile(
    paths: ProfilePaths,
    backup: Path,
    passphrase: str,
    key_file: bytes | None = None,
    *,
    keep_passphrase: bool = True,
) -> Restored:
    """Make a profile of a backup, locked by what opens that, or not at all.

    Raises:
        LockedError: the passphrase is wrong, or the key file if the backup needs one.
        TuichatError: there is a profile, or the backup cannot be used. Nothing was made.
    """
    locking = Locking(passphrase=keep_passphrase)
    secret = Secret(passphrase, key_file)
    return _record(restore_backup(paths, backup, secret, SystemRng(), SystemClock(), locking))


def _record(made: Restoration) -> Restored:
    since, until = from_milliseconds(made.times.made_at), from_milliseconds(made.times.restored_at)
    gaps = tuple(
        Gap(
            id=row.id,
            address=address_of(row.onion),
            name=row.petname,
            missing_since=since,
            missing_until=until,
        )
        for row in made.found.contacts
    )
    return Restored(
        address=address_of(made.onion),
        made_at=since,
        restored_at=until,
        contacts=gaps,
        invites_closed=made.found.invites,
        queued=made.found.queued,
        visibility=made.visibility,
    )
