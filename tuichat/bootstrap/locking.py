"""What commands do themselves to a profile while no node runs: another passphrase, a wipe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tuichat.bootstrap.attaching import NoNodeError, attach
from tuichat.clock import SystemRng
from tuichat.crypto.passphrase import DuressError, Secret
from tuichat.errors import LockedError, StorageError, UnreachableError
from tuichat.i18n import _
from tuichat.store.home import prepare_home
from tuichat.store.passphrase_change import change_passphrase as change_in
from tuichat.store.passphrase_change import set_duress as duress_in
from tuichat.store.profile_lock import NodeLock
from tuichat.store.profile_paths import ProfilePaths, shown
from tuichat.store.wipe import WipeOrder, begin_wipe, finish_wipe, wipe_begun, wipe_whole


def change_passphrase(
    paths: ProfilePaths,
    current: str,
    new: str | None,
    key_file: bytes | None = None,
    new_key_file: bytes | None = None,
    *,
    inbox: Path | None = None,
) -> None:
    """Lock the profile by `new`, None for by none, and by the key file of this content, if it is not None.

    Args:
        inbox: where received files are put, None for the profile's own.

    Raises:
        LockedError: `current` or `key_file` is wrong. UsageError: `new` is unusable.
        StorageError: a node has the profile, or the disk fails; see the store's `change_passphrase`.
    """
    with _alone(paths):
        secret = None if new is None else Secret(new, new_key_file)
        with _answering_duress(paths, inbox):
            change_in(paths, Secret(current, key_file), secret, SystemRng())


def set_duress(
    paths: ProfilePaths,
    current: str,
    passphrase: str | None,
    key_file: bytes | None = None,
    *,
    inbox: Path | None = None,
) -> None:
    """Give the profile a duress passphrase, None for none. Raises as `change_passphrase` does."""
    with _alone(paths), _answering_duress(paths, inbox):
        duress_in(paths, Secret(current, key_file), passphrase, SystemRng())


@contextmanager
def _answering_duress(paths: ProfilePaths, inbox: Path | None) -> Iterator[None]:
    """Whoever gives the duress passphrase hears what follows a wrong one, and the profile is wiped."""
    try:
        yield
    except DuressError as error:
        with suppress(StorageError):
            wipe_whole(paths, WipeOrder(os.fspath(inbox or paths.inbox), decoy=True), SystemRng())
        raise LockedError(error.message, error.hint) from None


async def wipe_profile(paths: ProfilePaths, inbox: Path | None, *, keep_files: bool) -> None:
    """Destroy the keys at once, then let the node remove the files, or remove them here if none runs.

    Args:
        inbox: where received files are put, None for the profile's own.

    Raises:
        StorageError: a key cannot be destroyed, or something cannot be removed.
        UnreachableError: a node that does not answer has the files.
    """
    order = WipeOrder(os.fspath(inbox or paths.inbox), keep_files)
    with suppress(StorageError):  # whoever finishes it tells
        begin_wipe(paths, order, SystemRng())
    try:
        client = await attach(paths, start=False)
    except NoNodeError:
        with _alone(paths):
            finish_wipe(paths, order)
        return
    except UnreachableError as error:
        raise UnreachableError(
            _("The keys are destroyed, but a node of this profile does not answer and may hold them."),
            _("End its process, then run: tuichat wipe"),
        ) from error
    async with client:
        await client.wipe(keep_files)


def complete_wipe(paths: ProfilePaths) -> bool:
    """Finish a wipe that was broken off; whether somebody is to be told. A node that is at it is left alone.

    Raises:
        StorageError: something cannot be removed.
    """
    if wipe_begun(paths) is None:
        return False
    lock = NodeLock.acquire(paths.lock, "init")
    if lock is None:
        return False
    try:
        order = wipe_begun(paths)
        if order is not None:
            wipe_whole(paths, order, SystemRng())
        return order is not None and not order.decoy
    finally:
        lock.release()


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
