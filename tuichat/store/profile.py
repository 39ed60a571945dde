"""A profile: made once, opened with its passphrase, never made again over a damaged one."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Identity
from tuichat.crypto.passphrase import MODERATE, Cost, Secret, unwrap, wrap
from tuichat.errors import DamagedError, LockedError, StorageError, TuichatError
from tuichat.i18n import _
from tuichat.protocol.sanitize import sanitize_name
from tuichat.store.files import read_bounded, write_whole
from tuichat.store.home import prepare_home
from tuichat.store.identity_file import MAX_LENGTH, Content, IdentityFile, MalformedError, decode, encode
from tuichat.store.profile_lock import NodeLock, lock_holder
from tuichat.store.profile_paths import ProfilePaths, impossible, profile_exists, shown
from tuichat.store.quarantine import open_store

__all__ = [
    "OpenProfile",
    "ProfilePaths",
    "check_no_profile",
    "create_profile",
    "needs_passphrase",
    "open_profile",
    "open_store",
    "profile_exists",
    "put_profile",
    "update_profile",
]

_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True, repr=False)
class OpenProfile:
    """An opened profile.

    Attributes:
        identity: the keys.
        database_key: 32 bytes.
        name: what the person calls themself, "" for nothing.
        key, wrapped: what seals the identity file, and how that key is kept (None: in a file).
    """

    identity: Identity
    database_key: bytes
    name: str
    key: bytes
    wrapped: bytes | None


def check_no_profile(paths: ProfilePaths) -> None:
    """Refuse where a profile is, or what remains of one.

    Raises:
        TuichatError: there is one. DamagedError: there is a database without its identity.
    """
    if profile_exists(paths):
        raise TuichatError(
            _("There is a profile in {path} already.").format(path=shown(paths.home)),
            _("Its address: tuichat address. For another profile use --profile or --home."),
        )
    _check_no_orphan(paths)


def create_profile(
    paths: ProfilePaths,
    name: str,
    secret: str | Secret | None,
    rng: Rng,
    clock: Clock,
    *,
    cost: Cost = MODERATE,
) -> bytes:
    """Make a profile with a new identity; its 32-byte onion key.

    Args:
        name: what contacts are told, "" for nothing.
        secret: what opens it; None keeps the key in a file beside the identity, readable by the owner alone.

    Raises:
        TuichatError: a profile is there already, or is being made at this moment.
        UsageError, StorageError: the home cannot hold a profile, or the passphrase is unusable.

    Whatever is raised, an interruption too, nothing is left of a home that was not there before.
    """
    missing = [path for path in (paths.home, *paths.home.parents) if not os.path.lexists(path)]
    lock: NodeLock | None = None
    try:
        prepare_home(paths, create=True)
        check_no_profile(paths)
        lock = NodeLock.acquire(paths.lock, "init")
        if lock is None:
            raise _being_made(paths)
        check_no_profile(paths)  # it may have been made while the lock was another's
        return _create(paths, sanitize_name(name), secret, rng, clock.now(), cost)
    except BaseException:
        if missing:
            lock = _unmake(paths, missing, lock)
        raise
    finally:
        if lock is not None:
            lock.release()


def needs_passphrase(paths: ProfilePaths) -> bool:
    """Whether the profile opens with a passphrase only.

    Raises:
        TuichatError: there is no profile. DamagedError: its identity file is damaged.
    """
    return _read(paths).wrapped is not None


def open_profile(paths: ProfilePaths, secret: str | Secret | None) -> OpenProfile:
    """Open a profile; the secret does not count when the key lies beside it.

    Raises:
        LockedError: the secret is missing or wrong.
        DamagedError: the identity file, or the key beside it, is damaged or missing; nothing was changed.
        TuichatError: there is no profile here.
    """
    prepare_home(paths)
    found = _read(paths)
    if found.wrapped is None:
        key = _unlocked_key(paths)
    elif secret is None:
        raise LockedError(_("The profile is locked."), _("Unlock it with its passphrase."))
    else:
        key = unwrap(found.wrapped, secret)
    try:
        content = found.open(key)
    except MalformedError:
        raise _damaged(paths.identity) from None
    return OpenProfile(content.identity, content.database_key, content.name, key, found.wrapped)


def put_profile(paths: ProfilePaths, profile: OpenProfile, rng: Rng) -> None:
    """Write the identity file where there is none, and the key beside it if no passphrase opens it.

    Raises:
        StorageError: there is no profile.
    """
    if profile.wrapped is None:
        put_file(paths.unlocked_key, profile.key)  # first: an identity without it could never be opened
    put_file(paths.identity, encoded(profile, rng))


def update_profile(
    paths: ProfilePaths,
    profile: OpenProfile,
    rng: Rng,
    *,
    identity: Identity | None = None,
    name: str | None = None,
) -> OpenProfile:
    """Keep another epoch and IK, or another name; the profile as it is then.

    Raises:
        ValueError: the identity has another address. StorageError: as with `put_file`.
    """
    identity = profile.identity if identity is None else identity
    if identity.onion_seed != profile.identity.onion_seed:
        raise ValueError("a profile keeps its address")
    changed = OpenProfile(
        identity,
        profile.database_key,
        profile.name if name is None else sanitize_name(name),
        profile.key,
        profile.wrapped,
    )
    put_file(paths.identity, encoded(changed, rng))
    return changed


def _create(
    paths: ProfilePaths, name: str, secret: str | Secret | None, rng: Rng, now: float, cost: Cost
) -> bytes:
    key = rng.bytes(_KEY_LENGTH)
    wrapped = None if secret is None else wrap(key, secret, rng, cost)
    profile = OpenProfile(Identity.generate(rng, now), rng.bytes(_KEY_LENGTH), name, key, wrapped)
    try:
        put_profile(paths, profile, rng)
    except BaseException:
        for path in (paths.identity, paths.unlocked_key):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        raise
    return profile.identity.onion


def _unmake(paths: ProfilePaths, missing: list[Path], lock: NodeLock | None) -> NodeLock | None:
    """Take away directories that were missing before, unless another is at work in them; gives the lock."""
    with contextlib.suppress(StorageError, OSError):
        lock = lock or NodeLock.acquire(paths.lock, "init")
        if lock is not None and not profile_exists(paths):
            paths.lock.unlink()
    for directory in missing:
        with contextlib.suppress(OSError):
            directory.rmdir()
    return lock


def encoded(profile: OpenProfile, rng: Rng) -> bytes:
    """The bytes of its identity file."""
    keys = profile.identity
    content = Content(
        keys.onion_seed, keys.sig_seed, keys.ik_secret, keys.epoch, profile.name, profile.database_key
    )
    return encode(content, profile.key, profile.wrapped, rng)


def put_file(path: Path, data: bytes) -> None:
    """Write a small file whole. Raises StorageError; `write_whole` says what is there then."""
    try:
        write_whole(path, data)
    except OSError as failure:
        raise impossible(path, failure) from failure


def _read(paths: ProfilePaths) -> IdentityFile:
    try:
        return decode(read_bounded(paths.identity, MAX_LENGTH))
    except FileNotFoundError:
        _check_no_orphan(paths)
        raise TuichatError(
            _("There is no profile in {path}.").format(path=shown(paths.home)), _("Run: tuichat init")
        ) from None
    except OSError as failure:
        raise impossible(paths.identity, failure) from failure
    except MalformedError:
        raise _damaged(paths.identity) from None


def _unlocked_key(paths: ProfilePaths) -> bytes:
    try:
        key = read_bounded(paths.unlocked_key, _KEY_LENGTH)
    except FileNotFoundError:
        key = b""
    except OSError as failure:
        raise impossible(paths.unlocked_key, failure) from failure
    if len(key) != _KEY_LENGTH:
        raise _damaged(paths.unlocked_key)
    return key


def _damaged(path: Path) -> DamagedError:
    return DamagedError(
        _("{path} is damaged or missing. It was left as it is: without it your address is lost.").format(
            path=shown(path)
        ),
        _("Put back a copy of this file, or restore a backup."),
    )


def _check_no_orphan(paths: ProfilePaths) -> None:
    if os.path.lexists(paths.database):
        raise DamagedError(
            _("{path} holds a database, but its identity.sealed is missing, and only that opens it.").format(
                path=shown(paths.home)
            ),
            _("Put identity.sealed back, restore a backup, or move the database away to start anew."),
        )


def _being_made(paths: ProfilePaths) -> TuichatError:
    holder = lock_holder(paths.lock)
    return StorageError(
        _("Another tuichat ({pid}) is at work in {path} at this moment.").format(
            pid="?" if holder is None or holder.pid is None else holder.pid, path=shown(paths.home)
        ),
        _("Wait for it, then try again."),
    )
