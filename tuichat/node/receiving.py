"""Fetching what was accepted: one file of a contact after the other, while they are linked, until all are
here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tuichat.clock import Clock
from tuichat.crypto.file_chunks import ChunkError
from tuichat.errors import DamagedError, StorageError
from tuichat.media.sniff import HEAD_BYTES, sniff
from tuichat.model import (
    AnyEvent,
    ContactEvent,
    ContactRemovedEvent,
    FileEvent,
    FileReason,
    LinkEvent,
    LinkStage,
)
from tuichat.network.transport import Circuit, Transport
from tuichat.node.events import EventHub
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_places import FileRules, is_full, names_for
from tuichat.node.file_progress import FileBook
from tuichat.node.file_steps import Step
from tuichat.node.pull import NotThereError, OffLoop, Pull, PullParts, StalledError, wanted_circuits
from tuichat.node.supervisor import supervise
from tuichat.store.part_file import put_in_place
from tuichat.store.records import FileRow
from tuichat.store.store import Store

FILES_AT_ONCE: Final = 3
"""So many contacts' files are fetched at a time; of each contact one."""

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 600.0
TICK_SECONDS: Final = 0.25
"""How often it is told how far a file is."""


@dataclass(frozen=True, slots=True)
class ReceivingParts:
    """What receiving works with.

    Attributes:
        stage: of a contact's link.
    """

    store: Store
    hub: EventHub
    book: FileBook
    notes: FileNotes
    transport: Transport
    rules: FileRules
    clock: Clock
    off_loop: OffLoop
    stage: Callable[[int], LinkStage]


class Receiving:
    """All contacts' files on their way in."""

    def __init__(self, parts: ReceivingParts) -> None:
        self._with = parts
        self._store = parts.store
        self._turns = asyncio.Semaphore(FILES_AT_ONCE)
        self._carriers: dict[int, _Carrier] = {}
        self._sweeps: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self) -> None:
        """Go on with everything that was accepted."""
        self._with.hub.listen(self._happened)
        for contact in {row.contact for row in self._store.transfers.unfinished() if row.direction == "in"}:
            self._wake(contact)
        self.sweep()

    async def close(self) -> None:
        """Stop; what was fetched so far stays."""
        self._closed = True
        for contact in list(self._carriers):
            await self._drop(contact)
        for task in self._sweeps:
            task.cancel()
        await asyncio.gather(*self._sweeps, return_exceptions=True)

    def prepare(self, row: FileRow) -> None:
        """Let circuits be built for an offer that was not accepted yet."""
        self._carrier(row.contact).prepare(row)

    def sweep(self) -> None:
        """Remove from the disk what is not needed any more."""
        task = asyncio.get_running_loop().create_task(self._sweep())
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)

    async def _sweep(self) -> None:
        with contextlib.suppress(StorageError, DamagedError):
            for path in self._store.transfers.remains():
                with contextlib.suppress(OSError):  # its disk is away: the next start tries again
                    await self._with.off_loop(partial(Path(path).unlink, missing_ok=True))
                    self._store.transfers.removed(path)

    def _happened(self, event: AnyEvent) -> None:
        if self._closed:
            return
        match event:
            case FileEvent(file=file) if event.seq is not None and file.direction == "in":
                if file.contact in self._carriers:
                    self._carriers[file.contact].changed(file.id, wanted=file.state in ("waiting", "active"))
                if file.state == "waiting":
                    self._wake(file.contact)
                elif file.state in ("complete", "declined", "cancelled", "failed"):
                    self.sweep()
            case FileEvent(file=file) if event.seq is not None and file.state not in ("offered", "waiting"):
                self.sweep()  # of what I offered, a copy that was made for it
            case LinkEvent(contact=contact, stage="linked"):
                if contact in self._carriers:
                    self._carriers[contact].wake()
            case ContactEvent(contact=contact) if contact.state == "blocked":
                self._leave(contact.id)
            case ContactRemovedEvent(contact=contact):
                self._leave(contact)

    def _leave(self, contact: int) -> None:
        task = asyncio.get_running_loop().create_task(self._drop(contact))
        self._sweeps.add(task)
        task.add_done_callback(self._sweeps.discard)
        self.sweep()

    async def _drop(self, contact: int) -> None:
        carrier = self._carriers.pop(contact, None)
        if carrier is not None:
            await carrier.close()

    def _wake(self, contact: int) -> None:
        self._carrier(contact).wake()

    def _carrier(self, contact: int) -> _Carrier:
        if contact not in self._carriers:
            self._carriers[contact] = _Carrier(self._with, contact, self._turns)
        return self._carriers[contact]


