"""What the interface knows of files: their records by id, kept up to date by events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tuichat.model import File, FileState

_FIRST: Final[tuple[FileState, ...]] = ("active", "waiting", "paused", "offered")
"""Files in these states stand before all others, in this order."""


class KnownFiles:
    """Files of all contacts. A record is replaced, never changed, so that it is its own version."""

    def __init__(self) -> None:
        self._files: dict[int, File] = {}

    def load(self, files: Iterable[File]) -> None:
        """Everything anew."""
        self._files = {file.id: file for file in files}

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self._files.clear()

    def forget_contact(self, contact: int) -> None:
        """A contact is gone, and with it what was offered by and to them."""
        self._files = {number: file for number, file in self._files.items() if file.contact != contact}

    def put(self, file: File) -> None:
        """A new file, or one that went on."""
        self._files[file.id] = file

    def get(self, file: int | None) -> File | None:
        """The file of this id; None if it is not known."""
        return None if file is None else self._files.get(file)

    def group_of(self, file: File) -> list[File]:
        """The offered files that came in one go with an offered one, itself among them."""
        if file.group is None:
            return [file]
        same = (each for each in self._files.values() if each.group == file.group)
        return [each for each in same if (each.contact, each.state) == (file.contact, "offered")]

    def listed(self) -> list[File]:
        """All that are in a history: those that move first, then those that may; the newest first."""
        shown = [file for file in self._files.values() if file.message is not None]
        return sorted(shown, key=_list_order)

    def moving(self) -> tuple[int, int]:
        """How many are on their way now, and how many bytes a second go with all of them."""
        moving = [file for file in self._files.values() if file.state == "active"]
        return len(moving), sum(file.rate for file in moving)


def _list_order(file: File) -> tuple[int, int]:
    return _FIRST.index(file.state) if file.state in _FIRST else len(_FIRST), -file.id
