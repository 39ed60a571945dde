"""What only the parts below can tell a worried person: which tor is there, and who holds the profile.

Imported by `tuichat doctor` alone. Starts nothing but `tor --version`; a tor that runs is only asked.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from onion.binary import advisories, ask_version, check_version, find_tor
from onion.errors import TorError
from onion.system import DEBIAN_CONTROL, SystemTor
from tuichat.i18n import _
from tuichat.store.profile_lock import LockHolder, lock_holder
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


async def look_at_tor(binary: str) -> TorFound:
    """Find tor (`binary` "" for the one in PATH) and ask for its version."""
    # asyncio logs a line when a process it is to kill has ended by itself just then.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    try:
        path = find_tor(binary or None)
        version = await ask_version(path)
        check_version(version)
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
    return TorFound(f"{place}, {version}", warnings=tuple(_(sentence) for sentence in advisories(version)))


def _useless(error: TorError) -> TorFound:
    text, hint = _(error.template).format(**error.fields), error.hint_template
    return TorFound(text, _(hint).format(**error.fields) if hint else "", usable=False)


def holder(paths: ProfilePaths) -> LockHolder | None:
    """Who holds the profile's lock, None if nobody does. Raises StorageError if that cannot be seen."""
    return lock_holder(paths.lock)
