"""A passphrase is changed, set and taken away, at one stroke, whatever breaks it off."""

from __future__ import annotations

import hashlib
import shutil
import struct
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.killing import Killed, KilledAt
from tests.support.seeded_rng import SeededRng
from tuichat import bootstrap
from tuichat.crypto import passphrase as derivation
from tuichat.crypto.passphrase import FLOOR, DuressError, Secret
from tuichat.crypto.sealing import seal
from tuichat.errors import LockedError, StorageError, TuichatError, UsageError
from tuichat.store import files as store_files
from tuichat.store import passphrase_change
from tuichat.store.files import erase, write_over
from tuichat.store.passphrase_change import change_passphrase, set_duress, tidy_keys
from tuichat.store.profile import ProfilePaths, create_profile, encoded, needs_passphrase, open_profile
from tuichat.store.profile_lock import NodeLock
from tuichat.store.wipe import WipeOrder, begin_wipe, finish_wipe, wipe_begun, wipe_whole

OLD, NEW = "correct horse", "battery staple"
TURNS = [(OLD, NEW), (None, NEW), (OLD, None)]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase is made into a key at once: what it costs has tests of its own."""

    def derived(secret: bytes, header: bytes) -> bytes:
        return hashlib.blake2b(secret, digest_size=32, salt=header[-16:]).digest()

    monkeypatch.setattr(derivation, "_derived", derived)


def made(home: Path, passphrase: str | None) -> ProfilePaths:
    paths = ProfilePaths.locate(home, "default", {})
    create_profile(paths, "Ada", passphrase, SeededRng(), FixedClock(), cost=FLOOR)
    return paths


def change(paths: ProfilePaths, current: str | None, new: str | None) -> None:
    change_passphrase(paths, current or "", new, SeededRng(b"change"), FLOOR)


def opens(paths: ProfilePaths, passphrase: str | None) -> bool:
    """Whether this is how the profile opens."""
    try:
        open_profile(paths, passphrase)
    except LockedError:
        return False
    return needs_passphrase(paths) == (passphrase is not None)


def files(paths: ProfilePaths) -> set[str]:
    return {path.name for path in paths.home.iterdir()}


@pytest.mark.parametrize(("old", "new"), TURNS)
def test_the_new_passphrase_opens_the_same_profile_and_the_old_one_nothing(
    tmp_path: Path, old: str | None, new: str | None
) -> None:
    paths = made(tmp_path / "home", old)
    before = open_profile(paths, old)
    change(paths, old, new)
    after = open_profile(paths, new)
    assert (after.identity, after.database_key, after.name) == (before.identity, before.database_key, "Ada")
    assert after.key != before.key
    assert not opens(paths, old)
    assert files(paths) == {"identity.sealed", "lock"} | ({"unlocked.key"} if new is None else set())
    assert bootstrap.has_passphrase(paths) == (new is not None)


def test_a_wrong_passphrase_changes_nothing(tmp_path: Path) -> None:
    paths = made(tmp_path / "home", OLD)
    before = paths.identity.read_bytes()
    for wrong in ("", NEW):
        with pytest.raises(LockedError):
            change(paths, wrong, NEW)
    with pytest.raises(UsageError, match="empty"):
        change(paths, OLD, "")
    assert paths.identity.read_bytes() == before
    assert files(paths) == {"identity.sealed", "lock"}


def test_what_is_not_there_cannot_be_taken_away(tmp_path: Path) -> None:
    paths = made(tmp_path / "home", None)
    with pytest.raises(UsageError, match="no passphrase"):
        change(paths, None, None)


@pytest.mark.parametrize(("old", "new"), TURNS)
def test_killed_at_any_change_of_the_disk_one_of_the_two_passphrases_opens_it(
    tmp_path: Path, old: str | None, new: str | None
) -> None:
    model = made(tmp_path / "model", old)
    other = made(tmp_path / "whole", old)
    with KilledAt(0) as whole:
        change(other, old, new)
    assert whole.count > 6
    turned: list[bool] = []
    for number in range(1, whole.count + 1):
        home = tmp_path / str(number)
        shutil.copytree(model.home, home)
        paths = ProfilePaths.locate(home, "default", {})
        with pytest.raises(Killed), KilledAt(number):
            change(paths, old, new)
        turned.append(opens(paths, new))
        assert opens(paths, old) != turned[-1], number
        now = new if turned[-1] else old
        assert bootstrap.has_passphrase(paths) == (now is not None)
        tidy_keys(paths, open_profile(paths, now))  # the next start
        assert files(paths) == {"identity.sealed", "lock"} | ({"unlocked.key"} if now is None else set())
        assert opens(paths, now)
    assert turned == sorted(turned)
    assert set(turned) == {False, True}


def test_what_is_replaced_or_erased_is_overwritten(tmp_path: Path) -> None:
    file, second = tmp_path / "file", tmp_path / "second"
    file.write_bytes(b"the old key")
    second.hardlink_to(file)  # shows what becomes of the bytes that have no name any more
    write_over(file, b"the new key")
    assert (file.read_bytes(), second.read_bytes()) == (b"the new key", bytes(11))
    third = tmp_path / "third"
    third.hardlink_to(file)
    erase(file)
    erase(file)
    assert (file.exists(), third.read_bytes()) == (False, bytes(11))


def test_a_node_or_command_at_work_is_not_disturbed(tmp_path: Path) -> None:
    paths = made(tmp_path / "home", None)
    lock = NodeLock.acquire(paths.lock, "init")
    assert lock is not None
    with pytest.raises(StorageError, match="at work"):
        bootstrap.change_passphrase(paths, "", NEW)
    lock.release()
    bootstrap.change_passphrase(paths, "", NEW)
    assert opens(paths, NEW)


def test_without_a_profile_there_is_nothing_to_change(tmp_path: Path) -> None:
    with pytest.raises(TuichatError, match="no profile"):
        change(ProfilePaths.locate(tmp_path, "default", {}), None, NEW)


# -- the duress passphrase --

DURESS = "open sesame"


def duress(paths: ProfilePaths, passphrase: str | None, current: str = OLD) -> None:
    set_duress(paths, Secret(current), passphrase, SeededRng(b"duress"), FLOOR)


def wipes(paths: ProfilePaths, passphrase: str) -> bool:
    """Whether this is the duress passphrase."""
    try:
        open_profile(paths, passphrase)
    except DuressError:
        return True
    except LockedError:
        return False
    return False


def test_a_duress_passphrase_is_set_and_taken_away_and_goes_with_each_change(tmp_path: Path) -> None:
    paths = made(tmp_path / "home", OLD)
    length = paths.identity.stat().st_size
    duress(paths, DURESS)
    assert (wipes(paths, DURESS), wipes(paths, "wrong"), opens(paths, OLD)) == (True, False, True)
    duress(paths, "another")
    assert (wipes(paths, DURESS), wipes(paths, "another")) == (False, True)
    duress(paths, None)
    assert not wipes(paths, "another")
    duress(paths, DURESS)
    assert paths.identity.stat().st_size == length
    change(paths, OLD, NEW)
    assert (wipes(paths, DURESS), opens(paths, NEW)) == (False, True)
    assert files(paths) == {"identity.sealed", "lock"}


def test_only_what_a_passphrase_opens_has_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no passphrase"):
        duress(made(tmp_path / "open", None), DURESS)
    paths = made(tmp_path / "home", OLD)
    with pytest.raises(UsageError, match="another"):
        duress(paths, OLD)
    with pytest.raises(LockedError):
        duress(paths, DURESS, "wrong")
    assert opens(paths, OLD)


def test_killed_at_any_change_of_the_disk_the_profile_has_the_duress_passphrase_or_has_not(
    tmp_path: Path,
) -> None:
    other = made(tmp_path / "whole", OLD)
    with KilledAt(0) as whole:
        duress(other, DURESS)
    found = []
    for number in range(1, whole.count + 1):
        paths = made(tmp_path / str(number), OLD)
        with pytest.raises(Killed), KilledAt(number):
            duress(paths, DURESS)
        assert opens(paths, OLD)
        found.append(wipes(paths, DURESS))
    assert found == sorted(found)
    assert set(found) == {False, True}


def test_given_to_a_command_it_wipes_and_is_answered_as_a_wrong_one(tmp_path: Path) -> None:
    paths, inbox = made(tmp_path / "home", OLD), tmp_path / "received"
    inbox.mkdir()
    (inbox / "0123456789abcdef").write_text("a secret")
    bootstrap.set_duress(paths, OLD, DURESS)
    paths.database.write_bytes(b"contacts")
    size = paths.identity.stat().st_size
    with pytest.raises(LockedError, match="passphrase is wrong") as caught:
        bootstrap.change_passphrase(paths, DURESS, NEW, inbox=inbox)
    assert type(caught.value) is LockedError
    assert files(paths) == {"identity.sealed", "lock"}
    assert list(inbox.iterdir()) == []
    assert paths.identity.stat().st_size == size
    for passphrase in (OLD, NEW, DURESS):
        assert not opens(paths, passphrase)
        assert not wipes(paths, passphrase)
    assert bootstrap.has_passphrase(paths)


def test_killed_at_any_change_of_the_disk_a_wipe_under_duress_is_finished_in_silence(tmp_path: Path) -> None:
    order = WipeOrder(str(tmp_path / "inbox"), decoy=True)

    def wiped(paths: ProfilePaths) -> None:
        begin_wipe(paths, order, SeededRng(b"noise"))
        finish_wipe(paths, order)

    other = made(tmp_path / "whole", OLD)
    with KilledAt(0) as whole:
        wiped(other)
    assert whole.count > 10
    for number in range(1, whole.count + 1):
        paths = made(tmp_path / str(number), OLD)
        paths.database.write_bytes(b"contacts")
        with pytest.raises(Killed), KilledAt(number):
            wiped(paths)
        if wipe_begun(paths) is None and paths.database.exists():
            assert opens(paths, OLD)  # killed before anything was noted
            continue
        assert not bootstrap.complete_wipe(paths)
        assert files(paths) == {"identity.sealed", "lock"}, number
        assert not opens(paths, OLD)
        assert needs_passphrase(paths)


@pytest.mark.parametrize("step", [(passphrase_change, "put_file"), (store_files, "write_whole")])
@pytest.mark.parametrize(("current", "new"), TURNS)
def test_a_wipe_in_the_middle_of_a_change_leaves_no_key(
    tmp_path: Path, step: tuple[ModuleType, str], current: str | None, new: str | None
) -> None:
    paths = made(tmp_path / "home", current)
    order, write = WipeOrder(str(paths.inbox)), getattr(*step)

    def wiped_first(path: Path, content: bytes) -> None:
        patched.undo()
        begin_wipe(paths, order, SeededRng())  # which waits for nobody
        write(path, content)

    with pytest.MonkeyPatch.context() as patched, suppress(StorageError):
        patched.setattr(*step, wiped_first)
        change(paths, current, new)
    if (step[1], new) != ("put_file", NEW):  # which needs no such file
        finish_wipe(paths, order)
        assert files(paths) <= {"lock"}


def test_what_no_passphrase_opened_leaves_no_decoy(tmp_path: Path) -> None:
    paths = made(tmp_path / "home", None)
    wipe_whole(paths, WipeOrder(str(paths.inbox), decoy=True), SeededRng())
    assert files(paths) == {"lock"}


def test_a_profile_of_the_first_version_opens_and_has_the_newer_form_after_a_change(tmp_path: Path) -> None:
    paths = made(tmp_path / "home", OLD)
    before = open_profile(paths, OLD)
    header = struct.pack(">4sBII16s", b"TUIK", 1, 1, 65536, b"s" * 16)
    wrapped = header + seal(derivation._derived(OLD.encode(), header), before.key, header, SeededRng())
    paths.identity.write_bytes(encoded(replace(before, wrapped=wrapped), SeededRng()))
    assert paths.identity.read_bytes()[5] == 1
    assert (opens(paths, OLD), opens(paths, NEW), bootstrap.has_passphrase(paths)) == (True, False, True)
    assert not bootstrap.uses_key_file(paths)
    duress(paths, DURESS)
    assert paths.identity.read_bytes()[5] == 2
    assert (opens(paths, OLD), wipes(paths, DURESS)) == (True, True)
    assert open_profile(paths, OLD).identity == before.identity
