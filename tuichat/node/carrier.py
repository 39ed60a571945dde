"""One contact's files on their way in, one after the other, and the circuits that carry them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from tuichat.clock import Clock
from tuichat.crypto.file_chunks import ChunkError, Layout
from tuichat.errors import DamagedError, StorageError
from tuichat.media.sniff import sniff
from tuichat.model import FileReason, LinkStage
from tuichat.network.transport import Circuit, ConnectionLostError, Transport
from tuichat.node.events import EventHub
from tuichat.node.file_circuits import FileCircuits
from tuichat.node.file_naming import Named, found_named, keep_part, name_it, take_back
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_places import FileRules, is_full
from tuichat.node.file_progress import FileBook, load_map
from tuichat.node.file_steps import Step
from tuichat.node.file_turns import FileTurns
from tuichat.node.jobs import OffLoop, to_the_end
from tuichat.node.pieces import ChunkMap
from tuichat.node.pull import NotThereError, Pull, PullParts, StalledError, wanted_circuits
from tuichat.store.records import ContactRow, FileRow
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART
from tuichat.supervisor import supervise

FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 600.0
TURN_SECONDS: Final = 300.0
"""After so long a file makes way if another contact's waits: three who send a byte now and then would keep
all others' away."""

TICK_SECONDS: Final = 0.25
"""How often it is told how far a file is."""

Outcome = Literal["done", "not there", "nothing comes"]
"""Of an attempt: it is over, or made way; another file of the contact may do better; none will just now."""


