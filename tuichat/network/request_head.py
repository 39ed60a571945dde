"""The head of an HTTP request, as strictly as our onion service reads it: short, and every header once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MAX_HEAD_BYTES: Final = 4096

_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A request's first line, and its headers by their names in lower case."""

    line: str
    headers: dict[str, str]


def state_of(received: bytearray) -> Literal["half", "whole", "broken"]:
    """Whether what came is a part of a head, one whole head and nothing more, or can become neither."""
    end = received.find(_END)
    if len(received) > MAX_HEAD_BYTES or 0 <= end < len(received) - len(_END):
        return "broken"
    return "half" if end < 0 else "whole"


def read_head(head: bytes) -> RequestHead | None:
    """A head up to its empty line; None if it is ill-formed."""
    try:
        lines = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return None
    if len(lines) < 3 or lines[-2:] != ["", ""]:
        return None
    headers: dict[str, str] = {}
    for line in lines[1:-2]:
        name, colon, value = line.partition(":")
        if not colon or not value.isprintable() or name.lower() in headers:
            return None
        headers[name.lower()] = value.strip(" ")
    return RequestHead(lines[0], headers)
