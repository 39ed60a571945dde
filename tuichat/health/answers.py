"""What is answered over HTTP: one bare refusal to everybody who has not shown the token, and what others get.

    HTTP/1.1 401 Unauthorized
    WWW-Authenticate: Bearer
    Content-Length: 0
    Connection: close

A request is a head and nothing more: of at most 4096 bytes, every header once. One that is ill-formed gets
the same refusal, for nobody can tell whose it is. A browser on this machine may be led here by a page that
gave its own name this machine's address: it does not have the token, and it names another host than ours.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from tuichat.network.request_head import RequestHead, read_head

_LINE: Final = re.compile(r"(?P<method>[A-Z]{1,16}) (?P<target>/[!-~]{0,1024}) HTTP/1\.[01]")
_HOST: Final = re.compile(r"(?P<name>localhost|127\.[0-9.]{5,11}|\[::1\])(?::(?P<port>[0-9]{1,5}))?", re.I)
_BEARER: Final = re.compile(r"bearer +(?P<token>\S+)", re.I)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and a body with its type."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self, *, with_body: bool = True) -> bytes:
        """As it goes over the wire; the connection ends with it."""
        headers = {**self.headers, "Content-Length": str(len(self.body)), "Connection": "close"}
        if self.body:
            headers |= {"Content-Type": self.content_type, "Cache-Control": "no-store"}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + (self.body if with_body else b"")


REFUSAL: Final = Answer(401, headers={"WWW-Authenticate": "Bearer"})
WRONG_METHOD: Final = Answer(405, headers={"Allow": "GET, HEAD"})
NOT_FOUND: Final = Answer(404)
WRONG_HOST: Final = Answer(421)
FAILED: Final = Answer(500)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody who has shown the token."""

    path: str
    with_body: bool


def judge(head: bytes, token: str, port: int | None) -> Asked | Answer:
    """What a whole head asks for, or what it is answered.

    Args:
        token: that has to be shown.
        port: that a name of ours may have beside it; None where any may, on a UNIX socket.
    """
    request = read_head(head)
    line = None if request is None else _LINE.fullmatch(request.line)
    if request is None or line is None or _has_body(request) or not _shows(request, token):
        return REFUSAL
    if not _names_us(request, port):
        return WRONG_HOST
    if line["method"] not in ("GET", "HEAD"):
        return WRONG_METHOD
    return Asked(line["target"].partition("?")[0], line["method"] == "GET")


def _has_body(request: RequestHead) -> bool:
    return "transfer-encoding" in request.headers or request.headers.get("content-length", "0") != "0"


def _shows(request: RequestHead, token: str) -> bool:
    shown = _BEARER.fullmatch(request.headers.get("authorization", ""))
    return hmac.compare_digest(shown["token"].encode() if shown else b"", token.encode())


def _names_us(request: RequestHead, port: int | None) -> bool:
    host = _HOST.fullmatch(request.headers.get("host", ""))
    if host is None:
        return False
    return port is None or int(host["port"] or 80) == port
