"""A disk that is full or fails: the step says so and keeps nothing, what was kept stays, the next works."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.disk_faults import DiskFault, Kind, faulty
from tests.support.power_promises import content_of, database_of
from tests.support.stores import KEY, SECOND, add_contact, open_store, receive, write
from tuichat.errors import StorageError
from tuichat.store.database import Database
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

KINDS: tuple[Kind, ...] = ("full", "failing", "unreadable")
SENTENCES = ("The disk is full", "The disk could not be read or written", "The disk failed")
EVERY = 17
"""Of the operations of each kind, every so many-th is one that fails, and the last ones of each step are."""


class Work:
    """One store's life in steps, each whole by itself; a step that failed can be taken again."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "tuichat.db"
        self.store: Store | None = None
        self.steps: list[Callable[[], object]] = [
            self._open,
            self._add,
            lambda: self._many(10),
            lambda: write(self.present, 1, 100),
            self._close,
            self._open,
            lambda: self.present.messages.mark_read(1, 20),
            lambda: self._many(40),
            lambda: self.present.checkpoint(),
            lambda: self.present.settings.put("draft", b"z" * 5000),
            lambda: write(self.present, 1, 101, "y" * 9000),
            self._close,
        ]

    @property
    def present(self) -> Store:
        assert self.store is not None
        return self.store

    def give_up(self) -> None:
        """Close whatever the disk says to it."""
        if self.store is not None:
            with contextlib.suppress(StorageError):
                self.store.close()

    def note(self) -> None:
        """A step more."""
        self.present.settings.put("note", b"a step more")

    def _open(self) -> None:
        self.store = Store.open(self.path, KEY)

    def _close(self) -> None:
        store, self.store = self.store, None
        if store is not None:  # closing is over even when it failed
            store.close()

    def _add(self) -> None:
        add_contact(self.present)

    def _many(self, first: int) -> None:
        with self.present.transaction():
            for number in range(first, first + 8):
                receive(self.present, 1, number, "x" * 2000)
            self.present.sessions.put(SessionRow(1, gen=1, delivered=first))


@contextmanager
def scratch() -> Iterator[Path]:
    fast = Path("/dev/shm")
    with TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        yield Path(directory)


def content(path: Path) -> bytes | None:
    """What a store holds that is opened here; None if there is none yet."""
    if not path.exists():
        return None
    store = Store.open(path, KEY)
    found = content_of(database_of(store))
    store.close()
    return found


def content_after_kill(path: Path) -> bytes | None:
    """What is found if the process ends here."""
    with scratch() as directory:
        for file in path.parent.iterdir():
            shutil.copy(file, directory)
        return content(directory / path.name)


@cache
def expected() -> list[bytes | None]:
    """What a store holds before the first step and after each, on a disk that works."""
    contents = []
    for count in range(len(Work(Path()).steps) + 1):
        with scratch() as directory:
            work = Work(directory)
            for step in work.steps[:count]:
                step()
            contents.append(content_after_kill(work.path))
            work.give_up()
    return contents


@cache
def places(kind: Kind) -> list[int]:
    """Which operations to fail."""
    with scratch() as directory:
        work, fault = Work(directory), DiskFault(kind, at=0)
        chosen: set[int] = set()
        with faulty(fault):
            for step in work.steps:
                step()
                chosen.update(range(max(1, fault.count - 1), fault.count + 1))
        return sorted(chosen | set(range(1, fault.count, EVERY)))


def refused(step: Callable[[], object]) -> bool:
    """Whether the step fails, which it must do with a sentence of ours."""
    told = ""
    try:
        step()
    except StorageError as failure:
        told = failure.message
    assert told == "" or told.startswith(SENTENCES)
    return told != ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_fails_once_keeps_nothing_and_works_when_repeated(kind: Kind) -> None:
    for at in places(kind):
        with scratch() as directory, faulty(fault := DiskFault(kind, at)):
            work = Work(directory)
            for number, step in enumerate(work.steps):
                if refused(step):
                    # of making a database there is no half: it is empty, or not there
                    kept = expected()[number : number + (2 if number == 0 else 1)]
                    assert content_after_kill(work.path) in kept, at
                    step()
            assert fault.struck == 1
            assert content(work.path) == expected()[-1], at


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_for_good_keeps_what_was_kept(kind: Kind) -> None:
    for at in places(kind):
        with scratch() as directory:
            work = Work(directory)
            with faulty(DiskFault(kind, at, lasting=True)):
                number = next(number for number, step in enumerate(work.steps) if refused(step))
                if work.store is not None and kind != "unreadable":
                    assert refused(work.note)
                work.give_up()
            # a commit whose sync failed may be there: no disk was left to take it back
            assert content(work.path) in expected()[number : number + 2], at


def test_a_failed_step_leaves_the_store_usable_without_a_restart(tmp_path: Path) -> None:
    with faulty(fault := DiskFault("failing", at=0)):
        store = Store.open(tmp_path / "tuichat.db", KEY)
        add_contact(store)
        for number in range(20):
            fault.at = fault.count + 1 + number % 5
            with contextlib.suppress(StorageError):
                receive(store, 1, number)
            fault.at = 0
            receive(store, 1, 1000 + number)
        rows = store.messages.page(1, 100)
        assert len(rows) == 20 + sum(row.wire_id < (1000).to_bytes(16, "big") for row in rows)
        assert fault.struck > 0
        store.close()


def test_a_directory_that_cannot_be_synced_is_said_and_the_next_start_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: Path) -> None:
        raise OSError(errno.EIO, "sync")

    monkeypatch.setattr("tuichat.store.store.sync_directory", failing)
    with pytest.raises(StorageError, match="cannot be made or read: Input/output error"):
        Store.open(tmp_path / "tuichat.db", KEY)
    monkeypatch.undo()
    assert content(tmp_path / "tuichat.db") == expected()[1]


@contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Reading the open file fails in the system itself: SQLite sees no exception of ours."""
    number = next(
        int(link.name) for link in Path("/proc/self/fd").iterdir() if os.path.realpath(link) == str(path)
    )
    kept, blind = os.dup(number), os.open(path, os.O_WRONLY)
    os.dup2(blind, number)
    try:
        yield
    finally:
        os.dup2(kept, number)
        os.close(blind)
        os.close(kept)


def test_a_read_that_fails_once_at_the_start_is_not_taken_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = filled(tmp_path)
    checked: list[bool] = []

    def sound(database: Database) -> bool:
        if checked:
            return real(database)
        with unreadable(path):
            checked.append(real(database))
        return checked[0]

    real = Database.sound
    monkeypatch.setattr(Database, "sound", sound)
    store = Store.open(path, KEY)
    assert checked == [False]
    assert len(store.messages.page(1, 100)) == 50
    store.close()


def test_a_file_that_cannot_be_read_is_not_taken_for_damage(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.db"
    path.symlink_to("/proc/self/mem")  # reading its first byte is EIO
    with pytest.raises(StorageError, match="cannot be made or read: Input/output error"):
        Store.open(path, KEY)


def filled(directory: Path) -> Path:
    store = open_store(directory)
    add_contact(store)
    store.settings.put("since", SECOND.to_bytes(8, "big"))
    with store.transaction():
        for number in range(50):
            receive(store, 1, number, "x" * 1000)
    store.close()
    return directory / "tuichat.db"
