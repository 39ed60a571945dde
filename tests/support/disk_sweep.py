"""A disk that fails at any one operation of a store's life, once or for good: what must be kept, what told.

The operations are counted on a disk that works. Then the same work is done again and again, each time on a
disk that fails at another of them.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support.disk_faults import DiskFault, Kind, faulty
from tests.support.power_promises import content_of, database_of
from tests.support.stores import KEY, add_contact, receive, write
from tuichat.errors import StorageError
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

KINDS: Final[tuple[Kind, ...]] = ("full", "failing", "unreadable")
_SENTENCES: Final = ("The disk is full", "The disk could not be read or written", "The disk failed")


class Work:
    """One store's life in steps, each whole by itself; a step that failed can be taken again."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "tuichat.db"
        self.store: Store | None = None
        self.steps: list[Callable[[], object]] = [
            self._open,
            self._add,
            lambda: self._many(10),
            lambda: write(self.present, 1, 100),
            self._close,
            self._open,
            lambda: self.present.messages.mark_read(1, 20, 0),
            lambda: self._many(40),
            lambda: self.present.checkpoint(),
            lambda: self.present.settings.put("draft", b"z" * 5000),
            lambda: write(self.present, 1, 101, "y" * 9000),
            self._close,
        ]

    @property
    def present(self) -> Store:
        assert self.store is not None
        return self.store

    def give_up(self) -> None:
        """Close whatever the disk says to it."""
        if self.store is not None:
            with contextlib.suppress(StorageError):
                self.store.close()

    def note(self) -> None:
        """A step more."""
        self.present.settings.put("note", b"a step more")

    def _open(self) -> None:
        self.store = Store.open(self.path, KEY)

    def _close(self) -> None:
        store, self.store = self.store, None
        if store is not None:  # closing is over even when it failed
            store.close()

    def _add(self) -> None:
        add_contact(self.present)

    def _many(self, first: int) -> None:
        with self.present.transaction():
            for number in range(first, first + 8):
                receive(self.present, 1, number, "x" * 2000)
            self.present.sessions.put(SessionRow(1, gen=1, delivered=first))


@contextmanager
def scratch() -> Iterator[Path]:
    fast = Path("/dev/shm")
    with TemporaryDirectory(dir=fast if fast.is_dir() else None) as directory:
        yield Path(directory)


def content(path: Path) -> bytes | None:
    """What a store holds that is opened here; None if there is none yet."""
    if not path.exists():
        return None
    store = Store.open(path, KEY)
    found = content_of(database_of(store))
    store.close()
    return found


def content_after_kill(path: Path) -> bytes | None:
    """What is found if the process ends here."""
    with scratch() as directory:
        for file in path.parent.iterdir():
            shutil.copy(file, directory)
        return content(directory / path.name)


@cache
def expected() -> list[bytes | None]:
    """What a store holds before the first step and after each, on a disk that works."""
    contents = []
    for count in range(len(Work(Path()).steps) + 1):
        with scratch() as directory:
            work = Work(directory)
            for step in work.steps[:count]:
                step()
            contents.append(content_after_kill(work.path))
            work.give_up()
    return contents


@cache
def places(kind: Kind, every: int) -> list[int]:
    """Which operations to fail: every so many-th, and the last ones of each step."""
    with scratch() as directory:
        work, fault = Work(directory), DiskFault(kind, at=0)
        chosen: set[int] = set()
        with faulty(fault):
            for step in work.steps:
                step()
                chosen.update(range(max(1, fault.count - 1), fault.count + 1))
        return sorted(chosen | set(range(1, fault.count, every)))


def refused(step: Callable[[], object]) -> bool:
    """Whether the step fails, which it must do with a sentence of ours."""
    try:
        step()
    except StorageError as failure:
        if failure.message.startswith(_SENTENCES):
            return True
        raise
    return False


def fail_once(kind: Kind, at: int) -> str:
    """Let the operation with this number fail once: what is wrong then, "" if nothing is.

    The step that fails keeps nothing, and works when it is taken again.
    """
    with scratch() as directory, faulty(fault := DiskFault(kind, at)):
        work = Work(directory)
        for number, step in enumerate(work.steps):
            if refused(step):
                # of making a database there is no half: it is empty, or not there
                kept = expected()[number : number + (2 if number == 0 else 1)]
                if content_after_kill(work.path) not in kept:
                    return f"step {number} was refused and kept something"
                step()
        if fault.struck != 1:
            return f"it failed {fault.struck} times"
        return "" if content(work.path) == expected()[-1] else "the end is not what it should be"


def fail_for_good(kind: Kind, at: int) -> str:
    """Let all operations from this number on fail: what is wrong then, "" if nothing is.

    What was kept before is there once the disk works again.
    """
    with scratch() as directory:
        work = Work(directory)
        with faulty(DiskFault(kind, at, lasting=True)):
            number = next((number for number, step in enumerate(work.steps) if refused(step)), None)
            if number is None:
                return "no step was refused"
            if work.store is not None and kind != "unreadable" and not refused(work.note):
                return "a step that could not be kept was not refused"
            work.give_up()
        # a commit whose sync failed may be there: no disk was left to take it back
        kept = expected()[number : number + 2]
        return (
            "" if content(work.path) in kept else f"after step {number} was refused, something else is there"
        )
