"""Amounts of data, as people write and read them."""

from __future__ import annotations

import pytest

from tuichat.sizes import MOST_BYTES, exact_size, parse_size, shown_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1048576", 1_048_576),
        (" 12 B ", 12),
        ("500 kB", 500_000),
        ("500KB", 500_000),
        ("10MiB", 10_485_760),
        ("10mib", 10_485_760),
        ("1.5GiB", 1_610_612_736),
        ("2TB", 2 * 10**12),
        ("1 TiB", 2**40),
        ("0.3B", 0),
        (str(MOST_BYTES), MOST_BYTES),
    ],
)
def test_amount_is_understood_with_any_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "B",
        "10 M",
        "10 megabytes",
        "-1",
        "+1",
        "1e6",
        "1,5GB",
        ".5GB",
        "1.GB",
        "0x10",
        "10MiB x",
        "\u0663",
        "nan",
    ],
)
def test_what_is_no_amount_is_not_taken_for_one(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize("text", [str(MOST_BYTES + 1), "9999999999TiB"])
def test_amount_beyond_all_disks_is_none(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize(
    "size", [0, 1, 999, 1000, 1024, 1_500_000, 10 * 2**20, 20 * 2**30, 7 * 10**12, 2**40]
)
def test_amount_is_written_so_that_it_reads_back_the_same(size: int) -> None:
    assert parse_size(exact_size(size)) == size


def test_amount_is_written_in_the_unit_that_it_was_meant_in() -> None:
    assert [exact_size(size) for size in (0, 20 * 2**30, 1_500_000, 1001)] == ["0", "20GiB", "1500kB", "1001"]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (2_097_152, "2.1 MB"),
        (500_000, "500 kB"),
        (99_940, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (10_737_418_240, "10.7 GB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_amount_is_shown_in_three_digits(size: int, shown: str) -> None:
    assert shown_size(size) == shown
