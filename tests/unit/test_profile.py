"""A profile is made once, opens with its passphrase alone, and is never made again over a damaged one."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

from onion.torrc import service_target
from tests.support.fixed_clock import FixedClock
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact
from tuichat.bootstrap.onion_place import ONION_SOCKET_NAME
from tuichat.config import load_config
from tuichat.crypto.passphrase import FLOOR
from tuichat.errors import DamagedError, LockedError, StorageError, TuichatError, UsageError
from tuichat.store import profile
from tuichat.store.home import prepare_home
from tuichat.store.profile import (
    ProfilePaths,
    check_no_profile,
    create_profile,
    needs_passphrase,
    open_profile,
    open_store,
    profile_exists,
    update_profile,
)

SECRET = "correct horse"
TraceFunction = Callable[[FrameType, str, Any], Any]


def at(home: Path, environment: dict[str, str] | None = None) -> ProfilePaths:
    return ProfilePaths.locate(home, "default", environment or {})


def make(home: Path, passphrase: str | None = None, name: str = "Ada") -> ProfilePaths:
    paths = at(home)
    create_profile(paths, name, passphrase, SeededRng(), FixedClock(), cost=FLOOR)
    return paths


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}


def anothers_directory(tmp_path: Path) -> Path:
    """A directory that does not belong to whoever runs the tests."""
    if os.geteuid() != 0:
        return Path("/usr")
    directory = tmp_path / "anothers"
    directory.mkdir()
    os.chown(directory, 65534, 65534)
    return directory


class Interruption:
    """Interrupts, once, at the line of the store with a number, from 1; `lines` counts those that ran."""

    FILES = tuple(f"/tuichat/store/{name}.py" for name in ("profile", "home", "files", "profile_lock"))

    def __init__(self, at: int) -> None:
        self._at = at
        self.lines = 0

    def __enter__(self) -> Self:
        self._before = sys.gettrace()
        sys.settrace(self._entered)
        return self

    def __exit__(self, *_exception: object) -> None:
        sys.settrace(self._before)

    def _entered(self, frame: FrameType, _event: str, _argument: object) -> TraceFunction | None:
        return self._line if frame.f_code.co_filename.endswith(self.FILES) else None

    def _line(self, _frame: FrameType, event: str, _argument: object) -> TraceFunction:
        if event == "line":
            self.lines += 1
            if self.lines == self._at:
                raise KeyboardInterrupt
        return self._line


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the end of the process closes what is still open
def test_a_creation_that_is_interrupted_at_any_line_leaves_nothing_or_a_whole_profile(tmp_path: Path) -> None:
    with Interruption(at=0) as whole:
        make(tmp_path / "whole")
    assert whole.lines > 50
    unfinished = 0
    for at_line in range(1, whole.lines + 1):
        home = tmp_path / "data" / "tuichat" / "default"
        paths = ProfilePaths.locate(None, "default", {"XDG_DATA_HOME": str(tmp_path / "data")})
        with pytest.raises(KeyboardInterrupt), Interruption(at_line):
            create_profile(paths, "", None, SeededRng(), FixedClock(), cost=FLOOR)
        if profile_exists(paths):
            assert open_profile(paths, None).name == ""
            assert {path.name for path in home.iterdir()} == {"identity.sealed", "unlocked.key", "lock"}
            shutil.rmtree(tmp_path / "data")
        else:
            unfinished += 1
            assert not (tmp_path / "data").exists(), at_line
    assert unfinished > 50


def test_a_creation_that_fails_leaves_a_home_that_was_there_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").write_text("mine")
    tmp_path.chmod(0o700)

    def full(_path: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(profile, "write_whole", full)
    with pytest.raises(StorageError):
        make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "lock"}


@pytest.mark.parametrize("passphrase", [None, SECRET])
def test_a_profile_opens_as_it_was_made(tmp_path: Path, passphrase: str | None) -> None:
    paths = at(tmp_path / "home")
    onion = create_profile(paths, " Ada\n", passphrase, SeededRng(), FixedClock(), cost=FLOOR)
    profile = open_profile(paths, passphrase)
    assert profile.identity.onion == onion
    assert (profile.name, len(profile.database_key)) == ("Ada", 32)
    assert needs_passphrase(paths) == (passphrase is not None)
    assert profile_exists(paths)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [paths.home, *paths.home.iterdir()]}
    expected = {"home": 0o700, "identity.sealed": 0o600, "lock": 0o600}
    assert modes == (expected if passphrase else expected | {"unlocked.key": 0o600})


def test_no_secret_lies_readable_in_a_sealed_profile_or_its_repr(tmp_path: Path) -> None:
    paths = make(tmp_path / "home", SECRET, "the-canary-name")
    profile = open_profile(paths, SECRET)
    keys = profile.identity
    raw = b"".join(files(paths.home).values())
    for secret in (keys.onion_seed, keys.sig_seed, keys.ik_secret, profile.database_key, profile.key):
        assert secret not in raw
        assert repr(secret)[2:20] not in repr(profile)
    assert b"canary" not in raw
    assert "canary" not in repr(profile)


def test_a_wrong_or_missing_passphrase_opens_nothing_and_changes_nothing(tmp_path: Path) -> None:
    paths = make(tmp_path / "home", SECRET)
    before = files(paths.home)
    for wrong in (None, "", "correct hors", SECRET + "\n"):
        with pytest.raises(LockedError):
            open_profile(paths, wrong)
    assert files(paths.home) == before


def test_a_profile_is_never_made_over_another(tmp_path: Path) -> None:
    paths = make(tmp_path / "home")
    before = files(paths.home)
    with pytest.raises(TuichatError, match="already"):
        make(tmp_path / "home", SECRET)
    paths.identity.write_bytes(b"damaged")
    with pytest.raises(TuichatError, match="already"):
        make(tmp_path / "home")
    assert files(paths.home)["unlocked.key"] == before["unlocked.key"]


INIT = """
import sys
from pathlib import Path
from tuichat.clock import SystemClock, SystemRng
from tuichat.bootstrap.onion_place import ONION_SOCKET_NAME
from tuichat.crypto.passphrase import FLOOR
from tuichat.config import load_config
from tuichat.errors import TuichatError
from tuichat.store.profile import ProfilePaths, create_profile
paths = ProfilePaths.locate(Path(sys.argv[1]), "default", {})
sys.stdin.read()
try:
    print(create_profile(paths, "", sys.argv[2] or None, SystemRng(), SystemClock(), cost=FLOOR).hex())
