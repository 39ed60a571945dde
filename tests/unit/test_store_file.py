"""What lies on the disk: unreadable without the key, whole or damaged, never half-written."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.support.stores import KEY, ONION, SECOND, add_contact, open_store, receive, wire_id
from tuichat.errors import DamagedError, StorageError, TuichatError
from tuichat.store import schema
from tuichat.store.database import Database
from tuichat.store.store import Store

CANARY = "the-quick-brown-canary"
PAGE = 4096


def filled(directory: Path, count: int = 200) -> Path:
    """A closed database with some history."""
    store = open_store(directory)
    contact = add_contact(store).id
    with store.transaction():
        for number in range(count):
            receive(store, contact, number, f"{CANARY} {number} " + "x" * 300)
    store.close()
    return directory / "tuichat.db"


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_nothing_readable_lies_in_file_or_log(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "tuichat.db", KEY)
    contact = add_contact(store, CANARY)
    receive(store, contact.id, 1, CANARY)
    store.settings.put("draft", CANARY.encode())
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert {path.name for path in files} == {"tuichat.db", "tuichat.db-wal"}
    for when in ("in the log", "after a checkpoint"):
        raw = b"".join(path.read_bytes() for path in files)
        for secret in (CANARY.encode(), ONION, KEY, KEY.hex().encode(), b"SQLite format", b"CREATE TABLE"):
            assert secret not in raw, when
        store.checkpoint()
    assert (tmp_path / "tuichat.db-wal").stat().st_size == 0
    store.close()


def test_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    add_contact(store)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    store.close()
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["tuichat.db"]


def test_another_key_is_damage_and_changes_nothing(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()
    with pytest.raises(DamagedError):
        Store.open(path, bytes(32))
    assert path.read_bytes() == before


def test_another_key_does_not_touch_a_log_that_a_crash_left(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.db"
    run(KILLED, str(path))
    before = [path.read_bytes(), (tmp_path / "tuichat.db-wal").read_bytes()]
    with pytest.raises(DamagedError):
        Store.open(path, bytes(32))
    assert [path.read_bytes(), (tmp_path / "tuichat.db-wal").read_bytes()] == before
    store = Store.open(path, KEY)
    assert len(store.messages.page(1, 100)) == 20
    store.close()


@pytest.mark.parametrize("length", [0, 1, 100, 512, PAGE - 1, PAGE, 3 * PAGE, -1, -PAGE])
def test_a_cut_file_is_damage_not_a_new_beginning(tmp_path: Path, length: int) -> None:
    path = filled(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DamagedError):
        Store.open(path, KEY)


def test_one_flipped_bit_on_any_page_is_found(tmp_path: Path) -> None:
    whole = filled(tmp_path, 60).read_bytes()
    copy = tmp_path / "copy.db"
    for number in range(len(whole) // PAGE):
        for place in (number % 16, 17, 24, 2000, PAGE - 1):
            flipped = bytearray(whole)
            flipped[number * PAGE + place] ^= 1 << number % 8
            copy.write_bytes(flipped)
            with pytest.raises(DamagedError):
                Store.open(copy, KEY)


def test_a_plain_or_foreign_file_is_damage(tmp_path: Path) -> None:
    plain = tmp_path / "plain.db"
    connection = apsw.Connection(str(plain))
    connection.execute("CREATE TABLE t (x); PRAGMA user_version = 1")
    connection.close()
    text = tmp_path / "text.db"
    text.write_text("hello " * 5000)
    for path in (plain, text):
        with pytest.raises(DamagedError):
            Store.open(path, KEY)


def test_a_log_without_its_file_is_damage(tmp_path: Path) -> None:
    (tmp_path / "tuichat.db-wal").write_bytes(b"left over")
    with pytest.raises(DamagedError):
        open_store(tmp_path)


def test_debris_of_an_interrupted_beginning_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "tuichat.db.new").write_bytes(b"half")
    (tmp_path / "tuichat.db.new-wal").write_bytes(b"half")
    store = open_store(tmp_path)
    add_contact(store)
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["tuichat.db"]


def test_damage_met_while_running_is_said(tmp_path: Path) -> None:
    path = filled(tmp_path, 5000)
    store = Store.open(path, KEY)
    with path.open("r+b") as file:
        for number in range(1, path.stat().st_size // PAGE):
            file.seek(number * PAGE + 100)
            file.write(b"damage")
    with pytest.raises(DamagedError):
        store.messages.page(1, 5000)
    store.close()


def test_deleted_text_is_overwritten(tmp_path: Path) -> None:
    path = filled(tmp_path)
    database = Database(path, KEY)
    assert CANARY.encode() in database._connection.serialize("main")
    database.close()
    store = open_store(tmp_path)
    store.contacts.remove(1)
    store.close()
    database = Database(path, KEY)
    assert database.one("PRAGMA freelist_count") > 0
    assert CANARY.encode() not in database._connection.serialize("main")
    database.close()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(StorageError, match="Another program"):
        open_store(tmp_path)
    assert add_contact(store).id == 1
    store.close()


def test_an_exception_rolls_everything_back(tmp_path: Path) -> None:
    store = open_store(tmp_path)

    def stopped() -> None:
        with store.transaction():
            contact = add_contact(store)
            receive(store, contact.id, 1)
            store.events.append(SECOND, "contact", contact.id)
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        stopped()
    assert store.contacts.all() == []
    assert store.events.bounds() == (0, 0)
    add_contact(store)
    store.close()


def test_transactions_do_not_nest(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(AssertionError), store.transaction(), store.transaction():
        pass
    add_contact(store)
    store.close()


def test_a_failing_step_keeps_nothing_of_itself(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    add_contact(store)
    with pytest.raises(apsw.ConstraintError):
        add_contact(store, "Bob")  # the same onion
    assert [row.petname for row in store.contacts.all()] == ["Ada"]
    store.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.support.stores import KEY, add_contact, receive
from tuichat.store.store import Store
store = Store.open(Path(sys.argv[1]), KEY)
contact = add_contact(store).id
for number in range(20):
    receive(store, contact, number)
with store.transaction():
    for number in range(20, 4000):
        receive(store, contact, number, "x" * 2000)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_committed_messages_survive_sigkill_in_the_middle_of_a_transaction(tmp_path: Path) -> None:
    path = tmp_path / "tuichat.db"
    assert run(KILLED, str(path)).returncode == -signal.SIGKILL
    store = Store.open(path, KEY)
    rows = store.messages.page(1, 10_000)
    assert [row.wire_id for row in rows] == [wire_id(number) for number in range(20)]
    assert receive(store, 1, 20).id == 21
    store.close()


FULL_DISK = """
import resource, subprocess, sys
from pathlib import Path
from tests.support.stores import KEY, add_contact, receive
from tuichat.errors import StorageError
from tuichat.store.store import Store
directory = Path(sys.argv[1])
if sys.argv[2] == "tmpfs":
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(directory)]
    if subprocess.run(command, capture_output=True).returncode:
        sys.exit(77)
