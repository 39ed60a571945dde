"""Files: what this person does with offers, and what the node does by itself about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tuichat.clock import Clock
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import AnyEvent, File, FileEvent, FileReason, FileRemovedEvent, Sent
from tuichat.network.transport import Blob
from tuichat.node.accepting import Accepting, no_file, not_now
from tuichat.node.blobs import Blobs
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_places import FileRules
from tuichat.node.file_progress import FileBook
from tuichat.node.file_steps import Step, is_offered
from tuichat.node.hourly import Hourly
from tuichat.node.jobs import OffLoop
from tuichat.node.receiving import Receiving
from tuichat.node.sending import Sending
from tuichat.node.sweeping import Sweeping
from tuichat.store.records import ContactRow, FileRow, OutboxRow
from tuichat.store.store import Store

BY_ITSELF: Final = 20
"""So many files of one contact are taken without asking, or have circuits made ready, in an hour."""

LARGEST_PAGE: Final = 5000
"""The most files that are listed in one go."""

TELL_SECONDS: Final = 0.5
"""How often it is told that something is fetched from me."""


@dataclass(frozen=True, slots=True)
class TransferParts:
    """What transfers work with.

    Attributes:
        check_may_send: raises TuichatError for a contact to whom nothing may be sent now.
        cancel_message: takes back an offer that has not left.
    """

    store: Store
    hub: EventHub
    book: ContactBook
    files: FileBook
    notes: FileNotes
    sending: Sending
    accepting: Accepting
    receiving: Receiving
    rules: FileRules
    clock: Clock
    off_loop: OffLoop
    check_may_send: Callable[[ContactRow], None]
    cancel_message: Callable[[int], object]


class Transfers:
    """Every contact's files, in both directions."""

    def __init__(self, parts: TransferParts) -> None:
        self._with = parts
        self._store = parts.store
        self._hub = parts.hub
        self._blobs = Blobs(parts.store, parts.files, parts.off_loop, self._fetched, self._changed)
        self._by_itself: dict[int, Hourly] = {}
        self._told: dict[int, float] = {}
        self._left_over: list[int] = []
        self._tasks: set[asyncio.Task[None]] = set()

    # -- life --

    def start(self) -> None:
        """Forget offers that were being prepared, and go on with what was accepted."""
        for row in self._store.transfers.unfinished():
            if row.direction == "out" and row.message is None:
                self._store.transfers.remove(row.id)
        self._hub.listen(self._happened)
        self._with.receiving.start()

    async def close(self) -> None:
        """Stop; nothing that was fetched is lost."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._with.receiving.close()

    @property
    def notes(self) -> FileNotes:
        """How the other side is told."""
        return self._with.notes

    @property
    def sweeping(self) -> Sweeping:
        """What removes from the disk what is not needed."""
        return self._with.receiving.sweeping

    async def leave(self, contact: int) -> None:
        """Nothing is fetched from this contact any more, until it is accepted anew."""
        await self._with.receiving.leave(contact)

    def find_blob(self, path: bytes) -> Blob | None:
        """What a contact who knows the path may fetch."""
        return self._blobs.find(path)

    def tend(self) -> None:
        """What is to be done now and then."""
        self.expire()
        self.take_left_over()

    def expire(self) -> None:
        """End offers whose time is over, and say so: the other side counts from when it came. Those that wait
        to be delivered are taken back: they would come to somebody who does not know how old they are.
        """
        rows = self._store.transfers.expired(self._hub.now())
        if not rows:
            return
        waiting = [(row, self._queued(row)) for row in rows]
        with self._hub.change() as changes:
            for row, queued in waiting:
                self._store.transfers.end(row.id, "cancelled", "expired", self._hub.now())
                changes.file(row.id)
                if _is_known_there(row, queued):
                    self._with.notes.say(self._contact(row), row, Step.CANCELLED)
        for row, queued in waiting:
            if queued is not None and row.message is not None and not queued.given:
                self._with.cancel_message(row.message)

    def _queued(self, row: FileRow) -> OutboxRow | None:
        """My offer in its contact's queue, None if it is not there any more."""
        if row.direction == "in" or row.message is None:
            return None
        return self._store.outbox.by_message(row.message)

    def _happened(self, event: AnyEvent) -> None:
        if isinstance(event, FileRemovedEvent):
            self._over(event.file)
        if not isinstance(event, FileEvent) or event.seq is None:
            return
        file = event.file
        if file.state in ("complete", "declined", "cancelled", "failed"):
            self._over(file.id)
        elif file.state == "offered" and file.direction == "in" and self._is_unasked(file.contact, file.size):
            if self._may_by_itself(file.contact):
                self._begin_taking(file.id)
            else:
                self._left_over.append(file.id)

    def _over(self, file: int) -> None:
        self._blobs.forget(file)
        self._told.pop(file, None)

    def take_left_over(self) -> None:
        """Take what would have come by itself and was too much for its hour, as soon as another begins."""
        waiting, self._left_over = self._left_over, []
        for file in waiting:
            row = self._store.transfers.get(file)
            if row is None or not is_offered(row) or not self._is_unasked(row.contact, row.size):
                continue
            if self._may_by_itself(row.contact):
                self._begin_taking(file)
            else:
                self._left_over.append(file)

    def _begin_taking(self, file: int) -> None:
        task = asyncio.get_running_loop().create_task(self._take(file))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_unasked(self, contact: int, size: int) -> bool:
        """Whether a contact's file is one that comes without asking."""
        row = self._store.contacts.get(contact)
        return size < self._with.rules.limits.auto_accept_below and row is not None and row.verified

    def _may_by_itself(self, contact: int) -> bool:
        """Count something that is done for a contact without anybody having asked (bounded for an hour)."""
        if contact not in self._by_itself:
            self._by_itself[contact] = Hourly(BY_ITSELF, self._with.clock.monotonic)
        return self._by_itself[contact].allows()

    async def _take(self, file: int) -> None:
        try:
            await self.accept(file, "", whole_group=False)
        except TuichatError:
            return  # it stays an offer; whoever accepts it by hand is told why not

    def _fetched(self, file: int) -> None:
        now = self._with.clock.monotonic()
        if now - self._told.get(file, float("-inf")) >= TELL_SECONDS:
            self._told[file] = now
            self._hub.tell_file(file)

    def _changed(self, file: int, reason: FileReason) -> None:
        """What was offered is not there any more: the offer ends before a byte of it leaves."""
        row = self._store.transfers.get(file)
        contact = None if row is None else self._store.contacts.get(row.contact)
        if row is None or contact is None or row.ended_at is not None:
            return
        with self._hub.change() as changes:
            self._with.notes.say(contact, row, Step.CHANGED)
            self._store.transfers.end(file, "failed", reason, self._hub.now())
            changes.file(file)
        self._with.notes.sent(contact)

    # -- what a person does --

    async def send(self, ref: str, paths: list[str], caption: str, *, as_is: bool) -> list[Sent]:
        """Offer files (see `NodeApi.file_send`)."""
        contact = self._with.book.find(ref)
        self._with.check_may_send(contact)
        return await self._with.sending.send(contact, paths, caption, as_is=as_is)

    def page(self, ref: str | None, limit: int, before: int | None) -> list[File]:
        """The newest files of one contact or of all, or those just before one; oldest first."""
        contact = None if ref is None else self._with.book.find(ref).id
        if not 1 <= limit <= LARGEST_PAGE:
            raise UsageError(_("A page has 1 to {most} files.").format(most=LARGEST_PAGE))
        rows = self._store.transfers.all(contact, limit, before)
        return [self._with.files.record(row) for row in rows]

    def under_way(self) -> int:
        """How many are on their way, or wait to be."""
        return self._store.transfers.under_way()

    def get(self, file: int) -> File:
        """One file. Raises NotFoundError."""
        return self._with.files.record(self._row(file))

    async def accept(self, file: int, to: str, *, whole_group: bool, newest: int = 0) -> list[File]:
        """Fetch an offered file, or all of its group that wait for an answer (see `NodeApi.file_accept`)."""
        accepted: list[int] = []
        try:
            for each in self._to_accept(self._row(file), newest) if whole_group else [file]:
                if not accepted or self._with.accepting.is_open(self._row(each)):
                    await self._with.accepting.accept(each, to)
                    accepted.append(each)
        except TuichatError as error:
            raise _after(accepted, error) from error
        return [self.get(each) for each in accepted]

    def _to_accept(self, row: FileRow, newest: int) -> list[int]:
        """What of a file's group waits for an answer, itself first; itself if nothing does."""
        others = [each for each in self._store.transfers.in_group(row) if not newest or each.id <= newest]
        found = [each.id for each in others if self._with.accepting.is_open(each)]
        return sorted(found, key=lambda each: (each != row.id, each)) or [row.id]

    def decline(self, file: int) -> File:
        """Do not want an offered file."""
        row = self._row(file)
        if not is_offered(row):
            raise not_now(row)
        return self._step(row, Step.DECLINED)

    def cancel(self, file: int) -> File:
        """End a transfer, or take an offer back."""
        row = self._row(file)
        if row.ended_at is not None:
            raise not_now(row)
        if _is_prepared(row):
            return self._give_up(row)
        queued = self._queued(row)
        if queued is not None and row.message is not None and not queued.given:
            self._with.cancel_message(row.message)
            return self.get(file)
        return self._step(row, Step.CANCELLED)

    def pause(self, file: int) -> File:
        """Let a transfer rest."""
        row = self._row(file)
        if row.ended_at is not None or row.paused_by in ("me", "both"):
            raise not_now(row)
        if row.state == "failed" or _is_prepared(row):
            raise not_now(row)
        return self._step(row, Step.PAUSED)

    async def resume(self, file: int) -> File:
        """Go on with what this side paused, or with what failed on this disk."""
        row = self._row(file)
        if row.ended_at is None and row.state == "failed":
            await self._with.accepting.try_again(file)
            return self.get(file)
        if row.ended_at is not None or row.paused_by not in ("me", "both"):
            raise not_now(row)
        return self._step(row, Step.GOES_ON)

    def prepare(self, file: int) -> None:
        """An offer came on screen: have circuits ready if its contact is verified (bounded for an hour)."""
        row = self._store.transfers.get(file)
        if row is None or not is_offered(row):
            return
        contact = self._store.contacts.get(row.contact)
        if contact is not None and contact.verified and self._may_by_itself(contact.id):
            self._with.receiving.prepare(row)

    def _give_up(self, row: FileRow) -> File:
        """Nobody knows of it yet, and whoever reads it for the offer stops."""
        with self._hub.change() as changes:
            self._store.transfers.end(row.id, "cancelled", "", self._hub.now())
            changes.file(row.id)
        return self.get(row.id)

    def _step(self, row: FileRow, step: Step) -> File:
        contact = self._contact(row)
        with self._hub.change() as changes:
            self._with.notes.take(contact, row, step, changes)
        self._with.notes.sent(contact)
        return self.get(row.id)

    def _row(self, file: int) -> FileRow:
        row = self._store.transfers.get(file)
        if row is None:
            raise no_file(file)
        return row

    def _contact(self, row: FileRow) -> ContactRow:
        contact = self._store.contacts.get(row.contact)
        assert contact is not None
        return contact


def _after(accepted: list[int], error: TuichatError) -> TuichatError:
    """The same error, which says what was taken before it came."""
    if not accepted:
        return error
    numbers = ", ".join(map(str, accepted))
    taken = _("Taken before that: {numbers}.").format(numbers=numbers)
    return type(error)(error.message, f"{error.hint} {taken}".strip(), error.candidates)


def _is_known_there(row: FileRow, queued: OutboxRow | None) -> bool:
    """Whether the other side knows of my offer, or that I want theirs. `queued`: the offer, if it waits."""
    if row.direction == "in":
        return row.accepted
    return row.message is not None and (queued is None or queued.given)


def _is_prepared(row: FileRow) -> bool:
    """Whether it is still being read, so that no message offers it yet."""
    return row.direction == "out" and row.message is None
