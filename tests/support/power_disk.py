"""What was done to a directory, in order: the log from which its states after a power loss are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes put into a file."""

    file: int
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file cut or extended."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """All earlier changes of a file's content last from here on."""

    file: int


@dataclass(frozen=True, slots=True)
class FailedSync:
    """A sync that failed: the earlier changes may never last, even if a later sync succeeds.

    The system reads them back from memory, and holds them for written.
    """

    file: int


@dataclass(frozen=True, slots=True)
class Link:
    """A new file under a name."""

    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Unlink:
    """A name is gone."""

    name: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A file under another name."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SyncDirectory:
    """All earlier changes of names last from here on."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the world was told at this moment, and that must be true ever after."""

    promise: Any


ContentChange = Write | Truncate
NameChange = Link | Unlink | Rename
Operation = ContentChange | Sync | FailedSync | NameChange | SyncDirectory | Mark


class DiskLog:
    """The operations on one directory, which lasts at first as it is.

    Attributes:
        operations: in order; the first `present` of them stand for what was there before.
        broken: what was seen to be wrong while recording.
    """

    def __init__(self, directory: Path) -> None:
        self.operations: list[Operation] = []
        self.broken: list[str] = []
        self._files: dict[str, int] = {}
        self._count = 0
        for path in sorted(directory.iterdir()):
            number = self.open(path.name)
            self.operations += [Write(number, 0, path.read_bytes()), Sync(number)]
        self.operations.append(SyncDirectory())
        self.present = len(self.operations)

    def open(self, name: str) -> int:
        """The number of the file under this name, new if there was none."""
        if name not in self._files:
            self._count += 1
            self._files[name] = self._count
            self.operations.append(Link(name, self._count))
        return self._files[name]

    def unlink(self, name: str) -> None:
        if self._files.pop(name, None) is not None:
            self.operations.append(Unlink(name))

    def rename(self, old: str, new: str) -> None:
        self._files[new] = self._files.pop(old)
        self.operations.append(Rename(old, new))

    def mark(self, promise: object) -> None:
        self.operations.append(Mark(promise))
