"""Another passphrase for a profile, a first one, or none; the identity is sealed anew under a fresh key.

One rename decides: before it the old passphrase opens the profile, after it the new one. The file with the
key of a profile without a passphrase is written before that rename, and erased after it. So a step that was
broken off leaves at most a file that opens nothing, and `tidy_keys` removes it at the next start.

The key of the database stays the same: whoever kept a copy of the old identity file and knows the old
passphrase has it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tuichat.clock import Rng
from tuichat.crypto.passphrase import MODERATE, Cost, Secret, wrap
from tuichat.crypto.sealing import KEY_LENGTH
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.store.files import erase, write_over
from tuichat.store.profile import OpenProfile, encoded, open_profile, put_file
from tuichat.store.profile_paths import ProfilePaths, impossible


def change_passphrase(
    paths: ProfilePaths, current: str | Secret, new: str | Secret | None, rng: Rng, cost: Cost = MODERATE
) -> OpenProfile:
    """Lock the profile by `new`, None for not at all; the profile as it is then. Hold its lock meanwhile.

    Args:
        current: the secret of now, of no meaning for a profile without one.

    Raises:
        LockedError: `current` is wrong. UsageError: `new` is unusable, or there is nothing to take away.
        StorageError: the disk is full or fails; the old passphrase opens the profile.
    """
    profile = open_profile(paths, current)
    if profile.wrapped is None and new is None:
        raise UsageError(_("This profile has no passphrase."), _("Nothing was changed."))
    key = rng.bytes(KEY_LENGTH)
    changed = replace(profile, key=key, wrapped=None if new is None else wrap(key, new, rng, cost))
    if changed.wrapped is None:
        put_file(paths.unlocked_key, key)
    try:
        write_over(paths.identity, encoded(changed, rng))
    except OSError as failure:
        raise impossible(paths.identity, failure) from failure
    tidy_keys(paths, changed)
    return changed


def tidy_keys(paths: ProfilePaths, profile: OpenProfile) -> None:
    """Erase key files that open nothing: what a change that was broken off has left. Hold the lock.

    Raises:
        StorageError: the disk fails.
    """
    idle = [_unfinished(paths.identity), _unfinished(paths.unlocked_key)]
    if profile.wrapped is not None:
        idle.append(paths.unlocked_key)
    for path in idle:
        try:
            erase(path)
        except OSError as failure:
            raise impossible(path, failure) from failure


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".new")
