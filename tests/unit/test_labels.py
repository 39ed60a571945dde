"""A file's name from anybody is a label that people can read, and on a disk it stays where it was put."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tuichat.protocol.bodies import MAX_FILE_NAME, MAX_PLACE
from tuichat.protocol.labels import (
    MAX_DEPTH,
    MAX_DISK_NAME,
    disk_name,
    disk_place,
    label,
    numbered,
    place,
)

TRICKY = (
    './\\:*?"<>|-_ ~\x00\n\t\x1b\u202e\u2066\u200d\u200e\u2215\u29f8\uff0f\uff3c\uff0e\u2024\u2025\u3002'
    "aCON1nul\u00b2\U0001f468\U0001f3fd\u0301\u0915\u094d\u05d0\u0646\ud800\ufdd0\ue000"
)
DEVICES = {"CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$"} | {
    port + digit for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"
}
NAMES = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=[]), max_size=300),
    st.text(alphabet=st.sampled_from(TRICKY), max_size=300),
    st.tuples(st.text(max_size=300), st.sampled_from([".pdf", ".tar.gz", ".", ". ", ".e\u202exe"])).map(
        "".join
    ),
)
PLACES = st.lists(NAMES, max_size=20)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\bob\\letter.txt", "letter.txt"),
        ("folder/", "folder"),
        ("..", "file"),
        ("...", "file"),
        (". .", "file"),
        ("", "file"),
        ("/", "file"),
        ("\u200b\u202e", "file"),
        ("a\x00b.txt", "ab.txt"),
        ("a\nb\tc.txt", "a b c.txt"),
        ("\x1b]0;title\x07.txt", "]0;title.txt"),
        ("invoice_\u202efdp.exe", "invoice_fdp.exe"),
        (".bashrc", ".bashrc"),
        ("e\u0301t\u00e9.png", "\u00e9t\u00e9.png"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467.png", "\U0001f468\u200d\U0001f469\u200d\U0001f467.png"),
        ("a\ud800.txt", "a\ufffd.txt"),
    ],
)
def test_a_label_is_the_last_part_of_a_path_without_what_moves_or_hides(name: str, expected: str) -> None:
    assert label(name) == expected


def test_a_long_label_keeps_its_extension() -> None:
    assert label("a" * 400 + ".tar.gz") == "a" * (MAX_FILE_NAME - 7) + ".tar.gz"


@given(NAMES)
@example("\u0344" * 300 + ".txt")
@example("a" * 250 + "\u0915\u094d\u200d" * 40 + ".pdf")
def test_a_label_of_a_label_is_itself_and_fits_into_an_offer(name: str) -> None:
    once = label(name)
    assert label(once) == once
    assert 1 <= len(once) <= MAX_FILE_NAME
    assert not set(once) & set("/\\\n\t\x00\u202e")
    assert once.strip(". ")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ""),
        (["holiday", "day 1"], "holiday/day 1"),
        (["..", "..", "etc"], "etc"),
        (["", ".", "a", "..", "b", "..."], "a/b"),
        (["a/../../b\\c"], "a/b/c"),
        (["\u202e", "a\x00"], "a"),
        (["x"] * 40, "/".join(["x"] * MAX_DEPTH)),
    ],
)
def test_a_place_is_made_of_cleaned_folders_only(parts: list[str], expected: str) -> None:
    assert place(parts) == expected


@given(PLACES)
@example(["a" * 300] * 20)
@example(["\ufb1d" * 300] * 20)
def test_a_place_of_a_place_is_itself_and_fits_into_an_offer(parts: list[str]) -> None:
    once = place(parts)
    assert place(once.split("/")) == once
    assert len(once) <= MAX_PLACE
    assert once == "" or all(part.strip(". ") for part in once.split("/"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..\\..\\boot.ini", "_.._boot.ini"),
        ("/etc/passwd", "_etc_passwd"),
        ("\uff0e\uff0e\uff0fetc", "_etc"),
        ("\uff0e\uff0e\u2215\u2025\u29f8x", "_.._x"),
        ("report.pdf\uff0eexe", "report.pdf.exe"),
        ("invoice_\u202efdp.exe", "invoice_fdp.exe"),
        ("\u2067gpj\u2069.exe", "gpj.exe"),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        (" - .x", "x"),
        ("name. . ", "name"),
        (".", "file"),
        ("..", "file"),
        ("......", "file"),
        ("\uff0e\uff0e\uff0e", "file"),
        ("", "file"),
        ("\x00\x01", "file"),
        ("a\x00b", "ab"),
        ("a\nb", "a b"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("Nul .tar.gz", "_Nul .tar.gz"),
        ("COM1", "_COM1"),
        ("com\u00b2.log", "_com\u00b2.log"),
        ("LPT9.x", "_LPT9.x"),
        ("CONIN$", "_CONIN$"),
        ("..CON", "_CON"),
        ("console.txt", "console.txt"),
        ("COM10", "COM10"),
        ("page:stream", "page_stream"),
        ('a*b?c"d<e>f|g', "a_b_c_d_e_f_g"),
        ("\U0001f468\u200d\U0001f469.png", "\U0001f468\U0001f469.png"),
        ("\u0301x", "x"),
    ],
)
def test_a_name_on_a_disk_is_a_plain_name(name: str, expected: str) -> None:
    assert disk_name(name) == expected


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("a" * 300, "aaa"),
        ("a" * 300 + ".jpg", "a.jpg"),
        ("a" * 300 + ".tar.xz", "a.tar.xz"),
        ("\U0001f600" * 100 + ".jpg", "\U0001f600.jpg"),
        ("\u00e9" * 150 + ".longest-of-all-extensions", "\u00e9"),
    ],
)
def test_a_long_name_is_cut_between_characters_before_its_extension(name: str, end: str) -> None:
    cut = disk_name(name)
    assert MAX_DISK_NAME - 4 < len(cut.encode()) <= MAX_DISK_NAME
    assert cut.endswith(end)


def assert_plain(name: str) -> None:
    """`name` is one component, on this system and on Windows, and does not hide or look like an option."""
    assert 1 <= len(name.encode()) <= MAX_DISK_NAME
    assert PurePosixPath(name).parts == (name,)
    assert PureWindowsPath(name).parts == (name,)
    assert name.split(".")[0].rstrip().upper() not in DEVICES
    assert name[0] not in " .-"
    assert name[-1] not in " ."
    for character in name:
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        assert character not in '/\\:*?"<>|\u2044\u2215\u29f8\uff0f\uff3c\uff0e'


@given(NAMES, st.integers(2, 10**6))
@example("a" * 199 + "\U0001f600", 2)
@example("CON" + " " * 300 + ".txt", 2)
@example("-" * 300 + "CON", 2)
def test_no_name_leaves_its_directory_hides_or_grows_too_long(name: str, number: int) -> None:
    safe = disk_name(name)
    assert_plain(safe)
    assert disk_name(safe) == safe
    another = numbered(safe, number)
    assert_plain(another)
    assert another != safe
    assert disk_name(another) == another


@given(PLACES)
def test_no_place_leaves_the_directory_that_was_chosen(parts: list[str]) -> None:
    for text in ("/".join(parts), place(parts)):
        folders = disk_place(text)
        assert len(folders) <= MAX_DEPTH
        for folder in folders:
            assert_plain(folder)


def test_folders_that_come_to_nothing_are_left_out() -> None:
    assert disk_place("") == ()
    assert disk_place("../a/./-/b") == ("a", "b")


@pytest.mark.parametrize(
    ("name", "number", "expected"),
    [
        ("a.txt", 2, "a (2).txt"),
        ("a.tar.gz", 3, "a (3).tar.gz"),
        ("file", 2, "file (2)"),
        ("a" * 196 + ".txt", 12, "a" * 191 + " (12).txt"),
    ],
)
def test_a_second_file_of_a_name_has_a_number_before_its_extension(
    name: str, number: int, expected: str
) -> None:
    assert numbered(name, number) == expected
