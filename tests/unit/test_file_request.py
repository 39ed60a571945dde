"""The request for a part of a file: one strict form, whose answer is held to what was asked."""

from __future__ import annotations

import string

import pytest

from tests.support.raw_callers import file_line, file_request, head
from tuichat.network.file_request import MAX_RANGE, FileRequest, file_request_of

PATH = bytes(range(224, 256))
LINE = file_line(PATH)
GOOD = {"Host": "nobody.onion", "Range": "bytes=32-1055"}
ASKED = FileRequest(PATH, 32, 1024)


def test_proper_request_is_read() -> None:
    assert file_request_of(head(GOOD, LINE)) == ASKED
    assert file_request_of(file_request(PATH, 32, 1055)) == ASKED


def test_order_and_case_of_the_headers_do_not_matter() -> None:
    assert file_request_of(head({"rANGE": GOOD["Range"], "HOST": ""}, LINE)) == ASKED


def test_what_we_ask_with_is_what_we_read() -> None:
    request = head({"Host": "a", "Range": ASKED.range}, f"GET {ASKED.target} HTTP/1.1")
    assert file_request_of(request) == ASKED


@pytest.mark.parametrize(
    ("value", "offset", "length"),
    [
        ("bytes=0-0", 0, 1),
        (f"bytes=0-{MAX_RANGE - 1}", 0, MAX_RANGE),
        (f"bytes=1-{MAX_RANGE}", 1, MAX_RANGE),
        (f"bytes={10**18 - 1}-{10**18 - 1}", 10**18 - 1, 1),
    ],
)
def test_range_is_read_to_its_bounds(value: str, offset: int, length: int) -> None:
    assert file_request_of(head({**GOOD, "Range": value}, LINE)) == FileRequest(PATH, offset, length)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=0-",
        "bytes=-1",
        "bytes=1-0",
        "bytes=00-1",
        "bytes=0-01",
        "bytes=+0-1",
        "bytes=0-+1",
        "bytes=-0-1",
        "bytes=0--1",
        "bytes=0-1,2-3",
        "bytes=0-1, 2-3",
        "bytes=0 - 1",
        "bytes = 0-1",
        "bytes=0-1 x",
        "bytes=0-1;",
        "bytes 0-1",
        "bytes: 0-1",
        "Bytes=0-1",
        "items=0-1",
        "bytes=0x0-0x1",
        "bytes=0-1_0",
        "bytes=0-1e3",
        "bytes=0.0-1",
        "bytes=*-1",
        f"bytes=0-{MAX_RANGE}",
        f"bytes=5-{MAX_RANGE + 5}",
        f"bytes=0-{10**18}",
        f"bytes={10**18}-{10**18}",
        "bytes=" + "1" * 3000 + "-" + "1" * 900,
    ],
)
def test_any_other_range_is_refused(value: str) -> None:
    assert file_request_of(head({**GOOD, "Range": value}, LINE)) is None


def test_digits_of_other_scripts_are_no_digits() -> None:
    request = head(GOOD, LINE).replace(b"32-1055", "\u0663\u0662-\u0661\u0660\u0665\u0665".encode())
    assert file_request_of(request) is None


TEXT = LINE.split()[1].removeprefix("/file/")


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/file",
        "/file/",
        "/files/" + TEXT,
        "/FILE/" + TEXT,
        "//file/" + TEXT,
        "/file//" + TEXT,
        "/link/../file/" + TEXT,
        "/file/" + TEXT + "/",
        "/file/" + TEXT + "=",
        "/file/" + TEXT + "?a",
        "/file/" + TEXT + "#",
        "/file/" + TEXT[:-1],
        "/file/" + TEXT[:-1] + "%38",
        "/file/" + TEXT + "A",
        "/file/" + TEXT.replace("-", "+").replace("_", "/"),
        "/file/" + TEXT[:-1] + "9",
        "/file/" + TEXT[:-2] + "\u0661" + TEXT[-1],
        "http://nobody.onion/file/" + TEXT,
    ],
)
def test_any_other_target_is_refused(target: str) -> None:
    line = f"GET {target} HTTP/1.1"
    assert file_request_of("\r\n".join([line, "Host: a", "Range: bytes=0-0", "", ""]).encode()) is None