class _Carrier:
    """One contact's files on their way in, and the circuits that carry them."""

    def __init__(self, parts: ReceivingParts, contact: int, turns: asyncio.Semaphore) -> None:
        self._with = parts
        self._contact = contact
        self._turns = turns
        self._circuits = FileCircuits(self._circuit)
        self._woken = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._current: tuple[int, asyncio.Task[None]] | None = None
        self._task = asyncio.create_task(supervise("files", self._carry), name=f"files {contact}")

    def wake(self) -> None:
        """Something changed that may let files go on: try at once."""
        self._pause = FIRST_PAUSE
        self._woken.set()

    def prepare(self, row: FileRow) -> None:
        """Have circuits ready."""
        if row.size:
            self._circuits.prepare(row.path, wanted_circuits(row.size, self._with.rules.circuits))

    def changed(self, file: int, *, wanted: bool) -> None:
        """A file's state changed: one that is not to go on is stopped."""
        if self._current is not None and self._current[0] == file and not wanted:
            self._current[1].cancel()

    async def close(self) -> None:
        """Stop, and close all circuits."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._circuits.close()

    async def _circuit(self) -> Circuit:
        row = self._with.store.contacts.get(self._contact)
        assert row is not None
        return await self._with.transport.circuit(row.onion, row.reach)

    async def _carry(self) -> None:
        while True:
            self._woken.clear()
            wanted = self._with.store.transfers.wanted(self._contact)
            if wanted and self._with.stage(self._contact) == "linked":
                async with self._turns:
                    if await self._fetch(wanted[0]):
                        self._pause = FIRST_PAUSE
                        continue
                await self._wait(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            else:
                await self._woken.wait()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _fetch(self, row: FileRow) -> bool:
        """Fetch a file as far as it goes; False if it is no use to go on at once."""
        task = asyncio.ensure_future(self._pull(row))
        self._current = (row.id, task)
        ticker = asyncio.ensure_future(self._tell(row.id))
        try:
            await asyncio.wait({task})
        finally:
            self._current = None
            for each in (task, ticker):
                each.cancel()
            await asyncio.gather(task, ticker, return_exceptions=True)
            self._with.book.settle(row.id)
        if task.cancelled():
            return True  # paused or ended meanwhile
        error = task.exception()
        if error is None:
            return True
        self._with.hub.tell_file(row.id)
        return self._failed(row, error)

    async def _pull(self, row: FileRow) -> None:
        parts = PullParts(self._with.store, self._circuits, self._with.rules.circuits, self._with.off_loop)
        await Pull(parts, row, self._with.book.progress(row)).run()
        final, head = await self._with.off_loop(lambda: _finish(row))
        sniffed = sniff(head, row.name)
        contact = self._with.store.contacts.get(row.contact)
        assert contact is not None
        with self._with.hub.change() as changes:
            self._with.store.transfers.update(row.id, stored_as=str(final), sniffed_type=sniffed)
            self._with.store.transfers.leave(row.stored_as)
            self._with.notes.take(contact, row, Step.COMPLETE, changes)
        self._with.notes.sent(contact)

    async def _tell(self, file: int) -> None:
        told: object = None
        while True:
            await asyncio.sleep(TICK_SECONDS)
            record = self._with.book.get(file)
            if record is not None and (record.bytes_done, record.circuits, record.rate) != told:
                told = (record.bytes_done, record.circuits, record.rate)
                self._with.hub.tell_file(file)

    def _failed(self, row: FileRow, error: BaseException) -> bool:
        """What a failure does to the file; whether the next one may go on at once."""
        if isinstance(error, NotThereError | StalledError | StorageError | DamagedError):
            return False
        contact = self._with.store.contacts.get(row.contact)
        if contact is None:
            return True
        if isinstance(error, ChunkError):
            with self._with.hub.change() as changes:
                self._with.notes.say(contact, row, Step.CANCELLED)
                self._with.store.transfers.end(row.id, "failed", "damaged", self._with.hub.now())
                changes.file(row.id)
            self._with.notes.sent(contact)
            return True
        if isinstance(error, OSError):
            with self._with.hub.change() as changes:
                reason: FileReason = "space" if is_full(error) else "unreadable"
                self._with.store.transfers.update(row.id, state="failed", reason=reason)
                changes.file(row.id)
            return True
        raise error


def _finish(row: FileRow) -> tuple[Path, bytes]:
    """Give a whole file its name; that, and its first bytes. Blocks."""
    final = put_in_place(Path(row.stored_as), names_for(Path(row.target)))
    with final.open("rb") as file:
        return final, file.read(HEAD_BYTES)
