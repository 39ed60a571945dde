"""What only the parts below can tell a worried person: which tor is there, and who holds the profile.

Imported by `tuichat doctor` alone. Starts no tor but for its version and to have it read its configuration,
which goes nowhere; a tor that runs is only asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from onion.binary import advisories, ask_version, check_version, find_tor
from onion.child import ChildOptions, ChildTor, verify_config
from onion.errors import TorError
from onion.system import DEBIAN_CONTROL, SystemTor
from tuichat.crypto.passphrase import Secret
from tuichat.errors import DamagedError
from tuichat.i18n import translated
from tuichat.store.database import Database
from tuichat.store.profile import needs_passphrase, open_profile
from tuichat.store.profile_lock import LockHolder, NodeLock, lock_holder
from tuichat.store.profile_paths import ProfilePaths


@dataclass(frozen=True, slots=True)
class TorFound:
    """A look at the tor that would be started, or that runs.

    Attributes:
        text: where it is and its version, or what is wrong.
        hint: what to do, "" for nothing.
        warnings: known weaknesses of this version, a sentence each.
        usable: whether it would be used.
    """

    text: str
    hint: str = ""
    warnings: tuple[str, ...] = ()
    usable: bool = True


async def look_at_tor(options: ChildOptions) -> TorFound:
    """Find the tor that would be started, ask for its version, and have it read its configuration."""
    # asyncio logs a line when a process it is to kill has ended by itself just then.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        path = find_tor(options.binary)
        version = await ask_version(path)
        check_version(version)
        await verify_config(ChildTor(options), path)
    except TorError as error:
        return _useless(error)
    return _useful(str(path), version)


async def look_at_running_tor(control: str, socks: str) -> TorFound:
    """Ask the tor whose control port is `control` ("" for Debian's) for its version, as a node would."""
    try:
        tor = SystemTor(control or DEBIAN_CONTROL, socks)
        try:
            await tor.start()
            version = tor.status.version
        finally:
            await tor.stop()
    except TorError as error:
        return _useless(error)
    return _useful(control or DEBIAN_CONTROL, version)


def _useful(place: str, version: str) -> TorFound:
    return TorFound(f"{place}, {version}", warnings=tuple(map(translated, advisories(version))))


def _useless(error: TorError) -> TorFound:
    return TorFound(translated(error.message), translated(error.hint), usable=False)


def holder(paths: ProfilePaths) -> LockHolder | None:
    """Who holds the profile's lock, None if nobody does. Raises StorageError if that cannot be seen."""
    return lock_holder(paths.lock)


def check_identity(paths: ProfilePaths) -> None:
    """Look at the sealed identity from outside. Raises TuichatError: damaged, missing or unreadable."""
    needs_passphrase(paths)


def set_aside(paths: ProfilePaths) -> list[Path]:
    """Damaged databases that were set aside earlier, without their logs."""
    found = sorted(paths.home.glob(f"{paths.database.name}.damaged-*"))
    return [path for path in found if not path.name.endswith(("-wal", "-shm"))]


def database_is_sound(paths: ProfilePaths, passphrase: str, key_file: bytes | None = None) -> bool | None:
    """Read the whole database while no node runs; None if one has begun to.

    Raises:
        LockedError: the passphrase or the key file is wrong. DamagedError: the identity is damaged.
        StorageError: the disk fails.
    """
    lock = NodeLock.acquire(paths.lock, "init")
    if lock is None:
        return None
    try:
        profile = open_profile(paths, Secret(passphrase, key_file))
        try:
            database = Database(paths.database, profile.database_key)
        except DamagedError:
            return False
        try:
            return database.hangs_together()
        except DamagedError:
            return False
        finally:
            database.close()
    finally:
        lock.release()
