"""Backups in tests: made of a store in use, and restored to a home of their own."""

from __future__ import annotations

from pathlib import Path

from tests.support.fixed_clock import FixedClock
from tests.support.seeded_rng import SeededRng
from tuichat.clock import Clock, Rng
from tuichat.crypto.passphrase import FLOOR, Secret, wrap
from tuichat.node.backups import BackupParts, Backups
from tuichat.store.backup_file import BackupKey
from tuichat.store.backup_restore import Locking, Restoration, restore_backup
from tuichat.store.profile import OpenProfile, create_profile, open_profile
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.store import Store

SECRET = "correct horse"
CHEAP = Locking(cost=FLOOR)
OPEN = Locking(passphrase=False)


class Profile:
    """A profile whose store is open, as a node has it."""

    def __init__(
        self, home: Path, passphrase: str | Secret | None = SECRET, clock: Clock | None = None
    ) -> None:
        self.clock = clock or FixedClock()
        self.rng: Rng = SeededRng(str(home).encode())
        self.paths = paths_of(home)
        create_profile(self.paths, "Ada", passphrase, self.rng, self.clock, cost=FLOOR)
        self.profile = open_profile(self.paths, passphrase)
        self.store = Store.open(self.paths.database, self.profile.database_key, synchronous="OFF")

    @property
    def backups(self) -> Backups:
        """What makes backups of it."""
        return backups_of(self.paths, self.profile, self.store, self.clock, self.rng)

    async def back_up(self, to: Path, passphrase: str | None = None, *, force: bool = False) -> Path:
        """Write a backup; its place."""
        return Path((await self.backups.write(str(to), passphrase, force)).path)


def backups_of(paths: ProfilePaths, profile: OpenProfile, store: Store, clock: Clock, rng: Rng) -> Backups:
    """What makes backups of an open profile, its own passphrases at the least cost."""
    return Backups(
        BackupParts(
            paths=paths,
            store=store,
            identity=profile.identity,
            name=profile.name,
            sealed_by=None if profile.wrapped is None else BackupKey(profile.key, profile.wrapped),
            visibility="contacts",
            clock=clock,
            rng=rng,
            cost=FLOOR,
        )
    )


def paths_of(home: Path) -> ProfilePaths:
    """Where the files of a home are."""
    return ProfilePaths.locate(home, "default", {})


def restore(
    home: Path,
    backup: Path,
    passphrase: str | Secret = SECRET,
    clock: Clock | None = None,
    locking: Locking = OPEN,
) -> Restoration:
    """Make a profile in `home` of a backup."""
    rng = SeededRng(b"restored in " + str(home).encode())
    return restore_backup(paths_of(home), backup, passphrase, rng, clock or FixedClock(), locking)


def unlocked(home: Path, passphrase: str | Secret | None = None) -> OpenProfile:
    """A profile opened."""
    return open_profile(paths_of(home), passphrase)


def wrapped_cheaply(passphrase: str, rng: Rng) -> BackupKey:
    """A key that a passphrase opens at the least cost."""
    key = rng.bytes(32)
    return BackupKey(key, wrap(key, passphrase, rng, FLOOR))