@dataclass(frozen=True, slots=True)
class CarrierParts:
    """What fetching works with.

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


class Carrier:
    """Runs from its making until `close`."""

    def __init__(self, parts: CarrierParts, contact: int, turns: FileTurns) -> None:
        self._with = parts
        self._store = parts.store
        self._contact = contact
        self._turns = turns
        self._circuits = FileCircuits(self._circuit, parts.clock.monotonic)
        self._woken = asyncio.Event()
        self._pause = FIRST_PAUSE
        self._resting: set[int] = set()
        self._not_there: set[int] = set()
        # Of files that only make way, what need not be read back: the largest would never come to its end.
        self._seen: dict[int, ChunkMap] = {}
        self._current: tuple[int, asyncio.Task[None]] | None = None
        self._task = asyncio.create_task(supervise("files", self._carry), name=f"files {contact}")

    def wake(self) -> None:
        """Something changed that may let files go on: try at once."""
        self._pause = FIRST_PAUSE
        self._resting.clear()
        self._woken.set()

    def prepare(self, row: FileRow) -> None:
        """Have circuits ready."""
        if row.size:
            self._circuits.prepare(row.path, wanted_circuits(row.size, self._with.rules.limits.circuits))

    def changed(self, file: int, *, wanted: bool) -> None:
        """A file's state changed: one that is not to go on is stopped."""
        if not wanted:
            self._seen.pop(file, None)
            if self._current is not None and self._current[0] == file:
                self._current[1].cancel()

    async def close(self) -> None:
        """Stop, and close all circuits."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._circuits.close()

    async def _circuit(self) -> Circuit:
        row = self._store.contacts.get(self._contact)
        if row is None:
            raise ConnectionLostError
        return await self._with.transport.circuit(row.onion, row.reach)

    async def _carry(self) -> None:
        while True:
            self._woken.clear()
            if self._with.stage(self._contact) != "linked" or not self._wanted():
                await self._woken.wait()
            elif self._next() is not None:
                async with self._turns.turn():
                    await self._fetch_next()
            else:
                await self._rest()

    def _wanted(self) -> list[FileRow]:
        return self._store.transfers.wanted(self._contact)

    def _next(self) -> FileRow | None:
        """The oldest that has not just failed."""
        return next((row for row in self._wanted() if row.id not in self._resting), None)

    async def _fetch_next(self) -> None:
        row = self._next()  # read now: while a turn was awaited it may have been paused, or have ended
        if row is None:
            return
        match await self._fetch(row):
            case "done":
                self._pause = FIRST_PAUSE
                self._not_there.discard(row.id)
            case "not there":
                self._resting.add(row.id)
                self._not_there.add(row.id)
            case "nothing comes":
                self._resting.update(each.id for each in self._wanted())

    async def _rest(self) -> None:
        """Nothing goes just now: wait, longer each time, or until something changes."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._woken.wait()
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self._resting.clear()

    async def _fetch(self, row: FileRow) -> Outcome:
        """Fetch a file as far as it goes."""
        task = asyncio.ensure_future(self._pull(row))
        self._current = (row.id, task)
        before = self._with.book.progress(row).bytes_done
        ticker = asyncio.ensure_future(self._tell(row.id))
        made_way = False
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=TURN_SECONDS)
                if self._turns.awaited:
                    made_way = task.cancel()
        finally:
            self._current = None
            if not made_way:
                self._seen.pop(row.id, None)
            for each in (task, ticker):
                each.cancel()
            await asyncio.gather(task, ticker, return_exceptions=True)
            if self._with.book.progress(row).bytes_done > before:
                self._pause = FIRST_PAUSE
                self._not_there.discard(row.id)
            self._with.book.settle(row.id)
        error = None if task.cancelled() else task.exception()
        if error is None:
            return "done"
        self._with.hub.tell_file(row.id)
        return self._failed(row, error)

    async def _pull(self, row: FileRow) -> None:
        parts = PullParts(
            self._store,
            self._circuits,
            self._with.rules.limits.circuits,
            self._with.off_loop,
            seen=self._seen.setdefault(row.id, ChunkMap(Layout(row.size).chunks)),
            in_doubt=row.id in self._not_there,
        )
        named = await self._found_named(row)
        if named is None:
            await Pull(parts, row, self._with.book.progress(row)).run()
        await to_the_end(self._finish(row, named))

    async def _found_named(self, row: FileRow) -> Named | None:
        """What a crash left of an earlier `_finish`, if it did."""
        done = load_map(self._store, row)
        if done.set_count < done.count:
            return None
        parts = range(-(-done.count // HASHES_IN_PART))
        hashes = b"".join(self._store.transfers.hashes(row.id, part) for part in parts)
        found: Named | None = await self._with.off_loop(lambda: found_named(row, hashes))
        return found

    async def _finish(self, row: FileRow, found: Named | None) -> None:
        """Give a whole file its name and say so. If it has ended meanwhile, the name goes again."""
        named = found or await self._with.off_loop(lambda: name_it(row))
        contact, now = self._store.contacts.get(row.contact), self._store.transfers.get(row.id)
        if contact is None or now is None or now.ended_at is not None:
            await self._with.off_loop(lambda: take_back(named))
            return
        try:
            self._complete(contact, now, named.final, sniff(named.head, row.name))
        except BaseException:
            await self._with.off_loop(lambda: keep_part(row, named))
            raise
        self._with.notes.sent(contact)

    def _complete(self, contact: ContactRow, row: FileRow, final: Path, sniffed_type: str) -> None:
        with self._with.hub.change() as changes:
            self._store.transfers.update(row.id, stored_as=str(final), sniffed_type=sniffed_type)
            self._store.transfers.leave(row.stored_as)
            self._with.notes.take(contact, row, Step.COMPLETE, changes)

    async def _tell(self, file: int) -> None:
        told: object = None
        while True:
            await asyncio.sleep(TICK_SECONDS)
            record = self._with.book.get(file)
            if record is not None and (record.bytes_done, record.circuits, record.rate) != told:
                told = (record.bytes_done, record.circuits, record.rate)
                self._with.hub.tell_file(file)

    def _failed(self, row: FileRow, error: BaseException) -> Outcome:
        """What a failure does to the file."""
        if isinstance(error, NotThereError):
            return "not there"
        if isinstance(error, StalledError | StorageError | DamagedError):
            return "nothing comes"
        contact, now = self._store.contacts.get(row.contact), self._store.transfers.get(row.id)
        if contact is None or now is None or now.ended_at is not None:
            return "done"
        if isinstance(error, ChunkError):
            with self._with.hub.change() as changes:
                self._with.notes.say(contact, row, Step.CANCELLED)
                self._store.transfers.end(row.id, "failed", "damaged", self._with.hub.now())
                changes.file(row.id)
            self._with.notes.sent(contact)
            return "done"
        if isinstance(error, OSError):
            with self._with.hub.change() as changes:
                reason: FileReason = "space" if is_full(error) else "unreadable"
                self._store.transfers.update(row.id, state="failed", reason=reason)
                changes.file(row.id)
            return "done"
        raise error
