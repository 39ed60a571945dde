"""Where the UNIX socket lies to which tor leads our onion service's callers.

A tor of our own runs as this user: the socket lies in the profile's private directory. The system's tor runs
as another user, who can look into neither the profile nor, on Debian, any home or /tmp: its socket gets a
directory under /run that this user owns and tor's group may enter.
"""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from onion.endpoint import Endpoint
from onion.errors import TorError
from onion.system import DEBIAN_CONTROL
from tuichat.config import TorConfig
from tuichat.crypto.kdf import blake2b_256
from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.store.profile_paths import ProfilePaths, impossible, shown

SHARED = Path("/run/tuichat")
ONION_SOCKET_NAME = "onion.sock"
_DIRECTORY_MODE = 0o750


@dataclass(frozen=True, slots=True)
class OnionPlace:
    """The socket's path, and its file mode: in a shared directory, the directory decides who gets there."""

    socket: Path
    mode: int


@dataclass(frozen=True, slots=True)
class _Other:
    """Another user's tor: the group that its control port belongs to, None if that cannot be seen."""

    group: int | None


def onion_place(paths: ProfilePaths, config: TorConfig, shared: Path = SHARED) -> OnionPlace:
    """The place for the socket; its directory exists afterwards.

    Raises:
        StorageError: there is no directory that both this user and the system's tor can use.
    """
    directory = _shared_directory(paths, shared)
    other = _other_user(config, directory)
    if other is None:
        return OnionPlace(paths.run_directory(create=True) / ONION_SOCKET_NAME, 0o600)
    try:
        _make(directory, other.group)
    except PermissionError as failure:
        raise _not_ours_to_make(directory, other.group) from failure
    except OSError as failure:
        raise impossible(directory, failure) from failure
    return OnionPlace(directory / ONION_SOCKET_NAME, 0o666)


def _other_user(config: TorConfig, directory: Path) -> _Other | None:
    """Whose tor it is, None if this user's. Where that cannot be seen, a directory made for it decides."""
    if config.mode == "child":
        return None
    try:
        control = Endpoint.parse(config.control or DEBIAN_CONTROL).path
    except TorError:
        return None  # the settings are refused where the tor is made
    try:
        found = control.stat() if control is not None else None
    except OSError:
        found = None
    if found is None:
        return _Other(None) if os.path.lexists(directory) else None
    return None if found.st_uid == os.geteuid() else _Other(found.st_gid)


def _shared_directory(paths: ProfilePaths, shared: Path) -> Path:
    """Named by the profile; by the home's hash where the person named the home."""
    if paths.own_home:
        return shared / blake2b_256(os.fsencode(os.path.realpath(paths.home)))[:8].hex()
    return shared / paths.home.name


def _make(directory: Path, group: int | None) -> None:
    """Make the directory, or see to it that the one that is there lets nobody in but us and the group."""
    for path, mode in ((directory.parent, 0o755), (directory, _DIRECTORY_MODE)):
        if not os.path.lexists(path):
            path.mkdir(mode=0o700)
            path.chmod(mode)
    _check_owner(directory.parent, (0, os.geteuid()))
    found = _check_owner(directory, (os.geteuid(),))
    if group is not None and found.st_gid != group:
        os.chown(directory, -1, group)
    if stat.S_IMODE(found.st_mode) != _DIRECTORY_MODE:
        directory.chmod(_DIRECTORY_MODE)


def _check_owner(path: Path, owners: tuple[int, ...]) -> os.stat_result:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
        raise StorageError(
            _("{path} is not a directory of yours, so it is not used.").format(path=shown(path)),
            _("Remove it, or have its owner remove it."),
        )
    return found


def _not_ours_to_make(directory: Path, group: int | None) -> StorageError:
    user, name = _user_name(os.geteuid()), _group_name(group)
    command = (
        f"sudo install -d -m 755 -o root -g root {shlex.quote(shown(directory.parent))} && "
        f"sudo install -d -m 750 -o {user} -g {name} {shlex.quote(shown(directory))}"
    )
    return StorageError(
        _("The system's tor needs a directory that it may enter, {path}, and you may not make it.").format(
            path=shown(directory)
        ),
        _("Run: {command}").format(command=command),
    )


def _user_name(uid: int) -> str:
    try:
        return shlex.quote(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return str(uid)


def _group_name(gid: int | None) -> str:
    try:
        return shlex.quote(grp.getgrgid(gid).gr_name) if gid is not None else "debian-tor"
    except KeyError:
        return str(gid)
