"""What one store does to its disk, recorded: random writes, small and large, and emptied logs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from tests.support.power_disk import DiskLog
from tests.support.power_promises import Said, database_of
from tests.support.power_taps import DATABASE, Taps, recording_promises
from tests.support.seeded_rng import SeededRng
from tests.support.stores import KEY, ONION, SECOND, add_contact, receive, wire_id
from tuichat.errors import StorageError
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

Synchronous = Literal["FULL", "NORMAL", "OFF"]
"""FULL is how the product opens; the others are what must be found out."""

_HURRIED_CHECKPOINT = 24
"""Pages in the log after which SQLite moves them into the file: at its own 1,000 it would seldom happen."""

_SMALL_CACHE = 8
"""Pages in memory: a larger step has pages in the log before it is committed."""

_STEPS = 60
_OTHER = bytes([9]) * 32


def open_recorded(directory: Path, taps: Taps, synchronous: Synchronous) -> Store:
    """The directory's store, opened with the product's code."""
    store = Store.open(directory / DATABASE, KEY, synchronous="OFF" if synchronous == "OFF" else "FULL")
    if synchronous == "NORMAL":
        database_of(store).run("PRAGMA synchronous = NORMAL")
    taps.opened(store)
    database_of(store).run(f"PRAGMA wal_autocheckpoint = {_HURRIED_CHECKPOINT}")
    return store


def rows(
    directory: Path,
    seed: int,
    synchronous: Synchronous = "FULL",
    *,
    found: dict[str, bytes] | None = None,
    failing: int = 0,
) -> list[DiskLog]:
    """The log of one store in `directory`, beginning with the files `found`; sync number `failing` fails."""
    for name, data in (found or {}).items():
        (directory / name).write_bytes(data)
    with recording_promises(directory, failing=failing) as taps:
        _Writer(directory, SeededRng(b"rows %d" % seed), taps, synchronous).work()
        return [taps.log_in(directory)]


class _Writer:
    """A step that the disk fails is left out, but for the first two, which are repeated."""

    def __init__(self, directory: Path, rng: SeededRng, taps: Taps, synchronous: Synchronous) -> None:
        self._directory = directory
        self._rng = rng
        self._taps = taps
        self._synchronous = synchronous
        self._number = 0

    def work(self) -> None:
        for begin in (self._open, self._begin):
            try:
                begin()
            except StorageError:
                begin()
        for _ in range(_STEPS):
            with suppress(StorageError):
                self._step()
                self._promise()
        with suppress(StorageError):
            self._store.close()

    def _open(self) -> None:
        self._store = open_recorded(self._directory, self._taps, self._synchronous)
        database_of(self._store).run(f"PRAGMA cache_size = {_SMALL_CACHE}")

    def _begin(self) -> None:
        contact = self._store.contacts.by_onion(ONION) or add_contact(self._store)
        self._contact = contact.id
        present = self._store.messages.page(self._contact, 10_000)
        self._number = max((int.from_bytes(row.wire_id, "big") for row in present), default=0)

    def _step(self) -> None:
        match self._pick(9):
            case 0:
                self._store.checkpoint()
            case 1:
                self._restart()
            case 2:
                with self._store.transaction():
                    for _ in range(1 + self._pick(12)):
                        self._message()
            case 3:
                self._store.messages.mark_read(self._contact, self._number // 2, 0)
            case 4:
                self._store.sessions.put(SessionRow(self._contact, gen=1, sealed=self._number))
            case 5:
                self._add_or_remove_other()
            case _:
                self._message()

    def _restart(self) -> None:
        try:
            self._store.close()
        finally:
            self._open()

    def _add_or_remove_other(self) -> None:
        other = self._store.contacts.by_onion(_OTHER)
        if other is not None:
            self._store.contacts.remove(other.id)
            return
        with self._store.transaction():
            other = add_contact(self._store, "Eve", _OTHER)
            receive(self._store, other.id, self._number, "gone soon" * 500)

    def _message(self) -> None:
        self._number += 1
        text = "x" * (self._pick(70) ** 2 // 2)
        if self._pick(2):
            receive(self._store, self._contact, self._number, text)
            return
        with database_of(self._store).step():
            self._queue(wire_id(self._number), text)

    def _queue(self, name: bytes, text: str) -> None:
        message = self._store.messages.add(
            self._contact, "out", name, "text", text, sent_at=SECOND, received_at=None, state="queued"
        )
        self._store.outbox.add(
            self._contact, message=message.id, wire_id=name, body=text.encode(), queued_at=SECOND
        )

    def _promise(self) -> None:
        """What the last step wrote was told to have been taken."""
        for row in self._store.messages.page(self._contact, 3):
            if row.direction == "out":
                self._taps.log_in(self._directory).mark(Said(self._contact, row.wire_id, row.text))

    def _pick(self, count: int) -> int:
        return int(self._rng.uniform(0, count))
