"""Backups of a profile that is in use, and a look at whether its database is sound: both work on a copy.

The copy is made on the node's loop in small steps, between which everything goes on; what takes long then, a
passphrase made into a key, sealing, reading every page, happens in a thread that touches nothing of the node.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from tuichat.clock import Clock, Rng
from tuichat.crypto.identity import Identity
from tuichat.crypto.passphrase import MODERATE, Cost, wrap
from tuichat.crypto.sealing import KEY_LENGTH
from tuichat.errors import LockedError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import Backup, DatabaseCheck, from_milliseconds
from tuichat.node.reach import Visibility
from tuichat.store.backup_file import BackupKey, Manifest, write_backup
from tuichat.store.backup_place import check_place, write_place
from tuichat.store.backup_snapshot import Snapshot
from tuichat.store.identity_file import Content
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.store import Store

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class BackupParts:
    """What backups are made of.

    Attributes:
        sealed_by: the key that the profile's passphrase opens; None for a profile without a passphrase.
        cost: of a passphrase that is given for one backup.
        threads: False does all of it on the loop, for runs that must repeat.
    """

    paths: ProfilePaths
    store: Store
    identity: Identity
    name: str
    sealed_by: BackupKey | None
    visibility: Visibility
    clock: Clock
    rng: Rng
    cost: Cost = field(default=MODERATE)
    threads: bool = True


class Backups:
    """Makes them.

    Attributes:
        sealed_by: as in the parts, until the passphrase is changed.
    """

    def __init__(self, parts: BackupParts) -> None:
        self._with = parts
        self.sealed_by = parts.sealed_by
        self._checking = asyncio.Lock()

    async def write(self, path: str, passphrase: str | None, force: bool) -> Backup:
        """Write a backup to the absolute `path`, sealed with `passphrase`, None for the profile's.

        Raises:
            UsageError: the path cannot be a backup's, or is taken and `force` is false.
            LockedError: a passphrase is needed.
            StorageError: the disk is full or fails; nothing was changed.
        """
        if not path.startswith("/"):
            raise UsageError(_("The path of a backup must be absolute."))
        place = check_place(Path(path), self._with.paths, force=force)
        sealed_by = await self._sealed_by(passphrase)
        database_key = self._with.rng.bytes(KEY_LENGTH)
        async with self._copied(database_key) as copy:
            made_at = int(self._with.clock.now() * 1000)  # what came until now is in it
            manifest = self._manifest(made_at, copy.size, database_key)

            def write(to: BinaryIO) -> None:
                write_backup(to, sealed_by, manifest, copy.finish(), self._with.rng)

            size = await self._aside(write_place, place, write, self._with.rng)
        return Backup(
            path=str(place),
            bytes=size,
            made_at=from_milliseconds(made_at),
            own_passphrase=passphrase is not None,
        )

    async def check_database(self) -> DatabaseCheck:
        """Read every page of the database and see whether tables and indexes hang together.

        Raises:
            DamagedError: a page cannot be read. StorageError: there is no room for a copy.
        """
        key = self._with.rng.bytes(KEY_LENGTH)
        async with self._checking, self._copied(key, named=True) as copy:
            check = DatabaseCheck(sound=await self._aside(copy.sound), bytes=copy.size)
        if not check.sound:
            self._with.store.distrust()
        return check

    @asynccontextmanager
    async def _copied(self, key: bytes, *, named: bool = False) -> AsyncIterator[Snapshot]:
        copy = self._with.store.snapshot(self._with.paths.home, key, named=named)
        try:
            while not copy.step():  # noqa: ASYNC110 - each turn does a part of the work
                await asyncio.sleep(0)
            yield copy
        finally:
            if copy.done:
                await self._aside(copy.close)  # it takes a while to free a large file
            else:
                copy.close()

    async def _sealed_by(self, passphrase: str | None) -> BackupKey:
        if passphrase is not None:
            key = self._with.rng.bytes(KEY_LENGTH)
            wrapped = await self._aside(wrap, key, passphrase, self._with.rng, self._with.cost)
            return BackupKey(key, wrapped)
        if self.sealed_by is None:
            raise LockedError(
                _("This profile has no passphrase, so its backup needs one of its own."),
                _("It keeps your address and your messages from who finds the file."),
            )
        return self.sealed_by

    def _manifest(self, made_at: int, size: int, database_key: bytes) -> Manifest:
        me = self._with.identity
        content = Content(me.onion_seed, me.sig_seed, me.ik_secret, me.epoch, self._with.name, database_key)
        return Manifest(made_at, size, self._with.visibility, content)

    async def _aside(
        self, call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        """In a thread. A cancelled caller waits for it: what it works on would be taken away from it."""
        if not self._with.threads:
            return call(*args, **kwargs)
        task = asyncio.ensure_future(asyncio.to_thread(call, *args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.gather(task, return_exceptions=True)
            raise


def backups_in(made: Backups | None) -> Backups:
    """What makes backups of a node's profile. Raises StorageError for a node without one."""
    if made is None:
        raise StorageError(_("This node keeps no profile that could be backed up."))
    return made
