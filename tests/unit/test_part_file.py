"""Partial files: reserved, written anywhere, named at one stroke, never over or through anything."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tuichat.store.part_file import PartFile, part_name, put_in_place, reserve


def test_space_is_taken_before_the_first_byte_and_only_the_owner_sees_it(tmp_path: Path) -> None:
    part = tmp_path / part_name(b"12345678")
    reserve(part, 100_000)
    found = part.stat()
    assert (found.st_size, stat.S_IMODE(found.st_mode)) == (100_000, 0o600)
    assert found.st_blocks * 512 >= 100_000


def test_no_room_is_an_error_that_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="full"):
        reserve(tmp_path / "part", 10)
    assert list(tmp_path.iterdir()) == []


def test_disk_that_cannot_set_space_aside_has_it_taken_as_the_file_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_arguments: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "unknown")

    monkeypatch.setattr(os, "posix_fallocate", unknown)
    reserve(tmp_path / "part", 10)
    assert (tmp_path / "part").stat().st_size == 10


def test_disk_that_is_too_small_is_not_filled_before_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_arguments: object) -> None:
        raise AssertionError("all there is was taken")

    monkeypatch.setattr(os, "posix_fallocate", taken)
    with pytest.raises(OSError) as caught:
        reserve(tmp_path / "large", 1 << 62)
    assert caught.value.errno == errno.ENOSPC
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["file", "link", "dangling"])
def test_nothing_that_is_there_is_taken_for_a_partial_file(tmp_path: Path, what: str) -> None:
    part = tmp_path / "part"
    other = tmp_path / "other"
    if what == "file":
        part.write_text("mine")
    else:
        part.symlink_to(other)
        if what == "link":
            other.write_text("mine")
    with pytest.raises(FileExistsError):
        reserve(part, 10)
    assert part.is_symlink() == (what != "file")
    assert not other.exists() or other.read_text() == "mine"


def test_partial_file_is_not_opened_through_a_link_or_with_another_size(tmp_path: Path) -> None:
    reserve(tmp_path / "real", 10)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(OSError, match=r"links|Too many"):
        PartFile(tmp_path / "link", 10)
    with pytest.raises(FileNotFoundError):
        PartFile(tmp_path / "real", 11)


def test_chunks_are_written_in_any_order_and_read_back(tmp_path: Path) -> None:
    reserve(tmp_path / "part", 10)
    part = PartFile(tmp_path / "part", 10)
    part.write(5, b"world")
    part.write(0, b"hello")
    part.sync()
    assert (part.read(0, 10), part.read(8, 10)) == (b"helloworld", b"ld")
    part.close()


def test_whole_file_gets_the_first_free_name(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_text("new")
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").symlink_to(tmp_path / "nowhere")
    assert put_in_place(part, (tmp_path / name for name in "abc")) == tmp_path / "c"
    assert ((tmp_path / "a").read_text(), (tmp_path / "c").read_text()) == ("old", "new")
    assert not (tmp_path / "nowhere").exists()


def test_naming_again_after_a_crash_gives_the_same_name(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_text("new")
    names = [tmp_path / "a", tmp_path / "b"]
    assert put_in_place(part, iter(names)) == put_in_place(part, iter(names)) == tmp_path / "a"
    assert not (tmp_path / "b").exists()


def test_where_there_are_no_hard_links_the_partial_name_becomes_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", impossible)
    part = tmp_path / "part"
    part.write_text("new")
    (tmp_path / "a").write_text("old")
    assert put_in_place(part, (tmp_path / name for name in "ab")) == tmp_path / "b"
    assert (tmp_path / "a").read_text() == "old"
    assert not part.exists()


def test_where_there_are_no_hard_links_nothing_is_written_over_that_comes_at_the_last_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files of one name may be whole at the same moment."""
    exists = os.path.lexists

    def impossible(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    def meanwhile(path: str | Path) -> bool:
        found = exists(path)
        if not (tmp_path / "a").exists():
            (tmp_path / "a").write_text("another's")
        return found

    monkeypatch.setattr(os, "link", impossible)
    monkeypatch.setattr(os.path, "lexists", meanwhile)
    part = tmp_path / "part"
    part.write_text("new")
    final = put_in_place(part, (tmp_path / name for name in "ab"))
    assert final.read_text() == "new"
    assert not part.exists()
    assert not (tmp_path / "b").exists() or (tmp_path / "a").read_text() == "another's"


def test_no_free_name_is_an_error_and_nothing_is_lost(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_text("new")
    (tmp_path / "a").write_text("old")
    with pytest.raises(FileExistsError):
        put_in_place(part, iter([tmp_path / "a"]))
    assert (part.read_text(), (tmp_path / "a").read_text()) == ("new", "old")
