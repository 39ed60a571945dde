"""What arrives about files: offers into history and store, and what the other side did with one."""

from __future__ import annotations

from typing import Final

from tuichat.node.events import Changes
from tuichat.node.file_steps import End, Step, taken
from tuichat.node.offering import OFFER_SECONDS
from tuichat.node.timer_rules import last_moment
from tuichat.protocol.bodies import File, FileState
from tuichat.protocol.labels import label, place
from tuichat.protocol.sanitize import sanitize_name, sanitize_text
from tuichat.store.records import FileRow, MessageRow
from tuichat.store.store import Store

MAX_OFFERS: Final = 1000
"""Unfinished offers of one contact. One more, and the oldest that nobody accepted is over."""


class FileArrivals:
    """Those of one contact. Each call belongs inside a transaction."""

    def __init__(self, store: Store, contact: int) -> None:
        self._store = store
        self._contact = contact

    def offer(self, body: File, now: int, changes: Changes, at: int | None = None) -> MessageRow:
        """A file was offered; `now` in milliseconds. `at` as in `Inbox`. Gives its line of the history.

        In a conversation that is in memory only the line is all that is kept: see `Memory`.
        """
        taken = at is not None or not self._store.conversations.in_memory(self._contact)
        if taken:
            self._make_room(now, changes)
        message = self._store.messages.add(
            self._contact,
            "in",
            body.id,
            "file",
            sanitize_text(body.caption),
            sent_at=body.sent_at,
            received_at=now,
            state="delivered",
            at=at,
            timer=body.ttl,
            expires_at=last_moment(now, body.ttl),
        )
        changes.message(message.id, new=True)
        if taken:
            changes.file(self._store.transfers.add(self._offered(body, message.id, now)).id)
        return message

    def _offered(self, body: File, message: int, now: int) -> FileRow:
        return FileRow(
            id=0,
            contact=self._contact,
            message=message,
            direction="in",
            wire_id=body.id,
            name=label(body.name),
            place=place(body.place.split("/")),
            size=body.size,
            media_type=sanitize_name(body.media_type),
            state="offered",
            key=body.key,
            root=body.root,
            path=body.path,
            offered_at=now,
            expires_at=now + OFFER_SECONDS * 1000,
            group_id=body.group,
            width=body.width,
            height=body.height,
        )

    def _make_room(self, now: int, changes: Changes) -> None:
        offers = self._store.transfers.unanswered(self._contact)
        if len(offers) >= MAX_OFFERS:
            self._store.transfers.end(offers[0], "cancelled", "", now)
            changes.file(offers[0])

    def note(self, body: FileState, now: int, changes: Changes) -> None:
        """The other side did something with a file of theirs or mine."""
        for direction in ("in", "out"):
            row = self._store.transfers.by_wire_id(self._contact, direction, body.file)
            if row is not None:
                apply(self._store, row, Step(body.state), now, changes, mine=False)


def apply(store: Store, row: FileRow, step: Step, now: int, changes: Changes, *, mine: bool) -> bool:
    """Keep what a step brings (see `file_steps`); whether it brought anything."""
    outcome = taken(row, step, mine=mine)
    if outcome is None:
        return False
    if isinstance(outcome, End):
        store.transfers.end(row.id, outcome.state, outcome.reason, now)
    else:
        store.transfers.update(row.id, **outcome)
    changes.file(row.id)
    return True
