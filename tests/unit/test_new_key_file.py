"""A command's own new key file goes again only if the profile certainly does not need it."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.seeded_rng import SeededRng
from tuichat import bootstrap
from tuichat.cli.key_file import new_key_file
from tuichat.crypto import passphrase as derivation
from tuichat.crypto.passphrase import FLOOR, Secret
from tuichat.errors import LockedError, StorageError, TuichatError, UnreachableError, UsageError
from tuichat.store import files, passphrase_change
from tuichat.store.passphrase_change import tidy_keys
from tuichat.store.profile import create_profile, open_profile
from tuichat.store.profile_paths import ProfilePaths

OLD = "correct horse"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A passphrase is made into a key at once: what it costs has tests of its own."""

    def derived(secret: bytes, header: bytes) -> bytes:
        return hashlib.blake2b(secret, digest_size=32, salt=header[-16:]).digest()

    monkeypatch.setattr(derivation, "_derived", derived)


def made(directory: Path, passphrase: str | None = OLD) -> ProfilePaths:
    paths = ProfilePaths.locate(directory / "home", "default", {})
    create_profile(paths, "Ada", passphrase, SeededRng(), FixedClock(), cost=FLOOR)
    return paths


def fails(*_args: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


def change(paths: ProfilePaths, path: Path, current: str = OLD, new: str = OLD) -> TuichatError | None:
    """What `tuichat passphrase --key-file` does, and how it ended."""
    try:
        with new_key_file(path, paths) as content:
            bootstrap.change_passphrase(paths, current, new, None, content)
    except TuichatError as error:
        return error
    return None


def test_the_key_file_stays_when_the_change_fails_after_the_profile_was_sealed_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, path = made(tmp_path), tmp_path / "key"
    content = bootstrap.make_key_file(tmp_path / "made before")  # which the same disk would refuse
    monkeypatch.setattr(
        bootstrap, "make_key_file", lambda at: (at.write_bytes(content), content)[1], raising=False
    )
    with monkeypatch.context() as patched:
        patched.setattr(files, "sync_directory", fails)
        error = change(paths, path)
    assert isinstance(error, StorageError)
    assert f"Keep the key file {path}" in error.hint
    assert open_profile(paths, Secret(OLD, path.read_bytes())).name == "Ada"


def test_the_key_file_goes_when_the_disk_failed_before_anything_was_sealed_by_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, path = made(tmp_path), tmp_path / "key"
    monkeypatch.setattr(passphrase_change, "write_over", fails)
    error = change(paths, path)
    assert isinstance(error, StorageError)
    assert (path.exists(), error.hint) == (False, "")
    assert open_profile(paths, OLD).name == "Ada"


@pytest.mark.parametrize("passphrases", [("wrong", OLD), (OLD, "")])
def test_the_key_file_goes_when_what_was_given_is_wrong(tmp_path: Path, passphrases: tuple[str, str]) -> None:
    paths, path = made(tmp_path), tmp_path / "key"
    error = change(paths, path, *passphrases)
    assert isinstance(error, LockedError | UsageError)
    assert not path.exists()


def test_a_duress_passphrase_leaves_no_key_file_and_no_word_about_it(tmp_path: Path) -> None:
    paths, path = made(tmp_path), tmp_path / "key"
    wrong = change(paths, path, "wrong")
    bootstrap.set_duress(paths, OLD, "open sesame")
    wiped = change(paths, path, "open sesame")
    assert wrong is not None
    assert wiped is not None
    assert (wiped.message, wiped.hint, path.exists()) == (wrong.message, wrong.hint, False)


def test_the_key_file_stays_when_the_node_did_not_say_whether_it_sealed_the_profile(tmp_path: Path) -> None:
    paths, path = made(tmp_path), tmp_path / "key"
    with pytest.raises(UnreachableError) as caught, new_key_file(path, paths):
        raise UnreachableError("The node has ended.", "Try again.")
    assert path.exists()
    assert caught.value.hint.startswith("Try again. Keep the key file")


def test_the_key_file_stays_when_the_identity_cannot_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, path = made(tmp_path), tmp_path / "key"

    def damaged(*_args: object, **_words: object) -> None:
        monkeypatch.setattr(Path, "read_bytes", fails)
        raise StorageError("full")

    monkeypatch.setattr(bootstrap, "change_passphrase", damaged, raising=False)
    assert isinstance(change(paths, path), StorageError)
    assert path.exists()


def test_a_change_holds_though_the_key_that_opens_nothing_now_resists_and_the_next_start_erases_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths, path = made(tmp_path, None), tmp_path / "key"
    with monkeypatch.context() as patched:
        patched.setattr(passphrase_change, "erase", fails)
        assert change(paths, path, "", OLD) is None
    profile = open_profile(paths, Secret(OLD, path.read_bytes()))
    assert paths.unlocked_key.exists()
    tidy_keys(paths, profile)  # the next start
    assert not paths.unlocked_key.exists()
