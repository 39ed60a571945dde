"""The files that hold a profile's keys, as the node that serves the profile changes them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from tuichat.clock import Rng
from tuichat.crypto.passphrase import MODERATE, Cost, Secret
from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.store.backup_file import BackupKey
from tuichat.store.passphrase_change import change_passphrase, set_duress
from tuichat.store.profile import OpenProfile, needs_passphrase
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.wipe import WipeOrder, begin_wipe, finish_wipe

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Custody:
    """Works in threads: a passphrase is made into a key slowly, on purpose."""

    def __init__(
        self, paths: ProfilePaths, rng: Rng, cost: Cost = MODERATE, inbox: Path | None = None
    ) -> None:
        self._paths = paths
        self._rng = rng
        self._cost = cost
        self._inbox = inbox or paths.inbox

    def is_sealed(self) -> bool:
        """Whether a passphrase opens the profile."""
        return needs_passphrase(self._paths)

    async def change(self, current: Secret, new: Secret | None) -> BackupKey | None:
        """Another passphrase; what the profile's backups are sealed by from now on. See `change_passphrase`.

        Whoever is cancelled waits for it: nothing else may touch the files meanwhile.
        """
        changed = await _whole(change_passphrase, self._paths, current, new, self._rng, self._cost)
        return sealed_by(changed)

    async def set_duress(self, current: Secret, duress: str | None) -> BackupKey | None:
        """As `change`, with the function of this name."""
        return sealed_by(await _whole(set_duress, self._paths, current, duress, self._rng, self._cost))

    def begin_wipe(self, *, keep_files: bool = False, decoy: bool = False) -> WipeOrder:
        """Destroy the keys, here and now; what is left to do, where a key that resists is told of."""
        order = WipeOrder(os.fspath(self._inbox), keep_files, decoy)
        with suppress(StorageError):
            begin_wipe(self._paths, order, self._rng)
        return order

    async def finish_wipe(self, order: WipeOrder) -> None:
        """Remove the files of the profile, whose node has let go of them. Raises StorageError."""
        await _whole(finish_wipe, self._paths, order)


async def _whole(
    call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """In a thread, to its end also if the caller is cancelled."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
    try:
        return await asyncio.shield(work)
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
