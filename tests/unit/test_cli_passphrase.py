"""Where the passphrase comes from, in which order, and what an unusable one gets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tuichat import bootstrap
from tuichat.cli.key_file import new_key_file, read_key_file
from tuichat.cli.passphrase import MAX_PASSPHRASE_BYTES, PassphraseSources
from tuichat.errors import LockedError, StorageError, UsageError
from tuichat.store.profile_paths import ProfilePaths


def file_of(directory: Path, data: bytes, name: str = "passphrase") -> Path:
    path = directory / name
    path.write_bytes(data)
    return path


def test_sources_count_in_their_order(tmp_path: Path) -> None:
    first, third = file_of(tmp_path, b"first", "a"), file_of(tmp_path, b"third", "b")
    file_of(tmp_path, b"fourth")
    reading, writing = os.pipe()
    os.write(writing, b"second\n")
    os.close(writing)
    environment = {"TUICHAT_PASSPHRASE_FILE": str(third), "CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert PassphraseSources(first, reading, environment).given() == "first"
    assert PassphraseSources(None, reading, environment).given() == "second"
    os.close(reading)
    assert PassphraseSources(None, None, environment).given() == "third"
    del environment["TUICHAT_PASSPHRASE_FILE"]
    assert PassphraseSources(None, None, environment).given() == "fourth"
    assert PassphraseSources(None, None, {"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}).given() is None
    assert PassphraseSources(None, None, {"TUICHAT_PASSPHRASE_FILE": ""}).given() is None


@pytest.mark.parametrize(
    ("data", "passphrase"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b" secret ", " secret "),
        ("秘密\n".encode(), "秘密"),
        (b"x" * MAX_PASSPHRASE_BYTES + b"\n", "x" * MAX_PASSPHRASE_BYTES),
    ],
)
def test_one_newline_at_the_end_does_not_count(tmp_path: Path, data: bytes, passphrase: str) -> None:
    assert PassphraseSources(file_of(tmp_path, data), None, {}).read() == passphrase


@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n", b"\xff\xfe", b"x" * 1025, b"x" * 10_000_000])
def test_unusable_file_is_told_without_its_content(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(LockedError) as caught:
        PassphraseSources(file_of(tmp_path, data), None, {}).read()
    assert "passphrase" in caught.value.message
    assert "xx" not in caught.value.message


def test_missing_file_directory_and_closed_descriptor_are_told(tmp_path: Path) -> None:
    for source in (
        PassphraseSources(tmp_path / "none", None, {}),
        PassphraseSources(tmp_path, None, {}),
        PassphraseSources(Path("a\0b"), None, {}),
        PassphraseSources(None, 987, {}),
        PassphraseSources(None, 10**17, {}),
    ):
        with pytest.raises(LockedError):
            source.read()


def test_file_that_others_may_read_is_used_with_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, b"secret")
    file.chmod(0o600)
    assert PassphraseSources(file, None, {}).read() == "secret"
    assert capsys.readouterr().err == ""
    file.chmod(0o640)
    assert PassphraseSources(file, None, {}).read() == "secret"
    assert f"chmod 600 {file}" in capsys.readouterr().err
    assert PassphraseSources(None, None, {"CREDENTIALS_DIRECTORY": str(tmp_path)}).read() == "secret"
    assert capsys.readouterr().err == ""


def test_a_key_file_is_read_whole_and_what_is_none_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = file_of(tmp_path, bytes(range(64)), "key")
    file.chmod(0o600)
    assert read_key_file(file, "--key-file") == bytes(range(64))
    assert capsys.readouterr().err == ""
    file.chmod(0o640)
    read_key_file(file, "--key-file", warn=False)
    assert capsys.readouterr().err == ""
    read_key_file(file, "--key-file")
    assert "chmod 600" in capsys.readouterr().err
    for wrong in (file_of(tmp_path, b"x" * 63, "short"), file_of(tmp_path, b"x" * 65, "long"), tmp_path):
        with pytest.raises(LockedError) as caught:
            read_key_file(wrong, "--key-file")
        assert "xx" not in caught.value.message
        assert caught.value.hint


def test_a_new_key_file_is_its_owners_alone_and_goes_again_if_the_command_fails(tmp_path: Path) -> None:
    path, paths = tmp_path / "key", ProfilePaths.locate(tmp_path / "home", "default", {})
    with new_key_file(None, paths) as none:
        assert none is None
    with pytest.raises(StorageError), new_key_file(path, paths):
        raise StorageError("full")
    assert not path.exists()
    with new_key_file(path, paths) as made:
        assert (made, stat.S_IMODE(path.stat().st_mode)) == (path.read_bytes(), 0o600)
    with pytest.raises(StorageError), new_key_file(path, paths):
        raise StorageError("full")
    assert path.read_bytes() == made
    with pytest.raises(StorageError, match="cannot be used"), new_key_file(tmp_path / "none" / "key", paths):
        pass
    with pytest.raises(UsageError, match="already"):
        bootstrap.make_key_file(path)
