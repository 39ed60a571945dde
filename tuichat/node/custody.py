"""The files that hold a profile's keys, as the node that serves the profile changes them."""

from __future__ import annotations

import asyncio

from tuichat.clock import Rng
from tuichat.crypto.passphrase import MODERATE, Cost, Secret
from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.store.backup_file import BackupKey
from tuichat.store.passphrase_change import change_passphrase
from tuichat.store.profile import OpenProfile, needs_passphrase
from tuichat.store.profile_paths import ProfilePaths


class Custody:
    """Works in threads: a passphrase is made into a key slowly, on purpose."""

    def __init__(self, paths: ProfilePaths, rng: Rng, cost: Cost = MODERATE) -> None:
        self._paths = paths
        self._rng = rng
        self._cost = cost

    def is_sealed(self) -> bool:
        """Whether a passphrase opens the profile."""
        return needs_passphrase(self._paths)

    async def change(self, current: Secret, new: Secret | None) -> BackupKey | None:
        """Another passphrase; what the profile's backups are sealed by from now on. See `change_passphrase`.

        Whoever is cancelled waits for it: nothing else may touch the files meanwhile.
        """
        work = asyncio.ensure_future(
            asyncio.to_thread(change_passphrase, self._paths, current, new, self._rng, self._cost)
        )
        try:
            return sealed_by(await asyncio.shield(work))
        except asyncio.CancelledError:
            await asyncio.gather(work, return_exceptions=True)
            raise


def sealed_by(profile: OpenProfile) -> BackupKey | None:
    """What the backups of a profile are sealed by, None for one without a passphrase."""
    return None if profile.wrapped is None else BackupKey(profile.key, profile.wrapped)


def custody_of(given: Custody | None) -> Custody:
    """What keeps a node's profile. Raises StorageError for a node without one."""
    if given is None:
        raise StorageError(_("This node keeps no profile that could be changed."))
    return given
