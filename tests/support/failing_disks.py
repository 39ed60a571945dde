"""Disks that fail for somebody, and are well again: whatever one's database writes then ends with EIO."""

from __future__ import annotations

from pathlib import Path

import apsw


class FailingDisks:
    """A Watcher.

    Attributes:
        failing: the names of those whose disk fails; their files begin with it and a hyphen.
        struck: how often something failed.
    """

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.struck = 0

    def open(self, path: Path) -> None:
        """Opening succeeds: what is opened cannot be written."""

    def read(self, path: Path) -> None:
        """Reading succeeds, as it often does on a disk that is about to die."""

    def write(self, path: Path, offset: int, data: bytes) -> None:
        self._strike(path)

    def truncate(self, path: Path, size: int) -> None:
        self._strike(path)

    def sync(self, path: Path, *, with_directory: bool) -> None:
        self._strike(path)

    def delete(self, path: Path, *, with_directory: bool) -> None:
        self._strike(path)

    def _strike(self, path: Path) -> None:
        if path.name.partition("-")[0] in self.failing:
            self.struck += 1
            raise apsw.IOError(f"writing {path.name}")