def test_path_has_one_spelling() -> None:
    alphabet = string.ascii_letters + string.digits + "-_"
    lines = [LINE.replace(TEXT, TEXT[:-1] + last) for last in alphabet]
    found = [request for line in lines if (request := file_request_of(head(GOOD, line))) is not None]
    assert len(found) == 16  # two of the last character's six bits are no part of the path
    assert len({request.path for request in found}) == 16


@pytest.mark.parametrize(
    "line",
    [
        LINE.replace("GET", "HEAD"),
        LINE.replace("GET", "POST"),
        LINE.replace("GET", "get"),
        LINE.replace("HTTP/1.1", "HTTP/1.0"),
        LINE.replace("HTTP/1.1", "HTTP/2.0"),
        LINE.replace("HTTP/1.1", ""),
        LINE + " ",
        " " + LINE,
        LINE.replace(" ", "\t"),
        LINE.replace(" ", "  "),
    ],
)
def test_any_other_line_is_refused(line: str) -> None:
    assert file_request_of(head(GOOD, line)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Host": "a"},
        {"Range": "bytes=0-0"},
        {**GOOD, "Accept": "*/*"},
        {**GOOD, "Accept-Encoding": "identity"},
        {**GOOD, "User-Agent": "curl/8.0"},
        {**GOOD, "Connection": "keep-alive"},
        {**GOOD, "Content-Length": "0"},
        {**GOOD, "If-Range": '"x"'},
        {**GOOD, "range": "bytes=32-1055"},
        {**GOOD, "host": "nobody.onion"},
        {**GOOD, "": ""},
        {"Host ": "a", "Range": "bytes=0-0"},
        {" Host": "a", "Range": "bytes=0-0"},
        {"Host": "a\tb", "Range": "bytes=0-0"},
        {"Host": "caf\u00e9", "Range": "bytes=0-0"},
        {"Host": "a\r\n b", "Range": "bytes=0-0"},
        {"Host": "a", "Range": "bytes=0-0\0"},
        {"Host": "a", "Range": "\tbytes=0-0"},
    ],
)
def test_any_other_headers_are_refused(fields: dict[str, str]) -> None:
    assert file_request_of(head(fields, LINE)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\r\n\r\n",
        LINE.encode(),
        LINE.encode() + b"\r\n\r\n",
        head(GOOD, LINE)[:-2],
        head(GOOD, LINE) + b"x",
        head(GOOD, LINE).replace(b"\r\n", b"\n"),
        head(GOOD, LINE).replace(b"\r\nRange", b"\r\n\r\nRange"),
        head(GOOD, LINE).replace(b"Host:", b"Host"),
    ],
)
def test_what_is_no_such_head_is_refused(data: bytes) -> None:
    assert file_request_of(data) is None


def test_answer_says_what_it_is_and_no_more() -> None:
    assert ASKED.answer_head(5000) == (
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 1024\r\nContent-Range: bytes 32-1055/5000\r\n\r\n"
    )


@pytest.mark.parametrize("total", [1056, 5000, 10**18 - 1])
def test_answer_to_what_was_asked_is_known(total: int) -> None:
    assert ASKED.is_answered_by(f"bytes 32-1055/{total}")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "bytes 32-1055",
        "bytes 32-1055/*",
        "bytes */5000",
        "bytes=32-1055/5000",
        "Bytes 32-1055/5000",
        "bytes  32-1055/5000",
        "bytes 32-1055/1055",
        "bytes 32-1055/05000",
        "bytes 32-1054/5000",
        "bytes 31-1054/5000",
        "bytes 31-1055/5000",
        "bytes 1055-32/5000",
        "bytes 0-1023/5000",
        "bytes 32-1055/" + "9" * 5000,
    ],
)
def test_answer_to_something_else_is_known(value: str) -> None:
    assert not ASKED.is_answered_by(value)
