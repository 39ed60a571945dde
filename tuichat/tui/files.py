"""What the interface knows of files: their records by id, read when they are needed, kept up by events."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from tuichat.file_words import is_open
from tuichat.model import File, FileState
from tuichat.tui.pictures import KnownPictures

_FIRST: Final[tuple[FileState, ...]] = ("active", "waiting", "paused", "offered")
"""Files in these states stand before all others, in this order."""


class KnownFiles:
    """A record is replaced, never changed, so that it is its own version.

    There may be thousands, most of them long over: a contact's newest are read when the first is shown, and
    others when their messages are.

    Attributes:
        pictures: what some of them look like.
    """

    def __init__(self) -> None:
        self.pictures = KnownPictures()
        self._files: dict[int, File] = {}
        self._moving: set[int] = set()
        self._read: set[int] = set()
        self._order: list[int] | None = None

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self.pictures.forget()
        self._files.clear()
        self._moving.clear()
        self._read.clear()
        self._order = None

    def read_anew(self) -> None:
        """Events were missed: what is known is shown until it is read again."""
        self._read.clear()

    def was_read(self, contact: int) -> bool:
        """Whether the newest files of a contact are known, and each since."""
        return contact in self._read

    def load(self, contact: int, files: Iterable[File]) -> None:
        """The newest files of a contact."""
        self.forget_contact(contact)
        self._read.add(contact)
        for file in files:
            self.put(file)

    def were_all_read(self, contacts: Collection[int]) -> None:
        """All files of all contacts were put in; of others nothing is there any more."""
        for contact in {file.contact for file in self._files.values()} - set(contacts):
            self.forget_contact(contact)
        self._read.update(contacts)

    def forget_contact(self, contact: int) -> None:
        """A contact is gone, and with it what was offered by and to them."""
        self._files = {number: file for number, file in self._files.items() if file.contact != contact}
        self._moving.intersection_update(self._files)
        self._read.discard(contact)
        self._order = None

    def put(self, file: File) -> None:
        """A new file, or one that went on."""
        before = self._files.get(file.id)
        self._files[file.id] = file
        if before is None or (before.state, before.message) != (file.state, file.message):
            self._order = None
            if file.state == "active":
                self._moving.add(file.id)
            else:
                self._moving.discard(file.id)

    def remove(self, file: int) -> None:
        """It is gone, and with it what it looks like."""
        self.pictures.remove(file)
        self._files.pop(file, None)
        self._moving.discard(file)
        self._order = None

    def ids(self) -> frozenset[int]:
        """Of all that are known now."""
        return frozenset(self._files)

    def get(self, file: int | None) -> File | None:
        """The file of this id; None if it is not known."""
        return None if file is None else self._files.get(file)

    def group_of(self, file: File) -> list[File]:
        """The offered files that came in one go with an offered one, itself among them."""
        if file.group is None:
            return [file]
        same = (each for each in self._files.values() if each.group == file.group)
        return [each for each in same if each.contact == file.contact and is_open(each)]

    def listed(self) -> list[int]:
        """The ids of all that are in a history: those that move first, then those that may; newest first."""
        if self._order is None:
            shown = [file for file in self._files.values() if file.message is not None]
            self._order = [file.id for file in sorted(shown, key=_list_order)]
        return self._order

    def under_way(self) -> int:
        """How many are on their way or wait to be, as far as they are known."""
        return sum(file.state in {"active", "waiting"} for file in self._files.values())

    def moving(self) -> tuple[int, int]:
        """How many are on their way now, and how many bytes a second go with all of them."""
        return len(self._moving), sum(self._files[number].rate for number in self._moving)


def _list_order(file: File) -> tuple[int, int]:
    return _FIRST.index(file.state) if file.state in _FIRST else len(_FIRST), -file.id
