"""A large database opens as fast as a small one, and damage in it is still found, said and set aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.stores import KEY, add_contact, open_store, receive
from tuichat.errors import DamagedError, StorageError
from tuichat.store import quarantine, schema, soundness
from tuichat.store.backup_snapshot import Snapshot
from tuichat.store.database import Database
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.search import Wanted
from tuichat.store.search_terms import Phrase
from tuichat.store.store import Store

PAGE = 4096
TEXT = "x" * 900
COUNT = 400


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cleanly closed database of about a hundred pages, which counts as large."""
    monkeypatch.setattr(soundness, "WHOLE_BYTES", 10 * PAGE)
    store = open_store(tmp_path)
    contact = add_contact(store).id
    with store.transaction():
        for number in range(COUNT):
            receive(store, contact, number, TEXT)
    store.close()
    return tmp_path / "tuichat.db"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that `Database.sound` was asked for; "" is everything."""
    asked: list[str] = []
    sound = Database.sound

    def note(self: Database, table: str = "") -> bool:
        asked.append(table)
        return sound(self, table)

    monkeypatch.setattr(Database, "sound", note)
    return asked


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def pages_of(path: Path, table: str) -> list[int]:
    """The numbers of a table's pages, from 1; with "%" those of all: there are free ones besides."""
    database = Database(path, KEY)
    found = [row[0] for row in database.rows("SELECT pageno FROM dbstat WHERE name LIKE ?", (table,))]
    database.trust()
    database.close()
    return found


def damage(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE + 100)
        old = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([old ^ 1]))


def unsampled(path: Path) -> int:
    """A page of the history that opening does not look at."""
    for page in sorted(pages_of(path, "messages"))[2:]:
        damage(path, page)
        try:
            Store.open(path, KEY).close()
        except DamagedError:
            log_of(path).unlink()
            damage(path, page)  # a bit turned twice
        else:
            return page
    raise AssertionError("every page is sampled")


def test_a_large_file_that_was_closed_well_is_not_read_to_its_end(large: Path, looks: list[str]) -> None:
    Store.open(large, KEY).close()
    assert "" not in looks
    assert {"contacts", "sessions", "settings"} <= set(looks)
    assert not {"messages", "outbox", "events"} & set(looks)


def test_a_small_file_is_always_read_to_its_end(tmp_path: Path, looks: list[str]) -> None:
    open_store(tmp_path).close()
    looks.clear()
    open_store(tmp_path).close()
    assert looks == [""]


def test_a_large_file_is_read_to_its_end_after_an_unclean_end(large: Path, looks: list[str]) -> None:
    store = Store.open(large, KEY)
    store.settings.put("draft", b"x")
    copied, log = large.read_bytes(), log_of(large).read_bytes()
    store.close()
    for end in (log, b""):
        large.write_bytes(copied)
        log_of(large).write_bytes(end)
        looks.clear()
        Store.open(large, KEY).close()
        assert looks == [""]
        looks.clear()
        Store.open(large, KEY).close()
        assert "" not in looks


def test_one_flipped_bit_on_any_page_of_a_large_file_is_never_taken_for_data(large: Path) -> None:
    pages = sorted(pages_of(large, "%"))
    whole = large.read_bytes()
    found_at_once = 0
    for page in pages:
        log_of(large).unlink(missing_ok=True)
        large.write_bytes(whole)
        damage(large, page)
        try:
            database = Store.open(large, KEY)._database
        except DamagedError:
            found_at_once += 1
            continue
        assert not read_all(database)
        database.close()
    assert 0 < found_at_once < len(pages)


def read_all(database: Database) -> bool:
    try:
        return database.sound()
    except DamagedError:
        return False


@pytest.mark.parametrize("table", ["contacts", "conversations", "sqlite_schema"])
def test_damage_where_the_node_decides_by_is_found_at_the_start(large: Path, table: str) -> None:
    for page in pages_of(large, table):
        damage(large, page)
    with pytest.raises(DamagedError):
        Store.open(large, KEY)


