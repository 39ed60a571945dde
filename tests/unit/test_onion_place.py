"""Where the onion service's socket lies: in the profile, or where the system's tor gets to, and only that."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tuichat.bootstrap.onion_place import OnionPlace, _make, onion_place
from tuichat.bootstrap.starting import _command
from tuichat.config import TorConfig
from tuichat.errors import StorageError
from tuichat.store.profile_paths import ProfilePaths

NOBODY = 65534
ROOTS = Path("/etc/passwd")
"""A file of root's, which stands for the control socket of a tor that is not ours."""


@contextmanager
def not_root() -> Iterator[None]:
    """Whoever runs the tests, inside this is an ordinary user."""
    us = os.geteuid()
    if us == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(us)


def with_tor_at(control: Path) -> TorConfig:
    return TorConfig(mode="system", control=str(control))


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def named_home(home: Path) -> ProfilePaths:
    home.mkdir(parents=True, mode=0o700)
    return ProfilePaths.locate(home, "default", {"TMPDIR": str(home)})


def named_profile(tmp_path: Path, name: str = "work") -> ProfilePaths:
    return ProfilePaths.locate(None, name, {"XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)})


def unseen(paths: ProfilePaths, shared: Path) -> OnionPlace:
    """The place where the tor does not run yet, so that nobody can see whose it is."""
    return onion_place(paths, with_tor_at(shared / "none"), shared)


def test_tor_of_this_user_gets_to_the_profiles_private_directory(tmp_path: Path) -> None:
    paths, control, shared = named_home(tmp_path / "home"), tmp_path / "control", tmp_path / "shared"
    control.touch()
    for config in (TorConfig(), with_tor_at(control), with_tor_at(shared / "none")):
        place = onion_place(paths, config, shared)
        assert place == OnionPlace(paths.run_directory() / "onion.sock", 0o600)
        assert mode_of(place.socket.parent) == 0o700
    assert not shared.exists()


def test_directory_made_for_a_tor_that_is_not_there_yet_is_used(tmp_path: Path) -> None:
    directory = tmp_path / "shared" / "work"
    directory.mkdir(parents=True)
    directory.chmod(0o777)
    assert unseen(named_profile(tmp_path), directory.parent) == OnionPlace(directory / "onion.sock", 0o666)
    assert mode_of(directory) == 0o750


def test_shared_directory_lets_in_its_owner_and_one_group(tmp_path: Path) -> None:
    directory = tmp_path / "shared" / "work"
    group = os.getgroups()[-1] if os.getgroups() else os.getegid()
    for _time in ("made", "there already"):
        _make(directory, group)
        assert (directory.stat().st_gid, mode_of(directory)) == (group, 0o750)
        assert mode_of(directory.parent) == 0o755
        directory.chmod(0o777)


def test_profiles_and_homes_have_directories_of_their_own(tmp_path: Path) -> None:
    asked = [named_profile(tmp_path, "work"), named_profile(tmp_path, "play")]
    asked += [named_home(tmp_path / where / "home") for where in ("here", "there")]
    places = []
    for paths in asked:
        with not_root(), pytest.raises(StorageError) as caught:
            onion_place(paths, with_tor_at(ROOTS), Path("/usr/shared"))
        places.append(caught.value.hint.split()[-1])
    assert len(set(places)) == 4
    assert places[0] == "/usr/shared/work"


def test_directory_that_cannot_be_made_is_asked_for_by_a_command(tmp_path: Path) -> None:
    with not_root(), pytest.raises(StorageError) as caught:
        onion_place(named_profile(tmp_path), with_tor_at(ROOTS), Path("/usr/shared"))
    assert "/usr/shared/work" in caught.value.message
    assert caught.value.hint.startswith("Run: sudo install -d -m 755 -o root -g root /usr/shared && sudo ")
    assert caught.value.hint.endswith(" -g root /usr/shared/work")
    assert not Path("/usr/shared").exists()


def test_what_is_not_our_directory_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "link").symlink_to(tmp_path)
    (shared / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(StorageError, match="not a directory of yours"):
            unseen(named_profile(tmp_path, name), shared)
    with not_root(), pytest.raises(StorageError, match="not a directory of yours"):
        unseen(named_profile(tmp_path, "bin"), Path("/usr"))


def test_a_node_that_a_command_starts_has_the_place_of_the_one_that_a_service_starts(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    (shared / "work").mkdir(parents=True)
    started = _command(named_profile(tmp_path))
    again = named_profile(tmp_path, started[started.index("--profile") + 1])
    assert unseen(again, shared) == unseen(named_profile(tmp_path), shared)
    assert "--home" not in started
    home = named_home(tmp_path / "home")
    assert str(home.home) == _command(home)[_command(home).index("--home") + 1]
