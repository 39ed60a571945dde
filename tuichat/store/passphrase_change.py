"""Another passphrase for a profile, a first one, or none; the identity is sealed anew under a fresh key.

One rename decides: before it the old passphrase opens the profile, after it the new one. The file with the
key of a profile without a passphrase is written before that rename, and erased after it. So a step that was
broken off leaves at most a file that opens nothing, and `tidy_keys` removes it at the next start.

The key of the database stays the same: whoever kept a copy of the old identity file and knows the old
passphrase has it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tuichat.clock import Rng
from tuichat.crypto.passphrase import MODERATE, Cost, Secret, needs_key_file, with_duress, wrap
from tuichat.crypto.sealing import KEY_LENGTH
from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.store.files import erase, write_over
from tuichat.store.profile import OpenProfile, encoded, open_profile, put_file
from tuichat.store.profile_paths import ProfilePaths, impossible


def change_passphrase(
    paths: ProfilePaths, current: str | Secret, new: str | Secret | None, rng: Rng, cost: Cost = MODERATE
) -> OpenProfile:
    """Lock the profile by `new`, None for not at all; the profile as it is then. Hold its lock meanwhile.

    A duress passphrase is gone then: nobody can tell whether there was one.

    Args:
        current: the secret of now, of no meaning for a profile without one.

    Raises:
        LockedError: `current` is wrong. UsageError: `new` is unusable, or there is nothing to take away.
            Nothing was changed.
        StorageError: the disk is full or fails; the old passphrase opens the profile, but where only its
            directory could not be synced the new one does, and after a power loss either may.
    """
    profile = open_profile(paths, current)
    if profile.wrapped is None and new is None:
        raise _no_passphrase()
    key = rng.bytes(KEY_LENGTH)
    return _sealed_anew(paths, profile, key, None if new is None else wrap(key, new, rng, cost), rng)


def set_duress(
    paths: ProfilePaths, current: Secret, duress: str | None, rng: Rng, cost: Cost = MODERATE
) -> OpenProfile:
    """Give the profile a duress passphrase in the place of any other, or none; as `change_passphrase`.

    Raises:
        LockedError: `current` is wrong. UsageError: there is no passphrase, `duress` is it, or is unusable.
        StorageError: the disk is full or fails; what is sealed by now is as with `change_passphrase`.
    """
    profile = open_profile(paths, current)
    if profile.wrapped is None:
        raise _no_passphrase()
    key_file = current.key_file if needs_key_file(profile.wrapped) else None
    key = rng.bytes(KEY_LENGTH)
    wrapped = wrap(key, Secret(current.passphrase, key_file), rng, cost)
    if duress is not None:
        wrapped = with_duress(wrapped, Secret(duress, key_file), rng)
    return _sealed_anew(paths, profile, key, wrapped, rng)


def _sealed_anew(
    paths: ProfilePaths, profile: OpenProfile, key: bytes, wrapped: bytes | None, rng: Rng
) -> OpenProfile:
    changed = replace(profile, key=key, wrapped=wrapped)
    if wrapped is None:
        put_file(paths.unlocked_key, key)
    try:
        write_over(paths.identity, encoded(changed, rng))
    except OSError as failure:
        raise impossible(paths.identity, failure) from failure
    with suppress(StorageError):  # the change is made; the next start erases what is left, or says why not
        tidy_keys(paths, changed)
    return changed


def _no_passphrase() -> UsageError:
    return UsageError(_("This profile has no passphrase."), _("Nothing was changed."))


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
