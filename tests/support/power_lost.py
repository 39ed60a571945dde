"""The states in which a disk may be after a power loss: what was synced, and of the rest any part.

A write that was not synced may be there, or not, or some of its sectors; a later one may be there though an
earlier one is not, within a file and between files. Names likewise: each change of a name happened or not.
A sector is written whole or not at all, which is what SQLite asks of a disk, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

from tests.support.power_disk import (
    ContentChange,
    DiskLog,
    FailedSync,
    Link,
    Mark,
    NameChange,
    Operation,
    Rename,
    Sync,
    SyncDirectory,
    Truncate,
    Unlink,
    Write,
)
from tests.support.seeded_rng import SeededRng

Fate = Literal[
    "kept", "dropped", "first", "scattered", "one lost", "one kept", "torn", "torn pages", "garbage"
]
"""What becomes of the changes that were not synced."""

FATES: tuple[Fate, ...] = get_args(Fate)

SECTOR = 512
PAGE = 4096
_LONGEST_GARBAGE = 65536


@dataclass
class _File:
    lasting: bytearray = field(default_factory=bytearray)
    pending: list[ContentChange] = field(default_factory=list)
    doomed: int = 0  # how many of the pending no sync will save

    def sync(self) -> None:
        if self.doomed:
            self._sync_without_doomed()
        else:
            for change in self.pending:
                _apply(self.lasting, change)
            self.pending.clear()

    def _sync_without_doomed(self) -> None:
        """What came later lasts; the doomed below it is gone, which is the worst that can be."""
        for change in self.pending[self.doomed :]:
            _apply(self.lasting, change)
        self.pending.clear()
        self.doomed = 0


class Disk:
    """A directory at one moment: what lasts, and what does not yet."""

    def __init__(self) -> None:
        self._files: dict[int, _File] = {}
        self._names: dict[str, int] = {}
        self._renamed: list[NameChange] = []

    def do(self, operation: Operation) -> None:
        """The next operation happens."""
        match operation:
            case Write(file=file) | Truncate(file=file):
                self._file(file).pending.append(operation)
            case Sync(file=file):
                self._file(file).sync()
            case FailedSync(file=file):
                self._file(file).doomed = len(self._file(file).pending)
            case SyncDirectory():
                self._change_names(self._names, self._renamed)
                self._renamed = []
            case Link() | Unlink() | Rename():
                self._renamed.append(operation)
            case Mark():
                pass

    def lose(self, fate: Fate, rng: SeededRng) -> dict[str, bytes]:
        """The power goes: each file's content, by name."""
        draw = _Draw(rng)
        changes = [change for file in self._files.values() for change in file.pending]
        verdict = _Verdict(fate, draw, len(changes) + len(self._renamed))
        contents = {}
        for number, file in self._files.items():
            image = bytearray(file.lasting)
            for change in file.pending:
                verdict.pass_on(image, change)
            contents[number] = bytes(image)
        names = dict(self._names)
        self._change_names(names, [change for change in self._renamed if verdict.next_is_kept()])
        return {name: contents.get(number, b"") for name, number in names.items()}

    def _file(self, number: int) -> _File:
        return self._files.setdefault(number, _File())

    def _change_names(self, names: dict[str, int], changes: list[NameChange]) -> None:
        for change in changes:
            match change:
                case Link(name=name, file=file):
                    names[name] = file
                case Unlink(name=name):
                    names.pop(name, None)
                case Rename(old=old, new=new):
                    if old in names:  # else its own beginning was lost
                        names[new] = names.pop(old)


class _Draw:
    """Cheap choices from a seeded source: a draw of bytes costs a hash."""

    def __init__(self, rng: SeededRng) -> None:
        self._rng = rng
        self._bits = 0
        self._left = 0

    def below(self, count: int) -> int:
        return int.from_bytes(self._rng.bytes(6), "big") % max(count, 1)

    def coin(self) -> bool:
        if self._left == 0:
            self._bits, self._left = int.from_bytes(self._rng.bytes(64), "big"), 512
        self._left -= 1
        return bool(self._bits >> self._left & 1)

    def bytes(self, count: int) -> bytes:
        return self._rng.bytes(count)


class _Verdict:
    """What becomes of each of so many changes, asked for in turn."""

    def __init__(self, fate: Fate, draw: _Draw, count: int) -> None:
        self._fate = fate
        self._draw = draw
        self._chosen = draw.below(count + 1 if fate == "first" else count)
        self._number = -1

    def next_is_kept(self) -> bool:
        self._number += 1
        match self._fate:
            case "kept":
                return True
            case "dropped":
                return False
            case "first":
                return self._number < self._chosen
            case "one lost":
                return self._number != self._chosen
            case "one kept":
                return self._number == self._chosen
            case _:
                return self._draw.coin()

    def pass_on(self, image: bytearray, change: ContentChange) -> None:
        """Do to the content what becomes of this change."""
        whole = self.next_is_kept()
        if isinstance(change, Truncate) or self._fate not in ("torn", "torn pages", "garbage"):
            if whole:
                _apply(image, change)
        else:
            self._tear(image, change, PAGE if self._fate == "torn pages" else SECTOR)

    def _tear(self, image: bytearray, write: Write, sector: int) -> None:
        """Keep some sectors; with garbage, new ones that were not written hold anything."""
        end = write.offset + len(write.data)
        before = len(image)
        if self._fate == "garbage" and before < end < before + _LONGEST_GARBAGE:
            image.extend(self._draw.bytes(end - before))
        start = write.offset
        while start < end:
            stop = min(end, (start // sector + 1) * sector)
            if self._draw.coin():
                data = write.data[start - write.offset : stop - write.offset]
                _apply(image, Write(write.file, start, data))
            start = stop


def _apply(image: bytearray, change: ContentChange) -> None:
    if isinstance(change, Truncate):
        del image[change.size :]
        image.extend(bytes(change.size - len(image)))
        return
    image.extend(bytes(max(0, change.offset - len(image))))
    image[change.offset : change.offset + len(change.data)] = change.data


def moments(log: DiskLog) -> Iterator[tuple[int, Disk]]:
    """The disk before the first operation and after each one, with its place in the log."""
    disk = Disk()
    for number, operation in enumerate(log.operations, 1):
        disk.do(operation)
        if number >= log.present:
            yield number, disk
