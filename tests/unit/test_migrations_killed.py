"""The process ends, or the power goes, anywhere in a migration: the next start completes it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import pytest

from tests.support.power_lost import FATES, moments
from tests.support.power_promises import content_of, database_of
from tests.support.recording_vfs import recording
from tests.support.seeded_rng import SeededRng
from tests.support.stores import KEY, ONION, SECOND
from tuichat.errors import StorageError
from tuichat.store import schema
from tuichat.store.database import Database
from tuichat.store.store import Store

NAME = "tuichat.db"
VERSIONS = range(1, len(schema.steps()))
TEXTS = [f"message {number} " + "x" * 700 for number in range(40)]


@contextmanager
def scratch() -> Iterator[Path]:
    fast = Path("/dev/shm")
    with TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        yield Path(directory)


def fill(database: Database) -> None:
    """Rows in every table of the first version, which later ones have, too."""
    database.run(
        "INSERT INTO contacts (onion, state, petname, sig, created_at) VALUES (?, 'accepted', 'Ada', ?, ?)",
        (ONION, bytes([5]) * 32, SECOND),
    )
    database.run("INSERT INTO conversations (contact) VALUES (1)")
    for number, text in enumerate(TEXTS, 1):
        wire_id = number.to_bytes(16, "big")
        database.run(
            "INSERT INTO messages (conversation, direction, wire_id, kind, text, sent_at, state, body)"
            " VALUES (1, ?, ?, 'text', ?, ?, ?, x'')",
            ("out" if number % 2 else "in", wire_id, text, SECOND, "queued" if number % 2 else "delivered"),
        )
        if number % 2:
            database.run(
                "INSERT INTO outbox (contact, message, wire_id, body, seq, envelope, envelope_hash,"
                " queued_at) VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
                (number, wire_id, text.encode(), number, b"sealed" * 200, wire_id, SECOND),
            )
        else:
            database.run("INSERT INTO known VALUES (1, ?)", (wire_id,))
            database.run("INSERT INTO opened VALUES (1, ?, ?)", (wire_id, number))
            database.run("INSERT INTO held VALUES (1, ?, ?)", (number, b"held"))
    database.run(
        "INSERT INTO sessions (contact, gen, sid, sealed, delivered, acked) VALUES (1, 3, ?, 40, 20, 10)",
        (bytes([1]) * 16,),
    )
    database.run("INSERT INTO events (at, type, subject) VALUES (?, 'contact', 1)", (SECOND,))
    database.run("INSERT INTO settings VALUES ('draft', x'61')")


@cache
def old_file(version: int) -> bytes:
    """A database of an earlier version, closed in order."""
    with scratch() as directory:
        database = Database(directory / NAME, KEY)
        schema.migrate(database, schema.steps()[:version])
        with database.transaction():
            fill(database)
        assert database.sound()
        database.close()
        return (directory / NAME).read_bytes()


def put(directory: Path, version: int) -> Path:
    """That file in a directory; version 0 is none."""
    if version:
        (directory / NAME).write_bytes(old_file(version))
    return directory / NAME


def opened(path: Path) -> bytes:
    """What a store holds that the product opens."""
    store = Store.open(path, KEY)
    found = content_of(database_of(store))
    store.close()
    return found


@cache
def expected(version: int) -> bytes:
    """What comes of the file when nothing interrupts."""
    with scratch() as directory:
        return opened(put(directory, version))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_migration_keeps_people_messages_and_the_queue(version: int, tmp_path: Path) -> None:
    store = Store.open(put(tmp_path, version), KEY)
    assert schema.version(database_of(store)) == len(schema.steps())
    (contact,) = store.contacts.all()
    assert (contact.petname, contact.onion, contact.sig, contact.state) == (
        "Ada",
        ONION,
        bytes([5]) * 32,
        "accepted",
    )
    rows = store.messages.page(contact.id, 1000)
    assert [row.text for row in rows] == TEXTS
    waiting = store.outbox.unacked(contact.id)
    assert [row.body.decode() for row in waiting] == TEXTS[::2]
    assert not any(store.sessions.know(contact.id, row.wire_id) for row in rows if row.direction == "in")
    assert store.settings.get("draft") == b"a"
    assert store.events.bounds() == (1, 1)
    store.close()


@pytest.mark.parametrize("version", [0, *VERSIONS])
def test_a_process_that_ends_at_any_statement_completes_the_migration_next_time(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = put(tmp_path, version), expected(version)
    copies: list[dict[str, bytes]] = []
    statements: list[str] = []

    def ended_here(_: apsw.Cursor, sql: str, __: object) -> bool:
        statements.append("".join(line for line in sql.split("\n") if not line.startswith("--")))
        copies.append({file.name: file.read_bytes() for file in tmp_path.iterdir()})
        return True

    def watched(database: Database, known: tuple[str, ...] | None = None) -> None:
        database._connection.exec_trace = ended_here
        migrate(database, known)
        database._connection.exec_trace = None

    migrate = schema.migrate
    monkeypatch.setattr(schema, "migrate", watched)
    assert opened(path) == whole
    monkeypatch.undo()
    words = ("CREATE", "ALTER", "UPDATE", "DELETE", "INSERT", "DROP")
    done = [sql for sql in statements if sql.startswith(words)]
    assert len(done) == "".join(schema.steps()[version:]).count(";\n") > 0
    assert [found_after(files) == whole for files in copies] == [True] * len(copies)


@pytest.mark.parametrize("version", [0, *VERSIONS])
def test_power_lost_at_any_write_of_a_migration_completes_it_next_time(version: int, tmp_path: Path) -> None:
    path, whole = put(tmp_path, version), expected(version)
    with recording(tmp_path) as recorder:
        assert opened(path) == whole
    log = recorder.log_of(path)
    assert log is not None
    rng = SeededRng(b"migration %d" % version)
    for moment, disk in moments(log):
        fate = FATES[moment % len(FATES)]
        assert found_after(disk.lose(fate, rng)) == whole, (moment, fate)


def found_after(files: dict[str, bytes]) -> bytes:
    """What the product finds when it starts with these files."""
    with scratch() as directory:
        for name, content in files.items():
            (directory / name).write_bytes(content)
        return opened(directory / NAME)


def test_a_newer_schema_is_refused_with_a_sentence_and_its_log_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, VERSIONS[-1])
    Store.open(path, KEY).close()
    database = Database(path, KEY)
    database.run(f"PRAGMA user_version = {len(schema.steps()) + 1}")
    database.run("CREATE TABLE of_the_future (x)")
    running = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    database.close()
    for files in (running, {file.name: file.read_bytes() for file in tmp_path.iterdir()}):
        with scratch() as directory:
            for name, content in files.items():
                (directory / name).write_bytes(content)
            with pytest.raises(StorageError, match="newer tuichat") as caught:
                Store.open(directory / NAME, KEY)
            assert caught.value.hint == "Use the newer version."
            shutil.copytree(directory, kept := tmp_path / f"kept {len(files)}")
            later = Database(kept / NAME, KEY)
            assert later.sound()
            assert later.rows("SELECT name FROM sqlite_schema WHERE name = 'of_the_future'") != []
            assert later.one("SELECT count(*) FROM messages") == len(TEXTS)
            later.close()
        for kept in tmp_path.glob("kept*"):
            shutil.rmtree(kept)
