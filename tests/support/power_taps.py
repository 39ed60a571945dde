"""Notes in a disk's log what is told to the world: commits that returned, and frames that left a node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.power_disk import DiskLog
from tests.support.power_promises import Acknowledged, Begun, Committed, Left, content_of, database_of
from tests.support.ratchets import Sealing, record_sealings
from tests.support.recording_vfs import Recorder, recording
from tuichat.crypto.envelope import SEALED_HEADER_LENGTH
from tuichat.crypto.sealing import NONCE_LENGTH
from tuichat.node.delivery import Delivery, DeliveryContext
from tuichat.protocol.frames import Ack, Env, Frame, Hello, New
from tuichat.store.database import Database, Value
from tuichat.store.store import Store

DATABASE = "tuichat.db"


@contextmanager
def recording_promises(*directories: Path, failing: int = 0) -> Iterator[Taps]:
    """Record the databases in these directories, and what is promised of them; see Recorder."""
    with recording(*directories, failing=failing) as recorder, pytest.MonkeyPatch.context() as patch:
        taps = Taps(recorder, record_sealings(patch))
        taps.listen(patch)
        yield taps


class Taps:
    """Where promises are noted."""

    def __init__(self, recorder: Recorder, sealings: list[Sealing]) -> None:
        self._recorder = recorder
        self._sealings = sealings
        self._keys: dict[bytes, bytes] = {}
        self._left: dict[bytes, bytes] = {}
        self._last: dict[int, int] = {}

    def log_of(self, database: Database) -> DiskLog | None:
        """The log of an open database; None while it is being made."""
        path = Path(database._connection.db_filename("main"))
        return self._recorder.log_of(path) if path.name == DATABASE else None

    def record(self, directory: Path) -> DiskLog:
        """Record one directory more."""
        return self._recorder.record(directory)

    def log_in(self, directory: Path) -> DiskLog:
        log = self._recorder.log_of(directory / DATABASE)
        assert log is not None
        return log

    def opened(self, store: Store) -> None:
        """A store was opened: from here on everything in it is promised."""
        self._committed(database_of(store))

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        run, insert, begin = Database.run, Database.insert, Delivery.__init__

        def run_and_note(database: Database, sql: str, values: Sequence[Value] = ()) -> int:
            changed = run(database, sql, values)
            self._after_statement(database)
            return changed

        def insert_and_note(database: Database, sql: str, values: Sequence[Value] = ()) -> int:
            row = insert(database, sql, values)
            self._after_statement(database)
            return row

        def begin_and_note(delivery: Delivery, context: DeliveryContext) -> None:
            def send(frame: Frame) -> None:
                self._leaves(context, frame)
                context.send(frame)

            begin(delivery, replace(context, send=send))

        patch.setattr(Database, "run", run_and_note)
        patch.setattr(Database, "insert", insert_and_note)
        patch.setattr(Delivery, "__init__", begin_and_note)

    def _after_statement(self, database: Database) -> None:
        changes = database._connection.total_changes()
        if database.in_transaction() or changes == self._last.get(id(database._connection)):
            return
        self._last[id(database._connection)] = changes
        self._committed(database)

    def _committed(self, database: Database) -> None:
        log = self.log_of(database)
        if log is not None:
            log.mark(Committed(content_of(database)))

    def _leaves(self, context: DeliveryContext, frame: Frame) -> None:
        database = database_of(context.store)
        log = self.log_of(database)
        assert log is not None
        if database.in_transaction():
            log.broken.append("something left before the commit")
        gen = context.store.sessions.get(context.contact).gen
        match frame:
            case Env():
                self._envelope(log, context, gen, frame.envelope)
            case Ack():
                rows = context.store.messages.page(context.contact, 1000)
                arrived = frozenset((row.wire_id, row.text) for row in rows if row.direction == "in")
                log.mark(Acknowledged(context.contact, gen, frame.hash, arrived))
            case New() | Hello():
                log.mark(Begun(context.contact, frame.gen))

    def _envelope(self, log: DiskLog, context: DeliveryContext, gen: int, envelope: bytes) -> None:
        rows = context.store.outbox.unacked(context.contact)
        row = next((row for row in rows if row.envelope == envelope), None)
        if row is None:
            log.broken.append("an envelope left that is not in the queue")
            return
        key = self._key_of(envelope)
        if self._left.setdefault(key, envelope) != envelope:
            log.broken.append("a key was used twice")
        log.mark(Left(context.contact, gen, row, key))

    def _key_of(self, envelope: bytes) -> bytes:
        while self._sealings:
            sealing = self._sealings.pop()
            self._keys[sealing.nonce] = sealing.key
        return self._keys[envelope[SEALED_HEADER_LENGTH : SEALED_HEADER_LENGTH + NONCE_LENGTH]]
