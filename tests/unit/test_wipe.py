"""A wipe destroys the keys first and then the files; what breaks it off, the next start finishes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import msgspec
import pytest

from tests.support.disk_sweep import scratch
from tests.support.fixed_clock import FixedClock
from tests.support.killing import Killed, KilledAt
from tests.support.seeded_rng import SeededRng
from tuichat import bootstrap
from tuichat.crypto.passphrase import FLOOR
from tuichat.errors import StorageError
from tuichat.store import wipe
from tuichat.store.files import erase
from tuichat.store.profile import ProfilePaths, create_profile, open_profile
from tuichat.store.profile_lock import NodeLock
from tuichat.store.wipe import WipeOrder, begin_wipe, finish_wipe, wipe_begun, wipe_whole

OURS = "0123456789abcdef"
PART = ".tuichat-00ff.part"


def profile(home: Path, passphrase: str | None = None) -> ProfilePaths:
    """A profile with everything in its home that there can be, and things in it that are not ours."""
    paths = ProfilePaths.locate(home, "default", {"XDG_RUNTIME_DIR": "", "TMPDIR": ""})
    create_profile(paths, "Ada", passphrase, SeededRng(), FixedClock(), cost=FLOOR)
    for name in (
        *("identity.sealed.new", "unlocked.key.new", "tuichat.db", "tuichat.db-wal", "tuichat.db.snapshot"),
        *("tuichat.db.damaged-20261121T140000Z", "tuichat.db.damaged-20261121T140000Z-wal", "restoring.db"),
        *(
            "node.log",
            "http.token",
            "tor/state",
            "tor/keys/key",
            "outgoing/picture.png",
            "tuichat.toml",
            "letter.txt",
        ),
        *(f"inbox/{OURS}", f"inbox/{PART}", "inbox/renamed.pdf", ".piped-x/output"),
    ):
        path = home / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(name)
    return paths


def files(directory: Path) -> set[str]:
    found = (path for path in directory.rglob("*") if not path.is_dir() or path.is_symlink())
    return {str(path.relative_to(directory)) for path in found}


LEFT = {"lock", "tuichat.toml", "letter.txt"}


def order_of(paths: ProfilePaths, *, keep_files: bool = False) -> WipeOrder:
    return WipeOrder(os.fspath(paths.inbox), keep_files)


def wiped(paths: ProfilePaths, order: WipeOrder | None = None) -> None:
    order = order or order_of(paths)
    begin_wipe(paths, order, SeededRng())
    finish_wipe(paths, order)


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_all_of_a_profile_goes_and_nothing_else(tmp_path: Path, passphrase: str | None) -> None:
    paths = profile(tmp_path / "home", passphrase)
    wiped(paths)
    assert files(paths.home) == LEFT
    wiped(paths)
    assert files(paths.home) == LEFT


def test_received_files_stay_if_that_was_asked_but_nothing_half_received(tmp_path: Path) -> None:
    paths = profile(tmp_path / "home")
    wiped(paths, order_of(paths, keep_files=True))
    assert files(paths.home) == LEFT | {f"inbox/{OURS}", "inbox/renamed.pdf"}


def test_of_a_directory_that_the_person_chose_only_what_tuichat_named_goes(tmp_path: Path) -> None:
    paths, chosen = profile(tmp_path / "home"), tmp_path / "Downloads"
    chosen.mkdir()
    for name in (OURS, PART, "thesis.pdf", "0123456789ABCDEF", f"{OURS}.txt"):
        (chosen / name).write_text("x")
    (chosen / "fedcba9876543210").mkdir()
    (chosen / "0000000000000000").symlink_to(chosen / "thesis.pdf")
    wiped(paths, WipeOrder(os.fspath(chosen)))
    assert files(paths.home) == LEFT
    assert files(chosen) == {"thesis.pdf", "0123456789ABCDEF", f"{OURS}.txt", "0000000000000000"}


def test_no_link_leads_a_wipe_out_of_the_profile(tmp_path: Path) -> None:
    paths, outside = profile(tmp_path / "home"), tmp_path / "outside"
    outside.mkdir()
    for name in (OURS, "mine"):
        (outside / name).write_text("mine")
    for directory in (paths.inbox, paths.tor):
        shutil.rmtree(directory)
        directory.symlink_to(outside)
    paths.identity.unlink()
    paths.identity.symlink_to(outside / "mine")
    (paths.outgoing / "link").symlink_to(outside)
    wiped(paths)
    assert files(paths.home) == LEFT | {"inbox"}
    assert files(outside) == {"mine"}
    assert (outside / "mine").read_text() == "mine"


def test_the_keys_are_overwritten_before_anything_else_goes(tmp_path: Path) -> None:
    paths = profile(tmp_path / "home")
    kept = {path: tmp_path / f"kept {path.name}" for path in (paths.identity, paths.unlocked_key)}
    for path, link in kept.items():
        link.hardlink_to(path)
    begin_wipe(paths, order_of(paths), SeededRng())
    assert all(set(link.read_bytes()) == {0} for link in kept.values())
    assert paths.database.exists()


@pytest.mark.parametrize(("keep_files", "every"), [(False, 1), (True, 4)])
def test_killed_at_any_change_of_the_disk_the_next_start_leaves_nothing(keep_files: bool, every: int) -> None:
    left = LEFT | ({f"inbox/{OURS}", "inbox/renamed.pdf"} if keep_files else set())
    with scratch() as directory:
        other = profile(directory / "whole")
        with KilledAt(0) as whole:
            wiped(other, order_of(other, keep_files=keep_files))
        begun = [
            killed_and_started_again(directory / str(number), number, left, keep_files=keep_files)
            for number in range(1, whole.count + 1, every)
        ]
    assert whole.count > 40
    assert begun.count(True) > 35 // every


def killed_and_started_again(home: Path, number: int, left: set[str], *, keep_files: bool) -> bool:
    """Whether a wipe that was killed at the change with this number had begun; else nothing may be lost."""
    paths = profile(home)
    with pytest.raises(Killed), KilledAt(number):
        wiped(paths, order_of(paths, keep_files=keep_files))
    begun = wipe_begun(paths) is not None
    assert bootstrap.complete_wipe(paths) == begun
    if not begun and paths.identity.exists():
        assert number < 6
        assert open_profile(paths, None).name == "Ada"
    else:
        assert files(paths.home) == left, number
    assert not bootstrap.complete_wipe(paths)
    return begun


def test_a_wipe_that_was_noted_wrongly_wipes_all(tmp_path: Path) -> None:
    paths = profile(tmp_path / "home")
    begin_wipe(paths, order_of(paths, keep_files=True), SeededRng())
    paths.wiping.write_bytes(b"damaged")
    assert bootstrap.complete_wipe(paths)
    assert files(paths.home) == LEFT


def test_a_full_disk_keeps_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = profile(tmp_path / "home")

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(wipe, "write_whole", full)
    wiped(paths)
    assert files(paths.home) == LEFT


def test_what_cannot_be_removed_is_named_and_all_else_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = profile(tmp_path / "home")

    def refused(path: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted", os.fspath(path))

    def removed(path: Path) -> None:
        refused(path) if path == paths.tor else _removed(path)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", removed)
        with pytest.raises(StorageError, match=r"keys are destroyed, but .*tor"):
            wiped(paths)
    assert files(paths.home) == LEFT | {"tor/state", "tor/keys/key", "wiping"}
    assert bootstrap.complete_wipe(paths)
    assert files(paths.home) == LEFT


_removed = shutil.rmtree


def test_a_node_that_wipes_is_left_to_it(tmp_path: Path) -> None:
    paths = profile(tmp_path / "home")
    begin_wipe(paths, order_of(paths), SeededRng())
    lock = NodeLock.acquire(paths.lock, "init")
    assert lock is not None
    assert not bootstrap.complete_wipe(paths)
    lock.release()
    assert bootstrap.complete_wipe(paths)


async def test_without_a_node_the_command_wipes_by_itself(tmp_path: Path) -> None:
    paths = profile(tmp_path / "home")
    await bootstrap.wipe_profile(paths, None, keep_files=False)
    assert files(paths.home) == LEFT


def test_the_note_says_what_is_to_be_done(tmp_path: Path) -> None:
    paths = profile(tmp_path / "home")
    begin_wipe(paths, order_of(paths, keep_files=True), SeededRng())
    assert msgspec.json.decode(paths.wiping.read_bytes()) == {
        "inbox": str(paths.inbox),
        "keep_files": True,
        "decoy": False,
    }
    assert wipe_begun(paths) == order_of(paths, keep_files=True)


def test_the_note_is_overwritten_for_it_tells_a_duress_passphrase(tmp_path: Path) -> None:
    paths, kept = profile(tmp_path / "home"), tmp_path / "what the disk keeps"
    order = WipeOrder(str(paths.inbox), decoy=True)
    begin_wipe(paths, order, SeededRng())
    os.link(paths.wiping, kept)
    finish_wipe(paths, order)
    assert not paths.wiping.exists()
    assert kept.read_bytes().strip(b"\0") == b""


def test_a_key_that_cannot_be_destroyed_is_named_and_all_else_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = profile(tmp_path / "home")

    def failing(path: Path) -> None:
        if path == paths.unlocked_key:
            raise OSError(errno.EIO, "Input/output error")
        erase(path)

    monkeypatch.setattr(wipe, "erase", failing)
    with pytest.raises(StorageError, match=r"unlocked\.key cannot be destroyed"):
        begin_wipe(paths, order_of(paths), SeededRng())
    with pytest.raises(StorageError, match=r"unlocked\.key cannot be destroyed"):
        wipe_whole(paths, order_of(paths), SeededRng())
    assert files(paths.home) == LEFT | {"unlocked.key", "wiping"}
