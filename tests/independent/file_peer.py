"""Files: sealed in chunks and named by hashes, asked for in parts, and what becomes of an offer."""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tests.independent.primitives_peer import Refused, h32, xchacha_open, xchacha_seal
from tests.independent.ratchet_peer import Draw
from tests.independent.web_peer import HEAD_MOST, NOT_FOUND, headers_of

SIZE_MOST = 2**44
RANGE_MOST = 1_048_576
HASH, TAG = 32, 16

ACCEPTED, DECLINED, CANCELLED, PAUSED, GOES_ON, COMPLETE, CHANGED = range(1, 8)
OF_RECEIVER = {ACCEPTED, DECLINED, CANCELLED, PAUSED, GOES_ON, COMPLETE}
OF_AUTHOR = {CANCELLED, PAUSED, GOES_ON, CHANGED}
ENDS = {DECLINED, CANCELLED, COMPLETE, CHANGED}

Ask = Callable[[int, int], Awaitable[bytes]]
"""Gives the bytes of a blob from the first to the last of these, both included."""


@dataclass(frozen=True)
class Layout:
    """How a file of `size` bytes is cut, and where its parts lie in the blob."""

    size: int

    @property
    def chunk(self) -> int:
        return 65_536 if self.size <= 4_194_304 else 262_144

    @property
    def count(self) -> int:
        return -(-self.size // self.chunk)

    @property
    def blob(self) -> int:
        return self.size + 48 * self.count

    def plain(self, i: int) -> tuple[int, int]:
        """Where chunk i begins and ends in the file."""
        return i * self.chunk, min((i + 1) * self.chunk, self.size)

    def sealed(self, i: int) -> tuple[int, int]:
        """Where it begins and ends in the blob."""
        begin, end = self.plain(i)
        return HASH * self.count + begin + TAG * i, HASH * self.count + end + TAG * (i + 1)

    def is_whole(self, first: int, last: int) -> bool:
        """Whether a range is whole hashes, or whole sealed chunks."""
        if last < HASH * self.count:
            return first % HASH == 0 and (last + 1) % HASH == 0
        edges = [self.sealed(i) for i in range(self.count)]
        return first in {begin for begin, _ in edges} and last + 1 in {end for _, end in edges}


@dataclass(frozen=True)
class Offer:
    """What a body of kind 3 says of the bytes."""

    id: bytes
    size: int
    key: bytes
    root: bytes
    path: bytes

    @property
    def layout(self) -> Layout:
        return Layout(self.size)

    def _around(self, i: int) -> tuple[bytes, bytes]:
        """Nonce and associated data of chunk i."""
        n = self.layout.count
        last = b"\x01" if i == n - 1 else b"\x00"
        return bytes(16) + i.to_bytes(8, "big"), self.id + i.to_bytes(8, "big") + n.to_bytes(8, "big") + last

    def seal(self, i: int, plain: bytes) -> bytes:
        nonce, bound = self._around(i)
        return xchacha_seal(self.key, nonce, bound, plain)

    def open(self, i: int, sealed: bytes, listed: bytes) -> bytes:
        begin, end = self.layout.plain(i)
        if len(sealed) != end - begin + TAG or h32(sealed) != listed:
            raise Refused("chunk: not the one that was offered")
        nonce, bound = self._around(i)
        return xchacha_open(self.key, nonce, bound, sealed)

    def check_list(self, hashes: bytes) -> None:
        if root_of(self.key, self.size, hashes) != self.root:
            raise Refused("list: not the one that was offered")


def root_of(key: bytes, size: int, hashes: bytes) -> bytes:
    return h32(b"tuichat/1 file" + h32(key) + size.to_bytes(8, "big") + hashes)


@dataclass
class Authored:
    """A file that its author has offered, and what its disk says now."""

    offer: Offer
    hashes: bytes
    data: bytes

    @classmethod
    def make(cls, draw: Draw, data: bytes) -> Authored:
        blank = Offer(draw(16), len(data), draw(32), b"", draw(32))
        made = cls(blank, b"", data)
        made.hashes = b"".join(h32(made.chunk(i)) for i in range(blank.layout.count))
        made.offer = replace(blank, root=root_of(blank.key, blank.size, made.hashes))
        return made

    def chunk(self, i: int) -> bytes:
        return self.offer.seal(i, self.data[slice(*self.offer.layout.plain(i))])

    def part(self, first: int, last: int) -> bytes | None:
        """What may leave; None for nothing. A file of other bytes than were offered gives nothing."""
        layout = self.offer.layout
        if last >= layout.blob or not layout.is_whole(first, last):
            return None
        if last < len(self.hashes):
            return self.hashes[first : last + 1]
        found = b""
        for i in range(layout.count):
            begin, end = layout.sealed(i)
            if first <= begin and end <= last + 1:
                sealed = self.chunk(i)
                if len(self.data) != layout.size or h32(sealed) != self.hashes[HASH * i : HASH * (i + 1)]:
                    return None
                found += sealed
        return found


async def fetch(offer: Offer, ask: Ask) -> bytes:
    """The whole file, checked. Nothing of an empty one is asked for."""
    layout, hashes = offer.layout, b""
    listed = HASH * layout.count
    while len(hashes) < listed:
        hashes += await ask(len(hashes), min(len(hashes) + RANGE_MOST, listed) - 1)
    offer.check_list(hashes)
    data = b""
    for i in range(layout.count):
        begin, end = layout.sealed(i)
        data += offer.open(i, await ask(begin, end - 1), hashes[HASH * i : HASH * (i + 1)])
    return data


# -- over HTTP --


def request(path: bytes, first: int, last: int) -> bytes:
    name = base64.urlsafe_b64encode(path).decode().rstrip("=")
    return f"GET /file/{name} HTTP/1.1\r\nrange: bytes={first}-{last}\r\nHOST: anyone\r\n\r\n".encode()


def asked(head: bytes) -> tuple[bytes, int, int]:
    """Path, first and last byte of a request."""
    headers = headers_of(head)
    line = re.fullmatch(r"GET /file/([A-Za-z0-9_-]{43}) HTTP/1\.1", head.decode("ascii").split("\r\n")[0])
    number = r"(0|[1-9][0-9]{0,17})"
    span = re.fullmatch(f"bytes={number}-{number}", headers.get("range", ""))
    if len(head) > HEAD_MOST or headers.keys() != {"host", "range"} or line is None or span is None:
        raise Refused("another request")
    path, first, last = base64.urlsafe_b64decode(line[1] + "="), int(span[1]), int(span[2])
    if base64.urlsafe_b64encode(path).decode().rstrip("=") != line[1] or not 0 <= last - first < RANGE_MOST:
        raise Refused("another request")
    return path, first, last


def answer(head: bytes, at: Callable[[bytes], Authored | None]) -> bytes:
    """All that is said to a request for a part of what lies at a path."""
    try:
        path, first, last = asked(head)
    except (Refused, ValueError):
        return NOT_FOUND
    file = at(path)
    part = None if file is None else file.part(first, last)
    if file is None or part is None:
        return NOT_FOUND
    lines = [
        "HTTP/1.1 206 Partial Content",
        f"Content-Length: {len(part)}",
        f"Content-Range: bytes {first}-{last}/{file.offer.layout.blob}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + part


def length_of(head: bytes, first: int, last: int) -> int:
    """How many bytes follow the head of an answer. Refused if it is none to this request."""
    headers = headers_of(head)
    right = head.startswith(b"HTTP/1.1 206 ") and "transfer-encoding" not in headers
    spanned = re.fullmatch(f"bytes {first}-{last}/[0-9]{{1,18}}", headers.get("content-range", ""))
    if not right or headers.get("content-length") != str(last - first + 1) or spanned is None:
        raise Refused("no answer to this")
    return last - first + 1


# -- what becomes of an offer --


@dataclass(frozen=True)
class Course:
    """How an offer stands; `pausing` names those who have it rest."""

    accepted: bool = False
    pausing: frozenset[str] = frozenset()
    over: int | None = None

    @property
    def is_given(self) -> bool:
        """Whether its path leads anywhere."""
        return self.over is None and not self.pausing

    def after(self, state: int, by: str) -> Course:
        """`by` is "receiver" or "author"."""
        if self.over is not None or state not in (OF_RECEIVER if by == "receiver" else OF_AUTHOR):
            return self
        if state in ENDS:
            return Course(self.accepted, frozenset(), state)
        if state == ACCEPTED:
            return replace(self, accepted=True)
        pausing = self.pausing | {by} if state == PAUSED else self.pausing - {by}
        return replace(self, pausing=pausing)
