"""A copy of the open database, made in small steps while it is in use.

SQLite's online backup copies page by page; what is written meanwhile over the same connection goes into the
copy as well, so at the end it is the database of that moment. The copy is encrypted under a key of its own,
and its file has no name: nothing has to be cleared away, however this ends. A copy that is to be looked into
keeps its name for so long, because SQLite opens files by name only; the next such copy replaces one that was
left.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO, Final

import apsw

from tuichat.errors import StorageError
from tuichat.i18n import _
from tuichat.store.database import Database, hangs_together
from tuichat.store.failures import translated
from tuichat.store.profile_paths import impossible

STEP_PAGES: Final = 64
"""Pages of 4,096 bytes that one step copies: about a millisecond."""

_NAMELESS = "tuichat.db.snapshot"
_NAMED = "tuichat.db.check"


class Snapshot:
    """A copy in the making; close it at the end.

    Attributes:
        done: it is complete, and has nothing to do with the database any more.

    Args:
        database: in use, by this process alone.
        directory: private; the copy lies on its disk.
        key: 32 fresh random bytes that encrypt the copy.
        named: it is to be looked into by `sound`; at most one such copy at a time.

    Raises:
        StorageError: the directory cannot be written. DamagedError: the database cannot be read.
    """

    def __init__(self, database: Database, directory: Path, key: bytes, *, named: bool = False) -> None:
        self._database = database
        self.done = False
        self._key = key
        self._path = path = directory / (_NAMED if named else _NAMELESS)
        try:
            self.file = _made(path)
            try:
                self._copy = _encrypted(path, key)
            finally:
                if not named:
                    path.unlink()  # both have it open
        except OSError as failure:
            raise impossible(path, failure) from failure
        self._backup = database.copy_into(self._copy)

    def step(self) -> bool:
        """Copy some pages; whether the copy is complete.

        Raises:
            StorageError: the disk is full or fails, or the database was closed meanwhile.
            DamagedError: a page cannot be read.
        """
        if self._database.closed:
            raise StorageError(
                _("The node ended before the copy was complete."), _("Nothing was kept; try again.")
            )
        with translated():
            self.done = self._backup.step(STEP_PAGES)
            if self.done:
                self._backup.finish()
        return self.done

    def sound(self) -> bool:
        """Whether tables and indexes of the complete, named copy hang together. May run in another thread."""
        assert self.done
        unchanging = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        with translated():
            self._copy.close()
            reader = apsw.Connection(f"{self._path.as_uri()}?immutable=1", flags=unchanging)
            try:
                _use_key(reader, self._key)
                return hangs_together(reader)
            finally:
                reader.close(True)

    def finish(self) -> BinaryIO:
        """The complete copy as a file, at its beginning."""
        assert self.done
        with translated():
            self._copy.close()
        self.file.seek(0)
        return self.file

    @property
    def size(self) -> int:
        """How many bytes the file has."""
        return os.fstat(self.file.fileno()).st_size

    def close(self) -> None:
        """Drop the copy; a second call does nothing."""
        self._copy.close(True)
        self.file.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _made(path: Path) -> BinaryIO:
    """A new private file."""
    path.unlink(missing_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return open(os.open(path, flags, 0o600), "r+b")  # noqa: PTH123 - a descriptor


def _encrypted(path: Path, key: bytes) -> apsw.Connection:
    with translated():
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            _use_key(connection, key)
            # It is whole or dropped: nothing of it has to survive anything.
            for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = OFF", "synchronous = OFF"):
                connection.execute(f"PRAGMA {pragma}").fetchall()
        except BaseException:
            connection.close(True)
            raise
    return connection


def _use_key(connection: apsw.Connection, key: bytes) -> None:
    connection.execute("PRAGMA cipher = 'chacha20'")
    connection.execute(f"PRAGMA key = 'raw:{key.hex()}'")
