"""A folder is sent as it lies there: all its files, nothing that it points at, nothing that is no file."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuichat.errors import TuichatError, UsageError
from tuichat.media.failures import UnreadableError
from tuichat.media.folders import MAX_DEPTH, FoundFile, walk


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_all_files_are_found_in_a_stable_order_with_the_folders_they_lie_in(tmp_path: Path) -> None:
    top = tmp_path / "holiday"
    for name in ("b.txt", "a.txt", ".hidden", "day 2/c.txt", "day 1/d.txt", "day 1/.night/e.txt"):
        put(top / name)
    (top / "empty").mkdir()
    assert walk(top).files == (
        FoundFile(top / ".hidden", ("holiday",)),
        FoundFile(top / "a.txt", ("holiday",)),
        FoundFile(top / "b.txt", ("holiday",)),
        FoundFile(top / "day 1/d.txt", ("holiday", "day 1")),
        FoundFile(top / "day 1/.night/e.txt", ("holiday", "day 1", ".night")),
        FoundFile(top / "day 2/c.txt", ("holiday", "day 2")),
    )


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret/key")
    top = tmp_path / "folder"
    kept = put(top / "a.txt")
    (top / "to file").symlink_to(secret)
    (top / "to folder").symlink_to(secret.parent)
    (top / "to itself").symlink_to(top)
    (top / "to nothing").symlink_to(tmp_path / "missing")
    found = walk(top)
    assert [file.path for file in found.files] == [kept]
    assert [link.name for link in found.links] == ["to file", "to folder", "to itself", "to nothing"]


def test_a_folder_that_is_given_by_a_link_has_the_link_s_name(tmp_path: Path) -> None:
    put(tmp_path / "real" / "a.txt")
    (tmp_path / "given").symlink_to(tmp_path / "real")
    assert [file.folders for file in walk(tmp_path / "given").files] == [("given",)]


@pytest.mark.parametrize("words", [".", "..", "sub/.."])
def test_a_folder_that_is_given_by_dots_has_its_own_name(
    tmp_path: Path, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "top" / "a.txt")
    (tmp_path / "top" / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "top" / ("sub" if words == ".." else "."))
    assert [file.folders for file in walk(Path(words)).files] == [("top",)]


@pytest.mark.parametrize("kind", ["pipe", "socket"])
def test_what_is_no_file_is_refused_with_its_name(tmp_path: Path, kind: str) -> None:
    put(tmp_path / "a.txt")
    path = tmp_path / "strange"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.fspath(path))
    with pytest.raises(UnreadableError, match="strange is no file"):
        walk(tmp_path)


def test_as_many_files_as_allowed_are_found_and_no_more(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path / f"{number}")
    assert len(walk(tmp_path, limit=5).files) == 5
    with pytest.raises(UsageError, match="more than 4 files"):
        walk(tmp_path, limit=4)


def test_folders_within_one_another_end_somewhere(tmp_path: Path) -> None:
    put(tmp_path.joinpath(*["d"] * (MAX_DEPTH - 1), "a.txt"))
    assert len(walk(tmp_path).files) == 1
    put(tmp_path.joinpath(*["d"] * MAX_DEPTH, "a.txt"))
    with pytest.raises(UsageError, match="too many folders"):
        walk(tmp_path)


def test_a_folder_without_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnreadableError, match="no file in"):
        walk(tmp_path)


@pytest.mark.parametrize("name", ["missing", "a.txt"])
def test_what_is_no_folder_is_told(tmp_path: Path, name: str) -> None:
    put(tmp_path / "a.txt")
    with pytest.raises(UnreadableError, match="cannot be read") as caught:
        walk(tmp_path / name)
    assert caught.value.hint


def test_a_folder_that_may_not_be_read_is_told_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.txt")
    locked = put(tmp_path / "locked" / "b.txt").parent
    scandir = os.scandir

    def refused(path: Path) -> Iterator[os.DirEntry[str]]:  # root's own is never refused
        if path == locked:
            raise PermissionError(errno.EACCES, "refused", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(UnreadableError, match="locked cannot be read"):
        walk(tmp_path)


def test_a_sentence_about_a_path_moves_no_terminal(tmp_path: Path) -> None:
    with pytest.raises(TuichatError) as caught:
        walk(tmp_path / "a\x1b[2J\udcff")
    assert "\x1b" not in caught.value.message
    caught.value.message.encode()
