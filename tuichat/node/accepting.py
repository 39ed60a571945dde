"""Accepting offers: a place for the file with all its room first, then the word that it is wanted.

Those for the inbox one at a time: each sees what those before it have taken. What has ended while room was
made is not accepted any more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tuichat.clock import Rng
from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import FileState
from tuichat.node.events import EventHub
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_places import FileRules, another_part, choose, inbox_with_room, make_room, names_for
from tuichat.node.file_steps import Step, is_offered
from tuichat.node.jobs import OffLoop, to_the_end
from tuichat.node.sweeping import Sweeping
from tuichat.store.part_file import is_part_file
from tuichat.store.records import ContactRow, FileRow
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class AcceptingParts:
    """What accepting works with."""

    store: Store
    hub: EventHub
    notes: FileNotes
    sweeping: Sweeping
    rules: FileRules
    rng: Rng
    off_loop: OffLoop


class Accepting:
    """Every contact's offers."""

    def __init__(self, parts: AcceptingParts) -> None:
        self._with = parts
        self._store = parts.store
        self._inbox = asyncio.Lock()
        self._busy: set[int] = set()

    async def accept(self, file: int, to: str) -> None:
        """Want an offered file, in the inbox or in the directory `to`.

        Raises:
            UsageError: it is not offered, or not any more.
            StorageError: there is no room for it.
        """
        with self._alone(file, is_offered) as row:
            async with contextlib.nullcontext() if to else self._inbox:
                contact = await self._place(row, to)
        self._with.notes.sent(contact)

    def is_open(self, row: FileRow) -> bool:
        """Whether a file waits for an answer, and is not just being accepted."""
        return is_offered(row) and row.id not in self._busy

    async def _place(self, row: FileRow, to: str) -> ContactRow:
        place = await self._with.off_loop(lambda: choose(self._with.rules, row, to, self._with.rng))
        return await self._made(place.part, row, lambda: self._wanted(row.id, place.part, place.final))

    def _wanted(self, file: int, part: Path, final: Path) -> ContactRow:
        row = self._present(file, is_offered)
        contact = self._contact(row)
        with self._with.hub.change() as changes:
            self._store.transfers.update(file, stored_as=str(part), target=str(final))
            self._store.transfers.removed(str(part))
            self._with.notes.take(contact, row, Step.ACCEPTED, changes)
        return contact

    async def try_again(self, file: int) -> None:
        """Go on with a file that failed on this disk, from the beginning if it is gone there.

        Raises:
            UsageError: it did not fail so, or is over.
            StorageError: there is no room for it.
        """
        with self._alone(file, _has_failed) as row:
            part = Path(row.stored_as)
            if await self._with.off_loop(lambda: is_part_file(part, row.size, names_for(Path(row.target)))):
                self._goes_on(file, part)
                return
            part = another_part(part, self._with.rng)
            inbox = part.parent == self._with.rules.inbox
            async with self._inbox if inbox else contextlib.nullcontext():
                if inbox:
                    await self._with.off_loop(lambda: inbox_with_room(self._with.rules, row.size))
                await self._made(part, row, lambda: self._goes_on(file, part))
            self._with.sweeping.sweep()

    def _goes_on(self, file: int, part: Path) -> ContactRow:
        row = self._present(file, _has_failed)
        with self._with.hub.change() as changes:
            if str(part) != row.stored_as:
                self._store.transfers.begin_anew(file)
                self._store.transfers.leave(row.stored_as)
                self._store.transfers.removed(str(part))
            state: FileState = "paused" if row.paused_by else "waiting"
            self._store.transfers.update(file, state=state, reason="", stored_as=str(part))
            changes.file(file)
        return self._contact(row)

    async def _made(self, part: Path, row: FileRow, keep: Callable[[], ContactRow]) -> ContactRow:
        """Make a partial file with all its room; it goes again if it cannot be kept."""
        try:
            with self._with.sweeping.making(part):
                await to_the_end(self._with.off_loop(lambda: make_room(part, row.size)))
                return keep()
        except BaseException:
            self._with.sweeping.sweep()
            raise

    @contextmanager
    def _alone(self, file: int, fits: Callable[[FileRow], bool]) -> Iterator[FileRow]:
        """Do something with a file that fits; nothing else is begun with it meanwhile."""
        row = self._present(file, fits)
        if file in self._busy:
            raise not_now(row)
        self._busy.add(file)
        try:
            yield row
        finally:
            self._busy.discard(file)

    def _present(self, file: int, fits: Callable[[FileRow], bool]) -> FileRow:
        row = self._store.transfers.get(file)
        if row is None:
            raise no_file(file)
        if not fits(row):
            raise not_now(row)
        return row

    def _contact(self, row: FileRow) -> ContactRow:
        contact = self._store.contacts.get(row.contact)
        assert contact is not None
        return contact


def _has_failed(row: FileRow) -> bool:
    return row.direction == "in" and row.ended_at is None and row.state == "failed"


def no_file(file: int) -> NotFoundError:
    """There is no such file, or not any more."""
    return NotFoundError(_("There is no file {id}.").format(id=file), _("See them with: tuichat files list"))


def not_now(row: FileRow) -> UsageError:
    """This is no step that the file can take."""
    if row.direction == "out":
        return UsageError(_("This is not something to do with the file {id} now.").format(id=row.id))
    return UsageError(
        _("This is not something to do with the file {id} now.").format(id=row.id),
        _("See how it stands: tuichat files list"),
    )
