"""The messages' table: each conversation's history, in the order this profile has it."""

from __future__ import annotations

from typing import Any

from tuichat.model import Direction, MessageKind, MessageState
from tuichat.store.places import Places
from tuichat.store.records import MessageRow

LATEST = 253_402_214_399_999
"""In milliseconds, a day before the year 9999 ends: a sender may claim anything, and east of UTC that year
ends sooner.
"""
_NO_LIMIT = 2**63 - 1
_ROWS_AT_ONCE = 64
"""How many rows are read before their texts are counted: a page of long ones is not read whole to be cut."""

COLUMNS = (
    "m.id, c.contact, m.direction, m.wire_id, m.kind, m.text, m.sent_at, m.received_at, m.state, m.body, "
    "m.reply_to, m.edited, m.unsent, m.reacted, m.timer, m.expires_at"
)
"""What `row_of` makes a row of: m is the message, c its conversation."""

SEEN_AT_ONCE = 200
"""A receipt is about so many messages at most: those before were seen long ago."""

_SELECT = f"SELECT {COLUMNS} FROM messages m JOIN conversations c ON c.id = m.conversation"  # noqa: S608
_CONVERSATION = "(SELECT id FROM conversations WHERE contact = ?)"
_INSERT = f"""
    INSERT INTO messages
        (id, conversation, direction, wire_id, kind, text, sent_at, received_at, state, body, reply_to,
        timer, expires_at)
    VALUES (?, {_CONVERSATION}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 - no value is pasted in
_PAGE = f"{_SELECT} WHERE m.conversation = {_CONVERSATION} AND m.id > ? AND m.id < ?"
NEWEST = f"{_PAGE} ORDER BY m.id DESC LIMIT ?"
OLDEST = f"{_PAGE} ORDER BY m.id LIMIT ?"
# Named, or the planner takes the index by wire id and visits every received message.
_BY_UNREAD = "messages INDEXED BY messages_unread"
_UNREAD = "direction = 'in' AND state <> 'read'"
MARK_READ = f"""
    UPDATE {_BY_UNREAD} SET state = 'read', expires_at = min(expires_at, ? + timer * 1000)
    WHERE conversation = {_CONVERSATION} AND {_UNREAD} AND id <= ?
"""  # noqa: S608 - no value is pasted in
MARK_SHOWN = f"""
    UPDATE {_BY_UNREAD} SET expires_at = ? + timer * 1000
    WHERE conversation = {_CONVERSATION} AND {_UNREAD} AND id BETWEEN ? AND ?
        AND expires_at > ? + timer * 1000
"""  # noqa: S608 - no value is pasted in
COUNT_UNREAD = f"SELECT count(*) FROM {_BY_UNREAD} WHERE conversation = {_CONVERSATION} AND {_UNREAD}"  # noqa: S608
UNREADABLE = f"""
    {_SELECT} WHERE m.kind = 'unsupported' AND m.id > ? AND m.body <> x'' AND c.contact IS NOT NULL
        ORDER BY m.id LIMIT ?
"""
DUE = f"{_SELECT} WHERE m.expires_at <= ? AND c.contact IS NOT NULL ORDER BY m.expires_at, m.id LIMIT ?"
COUNT_DUE = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE expires_at <= ? LIMIT ?)"
# Those that wait, and those whose file is under way, stay until they do not any more.
# For somebody who is blocked nothing waits.
AGED = f"""
    SELECT * FROM (
        {_SELECT} WHERE m.conversation = {_CONVERSATION}
            AND (NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subject = m.id)
                OR EXISTS (SELECT 1 FROM contacts p WHERE p.id = c.contact AND p.state = 'blocked'))
            AND NOT EXISTS (SELECT 1 FROM files f WHERE f.message = m.id AND f.ended_at IS NULL)
            ORDER BY m.id LIMIT ?
    ) WHERE coalesce(received_at, sent_at) < ?
"""  # noqa: S608 - no value is pasted in
NEXT_DUE = "SELECT min(expires_at) FROM messages WHERE expires_at IS NOT NULL"
_COUNT_FROM = "UPDATE messages SET expires_at = min(expires_at, ? + timer * 1000) WHERE id = ?"
NEWEST_SEEN = f"""
    SELECT id, wire_id FROM messages WHERE conversation = {_CONVERSATION} AND id <= ? AND direction = 'in'
        AND state = 'read' AND kind <> 'unsupported' ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - no value is pasted in