@pytest.mark.parametrize("length", [PAGE, 3 * PAGE, 11 * PAGE, -1, -PAGE])
def test_a_large_file_that_was_cut_is_damage(large: Path, length: int) -> None:
    large.write_bytes(large.read_bytes()[:length])
    with pytest.raises(DamagedError):
        Store.open(large, KEY)


@pytest.mark.parametrize("met", ["at the start", "while running"])
def test_an_index_that_contradicts_itself_is_made_anew_and_nothing_else_is_lost(
    large: Path, met: str
) -> None:
    store = Store.open(large, KEY)
    hello = Wanted((Phrase(("hello",)),))
    kept = receive(store, 1, COUNT + 1, "hello").id
    store._database.run("DELETE FROM search_index_data WHERE id > 10")
    if met == "at the start":
        store.distrust()
    else:
        with pytest.raises(DamagedError):
            store.search.find(hello, 1, 0, 10**9)
    store.close()
    store = Store.open(large, KEY)
    assert not store.search.is_whole()
    while store.search.index_some(500):
        pass
    assert [row.id for row, _name in store.search.find(hello, 1, 0, 10**9)] == [kept]
    assert len(store.messages.page(1, 10**6)) == COUNT + 1
    store.close()
    assert not log_of(large).exists()


def test_damage_met_while_running_is_set_aside_at_the_next_start(large: Path) -> None:
    page = unsampled(large)
    paths = ProfilePaths.locate(large.parent, "default", {})
    assert paths.database == large
    store = quarantine.open_store(paths, KEY, FixedClock())
    with pytest.raises(DamagedError, match="cannot be read"):
        store.messages.page(1, COUNT)
    store.close()
    damaged = large.read_bytes()
    with pytest.raises(DamagedError, match="was set aside as"):
        quarantine.open_store(paths, KEY, FixedClock())
    kept = [file for file in large.parent.iterdir() if file.name.startswith("tuichat.db.damaged-")]
    assert damaged in [file.read_bytes() for file in kept]
    assert page <= len(damaged) // PAGE
    assert not large.exists()


def test_damage_that_was_found_by_other_means_is_looked_for_at_the_next_start(
    large: Path, looks: list[str]
) -> None:
    store = Store.open(large, KEY)
    store.distrust()
    store.close()
    looks.clear()
    Store.open(large, KEY).close()
    assert looks == [""]
    store.distrust()  # closed: it can tell nobody any more
    assert not log_of(large).exists()


def test_damage_met_by_a_backup_is_found_at_the_next_start(large: Path) -> None:
    unsampled(large)
    store = Store.open(large, KEY)
    copy = store.snapshot(large.parent, bytes(32))
    with pytest.raises(DamagedError):
        all_of(copy)
    copy.close()
    store.close()
    with pytest.raises(DamagedError):
        Store.open(large, KEY)


def all_of(copy: Snapshot) -> None:
    while not copy.step():
        pass


def test_damaged_file_is_not_written_when_it_is_closed(large: Path) -> None:
    unsampled(large)
    store = Store.open(large, KEY)
    store.settings.put("draft", b"in the log")
    before = large.read_bytes()
    with pytest.raises(DamagedError):
        store.messages.page(1, COUNT)
    store.close()
    assert large.read_bytes() == before
    assert log_of(large).stat().st_size > 0


def test_a_large_file_of_an_older_schema_is_brought_up(large: Path) -> None:
    old = large.with_name("old.db")
    database = Database(old, KEY)
    schema.migrate(database, schema.steps()[:1])
    database.run("INSERT INTO settings VALUES ('pad', zeroblob(100000))")
    database.trust()
    database.close()
    store = Store.open(old, KEY)
    assert schema.version(store._database) == len(schema.steps())
    store.close()


def test_a_large_file_of_a_newer_schema_is_refused_and_left_alone(large: Path) -> None:
    database = Database(large, KEY)
    database.run("CREATE TABLE unheard_of (x)")
    database.run("ALTER TABLE messages RENAME COLUMN text TO words")
    database.run("PRAGMA user_version = 9999")
    database.trust()
    database.close()
    before = large.read_bytes()
    with pytest.raises(StorageError, match="newer tuichat"):
        Store.open(large, KEY)
    assert large.read_bytes() == before
