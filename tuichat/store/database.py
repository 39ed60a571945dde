"""One encrypted SQLite connection: keys, pragmas, statements and transactions, but no table's name.

Everything is synchronous and called on the event loop, so that each step is whole with respect to the
engine's tasks. The connection locks the file for itself: a second writer is refused, not waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NoReturn

import apsw

from tuichat.errors import DamagedError, StorageError, TuichatError
from tuichat.i18n import _
from tuichat.store.failures import translate, translated
from tuichat.store.search_terms import document

Synchronous = Literal["FULL", "OFF"]
Value = int | str | bytes | None

KEY_LENGTH = 32

# Before anything reads the file: the WAL's index stays in memory, without a -shm file or a second writer.
_LOCKING = "PRAGMA locking_mode = EXCLUSIVE"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",  # a sorter's spill file would not be encrypted
    "PRAGMA trusted_schema = OFF",
)


class Database:
    """A connection to the encrypted file at `path`.

    Attributes:
        closed: nothing can be read or written any more.
        damaged: a page turned out unreadable, or `distrust` was called.

    Args:
        key: 32 random bytes; the whole file is encrypted under it. None for what is in memory only.
        synchronous: FULL in life: WAL with NORMAL loses acknowledged commits on power loss. OFF for tests
            that make many stores.

    Raises:
        DamagedError: the file is not a database under this key. StorageError: it cannot be opened.
    """

    def __init__(self, path: Path, key: bytes | None, synchronous: Synchronous = "FULL") -> None:
        if key is not None and len(key) != KEY_LENGTH:
            raise ValueError("a database key has 32 bytes")
        self.closed = self.damaged = False
        with translated():
            self._connection = apsw.Connection(str(path))
            try:
                self._prepare(key, synchronous)
            except BaseException:
                self._connection.close(True)
                raise

    def _prepare(self, key: bytes | None, synchronous: Synchronous) -> None:
        self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # a damaged file stays as it is
        # Or whatever has a LIMIT that is bound would be compiled anew each time it runs.
        self._connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        if key is not None:
            self._connection.execute("PRAGMA cipher = 'chacha20'")
            self._connection.execute(f"PRAGMA key = 'raw:{key.hex()}'")
        for pragma in (_LOCKING, f"PRAGMA synchronous = {synchronous}", *_PRAGMAS):
            self._connection.execute(pragma).fetchall()
        made: Callable[..., str] = document  # triggers that put messages into the index call it
        self._connection.create_scalar_function(
            "search_document", made, 5, deterministic=True, flags=apsw.SQLITE_INNOCUOUS
        )

    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._connection.in_transaction

    def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Execute a statement; the number of rows it changed."""
        self._execute(sql, values)
        return self._connection.changes()

    def changes(self) -> int:
        """How many rows were ever changed over this connection, those of virtual tables' own tables too."""
        return self._connection.total_changes()

    def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Execute an INSERT; the new row's id."""
        self._execute(sql, values)
        return self._connection.last_insert_rowid()

    def _execute(self, sql: str, values: Sequence[Value]) -> None:
        try:
            self._connection.execute(sql, values)
        except apsw.Error as failure:
            try:
                self._explain(failure)
            except StorageError:
                if not self.in_transaction():
                    self._cover_failed_commit()
                raise

    def _cover_failed_commit(self) -> None:
        """Overwrite what a failed commit may have left whole at the log's end: the next start would keep it.

        The step that does so changes nothing. If it fails as well, there is no more to be done.
        """
        with suppress(TuichatError), translated():
            self._connection.execute(f"PRAGMA user_version = {self.one('PRAGMA user_version')}")

    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except apsw.Error as failure:
            self._explain(failure)

    def row(self, sql: str, values: Sequence[Value] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, None if it has none."""
        try:
            return self._connection.execute(sql, values).fetchone()
        except apsw.Error as failure:
            self._explain(failure)

    def one(self, sql: str, values: Sequence[Value] = ()) -> Any:
        """The first column of the single row of a query that always has one."""
        row = self.row(sql, values)
        assert row is not None
        return row[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """BEGIN IMMEDIATE to COMMIT; any exception rolls back. Not nestable."""
        assert not self.in_transaction(), "transactions do not nest"
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            if not self.in_transaction():  # SQLite rolled back by itself after a failure that was swallowed
                raise StorageError(_("The disk failed: nothing of this step was kept."))
            self.run("COMMIT")
        except BaseException:
            if self.in_transaction():
                self.run("ROLLBACK")
            raise

    @contextmanager
    def step(self) -> Iterator[None]:
        """Several statements as one: part of the open transaction, or one of their own."""
        if self.in_transaction():
            yield
        else:
            with self.transaction():
                yield

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file and cut it to nothing, so that no old page stays in it."""
        self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def sound(self, table: str = "") -> bool:
        """Whether every page decrypts and tables and indexes hang together; or those of one table.

        If all are sound, the file is trusted.
        """
        sound = self.complaint(table) == "ok"
        if sound and not table:
            self.trust()
        return sound

    def complaint(self, table: str = "") -> str:
        """The first thing that is wrong, in SQLite's words; "ok" if nothing is.

        What cannot be read is found by the check itself, but for the index of the search, which raises.
        """
        try:
            return str(self.one(f"PRAGMA quick_check({table or 1})"))
        except StorageError as error:
            if isinstance(error.__cause__, apsw.IOError):
                return error.message
            raise

    def hangs_together(self) -> bool:
        """See the function of this name; changes nothing."""
        try:
            return hangs_together(self._connection)
        except apsw.Error as failure:
            self._explain(failure)

    def trust(self) -> None:
        """From now on closing also moves the write-ahead log into the file and removes it."""
        self._close_with_log(0)

    def distrust(self) -> None:
        """There is damage: closing leaves file and log as they are, and a log tells the next start to read
        everything.
        """
        self.damaged = True
        if not self.closed:
            self._close_with_log(1)

    def _close_with_log(self, left: int) -> None:
        with translated():
            self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, left)

    def _explain(self, failure: apsw.Error) -> NoReturn:
        """Raise what `failure` means to a person, as `translated` does; damage is remembered."""
        error = translate(failure)
        if error is None:
            raise failure
        if isinstance(error, DamagedError):
            self.distrust()
        raise error from failure

    def copy_into(self, empty: apsw.Connection) -> Copying:
        """A copy of everything, to be made step by step; what is written meanwhile is in it as well."""
        with translated():
            return Copying(empty.backup("main", self._connection, "main"), self._explain)

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        self.closed = True
        with translated():
            self._connection.close(True)


def hangs_together(connection: apsw.Connection) -> bool:
    """Whether each index has every row, and every row finds those that it belongs to.

    `Database.sound` leaves both out: they take several times as long, too long for a start.
    """
    whole = connection.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)]
    return whole and connection.execute("PRAGMA foreign_key_check").fetchone() is None


class Copying:
    """A copy in the making. Pages that cannot be read are damage, as anywhere.

    Args:
        explain: raises what a failure means.
    """

    def __init__(self, backup: apsw.Backup, explain: Callable[[apsw.Error], NoReturn]) -> None:
        self._backup = backup
        self._explain = explain

    def step(self, pages: int) -> bool:
        """Copy so many pages; whether all are copied."""
        try:
            return self._backup.step(pages)
        except apsw.Error as failure:
            self._explain(failure)

    def finish(self) -> None:
        """Let go of the database."""
        with translated():
            self._backup.finish()
