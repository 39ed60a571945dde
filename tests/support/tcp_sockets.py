"""Which TCP connections processes have, read from /proc."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_ESTABLISHED: Final = "01"
_CONNECTING: Final = "02"
_LISTENING: Final = "0A"


def descendants(pid: int) -> list[int]:
    """The process and all that it started, however far down."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += [int(child) for child in children.read_text().split()]
    return found


class Sockets:
    """What processes were seen to have. Attributes: `dialled`, the remote ports of connections they made."""

    def __init__(self) -> None:
        self.dialled: set[int] = set()
        self._own: set[int] = set()

    def look(self, pids: Iterable[int]) -> None:
        """Take in what they have now; connections to where one of them listens, or did, are left out."""
        rows = [row for pid in pids for row in _tcp_rows(pid)]
        self._own |= {_port(row[1]) for row in rows if row[3] == _LISTENING}
        made = [row for row in rows if row[3] in (_ESTABLISHED, _CONNECTING)]
        self.dialled |= {_port(row[2]) for row in made if _port(row[1]) not in self._own}
        self.dialled -= self._own


def _tcp_rows(pid: int) -> list[list[str]]:
    """The kernel's rows about the sockets that a process has open."""
    inodes = set()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(descriptor.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[len("socket:[") : -1])
    rows = []
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
            rows += [words for words in map(str.split, lines) if words[9] in inodes]
    return rows


def _port(place: str) -> int:
    return int(place.rpartition(":")[2], 16)