else:
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
store = Store.open(directory / "tuichat.db", KEY)
contact = add_contact(store).id
kept = 0
try:
    while kept < 10_000:
        with store.transaction():
            receive(store, contact, 2 * kept, "a" * 1000)
            receive(store, contact, 2 * kept + 1, "b" * 1000)
        kept += 1
except StorageError as failure:
    print(failure.message)
rows = store.messages.page(contact, 100_000)
assert len(rows) == 2 * kept > 20, (len(rows), kept)
try:
    store.close()
except StorageError:
    pass
store = Store.open(directory / "tuichat.db", KEY)
assert store.messages.page(contact, 100_000) == rows
"""


def test_a_file_size_limit_fails_the_step_and_keeps_all_earlier_ones(tmp_path: Path) -> None:
    result = run(FULL_DISK, str(tmp_path), "limit")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("The disk could not be read or written")


def test_a_full_disk_fails_the_step_and_keeps_all_earlier_ones(tmp_path: Path) -> None:
    in_own_mounts = (
        "import os, sys; os.execvp('unshare', ['unshare', '-rm', sys.executable, '-c', *sys.argv[1:]])"
    )
    result = run(in_own_mounts, FULL_DISK, str(tmp_path), "tmpfs")
    if (
        result.returncode == 77 or "unshare" in result.stderr
    ):  # no mounting here: SQLite's own bound is as full
        result = run(BOUNDED, str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("The disk is full")


BOUNDED = """
import sys
from pathlib import Path
from tests.support.stores import add_contact, open_store, receive
from tuichat.errors import StorageError
store = open_store(Path(sys.argv[1]))
contact = add_contact(store).id
store._database.run("PRAGMA max_page_count = 64")
try:
    with store.transaction():
        for number in range(1000):
            receive(store, contact, number, "a" * 1000)
except StorageError as failure:
    print(failure.message)
assert store.messages.page(contact, 1) == []
"""


def test_a_database_at_its_bound_says_the_disk_is_full(tmp_path: Path) -> None:
    result = run(BOUNDED, str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("The disk is full")


def test_a_directory_in_the_way_or_a_missing_one_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tuichat.db").mkdir()
    for path in (tmp_path / "tuichat.db", tmp_path / "missing" / "tuichat.db"):
        with pytest.raises(TuichatError) as caught:
            Store.open(path, KEY)
        assert caught.value.message


def test_a_new_database_has_the_newest_schema(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    database = Database(tmp_path / "tuichat.db", KEY)
    assert schema.version(database) == len(schema.steps()) >= 1
    assert database.one("PRAGMA synchronous") == 2
    assert database.one("PRAGMA foreign_keys") == 1
    assert database.one("PRAGMA secure_delete") == 1
    database.close()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = filled(tmp_path, 1)
    database = Database(path, KEY)
    database.run("PRAGMA user_version = 9999")
    database.checkpoint()
    database.close()
    before = path.read_bytes()
    with pytest.raises(StorageError, match="newer tuichat"):
        Store.open(path, KEY)
    assert path.read_bytes() == before


def test_a_failing_migration_leaves_the_version_before_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", KEY)
    first = "CREATE TABLE a (x); INSERT INTO a VALUES (1);"
    schema.migrate(database, (first,))
    with pytest.raises(apsw.SQLError):
        schema.migrate(database, (first, "CREATE TABLE b (x); DROP TABLE a; SELECT nonsense;"))
    assert schema.version(database) == 1
    assert database.rows("SELECT name FROM sqlite_schema") == [("a",)]
    schema.migrate(database, (first, "CREATE TABLE b (x);", "DROP TABLE a;"))
    assert schema.version(database) == 3
    assert database.rows("SELECT name FROM sqlite_schema") == [("b",)]
    database.close()


def test_a_copy_of_a_closed_database_opens_elsewhere(tmp_path: Path) -> None:
    path = filled(tmp_path)
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    store = Store.open(copy, KEY)
    assert len(store.messages.page(1, 1000)) == 200
    store.close()
