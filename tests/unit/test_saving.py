"""A copy of a received file: under a name that a disk can bear, over nothing, and whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tests.support.seeded_rng import SeededRng
from tuichat.bootstrap import save_copy
from tuichat.errors import StorageError, UsageError


@pytest.fixture
def received(tmp_path: Path) -> Path:
    """A file of more than two pieces in an inbox."""
    path = tmp_path / "inbox" / "7f3a"
    path.parent.mkdir()
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "chosen"
    path.mkdir()
    return path


def never() -> bool:
    return False


def save(source: Path, label: str, directory: Path) -> Path | None:
    return save_copy(source, label, directory, never, SeededRng())


def test_a_copy_is_whole_private_and_leaves_the_file_where_it_is(received: Path, directory: Path) -> None:
    copy = save(received, "figures.ods", directory)
    assert copy == directory / "figures.ods"
    assert copy.read_bytes() == received.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(directory.iterdir()) == [copy]


def test_an_empty_file_is_copied(received: Path, directory: Path) -> None:
    received.write_bytes(b"")
    copy = save(received, "figures.ods", directory)
    assert copy is not None
    assert copy.read_bytes() == b""


def test_a_copy_goes_over_nothing(received: Path, directory: Path) -> None:
    (directory / "figures.ods").symlink_to(directory / "elsewhere")
    copy = save(received, "figures.ods", directory)
    assert copy == directory / "figures (2).ods"
    assert not (directory / "elsewhere").exists()


@pytest.mark.parametrize("label", ["../../etc/passwd", "/etc/passwd", "..", "a\0b", "-rf", "\u202egnp.exe"])
def test_no_label_leads_out_of_the_directory(received: Path, directory: Path, label: str) -> None:
    copy = save(received, label, directory)
    assert copy is not None
    assert copy.parent == directory
    assert list(directory.iterdir()) == [copy]
    assert copy.name.isprintable()
    assert not copy.name.startswith(("-", "."))


def test_a_copy_that_is_stopped_leaves_nothing(received: Path, directory: Path) -> None:
    answers = iter([False, True])
    assert save_copy(received, "figures.ods", directory, lambda: next(answers), SeededRng()) is None
    assert list(directory.iterdir()) == []


def test_a_file_that_is_gone_or_a_link_is_not_copied(received: Path, directory: Path) -> None:
    link = received.with_name("link")
    link.symlink_to(received)
    for source in (received.with_name("gone"), link):
        with pytest.raises(StorageError) as caught:
            save(source, "figures.ods", directory)
        assert caught.value.hint
        assert list(directory.iterdir()) == []


def test_a_directory_that_is_not_there_is_an_error_of_usage(received: Path, directory: Path) -> None:
    with pytest.raises(UsageError):
        save(received, "figures.ods", directory / "nowhere")
    with pytest.raises(UsageError):
        save(received, "figures.ods", received)


def test_a_directory_that_no_system_knows_is_an_error_of_usage(received: Path, directory: Path) -> None:
    with pytest.raises(UsageError, match="There is no directory"):
        save(received, "a", directory / ("a" * 300))


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENOSPC, "not enough room"), (errno.EIO, "can be written")]
)
def test_a_disk_that_fails_is_told_and_leaves_nothing(
    received: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def fail(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pwrite", fail)
    with pytest.raises(StorageError, match=said):
        save(received, "figures.ods", directory)
    assert list(directory.iterdir()) == []
