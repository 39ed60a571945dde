"""A simulated person who goes on from backups by the product's own way: a sealed file, made and restored.

The clock is right at both moments, and restoring takes a person more than a minute: of two keys in one epoch
contacts would take only the first they see (docs/protocol.md, K3).
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.support.backups import OPEN, SECRET, paths_of, wrapped_cheaply
from tests.support.seeded_rng import SeededRng
from tests.support.simulated_network import SimulatedNetwork
from tests.support.simulated_node import SimulatedNode
from tests.support.virtual_time import VirtualClock
from tuichat.crypto import passphrase
from tuichat.errors import StorageError
from tuichat.node.backups import BackupParts, Backups
from tuichat.store.backup_restore import Restoration, restore_backup
from tuichat.store.profile import open_profile

RESTORING_SECONDS = 61.0


class RestoredNode(SimulatedNode):
    """`back_up` and `restore` as a person does them.

    Attributes:
        found: what the last restoring told.
    """

    def __init__(self, name: str, directory: Path, network: SimulatedNetwork, rng: SeededRng) -> None:
        super().__init__(name, directory, network, rng)
        self._sealed_by = wrapped_cheaply(SECRET, SeededRng(b"the same for everybody"))
        self.found: Restoration | None = None

    def back_up(self) -> None:
        parts = BackupParts(
            paths=paths_of(self._directory),
            store=self.store,
            identity=self.identity,
            name=self.name,
            sealed_by=self._sealed_by,
            visibility=self.visibility,
            clock=VirtualClock(),
            rng=self._rng,
            threads=False,
        )
        _run_through(Backups(parts).write(str(self._backup), None, force=True))

    async def restore(self) -> None:
        self.restorations += 1
        with suppress(StorageError):  # a disk that is given up anyway
            await self.stop()
        for debris in (self._database, self.log):
            debris.unlink(missing_ok=True)
        self._lives += 1
        await asyncio.sleep(RESTORING_SECONDS)
        home = paths_of(self._directory / f"{self.name}-{self._lives}")
        self.found = restore_backup(home, self._backup, SECRET, self._rng, VirtualClock(), OPEN)
        profile = open_profile(home, None)
        self.identity, self._key = profile.identity, profile.database_key
        home.database.rename(self._database)
        shutil.rmtree(home.home)
        await self.start()


@contextmanager
def quick_passphrases() -> Iterator[None]:
    """Meanwhile the key that a passphrase gives is computed once: for many stories with the same one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrase, "_derived", _remembered)
        yield


_remembered = cache(passphrase._derived)


def _run_through(work: Coroutine[Any, Any, Any]) -> None:
    """Everything of it in one step: it waits for nothing but its turn."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        return
