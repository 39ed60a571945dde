"""Removing from the disk what is not needed any more: partial files, and copies that were made to be sent.

The store names what is to go (`Transfers.leave`), so that nothing stays after a crash. What is only being
made is named there too, until it belongs to a file; meanwhile it is spared.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tuichat.errors import DamagedError, StorageError
from tuichat.node.jobs import OffLoop
from tuichat.store.part_file import GIVEN_NAME
from tuichat.store.store import Store


class Sweeping:
    """One node's."""

    def __init__(self, store: Store, off_loop: OffLoop) -> None:
        self._store = store
        self._off_loop = off_loop
        self._spared: set[str] = set()
        self._sweeps: set[asyncio.Task[None]] = set()
        self._closed = False

    @contextmanager
    def making(self, path: Path) -> Iterator[None]:
        """Something is made there that is to go unless it belongs to a file in the end."""
        self._spared.add(str(path))
        self._store.transfers.leave(str(path))
        try:
            yield
        finally:
            self._spared.discard(str(path))

    def sweep(self) -> None:
        """Remove what is not needed, beside everything else."""
        if self._closed:
            return
        task = asyncio.get_running_loop().create_task(self._sweep())
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)

    async def _sweep(self) -> None:
        with contextlib.suppress(StorageError, DamagedError):
            for path in self._store.transfers.remains():
                if path in self._spared or not self._store.transfers.is_left(path):
                    continue  # it became a file's while others were removed
                if GIVEN_NAME.fullmatch(Path(path).name) is None:  # a database from elsewhere may name any
                    self._store.transfers.removed(path)
                    continue
                with contextlib.suppress(OSError):  # its disk is away: the next start tries again
                    await self._off_loop(partial(Path(path).unlink, missing_ok=True))
                    self._store.transfers.removed(path)

    async def close(self) -> None:
        """Stop; what is left goes at the next start."""
        self._closed = True
        for task in self._sweeps:
            task.cancel()
        await asyncio.gather(*self._sweeps, return_exceptions=True)
