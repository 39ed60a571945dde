"""The timers of conversations: what this person sets, and the deleting of what has lasted its time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from tuichat.errors import DamagedError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import AnyEvent, ContactEvent, Draft, DraftEvent, MessageEvent, from_milliseconds
from tuichat.node.conversations import Conversations
from tuichat.node.events import Changes, EventHub
from tuichat.node.file_steps import Step
from tuichat.node.links import Links
from tuichat.node.message_deeds import MessageDeeds, in_one_commit
from tuichat.node.parts import NodeParts
from tuichat.node.retention import Retention
from tuichat.node.timer_rules import next_revision
from tuichat.protocol.bodies import (
    ID_LENGTH,
    MAX_TTL,
    MIN_TIMER,
    THE_TWO_OF_US,
    FileState,
    Timer,
    Unsend,
    decode_body,
)
from tuichat.store.records import ContactRow, ConversationRow, MessageRow, OutboxRow
from tuichat.store.search import MANY
from tuichat.supervisor import supervise

AT_ONCE: Final = 100
"""So many messages are deleted in one commit at most."""

LOOK_SECONDS: Final = 30.0
"""While a timer runs, the clock is looked at so often: it may be set."""

FAILURE_SECONDS: Final = 10.0
"""Before the next try, when the disk failed."""


class Timers:
    """Those of one profile, and its `retention`, in the same task."""

    def __init__(self, parts: NodeParts, hub: EventHub, conversations: Conversations, links: Links) -> None:
        self._store = parts.store
        self._hub = hub
        self._conversations = conversations
        self._links = links
        self._rng = parts.rng
        self.retention = Retention(parts.store, hub, parts.retention)
        self._deeds = MessageDeeds(parts.store)
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to delete; what is over already goes at once."""
        self._hub.listen(self._heard)
        self._task = asyncio.create_task(supervise("timers", self._keep), name="timers")

    async def close(self) -> None:
        """End before the store does."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    # -- what a person sets --

    def settle(self, retention: int) -> None:
        """Delete messages after so many seconds from now on where nothing else is said, 0 for never."""
        self.retention.settle(retention)
        self._changed.set()

    def set(self, contact: ContactRow, seconds: int) -> None:
        """Have texts and files of both disappear after so many seconds, 0 for never.

        Also if they do here: the other may have lost it, having removed this contact since, say.
        """
        if seconds != 0 and not MIN_TIMER <= seconds <= MAX_TTL:
            raise UsageError(
                _("A timer is off, or from 30 seconds to 366 days."), _("For example: 1h, 7d, or off")
            )
        self._conversations.check_may_send(contact)
        known = self._store.conversations.get(contact.id) or ConversationRow(contact.id)
        now = self._hub.now()
        revision = next_revision(known, now)
        body = Timer(THE_TWO_OF_US, self._new_id(), now, seconds, revision)
        at_once = self._links.takes_at_once(contact.id)
        with self._hub.change() as changes:
            row = self._conversations.outbox(contact).queue_timer(body, now, given=at_once)
            self._store.conversations.update(contact.id, timer=seconds, timer_revision=revision)
            changes.message(row.id, new=True)
            changes.contact(contact.id)
        self._links.queued(contact.id)

    # -- what has lasted its time --

    def _heard(self, event: AnyEvent) -> None:
        """A timer may run now that ran not before: a message came, was delivered or seen; or a draft."""
        if isinstance(event, MessageEvent | ContactEvent | DraftEvent):
            self._changed.set()

    async def _keep(self) -> None:
        while True:
            self._changed.clear()
            pause: float | None = FAILURE_SECONDS
            with suppress(StorageError, DamagedError):
                more = True
                self.end_drafts()
                while more:
                    more = self.delete_due() or self.retention.delete_some()
                    await asyncio.sleep(0)
                pause = self._seconds_left()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    def _seconds_left(self) -> float | None:
        """How long nothing is to be done; None if no timer runs, and nothing is deleted by its age."""
        deadlines = (self._store.messages.next_due(), self._store.conversations.next_draft_end())
        deadline = min((each for each in deadlines if each is not None), default=None)
        if deadline is None:
            return self.retention.pause()
        return min(max(deadline - self._hub.now(), 0) / 1000 + 0.001, LOOK_SECONDS)

    def end_drafts(self) -> None:
        """Let go of drafts whose time is over, in every client."""
        now, first = self._hub.now(), self._store.conversations.next_draft_end()
        if first is None or first > now:
            return
        with self._hub.change():
            ended = self._store.conversations.end_drafts(now)
        for contact in ended:
            nothing = Draft(contact=contact, text="")
            self._hub.tell(DraftEvent(at=from_milliseconds(now), draft=nothing, writer=""))

    def delete_due(self) -> bool:
        """Delete a part of the messages whose time is over; whether there may be more."""
        now = self._hub.now()
        rows = self._store.messages.due(now, AT_ONCE)
        if not rows:
            return False
        part = in_one_commit(rows)
        with self._hub.change() as changes:
            if self._store.messages.count_due(now, MANY) == MANY:
                self._store.search.begin_anew()
            told = {row.contact for row in part if self._delete(row, now, changes)}
        for contact in told:
            self._links.queued(contact)
        return len(rows) == AT_ONCE or len(part) < len(rows)

    def _delete(self, row: MessageRow, now: int, changes: Changes) -> bool:
        """Take a message out of history and queue; whether the other node is told of it."""
        contact = self._store.contacts.get(row.contact)
        assert contact is not None
        outbox = self._conversations.outbox(contact)
        carrying = self._store.outbox.by_message(row.id)
        about = self._store.outbox.about(row.id)
        taken_back = False
        for queued in (*(() if carrying is None else (carrying,)), *about):
            unsends = isinstance(decode_body(queued.body), Unsend)
            taken_back = taken_back or unsends
            if queued.given or unsends:  # what was asked of the other node is still to be done there
                self._store.outbox.part(queued.id)
            else:
                outbox.cancel(queued, self._new_id())
        note = None if taken_back else self._note(row, carrying)
        if note is not None:
            outbox.queue_note(note, now, given=False)
        self._deeds.remove(row, changes)
        return note is not None

    def _note(self, row: MessageRow, carrying: OutboxRow | None) -> Unsend | FileState | None:
        """What the other node is to know of a message that disappears: one that may still come there is taken
        back, and a file that either of the two still gives or fetches is over.
        """
        if carrying is not None:
            return Unsend(THE_TWO_OF_US, self._new_id(), row.wire_id) if carrying.given else None
        file = self._store.transfers.by_message(row.id)
        if file is None or file.ended_at is not None or not (file.direction == "out" or file.accepted):
            return None
        return FileState(THE_TWO_OF_US, self._new_id(), file.wire_id, Step.CANCELLED.value)

    def _new_id(self) -> bytes:
        return self._rng.bytes(ID_LENGTH)
