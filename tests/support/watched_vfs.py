"""SQLite's file system below the encryption, watched: each read, write, truncate, sync and delete can be seen
or fail.

The encrypting file system of apsw-sqlite3mc is a layer that is made on demand over any other: opening with
"multipleciphers-NAME" puts it over NAME. While `watching` runs, that is the default, so the product's own
code opens its database without knowing. It is registered once and for good: the layer above keeps a pointer
to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

import apsw

_NAME = "watched"


class Watcher(Protocol):
    """Told of each operation just before it is done; an exception is its failure instead."""

    def open(self, path: Path) -> None: ...
    def read(self, path: Path) -> None: ...
    def write(self, path: Path, offset: int, data: bytes) -> None: ...
    def truncate(self, path: Path, size: int) -> None: ...
    def sync(self, path: Path, *, with_directory: bool) -> None: ...
    def delete(self, path: Path, *, with_directory: bool) -> None: ...


class _WatchedFile(apsw.VFSFile):
    def __init__(self, vfs: _WatchedVfs, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        given = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._path = Path(str(given))
        self._vfs = vfs
        # the first sync of a log or journal also syncs its directory, as SQLite's unix files do
        journals = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
        self._directory_due = bool(flags[0] & journals and flags[0] & apsw.SQLITE_OPEN_CREATE)
        vfs.watcher.open(self._path)
        super().__init__("unix", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        self._vfs.watcher.read(self._path)
        return bytes(super().xRead(amount, offset))

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._vfs.watcher.write(self._path, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._vfs.watcher.truncate(self._path, size)
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._vfs.watcher.sync(self._path, with_directory=self._directory_due)
        self._directory_due = False
        super().xSync(flags)


class _WatchedVfs(apsw.VFS):
    watcher: Watcher

    def __init__(self) -> None:
        super().__init__(_NAME, "unix")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _WatchedFile:  # noqa: N802
        return _WatchedFile(self, name, flags)

    def xDelete(self, name: str, sync_directory: bool) -> None:  # noqa: N802
        self.watcher.delete(Path(name), with_directory=sync_directory)
        super().xDelete(name, sync_directory)


@cache
def _registered() -> _WatchedVfs:
    return _WatchedVfs()


@contextmanager
def watching(watcher: Watcher) -> Iterator[None]:
    """Show the files of every database that is opened meanwhile to `watcher`."""
    vfs, usual = _registered(), apsw.vfs_names()[0]
    vfs.watcher = watcher
    # the layer exists once something was opened through it
    apsw.Connection(":memory:", vfs=f"multipleciphers-{_NAME}").close()
    apsw.set_default_vfs(f"multipleciphers-{_NAME}")
    try:
        yield
    finally:
        apsw.set_default_vfs(usual)
