"""Profiles as clients see them: where they are, whether there is one, a new one."""

from __future__ import annotations

import os
from pathlib import Path

from tuichat.store.profile_paths import ProfilePaths

SOCKET_NAME = "api.sock"


def profile_paths(home: Path | None, profile: str, config: Path | None) -> ProfilePaths:
    """Where the files of a profile are; nothing is made or looked at. Raises UsageError."""
    return ProfilePaths.locate(home, profile, os.environ, config=config)


def socket_path(paths: ProfilePaths, *, create: bool = False) -> Path:
    """The socket of the local API; with `create` its directory exists afterwards. Raises StorageError."""
    return paths.run_directory(create=create) / SOCKET_NAME


def has_passphrase(paths: ProfilePaths) -> bool:
    """Whether the profile, which is there, opens with a passphrase; an identity that is damaged may say so.

    As `tuichat/store/identity_file.py` has it, without the ciphers that reading all of it would load.
    """
    try:
        with paths.identity.open("rb") as file:
            return file.read(6)[5:] != b"\x00"
    except OSError:
        return True


def uses_key_file(paths: ProfilePaths) -> bool:
    """Whether its passphrase opens the profile only together with a key file."""
    try:
        with paths.identity.open("rb") as file:
            head = file.read(12)
    except OSError:
        return False
    return (head[5:6], head[11:]) == (b"\x02", b"\x01")


def sealed_identity(paths: ProfilePaths) -> bytes | None:
    """The identity file, to tell whether it becomes another; b"" for none, None if it cannot be read."""
    try:
        return paths.identity.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError:
        return None


def make_key_file(path: Path) -> bytes:
    """Make a key file where nothing is; its content. Raises TuichatError."""
    from tuichat.clock import SystemRng
    from tuichat.store import key_file

    return key_file.make_key_file(path, SystemRng())


def check_no_profile(paths: ProfilePaths) -> None:
    """Refuse where a profile is, or what remains of one. Raises TuichatError."""
    from tuichat.store import profile

    profile.check_no_profile(paths)


def create_profile(
    paths: ProfilePaths, passphrase: str | None, name: str = "", key_file: bytes | None = None
) -> str:
    """Make a profile; its onion address, 56 characters.

    Args:
        passphrase: None keeps the key in a file that the owner alone can read.
        name: what contacts are told, "" for nothing.
        key_file: what is needed to open it, too: the content of a key file.

    Raises:
        TuichatError: there is one, or it cannot be made there.
    """
    from tuichat.clock import SystemClock, SystemRng
    from tuichat.crypto.passphrase import Secret
    from tuichat.network.addresses import address_of
    from tuichat.store import profile

    secret = None if passphrase is None else Secret(passphrase, key_file)
    return address_of(profile.create_profile(paths, name, secret, SystemRng(), SystemClock()))
