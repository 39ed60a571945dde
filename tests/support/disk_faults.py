"""A disk that fails at its nth operation, once or for good: full, or unreadable, or not to be written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apsw

from tests.support.watched_vfs import watching

Kind = Literal["full", "failing", "unreadable"]
"""No space for a write (half of it is done), EIO at a write, truncate or sync, EIO at a read."""


@dataclass
class DiskFault:
    """A Watcher whose operation number `at` fails, counting from 1; with `lasting`, all from there on.

    Attributes:
        count: how many operations of this kind there were.
        struck: how many of them failed.
    """

    kind: Kind
    at: int
    lasting: bool = False
    count: int = 0
    struck: int = 0

    def open(self, path: Path) -> None:
        """Opening succeeds: what is opened cannot be used."""

    def read(self, path: Path) -> None:
        if self.kind == "unreadable" and self._strikes():
            raise apsw.IOError(f"reading {path.name}")

    def write(self, path: Path, offset: int, data: bytes) -> None:
        if self.kind != "unreadable" and self._strikes():
            with path.open("r+b") as file:
                file.seek(offset)
                file.write(data[: len(data) // 2])
            raise self._failure(path)

    def truncate(self, path: Path, size: int) -> None:
        if self.kind == "failing" and self._strikes():
            raise self._failure(path)

    def sync(self, path: Path, *, with_directory: bool) -> None:
        if self.kind == "failing" and self._strikes():
            raise self._failure(path)

    def delete(self, path: Path, *, with_directory: bool) -> None:
        if self.kind == "failing" and self._strikes():
            raise self._failure(path)

    def _strikes(self) -> bool:
        self.count += 1
        struck = self.count == self.at or (self.lasting and self.count > self.at)
        self.struck += struck
        return struck

    def _failure(self, path: Path) -> apsw.Error:
        failure = apsw.FullError if self.kind == "full" else apsw.IOError
        return failure(f"writing {path.name}")


@contextmanager
def faulty(fault: DiskFault) -> Iterator[None]:
    """Every database that is opened meanwhile is on this disk."""
    with watching(fault):
        yield