except TuichatError as failure:
    print(failure.message)
"""


def test_of_several_at_once_one_wins_and_the_others_hear_a_sentence(tmp_path: Path) -> None:
    home = tmp_path / "home"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", INIT, str(home), "" if number % 2 else SECRET],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(4)
    ]
    for process in processes:  # all wait for the end of their input: now they go together
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    said = [process.communicate(timeout=60)[0].strip() for process in processes]
    made = [line for line in said if len(line) == 64]
    assert len(made) == 1, said
    assert all("already" in line or "at this moment" in line for line in said if line not in made)
    assert open_profile(at(home), SECRET).identity.onion.hex() == made[0]


@pytest.mark.parametrize("place", [0, 5, 6, 30, 60, -100, -33, -1])
def test_a_damaged_identity_is_explained_and_left_alone(tmp_path: Path, place: int) -> None:
    paths = make(tmp_path / "home", SECRET)
    data = bytearray(paths.identity.read_bytes())
    data[place] ^= 1
    for damaged in (bytes(data), bytes(data[:place]), b"", os.urandom(10_000)):
        paths.identity.write_bytes(damaged)
        with pytest.raises(DamagedError, match="address"):
            open_profile(paths, SECRET)
        assert paths.identity.read_bytes() == damaged


@pytest.mark.parametrize("key", [None, b"", bytes(31), bytes(32), bytes(33)])
def test_a_damaged_unlocked_key_is_explained(tmp_path: Path, key: bytes | None) -> None:
    paths = make(tmp_path / "home")
    if key is None:
        paths.unlocked_key.unlink()
    else:
        paths.unlocked_key.write_bytes(key)
    with pytest.raises(DamagedError):
        open_profile(paths, None)


def test_no_profile_is_a_sentence(tmp_path: Path) -> None:
    for home in (tmp_path, tmp_path / "missing"):
        with pytest.raises(TuichatError, match="There is no profile") as caught:
            open_profile(at(home), None)
        assert caught.value.hint == "Run: tuichat init"
        check_no_profile(at(home))
    assert not (tmp_path / "missing").exists()


def test_a_database_without_its_identity_is_not_built_over(tmp_path: Path) -> None:
    paths = make(tmp_path / "home")
    open_store(paths, open_profile(paths, None).database_key, FixedClock()).close()
    paths.identity.unlink()
    with pytest.raises(DamagedError, match="holds a database"):
        make(tmp_path / "home")
    with pytest.raises(DamagedError, match="holds a database"):
        open_profile(paths, None)


def test_a_new_epoch_or_name_replaces_the_file_and_keeps_the_passphrase(tmp_path: Path) -> None:
    paths = make(tmp_path / "home", SECRET)
    profile = open_profile(paths, SECRET)
    newer = replace(profile.identity, epoch=profile.identity.epoch + 1, ik_secret=b"k" * 32)
    changed = update_profile(paths, profile, SeededRng(b"2"), identity=newer)
    update_profile(paths, changed, SeededRng(b"3"), name="Bob\t")
    again = open_profile(paths, SECRET)
    assert (again.identity, again.name, again.database_key) == (newer, "Bob", profile.database_key)
    with pytest.raises(ValueError, match="address"):
        update_profile(paths, profile, SeededRng(), identity=replace(newer, onion_seed=bytes(32)))


def test_a_failed_rewrite_leaves_the_old_file(tmp_path: Path) -> None:
    paths = make(tmp_path / "home")
    before = paths.identity.read_bytes()
    (paths.home / "identity.sealed.new").mkdir()
    with pytest.raises(StorageError):
        update_profile(paths, open_profile(paths, None), SeededRng(), name="Bob")
    assert paths.identity.read_bytes() == before


def test_a_damaged_database_is_set_aside_once_and_then_starts_anew(tmp_path: Path) -> None:
    paths = make(tmp_path / "home")
    profile, clock = open_profile(paths, None), FixedClock()
    for number in range(2):
        store = open_store(paths, profile.database_key, clock)
        assert store.contacts.all() == []
        add_contact(store)
        store.close()
        paths.database.write_bytes(damaged := b"damage" * 2000)
        Path(f"{paths.database}-wal").write_bytes(b"log")
        with pytest.raises(DamagedError) as caught:
            open_store(paths, profile.database_key, clock)
        kept = "tuichat.db.damaged-20261121T140000Z" + ("-2" if number else "")
        assert str(paths.home / kept) in caught.value.message
        assert "address is kept" in caught.value.message
        assert (paths.home / kept).read_bytes() == damaged
        assert (paths.home / f"{kept}-wal").read_bytes() == b"log"
        assert not paths.database.exists()
    assert open_profile(paths, None).identity == profile.identity


def test_a_home_that_is_open_to_others_is_closed_if_it_is_ours(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o755)
    paths = make(empty)
    assert stat.S_IMODE(empty.stat().st_mode) == 0o700
    empty.chmod(0o755)
    open_profile(paths, None)
    assert stat.S_IMODE(empty.stat().st_mode) == 0o700


def test_an_open_directory_with_other_things_is_refused_with_the_command(tmp_path: Path) -> None:
    home = tmp_path / "my documents"
    home.mkdir()
    home.chmod(0o755)  # whatever the mask is
    (home / "letter.txt").write_text("dear")
    with pytest.raises(StorageError) as caught:
        make(home)
    assert f"chmod 700 '{home}'" in caught.value.hint
    assert [path.name for path in home.iterdir()] == ["letter.txt"]
    home.chmod(0o700)
    make(home)


def test_a_symlink_to_our_own_directory_is_a_home(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    paths = make(tmp_path / "link")
    assert open_profile(paths, None).name == "Ada"
    assert (tmp_path / "real" / "identity.sealed").exists()


def test_anothers_directory_is_refused_also_behind_a_symlink(tmp_path: Path) -> None:
    directory = anothers_directory(tmp_path)
    (tmp_path / "link").symlink_to(directory)
    for home in (directory, tmp_path / "link"):
        with pytest.raises(UsageError, match="another person") as caught:
            make(home)
        assert "sudo -u" in caught.value.hint


def test_each_impossible_home_has_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    sealed = tmp_path / "sealed"
    sealed.mkdir(mode=0o500)
    sentences = {
        "file": "is not a directory",
        "file/below": "Not a directory",
        "missing/below": "does not exist",
        "dangling": "cannot be used",
        "sealed": "cannot be written",
        "x" * 300: "File name too long",
        "a\x1b[2Jb/c": "a\ufffd",
    }
    for name, sentence in sentences.items():
        with pytest.raises((UsageError, StorageError), match=sentence):
            prepare_home(at(tmp_path / name), create=True)
    sealed.chmod(0o700)
    with pytest.raises(UsageError):
        at(Path("a\0b"))


def test_places_follow_the_home_or_the_xdg_directories(tmp_path: Path) -> None:
    paths = at(tmp_path)
    assert paths.config == tmp_path / "tuichat.toml"
    assert paths.run_directory().name in {"run", paths.run_directory().name}
    environment = {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "relative", "HOME": "/home/ada"}
    paths = ProfilePaths.locate(None, "work", environment)
    assert paths.home == Path("/data/tuichat/work")
    assert paths.config == Path("/home/ada/.config/tuichat/work/tuichat.toml")
    assert paths.database == Path("/data/tuichat/work/tuichat.db")
    assert ProfilePaths.locate(None, "work", environment, config=Path("/c.toml")).config == Path("/c.toml")
    assert str(environment) not in repr(paths)


def test_paths_in_a_file_of_settings_that_is_named_from_here_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("c.toml").write_text('[files]\ndirectory = "received"\n')
    for home in (Path("home"), None):
        paths = ProfilePaths.locate(home, "work", {"HOME": "/home/ada"}, config=Path("c.toml"))
        assert paths.config == tmp_path / "c.toml"
        assert load_config(paths.config, {}).files.directory == tmp_path / "received"


def test_a_profile_by_name_makes_the_directories_it_needs(tmp_path: Path) -> None:
    paths = ProfilePaths.locate(None, "work", {"HOME": str(tmp_path)})
    create_profile(paths, "", None, SeededRng(), FixedClock(), cost=FLOOR)
    assert paths.home == tmp_path / ".local/share/tuichat/work"
    assert open_profile(paths, None).name == ""


@pytest.mark.parametrize("name", ["", ".", "..", ".x", "-x", "a/b", "a b", "é", "x" * 65, "a\n", "a\0b"])
def test_a_profile_name_is_one_plain_directory_name(name: str) -> None:
    with pytest.raises(UsageError):
        ProfilePaths.locate(None, name, {"HOME": "/home/ada"})


def test_sockets_lie_in_the_home_while_their_paths_are_short() -> None:
    short = Path("/" + "x" * (100 - 1 - 20 - len("/run") - 1))
    assert at(short).run_directory() == short / "run"
    longer = at(short.with_name(short.name + "x"), {"XDG_RUNTIME_DIR": "/nonexistent"})
    assert longer.run_directory().parent == Path("/tmp")


@pytest.mark.parametrize("character", [" ", ",", '"', "\\", "\n", "\udcff"])
def test_sockets_lie_where_tor_can_lead_callers_to_them(character: str) -> None:
    unfit = f"/a{character}b"
    for environment in ({"TMPDIR": unfit}, {"XDG_RUNTIME_DIR": unfit}):
        directory = at(Path(unfit), environment).run_directory()
        assert directory.parent == Path("/tmp")
        assert service_target(directory / ONION_SOCKET_NAME) == f"unix:{directory}/{ONION_SOCKET_NAME}"


def test_directories_for_sockets_that_tor_could_not_use_are_passed_over(tmp_path: Path) -> None:
    unfit, fit = tmp_path / "run time", Path("/tmp") / f"tuichat-test-{os.getpid()}"
    unfit.mkdir(mode=0o700)
    fit.mkdir(mode=0o700)
    try:
        for variable, other in (("XDG_RUNTIME_DIR", "TMPDIR"), ("TMPDIR", "XDG_RUNTIME_DIR")):
            environment = {variable: str(unfit), other: str(fit)}
            assert at(Path("/a b"), environment).run_directory().parent == fit
    finally:
        fit.rmdir()


def test_long_homes_have_a_private_directory_for_sockets_elsewhere(tmp_path: Path) -> None:
    runtime = Path("/tmp") / f"tuichat-test-{os.getpid()}"
    runtime.mkdir(mode=0o700)
    try:
        homes = [tmp_path / (letter * 150) for letter in "ab"]
        paths = [at(home, {"XDG_RUNTIME_DIR": str(runtime)}) for home in homes]
        assert not paths[0].run_directory().exists()
        made = [each.run_directory(create=True) for each in paths]
        assert made[0] != made[1]
        assert made[0].parent == runtime
        assert stat.S_IMODE(made[0].stat().st_mode) == 0o700
        assert paths[0].run_directory(create=True) == made[0]
        made[0].chmod(0o755)
        assert paths[0].run_directory() == made[0]
        assert stat.S_IMODE(made[0].stat().st_mode) == 0o700
        made[1].rmdir()
        made[1].symlink_to(made[0])
        with pytest.raises(StorageError, match="not a directory of yours"):
            paths[1].run_directory()
        made[1].unlink()
        made[1].write_text("in the way")
        with pytest.raises(StorageError, match="not a directory of yours"):
            paths[1].run_directory(create=True)
        made[1].unlink()
        made[0].rmdir()
    finally:
        runtime.rmdir()


def test_a_directory_for_sockets_made_beforehand_by_another_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        (tmp_path / "h").mkdir()
        paths = at(tmp_path / "h")
        run = paths.home / "run"
        if paths.run_directory() != run:  # this test's own directory is long: look at where it would be
            run = paths.run_directory()
        run.mkdir()
        os.chown(run, 65534, 65534)
        with pytest.raises(StorageError, match="not a directory of yours"):
            paths.run_directory(create=True)
        run.rmdir()
    else:
        (tmp_path / "run").symlink_to("/usr")
        from tuichat.store.profile_paths import check_private

        with pytest.raises(StorageError, match="not a directory of yours"):
            check_private(Path("/usr"), create=False)
