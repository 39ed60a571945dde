"""A disk that is full or fails: the step says so and keeps nothing, what was kept stays, the next works."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.disk_faults import DiskFault, Kind, faulty
from tests.support.disk_sweep import KINDS, content, expected, fail_for_good, fail_once, places
from tests.support.stores import KEY, SECOND, add_contact, open_store, receive
from tuichat.errors import StorageError
from tuichat.store.database import Database
from tuichat.store.store import Store

EVERY = 17
"""`benchmarks.power_loss` fails every single operation."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_that_fails_once_keeps_nothing_and_works_when_repeated(kind: Kind) -> None:
    for at in places(kind, EVERY):
        assert fail_once(kind, at) == "", at


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_for_good_keeps_what_was_kept(kind: Kind) -> None:
    for at in places(kind, EVERY):
        assert fail_for_good(kind, at) == "", at


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


def test_a_new_database_is_whole_in_its_file_before_closing_which_hides_that_a_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    def closing(database: Database) -> None:
        log = tmp_path / "tuichat.db.new-wal"
        left.append(log.stat().st_size if log.exists() else -1)
        real(database)

    real = Database.close
    monkeypatch.setattr(Database, "close", closing)
    store = Store.open(tmp_path / "tuichat.db", KEY)
    assert left == [0]
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
