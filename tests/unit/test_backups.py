"""Backups: one sealed file of a profile in use, and the profile that is made of it."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import stat
import struct
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.backups import (
    CHEAP,
    OPEN,
    SECRET,
    Profile,
    paths_of,
    restore,
    unlocked,
    wrapped_cheaply,
)
from tests.support.fixed_clock import START, FixedClock
from tests.support.handshakes import person
from tests.support.house import house
from tests.support.seeded_rng import SeededRng
from tests.support.stores import KEY, add_contact, offer, receive, wire_id, write
from tuichat import doctor
from tuichat.crypto.identity import PinVerdict, judge_pins, parse_certificate, pins_of
from tuichat.crypto.passphrase import Secret, _derived
from tuichat.crypto.sealing import seal
from tuichat.errors import DamagedError, LockedError, StorageError, TuichatError, UsageError
from tuichat.store import backup_restore, backup_snapshot
from tuichat.store.backup_file import CHUNK, MANIFEST_ROOM, BackupKey, BackupReader, Manifest, write_backup
from tuichat.store.backup_renewal import last_restored
from tuichat.store.backup_restore import check_backup
from tuichat.store.backup_snapshot import Snapshot
from tuichat.store.database import Database
from tuichat.store.identity_file import Content
from tuichat.store.profile_lock import NodeLock
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

STREAM = 195
"""Where the chunks begin."""


@pytest.fixture
async def profile(tmp_path: Path) -> AsyncIterator[Profile]:
    made = Profile(tmp_path / "home")
    yield made
    made.store.close()


def opened(home: Path) -> Store:
    return Store.open(paths_of(home).database, unlocked(home).database_key, synchronous="OFF")


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


# -- the file --


async def test_a_restored_profile_has_the_address_the_name_and_the_history(
    profile: Profile, tmp_path: Path
) -> None:
    contact = add_contact(profile.store)
    receive(profile.store, contact.id, 1, "before the backup")
    backup = await profile.back_up(tmp_path / "backup")
    receive(profile.store, contact.id, 2, "after it")
    made = restore(tmp_path / "new", backup)
    again = unlocked(tmp_path / "new")
    assert made.onion == again.identity.onion == profile.profile.identity.onion
    assert again.identity.sig == profile.profile.identity.sig
    assert (again.name, made.visibility) == ("Ada", "contacts")
    assert again.database_key != profile.profile.database_key
    store = opened(tmp_path / "new")
    assert [row.text for row in store.messages.page(contact.id, 9, None, None)] == ["before the backup"]
    store.close()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert names(tmp_path / "new") == {"identity.sealed", "unlocked.key", "tuichat.db", "lock"}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    assert modes == {0o600}


async def test_what_is_written_while_the_copy_is_made_is_in_it(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_snapshot, "STEP_PAGES", 1)
    contact = add_contact(profile.store)
    for number in range(50):
        receive(profile.store, contact.id, number, "x" * 4000)
    making = asyncio.ensure_future(profile.back_up(tmp_path / "backup"))
    for number in range(50, 60):
        await asyncio.sleep(0)
        receive(profile.store, contact.id, number, "while it was made")
        profile.store.checkpoint()
    assert not making.done()
    restore(tmp_path / "new", await making)
    store = opened(tmp_path / "new")
    assert len(store.messages.page(contact.id, 100, None, None)) == 60
    store.close()


async def test_a_backup_opens_with_the_profiles_passphrase_or_with_the_one_it_was_given(
    profile: Profile, tmp_path: Path
) -> None:
    usual = await profile.back_up(tmp_path / "usual")
    other = await profile.back_up(tmp_path / "other", "another one")
    for backup, right, wrong in ((usual, SECRET, "another one"), (other, "another one", SECRET)):
        with pytest.raises(LockedError):
            restore(tmp_path / "new", backup, wrong)
        assert not (tmp_path / "new").exists()
        restore(tmp_path / backup.name[:1], backup, right, locking=CHEAP)
        with pytest.raises(LockedError):
            unlocked(tmp_path / backup.name[:1], wrong)
        assert unlocked(tmp_path / backup.name[:1], right).name == "Ada"


async def test_a_profile_without_passphrase_needs_one_for_its_backup(tmp_path: Path) -> None:
    profile = Profile(tmp_path / "home", None)
    with pytest.raises(LockedError, match="one of its own"):
        await profile.back_up(tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    restore(tmp_path / "new", await profile.back_up(tmp_path / "backup", SECRET))
    profile.store.close()


async def test_no_two_backups_have_a_key_or_a_text_in_common(profile: Profile, tmp_path: Path) -> None:
    add_contact(profile.store, "Grace the Navigator")
    one = (await profile.back_up(tmp_path / "one")).read_bytes()
    other = (await profile.back_up(tmp_path / "other")).read_bytes()
    assert one[:107] == other[:107]  # the same key, wrapped once
    assert one[107:139] != other[107:139]
    assert not any(one[at : at + 64] in other for at in range(STREAM, len(one) - 64, 4096))
    secrets = (profile.profile.identity.onion_seed, profile.profile.database_key, b"Navigator", b"SQLite")
    assert not any(secret in one for secret in secrets)


async def test_every_changed_byte_of_the_head_and_of_the_ends_of_chunks_is_noticed(
    profile: Profile, tmp_path: Path
) -> None:
    backup = await profile.back_up(tmp_path / "backup")
    whole = backup.read_bytes()
    chunk = CHUNK + 17
    ends = [STREAM + at for at in range(0, len(whole) - STREAM, chunk)]
    places = [*range(0, STREAM, 7), *ends, *(end + 40 for end in ends), len(whole) - 1]
    for place in places:
        data = bytearray(whole)
        data[place] ^= 1
        backup.write_bytes(data)
        with pytest.raises(DamagedError):
            restore(tmp_path / "new", backup)
        assert names(tmp_path / "new") <= {"lock"} if (tmp_path / "new").exists() else True


@pytest.mark.parametrize(
    "how", ["cut", "cut at a chunk", "longer", "swapped", "repeated", "another's", "empty"]
)
async def test_a_cut_or_rearranged_backup_is_refused_and_leaves_nothing(
    profile: Profile, tmp_path: Path, how: str
) -> None:
    contact = add_contact(profile.store)
    for number in range(60):
        receive(profile.store, contact.id, number, "x" * 4000)
    backup, other = await profile.back_up(tmp_path / "one"), await profile.back_up(tmp_path / "other")
    data, stranger = backup.read_bytes(), other.read_bytes()
    size = CHUNK + 17
    chunks = [data[at : at + size] for at in range(STREAM, len(data), size)]
    assert len(chunks) > 3
    changed = {
        "cut": data[:-1],
        "cut at a chunk": data[: STREAM + 2 * size],
        "longer": data + b"x",
        "swapped": data[:STREAM] + b"".join([chunks[0], chunks[2], chunks[1], *chunks[3:]]),
        "repeated": data[:STREAM] + b"".join([chunks[0], chunks[1], *chunks[1:]]),
        "another's": data[:STREAM] + b"".join(chunks[:-1]) + stranger[STREAM + size * (len(chunks) - 1) :],
        "empty": b"",
    }
    backup.write_bytes(changed[how])
    with pytest.raises(DamagedError) as caught:
        restore(tmp_path / "new", backup)
    assert str(backup) in caught.value.message
    assert not (tmp_path / "new").exists() or names(tmp_path / "new") == {"lock"}
    backup.write_bytes(data)
    restore(tmp_path / "new", backup)


def test_memory_holds_one_chunk_however_long_the_database_is() -> None:
    class Counted(io.BytesIO):
        longest = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= CHUNK + 17
            return super().read(size)

        def write(self, data: object, /) -> int:
            assert isinstance(data, bytes)
            self.longest = max(self.longest, len(data))
            return super().write(data)

    for size in (1, CHUNK - MANIFEST_ROOM, CHUNK - MANIFEST_ROOM + 1, 20 * CHUNK + 5):
        rng = SeededRng()
        database = Counted(rng.bytes(size))
        manifest = Manifest(1, size, "public", Content(KEY, KEY, KEY, 7, "Ada", KEY))
        sealed, out = Counted(), Counted()
        write_backup(sealed, wrapped_cheaply(SECRET, rng), manifest, database, rng)
        sealed.seek(0)
        reader = BackupReader(sealed, Path("backup"), SECRET)
        assert reader.manifest == manifest
        reader.copy_database(out)
        assert out.getvalue() == database.getvalue()
        assert max(sealed.longest, out.longest) <= CHUNK + 17


async def test_what_a_newer_version_made_is_left_to_it(profile: Profile, tmp_path: Path) -> None:
    from tuichat.crypto.kdf import blake2b_256

    backup = await profile.back_up(tmp_path / "backup")
    data = bytearray(backup.read_bytes())
    data[4] = 3
    data[139:171] = blake2b_256(bytes(data[:139]))
    backup.write_bytes(data)
    with pytest.raises(StorageError, match="newer"):
        restore(tmp_path / "new", backup)


# -- where it is written --


async def test_what_is_there_is_replaced_only_when_asked_and_only_by_a_whole_backup(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "backup"
    place.write_text("dear diary")
    with pytest.raises(UsageError, match="there already") as caught:
        await profile.back_up(place)
    assert "--force" in caught.value.hint

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="full"):
            await profile.back_up(place, force=True)
    assert place.read_text() == "dear diary"
    assert names(tmp_path) == {"home", "backup"}
    await profile.back_up(place, force=True)
    restore(tmp_path / "new", place)
    assert "tuichat.db.snapshot" not in names(profile.paths.home)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("home/tuichat.db", "belongs to the profile"),
        ("home/tuichat.db-wal", "belongs to the profile"),
        ("home/tuichat.db.check", "belongs to the profile"),
        ("home/node.log", "belongs to the profile"),
        ("home/identity.sealed", "belongs to the profile"),
        ("home/tuichat.toml", "belongs to the profile"),
        ("home/tor/x", "belongs to the profile"),
        ("link", "belongs to the profile"),
        ("missing/backup", "does not exist"),
        ("directory", "no file that could be replaced"),
        ("fifo", "no file that could be replaced"),
        ("loop", "cannot be written"),
        ("x" * 250, "File name too long"),
        ("file/backup", "does not exist"),
    ],
)
async def test_each_impossible_place_has_a_sentence_and_force_does_not_help(
    profile: Profile, tmp_path: Path, place: str, sentence: str
) -> None:
    (tmp_path / "link").symlink_to(profile.paths.identity)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "fifo")
    before = profile.paths.identity.read_bytes(), names(tmp_path)
    with pytest.raises((UsageError, StorageError), match=sentence):
        await profile.back_up(tmp_path / place, force=True)
    assert (profile.paths.identity.read_bytes(), names(tmp_path)) == before


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EIO, errno.EDQUOT])
async def test_a_disk_that_refuses_is_a_sentence(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError) as caught:
        await profile.back_up(tmp_path / "backup")
    assert str(tmp_path / "backup") in caught.value.message
    assert names(tmp_path) == {"home"}


async def test_a_relative_path_is_refused_for_the_node_stands_elsewhere(profile: Profile) -> None:
    with pytest.raises(UsageError, match="absolute"):
        await profile.backups.write("backup", None, True)


async def test_a_node_that_ends_meanwhile_leaves_no_backup(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_snapshot, "STEP_PAGES", 1)
    making = asyncio.ensure_future(profile.back_up(tmp_path / "backup"))
    await asyncio.sleep(0)
    profile.store.close()
    with pytest.raises(StorageError, match="ended before"):
        await making
    assert names(tmp_path) == {"home"}


async def test_a_client_that_leaves_while_it_is_sealed_leaves_no_part_of_it(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def wait(descriptor: int) -> None:
        begun.set()
        assert let_go.wait(30)
        fsync(descriptor)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", wait)
    making = asyncio.ensure_future(profile.back_up(tmp_path / "backup"))
    await asyncio.to_thread(begun.wait, 30)
    making.cancel()
    await asyncio.sleep(0)
    assert not making.done(), "what the thread works on is not taken away from it"
    let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert names(tmp_path) == {"home", "backup"}
    restore(tmp_path / "new", tmp_path / "backup")


async def test_a_node_without_a_profile_says_so(tmp_path: Path) -> None:
    async with house(person("bob")) as made:
        with pytest.raises(StorageError, match="keeps no profile"):
            await made.node.backup(str(tmp_path / "backup"))


# -- restoring --


async def test_a_restored_profile_shows_another_key_under_a_higher_epoch_whatever_the_clock_says(
    tmp_path: Path,
) -> None:
    clock = FixedClock()
    profile = Profile(tmp_path / "home", clock=clock)
    clock.advance(3600)
    backup = await profile.back_up(tmp_path / "backup")
    old = profile.profile.identity
    pins = pins_of(parse_certificate(old.certificate))
    for offset in (-30 * 365 * 86_400.0, 0.0, 60.0, 86_400.0):
        home = tmp_path / f"new{offset}"
        restore(home, backup, clock=FixedClock(START + 3600 + offset))
        new = unlocked(home).identity
        shown = parse_certificate(new.certificate)
        assert judge_pins(pins, shown) is PinVerdict.NEW_IK
        assert judge_pins(pins_of(shown), parse_certificate(old.certificate)) is PinVerdict.STALE
        assert new.epoch >= (START + 3600 - 1_577_836_800) // 60, "made after the backup"
    profile.store.close()


async def test_nothing_of_the_old_sessions_goes_on(profile: Profile, tmp_path: Path) -> None:
    store = profile.store
    contact = add_contact(store)
    store.sessions.put(SessionRow(contact.id, 7, b"s" * 16, 3, 2, 1, b"ratchet"))
    store.sessions.remember_opened(contact.id, b"h" * 32, 2)
    store.sessions.hold(contact.id, 4, b"body")
    message = write(store, contact.id, 1)
    queued = store.outbox.add(
        contact.id,
        message=message.id,
        wire_id=wire_id(1),
        body=b"body",
        queued_at=1,
        seq=3,
        envelope=b"sealed",
        envelope_hash=b"e" * 32,
    )
    void = store.outbox.add(contact.id, message=None, wire_id=wire_id(2), body=b"", queued_at=1, seq=2)
    store.outbox.replace(void.id, wire_id=wire_id(2), body=b"void", envelope=None, envelope_hash=None)
    assert store.sessions.know(contact.id, wire_id(9))
    found = restore(tmp_path / "new", await profile.back_up(tmp_path / "backup")).found
    assert ([row.id for row in found.contacts], found.queued) == ([contact.id], 1)
    restored = opened(tmp_path / "new")
    assert restored.sessions.get(contact.id) == SessionRow(contact.id, gen=7)
    assert restored.sessions.opened_seq(contact.id, b"h" * 32) is None
    assert restored.sessions.held(contact.id, 4) is None
    waiting = replace(queued, seq=0, envelope=None, envelope_hash=None, given=True)
    assert restored.outbox.unacked(contact.id) == [waiting], "it may have left, and is no void's place"
    assert not restored.sessions.know(contact.id, wire_id(9)), "what came before comes no second time"
    assert last_restored(restored) is not None
    restored.close()


async def test_invites_and_spare_keys_of_a_backup_are_good_no_more(profile: Profile, tmp_path: Path) -> None:
    store = profile.store
    contact = add_contact(store)
    for letter in b"abcd":
        store.invites.add(bytes([letter]) * 32, 1, 10**15)
    store.invites.set_state(2, "bound", b"o" * 32)
    store.invites.set_state(3, "closed", b"o" * 32)
    for letter in b"gs":
        store.reach_keys.add([bytes([letter]) * 32])
    store.reach_keys.give(b"g" * 32, contact.id)
    assert restore(tmp_path / "new", await profile.back_up(tmp_path / "backup")).found.invites == 3
    restored = opened(tmp_path / "new")
    assert [row.state for row in restored.invites.all()] == ["revoked", "revoked", "closed", "revoked"]
    assert (restored.reach_keys.given(), restored.reach_keys.spare()) == ([b"g" * 32], [])
    restored.close()


async def test_a_restored_profile_removes_nothing_that_the_saved_one_has_on_disk(
    profile: Profile, tmp_path: Path
) -> None:
    store, contact = profile.store, add_contact(profile.store).id
    offer(store, contact, 1, stored_as="/inbox/part")
    whole = offer(store, contact, 2, stored_as="/inbox/whole")
    store.transfers.end(whole.id, "complete", "", 1)
    copied = offer(store, contact, 3, "out", source="/outgoing/copy", source_is_copy=True)
    store.transfers.leave("/inbox/of-another-part")
    restore(tmp_path / "new", await profile.back_up(tmp_path / "backup"))
    restored = opened(tmp_path / "new")
    assert restored.transfers.remains() == []
    assert [row.stored_as for row in restored.transfers.all()] == ["", "/inbox/whole", ""]
    restored.transfers.remove(copied.id)
    assert restored.transfers.remains() == []
    restored.close()


async def test_nothing_is_restored_over_a_profile_or_its_remains(profile: Profile, tmp_path: Path) -> None:
    backup = await profile.back_up(tmp_path / "backup")
    before = {path.name: path.read_bytes() for path in profile.paths.home.iterdir()}
    with pytest.raises(TuichatError, match="a profile in") as caught:
        restore(profile.paths.home, backup)
    assert "--home" in caught.value.hint
    assert {path.name: path.read_bytes() for path in profile.paths.home.iterdir()} == before
    (tmp_path / "new").mkdir(mode=0o700)
    (tmp_path / "new" / "tuichat.db").write_bytes(b"somebody's")
    with pytest.raises(TuichatError, match="a database in"):
        restore(tmp_path / "new", backup)
    assert (tmp_path / "new" / "tuichat.db").read_bytes() == b"somebody's"


async def test_a_home_that_another_process_is_at_work_in_is_refused(profile: Profile, tmp_path: Path) -> None:
    backup = await profile.back_up(tmp_path / "backup")
    (tmp_path / "new").mkdir(mode=0o700)
    lock = NodeLock.acquire(paths_of(tmp_path / "new").lock, "init")
    assert lock is not None
    with pytest.raises(StorageError, match="at this moment"):
        restore(tmp_path / "new", backup)
    lock.release()
    restore(tmp_path / "new", backup)


class Killed(BaseException):
    """The process ends here: nothing of it runs any more."""


@pytest.mark.parametrize("step", ["renew", "link", "put_profile", "unlink"])
async def test_killed_at_any_step_it_is_not_restored_or_whole_and_can_be_done_again(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    add_contact(profile.store)
    backup = await profile.back_up(tmp_path / "backup")

    def die(*_: object, **__: object) -> None:
        raise Killed

    def unlink_or_die(path: Path, missing_ok: bool = False) -> None:
        if path.name == "restoring.db":
            raise Killed
        unlink(path, missing_ok)

    unlink = Path.unlink
    with monkeypatch.context() as patched:
        if step == "link":
            patched.setattr(os, "link", die)
        elif step == "unlink":
            patched.setattr(Path, "unlink", unlink_or_die)
        else:
            patched.setattr(backup_restore, step, die)
        patched.setattr(backup_restore, "_clear", lambda _: None)
        patched.setattr(backup_restore, "_clear_cut_off", lambda _: None)
        with pytest.raises(Killed):
            restore(tmp_path / "new", backup)
    home = tmp_path / "new"
    if step == "unlink":
        with pytest.raises(TuichatError, match="a profile in"):
            restore(home, backup)
    else:
        assert not paths_of(home).identity.exists()
        assert (home / "restoring.db").exists()
        restore(home, backup, locking=OPEN)
        assert names(home) == {"identity.sealed", "unlocked.key", "tuichat.db", "lock"}
    store = opened(home)
    assert len(store.contacts.all()) == 1
    store.close()


async def test_a_full_disk_leaves_nothing_behind(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = await profile.back_up(tmp_path / "backup")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "")

    for function in ("fsync", "link"):
        with monkeypatch.context() as patched:
            patched.setattr(os, function, full)
            with pytest.raises(StorageError, match="No space"):
                restore(tmp_path / "new", backup)
        assert names(tmp_path / "new") == {"lock"}
    restore(tmp_path / "new", backup)


# -- looking whether the database is sound --


async def test_a_sound_database_is_found_sound_and_one_with_a_changed_page_is_not(
    profile: Profile, tmp_path: Path
) -> None:
    contact = add_contact(profile.store)
    for number in range(200):
        receive(profile.store, contact.id, number, "x" * 4000)
    profile.store.checkpoint()
    check = await profile.backups.check_database()
    assert check.sound
    assert check.bytes == profile.paths.database.stat().st_size
    assert not {name for name in names(profile.paths.home) if "check" in name}
    profile.store.close()
    with profile.paths.database.open("r+b") as file:
        file.seek(150 * 4096 + 2000)
        file.write(b"damage")
    # opened without the look at the whole of it that a node's start takes
    profile.store = Store(Database(profile.paths.database, profile.profile.database_key, "OFF"))
    with pytest.raises(DamagedError):
        await profile.backups.check_database()
    assert names(tmp_path) == {"home"}


async def test_a_database_found_unsound_is_read_whole_at_the_next_start(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Snapshot, "sound", lambda _copy: False)
    assert not (await profile.backups.check_database()).sound
    log = profile.paths.database.with_name(profile.paths.database.name + "-wal")
    profile.store.close()
    assert log.exists(), "only a clean end takes it away"


def unindexed(database: Database) -> None:
    """A row that an index lacks."""
    whole = database.row("SELECT * FROM sqlite_schema WHERE name = 'messages_in_order'")
    assert whole is not None
    database.run("PRAGMA writable_schema = ON")
    database.run("DELETE FROM sqlite_schema WHERE name = 'messages_in_order'")
    database.run("PRAGMA writable_schema = RESET")
    database.run("UPDATE messages SET id = 7")
    database.run("PRAGMA writable_schema = ON")
    database.run("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", whole)
    database.run("PRAGMA writable_schema = RESET")


def orphaned(database: Database) -> None:
    """A row that belongs to none that is there."""
    database.run("PRAGMA foreign_keys = OFF")
    database.run("DELETE FROM conversations")


@pytest.mark.parametrize("spoil", [unindexed, orphaned])
async def test_the_doctor_sees_in_both_of_its_ways_what_a_start_does_not_look_for(
    profile: Profile, spoil: Callable[[Database], None]
) -> None:
    receive(profile.store, add_contact(profile.store).id, 1)
    profile.store.close()
    database = Database(profile.paths.database, profile.profile.database_key)
    spoil(database)
    database.trust()
    database.close()
    assert doctor.database_is_sound(profile.paths, SECRET) is False
    profile.store = opened_by(profile)
    assert not (await profile.backups.check_database()).sound


def opened_by(profile: Profile) -> Store:
    return Store.open(profile.paths.database, profile.profile.database_key, synchronous="OFF")


# -- a key file beside the passphrase --

KEY_FILE = bytes(range(64))


async def test_a_backup_needs_the_key_file_of_its_profile_and_so_does_what_is_restored(
    tmp_path: Path,
) -> None:
    profile = Profile(tmp_path / "home", Secret(SECRET, KEY_FILE))
    backup = await profile.back_up(tmp_path / "backup")
    own = await profile.back_up(tmp_path / "own", "another")
    profile.store.close()
    assert (check_backup(backup), check_backup(own)) == (True, False)
    with pytest.raises(LockedError, match="needs its key file"):
        restore(tmp_path / "new", backup)
    restore(tmp_path / "new", backup, Secret(SECRET, KEY_FILE), locking=CHEAP)
    with pytest.raises(LockedError, match="needs its key file"):
        unlocked(tmp_path / "new", SECRET)
    unlocked(tmp_path / "new", Secret(SECRET, KEY_FILE))
    restore(tmp_path / "third", own, Secret("another", KEY_FILE), locking=CHEAP)
    unlocked(tmp_path / "third", "another")


async def test_a_backup_with_a_key_of_the_first_version_is_restored(profile: Profile, tmp_path: Path) -> None:
    backup = await profile.back_up(tmp_path / "backup")
    reader = BackupReader(io.BytesIO(backup.read_bytes()), backup, SECRET)
    database = io.BytesIO()
    reader.copy_database(database)
    database.seek(0)
    header = struct.pack(">4sBII16s", b"TUIK", 1, 1, 65536, b"s" * 16)
    wrapped = header + seal(_derived(SECRET.encode(), header), bytes(32), header, SeededRng())
    old = io.BytesIO()
    write_backup(old, BackupKey(bytes(32), wrapped), reader.manifest, database, SeededRng())
    assert old.getvalue()[4] == 1
    (tmp_path / "old").write_bytes(old.getvalue())
    assert restore(tmp_path / "new", tmp_path / "old").onion == profile.profile.identity.onion
