"""Whether a directory may hold a profile: ours, private, writable. Each refusal has its sentence."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from pathlib import Path

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.store.profile_paths import ProfilePaths, impossible, shown

_MARKS = ("identity.sealed", "tuichat.db", "tuichat.toml", "unlocked.key", "wiping")
"""Any of these makes a directory a tuichat home."""


def prepare_home(paths: ProfilePaths, *, create: bool = False) -> None:
    """Check the home, if there is one, and make it private if it is ours to change; `create` makes it.

    A home that the person named needs an existing parent; one under the XDG directories does not.

    Raises:
        UsageError: it is no directory, its parent is missing, or it is another person's.
        StorageError: it is open to others and holds other things, or cannot be written.
    """
    home = paths.home
    try:
        if not os.path.lexists(home):
            if not create:
                return
            _make(home, with_parents=not paths.own_home)
        found = home.stat()
        _check_kind_and_owner(home, found)
        if stat.S_IMODE(found.st_mode) & 0o077:
            _tighten(home)
        if found.st_mode & 0o700 != 0o700 or not os.access(home, os.W_OK | os.X_OK):
            raise StorageError(
                _("{path} cannot be written.").format(path=shown(home)),
                _("Run: chmod 700 {path}").format(path=_quoted(home)),
            )
    except OSError as failure:
        raise impossible(home, failure) from failure


def _make(home: Path, *, with_parents: bool) -> None:
    if with_parents:
        home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    elif not os.path.lexists(home.parent):
        raise UsageError(
            _("{path} does not exist, so no profile can be made in it.").format(path=shown(home.parent)),
            _("Run: mkdir -p {path}").format(path=_quoted(home.parent)),
        )
    home.mkdir(mode=0o700, exist_ok=True)  # two at once may come here; the profile itself is made once


def _check_kind_and_owner(home: Path, found: os.stat_result) -> None:
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(
            _("{path} is not a directory.").format(path=shown(home)), _("Name another with --home.")
        )
    if found.st_uid != os.geteuid():
        raise UsageError(
            _("{path} belongs to another person of this machine.").format(path=shown(home)),
            _("Run: {command}").format(command=f"sudo -u {_user(found.st_uid)} tuichat ..."),
        )


def _tighten(home: Path) -> None:
    names = {entry.name for entry in home.iterdir()}
    if names and not names.intersection(_MARKS):
        raise StorageError(
            _("{path} is open to others and holds other things, so it is not used as it is.").format(
                path=shown(home)
            ),
            _("Name a new directory with --home, or run: chmod 700 {path}").format(path=_quoted(home)),
        )
    home.chmod(0o700)


def _quoted(path: Path) -> str:
    return shlex.quote(shown(path))


def _user(uid: int) -> str:
    try:
        return shlex.quote(pwd.getpwuid(uid).pw_name)
    except KeyError:
        return f"'#{uid}'"