MINE_BEFORE = f"""
    SELECT id, state FROM messages WHERE conversation = {_CONVERSATION} AND id <= ? AND direction = 'out'
        ORDER BY id DESC LIMIT ?
"""  # noqa: S608 - no value is pasted in
# What the triggers do where the message lies, and must hold on disk.
_COMES_BACK = "UPDATE conversations SET archived = 0 WHERE contact = ? AND archived"
_ANSWERED = "UPDATE conversations SET unread_from = NULL WHERE contact = ? AND unread_from IS NOT NULL"
SUMMARIES = f"""
    SELECT
        c.contact,
        (SELECT coalesce(m.received_at, m.sent_at) FROM messages m
            WHERE m.conversation = c.id ORDER BY m.id DESC LIMIT 1),
        (SELECT count(*) FROM {_BY_UNREAD} WHERE conversation = c.id AND {_UNREAD}),
        (SELECT count(*) FROM outbox o WHERE o.contact = c.contact AND o.subject IS NOT NULL)
    FROM conversations c WHERE c.contact IS NOT NULL
"""  # noqa: S608 - no value is pasted in


class Messages:
    """The history. A received message is unread until its state is `read`."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def add(
        self,
        contact: int,
        direction: Direction,
        wire_id: bytes,
        kind: MessageKind,
        text: str,
        *,
        sent_at: int,
        received_at: int | None,
        state: MessageState,
        body: bytes = b"",
        reply_to: bytes | None = None,
        at: int | None = None,
        timer: int | None = None,
        expires_at: int | None = None,
    ) -> MessageRow:
        """Append to the conversation with `contact`, or put it where a removed message stood (`at`).

        A `sent_at` is brought to where every zone has dates.
        """
        claimed = min(max(sent_at, 0), LATEST)
        values = (contact, direction, wire_id, kind, text, claimed, received_at, state, body, reply_to)
        place = self._places.disk if kind == "timer" or at is not None else self._places.of(contact)
        number = self._places.number("messages", place) if at is None else at
        message = place.insert(_INSERT, (number, *values, timer, expires_at))
        if place is not self._places.disk:
            self._places.disk.run(_COMES_BACK if direction == "in" else _ANSWERED, (contact,))
        return MessageRow(message, *values, timer=timer, expires_at=expires_at)

    def is_frozen(self, row: MessageRow) -> bool:
        """Whether a message is on disk from before its conversation was in memory only.

        What is said of it now would be on disk: it takes no other text and no reaction.
        """
        place = self._places.of(row.contact)
        return place is not self._places.disk and place is not self._places.holding(row.id)

    def is_in_memory(self, message: int) -> bool:
        """Whether a message is in memory only."""
        return self._places.holding(message) is not self._places.disk

    def held_in_memory(self) -> int:
        """How many messages are nowhere else."""
        memory = self._places.memory
        return 0 if memory is None else int(memory.one("SELECT count(*) FROM messages"))

    def remove(self, message: int) -> None:
        """Take a message out of the history; its number is for what takes its place."""
        self._places.run("DELETE FROM messages WHERE id = ?", (message,))

    def unreadable(self, after: int, limit: int) -> list[MessageRow]:
        """Messages of all contacts, behind id `after`, of which only the body is kept, oldest first."""
        return self._in_order(self._places.rows(UNREADABLE, (after, limit)), limit)

    def get(self, message: int) -> MessageRow | None:
        """The message of this id."""
        values = self._places.row(f"{_SELECT} WHERE m.id = ?", (message,))
        return None if values is None else row_of(values)

    def by_wire_id(self, contact: int, direction: Direction, wire_id: bytes) -> MessageRow | None:
        """The message that the two nodes name by these 16 bytes."""
        values = self._places.row(
            f"{_SELECT} WHERE m.conversation = {_CONVERSATION} AND m.direction = ? AND m.wire_id = ?",
            (contact, direction, wire_id),
        )
        return None if values is None else row_of(values)

    def set_state(self, message: int, state: MessageState) -> None:
        """Move a message to another state."""
        self._places.run("UPDATE messages SET state = ? WHERE id = ?", (state, message))

    def page(
        self,
        contact: int,
        limit: int,
        before: int | None = None,
        after: int | None = None,
        most_bytes: int = _NO_LIMIT,
    ) -> list[MessageRow]:
        """At most `limit` messages, oldest first, with ids between `after` and `before` (both exclusive).

        With `after` they are the first ones behind it, else the newest. Their texts have `most_bytes` of
        UTF-8 together, unless there is only one: without a message a page would be the history's end.
        """
        rows: list[MessageRow] = []
        room = most_bytes
        while len(rows) < limit:
            wanted = min(_ROWS_AT_ONCE, limit - len(rows))
            more = self._rows(contact, wanted, before, after)
            for row in more:
                room -= len(row.text.encode())
                if room < 0 and rows:
                    break
                rows.append(row)
            if room < 0 or len(more) < wanted:
                break
            before, after = (rows[-1].id, None) if after is None else (before, rows[-1].id)
        return rows[::-1] if after is None else rows

    def _rows(self, contact: int, limit: int, before: int | None, after: int | None) -> list[MessageRow]:
        """The messages nearest to `after`, or to `before` without it, from there on."""
        query = NEWEST if after is None else OLDEST
        bounds = (0 if after is None else after, _NO_LIMIT if before is None else before)
        found = self._places.rows(query, (contact, *bounds, limit))
        return self._in_order(found, limit, newest_first=after is None)

    def _in_order(
        self, found: list[tuple[Any, ...]], limit: int, *, newest_first: bool = False
    ) -> list[MessageRow]:
        """Rows of all places as one place would have given them."""
        rows = [row_of(values) for values in found]
        if self._places.memory is not None:
            rows.sort(key=lambda row: row.id, reverse=newest_first)
        return rows[:limit]

    def mark_read(self, contact: int, up_to: int, now: int) -> int:
        """Received messages up to this id become `read`; how many did. Their timers run from `now`."""
        return self._places.run(MARK_READ, (now, contact, up_to))

    def mark_shown(self, contact: int, first: int, last: int, now: int) -> int:
        """The timers of received messages with these ids run from `now`; of how many that was new."""
        return self._places.run(MARK_SHOWN, (now, contact, first, last, now))

    def newest_seen(self, contact: int, up_to: int) -> bytes | None:
        """The wire id of the newest read message up to this id that came from the contact."""
        found = self._places.rows(NEWEST_SEEN, (contact, up_to))
        return bytes(max(found)[1]) if found else None

    def mark_delivered(self, message: int, now: int) -> None:
        """The contact's node has it; the person may have said already that they have seen it.

        Its timer runs from `now`, in milliseconds.
        """
        self._places.run(_COUNT_FROM, (now, message))
        self._places.run(
            "UPDATE messages SET state = 'delivered' WHERE id = ? AND state = 'queued'", (message,)
        )

    def mark_cancelled(self, message: int, now: int) -> None:
        """It never leaves: nothing acknowledges it, and its timer runs from `now`, in milliseconds."""
        self._places.run(_COUNT_FROM, (now, message))
        self.set_state(message, "cancelled")

    def seen_by_them(self, contact: int, up_to: int) -> list[int]:
        """My messages up to this id become `read`; which did, the newest `SEEN_AT_ONCE` at most."""
        seen = []
        mine = sorted(self._places.rows(MINE_BEFORE, (contact, up_to, SEEN_AT_ONCE)), reverse=True)
        for message, state in mine:
            if state == "read":
                break
            if state in ("queued", "delivered"):
                self.set_state(message, "read")
                seen.append(message)
        return seen

    def due(self, now: int, limit: int) -> list[MessageRow]:
        """At most so many messages whose time is over at `now` milliseconds, the earliest first."""
        rows = [row_of(values) for values in self._places.rows(DUE, (now, limit))]
        return sorted(rows, key=lambda row: (row.expires_at or 0, row.id))[:limit]

    def count_due(self, now: int, most: int) -> int:
        """How many messages there are whose time is over at `now` milliseconds, counted up to `most`."""
        return min(self._places.total(COUNT_DUE, (now, most)), most)

    def aged(self, contact: int, before: int, limit: int) -> list[MessageRow]:
        """Of the oldest messages with a contact, so many, those from before a time in milliseconds."""
        return self._in_order(self._places.rows(AGED, (contact, limit, before)), limit)

    def next_due(self) -> int | None:
        """When the time of the next message is over, in milliseconds; None if no timer runs."""
        return min((row[0] for row in self._places.rows(NEXT_DUE) if row[0] is not None), default=None)

    def unread(self, contact: int) -> int:
        """How many received messages of the conversation are unread."""
        return self._places.total(COUNT_UNREAD, (contact,))

    def summaries(self) -> dict[int, tuple[int | None, int, int]]:
        """For each contact: when its last message came (milliseconds, None if none), unread, queued."""
        found: dict[int, tuple[int | None, int, int]] = {}
        for contact, last, unread, queued in self._places.rows(SUMMARIES):
            at, others_unread, others_queued = found.get(contact, (None, 0, 0))
            newest = max((each for each in (at, last) if each is not None), default=None)
            found[contact] = (newest, unread + others_unread, queued + others_queued)
        return found


def row_of(values: tuple[Any, ...]) -> MessageRow:
    """A message of what its `COLUMNS` have."""
    return MessageRow(*values)
