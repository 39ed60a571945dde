"""Where a profile's files lie. Nothing here makes or changes anything but the directory for sockets."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tuichat.errors import StorageError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

PROFILE_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
MAX_SOCKET_PATH: Final = 100
"""The longest path of a UNIX socket in bytes: the kernel takes 107, libraries add suffixes."""

UNFIT_CHARACTERS: Final = frozenset(' ,"\\')
"""What tor takes in no path of a socket to which it is to lead callers."""

LONGEST_SOCKET_NAME: Final = 20
"""The room that names inside the sockets' directory have, in bytes, "/" not counted."""


@dataclass(frozen=True, slots=True)
class ProfilePaths:
    """The places of one profile.

    Attributes:
        home: identity, database, lock, tor's data, inbox; only its owner may look into it.
        config: the settings' file, from the root on; it may not exist.
        environment: for XDG_RUNTIME_DIR and TMPDIR.
        own_home: the home was named by the person, not found under the XDG directories.
    """

    home: Path
    config: Path
    environment: Mapping[str, str] = field(repr=False)
    own_home: bool

    @classmethod
    def locate(
        cls,
        home: Path | None,
        profile: str,
        environment: Mapping[str, str],
        *,
        config: Path | None = None,
    ) -> ProfilePaths:
        """The places for `--home` (then the profile's name does not count), or for a profile by name.

        Raises:
            UsageError: a name that is no plain directory name, or an impossible path.
        """
        named = None if config is None else _from_here(config)
        if home is not None:
            own = _absolute(home)
            return cls(own, named or own / "tuichat.toml", environment, True)
        check_profile_name(profile)
        data = _base(environment, "XDG_DATA_HOME", ".local/share") / "tuichat" / profile
        settings = _base(environment, "XDG_CONFIG_HOME", ".config") / "tuichat" / profile / "tuichat.toml"
        return cls(data, named or settings, environment, False)

    @property
    def identity(self) -> Path:
        """The sealed identity."""
        return self.home / "identity.sealed"

    @property
    def unlocked_key(self) -> Path:
        """The key that opens the identity of a profile without passphrase."""
        return self.home / "unlocked.key"

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.home / "tuichat.db"

    @property
    def wiping(self) -> Path:
        """Says that the profile is being wiped, and how."""
        return self.home / "wiping"

    @property
    def lock(self) -> Path:
        """The file whose lock the node holds."""
        return self.home / "lock"

    @property
    def tor(self) -> Path:
        """tor's data directory."""
        return self.home / "tor"

    @property
    def inbox(self) -> Path:
        """Where received files are kept."""
        return self.home / "inbox"

    @property
    def outgoing(self) -> Path:
        """Where copies of files that are offered lie until their offers end."""
        return self.home / "outgoing"

    @property
    def http_token(self) -> Path:
        """The token of whoever asks over HTTP, where the settings name no other place for it."""
        return self.home / "http.token"

    def run_directory(self, *, create: bool = False) -> Path:
        """The 0700 directory for sockets: in the home, or elsewhere when the home's path is not fit for one.

        It is the same for every process of the person, as far as they agree on XDG_RUNTIME_DIR: one that is
        there already is preferred. With `create` it exists afterwards.

        Raises:
            StorageError: what is there is a symlink, a file, or another's.
        """
        candidates = self._run_candidates()
        chosen = next((path for path in candidates if os.path.lexists(path)), candidates[0])
        if os.path.lexists(chosen) or create:
            check_private(chosen, create=create)
        return chosen

    def _run_candidates(self) -> list[Path]:
        inside = self.home / "run"
        if _fits(inside):
            return [inside]
        from tuichat.crypto.kdf import blake2b_256  # few homes have so long a path

        name = "tuichat-" + blake2b_256(os.fsencode(os.path.realpath(self.home)))[:8].hex()
        runtime, temporary = (
            Path(self.environment.get(variable, "")) for variable in ("XDG_RUNTIME_DIR", "TMPDIR")
        )
        bases = [runtime] if runtime.is_absolute() and _is_own_directory(runtime) else []
        bases += [temporary] if temporary.is_absolute() and temporary.is_dir() else []
        bases.append(Path("/tmp"))  # noqa: S108 - the directory inside is checked to be ours
        return [base / name for base in bases if _fits(base / name)]


def check_profile_name(name: str) -> None:
    """Raises UsageError unless `name` is 1 to 64 of `A-Za-z0-9._-`, the first neither dot nor dash."""
    if not 1 <= len(name) <= 64 or not PROFILE_CHARACTERS.issuperset(name) or name[0] in ".-":
        raise UsageError(
            _("{name} is no profile name: letters, digits, dot, dash and underscore, at most 64.").format(
                name=ascii(name)
            )
        )


def check_private(path: Path, *, create: bool) -> None:
    """See to it that `path` is a directory of ours with mode 0700, not a symlink.

    Raises:
        StorageError: it is something else, another's, or cannot be made.
    """
    try:
        if create:
            with contextlib.suppress(FileExistsError):  # whatever is there is looked at now
                path.mkdir(mode=0o700)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise StorageError(
                _("{path} is not a directory of yours, so it is not used.").format(path=shown(path)),
                _("Remove it, or have its owner remove it."),
            )
        if stat.S_IMODE(found.st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as failure:
        raise impossible(path, failure) from failure


def profile_exists(paths: ProfilePaths) -> bool:
    """Whether there is an identity, readable or not; False where the system does not let us see it."""
    return os.path.lexists(paths.identity)


def nothing_is_left(paths: ProfilePaths) -> bool:
    """Whether there is not even a database whose identity is missing, which whoever opens it explains."""
    return not profile_exists(paths) and not os.path.lexists(paths.database)


def impossible(path: Path, failure: OSError) -> StorageError:
    """The sentence for a path that the system refuses."""
    reason = reason_of(failure)
    return StorageError(_("{path} cannot be used: {reason}.").format(path=shown(path), reason=reason))


def shown(path: Path) -> str:
    """A path as it may be printed: nothing in it moves a terminal."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _fits(directory: Path) -> bool:
    """Whether everybody can use sockets in it: their paths are not too long, and no word ends within them."""
    path = str(directory)
    is_plain = path.isprintable() and UNFIT_CHARACTERS.isdisjoint(path)  # no lone surrogate is printable
    return is_plain and len(os.fsencode(path)) + 1 + LONGEST_SOCKET_NAME <= MAX_SOCKET_PATH


def _is_own_directory(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _absolute(home: Path) -> Path:
    if "\0" in str(home):
        raise UsageError(_("This path names nothing."))
    return Path(os.path.normpath(_from_here(home)))  # symlinks stay: the person's own path is shown


def _from_here(path: Path) -> Path:
    """A path from the root on: a node is somewhere else."""
    try:
        return path.absolute()
    except FileNotFoundError:
        raise UsageError(
            _("The current directory is gone, so {path} leads nowhere.").format(path=shown(path))
        ) from None


def _base(environment: Mapping[str, str], variable: str, fallback: str) -> Path:
    given = Path(environment.get(variable, ""))
    if given.is_absolute():
        return given
    person = Path(environment.get("HOME", ""))
    if person.is_absolute():
        return person / fallback
    try:
        return Path.home() / fallback
    except RuntimeError:
        raise UsageError(
            _("There is no home directory to keep the profile in."), _("Name a directory with --home.")
        ) from None
