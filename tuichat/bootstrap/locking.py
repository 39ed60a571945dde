"""What becomes of a profile's passphrase while no node runs: the command does it itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tuichat.clock import SystemRng
from tuichat.crypto.passphrase import Secret
from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.store.home import prepare_home
from tuichat.store.passphrase_change import change_passphrase as change_in
from tuichat.store.profile_lock import NodeLock
from tuichat.store.profile_paths import ProfilePaths, shown


def change_passphrase(
    paths: ProfilePaths,
    current: str,
    new: str | None,
    key_file: bytes | None = None,
    new_key_file: bytes | None = None,
) -> None:
    """Lock the profile by `new`, None for by none, and by the key file of this content, if it is not None.

    Raises:
        LockedError: `current` or `key_file` is wrong.
        TuichatError: `new` is unusable, a node has the profile, or the disk fails. Nothing was changed.
    """
    with _alone(paths):
        secret = None if new is None else Secret(new, new_key_file)
        change_in(paths, Secret(current, key_file), secret, SystemRng())


@contextmanager
def _alone(paths: ProfilePaths) -> Iterator[None]:
    prepare_home(paths)
    lock = NodeLock.acquire(paths.lock, "init")
    if lock is None:
        raise StorageError(
            _("Another tuichat is at work in {path} at this moment.").format(path=shown(paths.home)),
            _("Wait for it, then try again."),
        )
    try:
        yield
    finally:
        lock.release()
