"""Records what stores do to their directories: through SQLite, and beside it when a database is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from tests.support.power_disk import DiskLog, FailedSync, Sync, SyncDirectory, Truncate, Write
from tests.support.watched_vfs import watching
from tuichat.store.files import sync_directory


class Recorder:
    """A log for each directory. It implements Watcher. Sync number `failing` (from 1; 0 for none) fails."""

    def __init__(self, failing: int = 0) -> None:
        self._logs: dict[Path, DiskLog] = {}
        self._failing = failing
        self._syncs = 0

    def record(self, directory: Path) -> DiskLog:
        """Watch a directory from now on."""
        self._logs[directory] = DiskLog(directory)
        return self._logs[directory]

    def log_of(self, path: Path) -> DiskLog | None:
        """The log of the directory in which this file is, if that is recorded."""
        return self._logs.get(path.parent)

    def open(self, path: Path) -> None:
        self._logs[path.parent].open(path.name)

    def read(self, path: Path) -> None:
        """Nothing changes."""

    def write(self, path: Path, offset: int, data: bytes) -> None:
        log = self._logs[path.parent]
        log.operations.append(Write(log.open(path.name), offset, data))

    def truncate(self, path: Path, size: int) -> None:
        log = self._logs[path.parent]
        log.operations.append(Truncate(log.open(path.name), size))

    def sync(self, path: Path, *, with_directory: bool) -> None:
        log = self._logs[path.parent]
        self._syncs += 1
        if self._syncs == self._failing:
            log.operations.append(FailedSync(log.open(path.name)))
            raise apsw.IOError(f"syncing {path.name}")
        log.operations.append(Sync(log.open(path.name)))
        if with_directory:
            self.sync_directory(path.parent)

    def delete(self, path: Path, *, with_directory: bool) -> None:
        self._logs[path.parent].unlink(path.name)
        if with_directory:
            self.sync_directory(path.parent)

    def sync_directory(self, directory: Path) -> None:
        self._logs[directory].operations.append(SyncDirectory())


@contextmanager
def recording(*directories: Path, failing: int = 0) -> Iterator[Recorder]:
    """Record the databases in these directories."""
    recorder = Recorder(failing)
    for directory in directories:
        recorder.record(directory)
    with watching(recorder), pytest.MonkeyPatch.context() as patch:
        _record_names(recorder, patch)
        yield recorder


def _record_names(recorder: Recorder, patch: pytest.MonkeyPatch) -> None:
    rename, unlink = os.rename, os.unlink

    def recorded_rename(old: str | Path, new: str | Path) -> None:
        log = recorder.log_of(Path(old))
        if log is not None:
            log.rename(Path(old).name, Path(new).name)
        rename(old, new)

    def recorded_unlink(path: str | Path) -> None:
        unlink(path)
        log = recorder.log_of(Path(path))
        if log is not None:
            log.unlink(Path(path).name)

    def recorded_sync(directory: Path) -> None:
        recorder.sync_directory(directory)
        sync_directory(directory)

    patch.setattr(os, "rename", recorded_rename)
    patch.setattr(os, "unlink", recorded_unlink)
    patch.setattr("tuichat.store.store.sync_directory", recorded_sync)
