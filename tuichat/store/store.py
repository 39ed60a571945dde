"""The profile's database: one file, encrypted as a whole, with one writer.

Each write method is a transaction of its own; inside `Store.transaction()` all of them are one. A database
is made under another name and renamed when it is complete: an empty or cut file is damage, never a new
beginning.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

from tuichat.errors import DamagedError, StorageError
from tuichat.i18n import _
from tuichat.store import schema, soundness
from tuichat.store.backup_snapshot import Snapshot
from tuichat.store.contacts import Contacts
from tuichat.store.conversations import Conversations
from tuichat.store.database import Database, Synchronous
from tuichat.store.deeds import Deeds
from tuichat.store.events import Events
from tuichat.store.files import sync_directory
from tuichat.store.imports import Imports
from tuichat.store.inputs import Inputs
from tuichat.store.invites import Invites
from tuichat.store.messages import Messages
from tuichat.store.outbox import Outbox
from tuichat.store.places import Places
from tuichat.store.reach_keys import ReachKeys
from tuichat.store.records import SessionRow
from tuichat.store.search import Search
from tuichat.store.searches import Searches
from tuichat.store.sessions import Sessions
from tuichat.store.settings import Settings
from tuichat.store.tags import Tags
from tuichat.store.tokens import Tokens
from tuichat.store.transfers import Transfers
from tuichat.system_reasons import reason_of

_PAGE = 4096
_CHUNK = 1 << 20


class Store:
    """Contacts, messages, outbox, sessions, events and settings of one profile.

    Every method may raise StorageError (the disk is full or fails; nothing of the step was kept) and
    DamagedError (the file turned out unreadable).
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._closed = False
        self._places = Places(database)
        self.contacts = Contacts(self._places)
        self.messages = Messages(self._places)
        self.outbox = Outbox(self._places)
        self.sessions = Sessions(self._places)
        self.events = Events(database)
        self.settings = Settings(database)
        self.invites = Invites(database)
        self.reach_keys = ReachKeys(database)
        self.transfers = Transfers(database)
        self.search = Searches(self._places)
        self.conversations = Conversations(self._places)
        self.tags = Tags(database)
        self.inputs = Inputs(database)
        self.imports = Imports(database)
        self.deeds = Deeds(self._places)
        self.tokens = Tokens(database)

    @classmethod
    def open(cls, path: Path, key: bytes, *, synchronous: Synchronous = "FULL") -> Store:
        """Open the database at `path` under its 32-byte key; make it when there is none.

        Raises:
            DamagedError: it is not readable with this key, cut, or inconsistent; see `soundness` for how much
                of it is looked at.
            StorageError: it cannot be opened, made or written, or a newer version wrote it.
        """
        try:
            if not path.exists():
                _create(path, key, synchronous)
            store = cls(_open_existing(path, key, synchronous))
        except OSError as failure:
            raise StorageError(
                _("The database {path} cannot be made or read: {reason}.").format(
                    path=path, reason=reason_of(failure)
                )
            ) from failure
        try:
            store._begin_memory()
        except BaseException:
            store.close()
            raise
        return store

    def _begin_memory(self) -> None:
        """What conversations had in memory is gone, with envelopes whose numbers are missing from their
        sessions: the next links begin others, which seal anew what is on disk.
        """
        contacts = [contact for contact, row in self.conversations.all().items() if row.memory]
        if contacts:
            self.open_memory()
            with self.transaction():
                for contact in contacts:
                    self.conversations.begin_memory(contact)
                    self.outbox.unseal(contact)
                    self.sessions.forget(contact)
                    self.sessions.put(SessionRow(contact, gen=self.sessions.get(contact).gen))

    def open_memory(self) -> None:
        """Make room for what is kept in memory only. Not inside a transaction."""
        if self._places.memory is None:
            memory = Database(Path(":memory:"), None)
            schema.migrate(memory)
            Search(memory).prepare()
            self._places.open_memory(memory)

    def transaction(self) -> AbstractContextManager[None]:
        """All that is written inside happens together or, on any exception, not at all. Not nestable."""
        return self._places.transaction()

    def checkpoint(self) -> None:
        """Empty the write-ahead log into the file; old pages no longer lie in it."""
        self._database.checkpoint()

    def snapshot(self, directory: Path, key: bytes, *, named: bool = False) -> Snapshot:
        """A copy under another 32-byte key, on the directory's disk, to be made step by step."""
        return Snapshot(self._database, directory, key, named=named)

    def distrust(self) -> None:
        """Somebody found damage by other means: the next start reads the whole file."""
        self._database.distrust()

    def close(self) -> None:
        """Checkpoint, unless there is damage, and close; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if not self._database.damaged:
                self._database.checkpoint()
        finally:
            self._places.close()


def _open_existing(path: Path, key: bytes, synchronous: Synchronous) -> Database:
    """Open and check. What seems damaged is read to the end by other means, then looked at once more: where
    the disk failed to read it, SQLite finds damage, but the file is to stay in its place.
    """
    try:
        return _open_sound(path, key, synchronous)
    except DamagedError:
        for file in (path, _log_of(path)):
            if file.exists():
                _read_through(file)
        return _open_sound(path, key, synchronous)


def _read_through(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(_CHUNK):
            pass


def _open_sound(path: Path, key: bytes, synchronous: Synchronous) -> Database:
    size, ended_well = path.stat().st_size, not _log_of(path).exists()
    if size < _PAGE or (ended_well and size % _PAGE):  # SQLite does not mind if the last page is a free one
        raise _damaged(path)
    database = Database(path, key, synchronous)
    try:
        schema.refuse_newer(database)
        look = soundness.in_part if ended_well and size > soundness.WHOLE_BYTES else soundness.whole
        if not look(database):
            raise _damaged(path)
        schema.migrate(database)
        Search(database).prepare()
    except BaseException:
        database.close()
        raise
    return database


def _log_of(path: Path) -> Path:
    """The write-ahead log. It is gone after a clean end, and only then."""
    return path.with_name(path.name + "-wal")


def _create(path: Path, key: bytes, synchronous: Synchronous) -> None:
    if _log_of(path).exists():  # its file is gone: what it holds must not be mixed into a new one
        raise _damaged(path)
    unfinished = path.with_name(path.name + ".new")
    for debris in (unfinished, _log_of(unfinished)):
        debris.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    database = Database(unfinished, key, synchronous)
    try:
        schema.migrate(database)
        Search(database).prepare()
        if not database.sound():
            raise _damaged(unfinished)
        database.checkpoint()  # closing would do so too, but it keeps to itself that the disk is full
    finally:
        database.close()
    unfinished.rename(path)
    if synchronous == "FULL":
        sync_directory(path.parent)


def _damaged(path: Path) -> DamagedError:
    return DamagedError(
        _("The database {path} cannot be read: it is damaged, or belongs to another profile.").format(
            path=path
        ),
        _("Restore a backup, or restart tuichat: it sets the damaged file aside and says where."),
    )
