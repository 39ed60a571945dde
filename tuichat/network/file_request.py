"""The one request for a part of a blob, and the head of its answer.

    GET /file/(base64url of the path's 32 bytes, 43 characters, no padding) HTTP/1.1
    Host: (anything)
    Range: bytes=(first)-(last)

    HTTP/1.1 206 Partial Content
    Content-Length: (last - first + 1)
    Content-Range: bytes (first)-(last)/(all bytes of the blob)

The request's headers stand in any order, each once. Numbers are decimal, have no leading zeros and at most 18
digits; a range has at most 1 MiB.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Final

from tuichat.network.request_head import read_head

MAX_RANGE: Final = 1024 * 1024
"""Bytes that one request may ask for: they are held in memory while they leave."""

_LINE: Final = re.compile(r"GET /file/([A-Za-z0-9_-]{43}) HTTP/1\.1")
_NUMBER: Final = r"(0|[1-9][0-9]{0,17})"
_RANGE: Final = re.compile(f"bytes={_NUMBER}-{_NUMBER}")
_CONTENT_RANGE: Final = re.compile(f"bytes {_NUMBER}-{_NUMBER}/{_NUMBER}")


@dataclass(frozen=True, slots=True)
class FileRequest:
    """These bytes of the blob at a path of 32 bytes."""

    path: bytes
    offset: int
    length: int

    @property
    def target(self) -> str:
        """Where the request goes: the path of its URL."""
        return f"/file/{_text_of(self.path)}"

    @property
    def range(self) -> str:
        """The value of its header Range."""
        return f"bytes={self.offset}-{self.offset + self.length - 1}"

    def answer_head(self, total: int) -> bytes:
        """The head of the answer from a blob of `total` bytes."""
        lines = [
            "HTTP/1.1 206 Partial Content",
            f"Content-Length: {self.length}",
            f"Content-Range: bytes {self.offset}-{self.offset + self.length - 1}/{total}",
        ]
        return "\r\n".join([*lines, "", ""]).encode()

    def is_answered_by(self, content_range: str) -> bool:
        """Whether an answer's header Content-Range names exactly what was asked for."""
        found = _CONTENT_RANGE.fullmatch(content_range)
        if found is None:
            return False
        first, last, total = map(int, found.groups())
        return (first, last - first + 1) == (self.offset, self.length) and last < total


def file_request_of(head: bytes) -> FileRequest | None:
    """The request in a head, up to its empty line; None if it is no file request or an ill-formed one."""
    request = read_head(head)
    if request is None or request.headers.keys() != {"host", "range"}:
        return None
    line, asked = _LINE.fullmatch(request.line), _RANGE.fullmatch(request.headers["range"])
    if line is None or asked is None:
        return None
    path = base64.urlsafe_b64decode(line[1] + "=")
    length = int(asked[2]) - int(asked[1]) + 1
    if _text_of(path) != line[1] or not 0 < length <= MAX_RANGE:
        return None
    return FileRequest(path, int(asked[1]), length)


def _text_of(path: bytes) -> str:
    return base64.urlsafe_b64encode(path).decode().rstrip("=")
