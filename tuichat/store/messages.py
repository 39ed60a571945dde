"""The messages' table: each conversation's history, in the order this profile has it."""

from __future__ import annotations

from typing import Any

from tuichat.model import Direction, MessageKind, MessageState
from tuichat.store.database import Database
from tuichat.store.records import MessageRow

# A day before the year 9999 ends: a sender may claim anything, and east of UTC that year ends sooner.
_LATEST = 253_402_214_399_999
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
COUNT_UNREAD = f"SELECT count(*) FROM {_BY_UNREAD} WHERE conversation = {_CONVERSATION} AND {_UNREAD}"  # noqa: S608
UNREADABLE = f"""
    {_SELECT} WHERE m.kind = 'unsupported' AND m.id > ? AND m.body <> x'' AND c.contact IS NOT NULL
        ORDER BY m.id LIMIT ?
"""
DUE = f"{_SELECT} WHERE m.expires_at <= ? AND c.contact IS NOT NULL ORDER BY m.expires_at, m.id LIMIT ?"
# Those that wait, and those whose file is under way, stay until they do not any more.
AGED = f"""
    SELECT * FROM (
        {_SELECT} WHERE m.conversation = {_CONVERSATION}
            AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.subject = m.id)
            AND NOT EXISTS (SELECT 1 FROM files f WHERE f.message = m.id AND f.ended_at IS NULL)
            ORDER BY m.id LIMIT ?
    ) WHERE coalesce(received_at, sent_at) < ?
"""  # noqa: S608 - no value is pasted in
NEXT_DUE = "SELECT min(expires_at) FROM messages WHERE expires_at IS NOT NULL"
_COUNT_FROM = "UPDATE messages SET expires_at = min(expires_at, ? + timer * 1000) WHERE id = ?"
NEWEST_SEEN = f"""
    SELECT wire_id FROM messages WHERE conversation = {_CONVERSATION} AND id <= ? AND direction = 'in'
        AND state = 'read' AND kind <> 'unsupported' ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - no value is pasted in
MINE_BEFORE = f"""
    SELECT id, state FROM messages WHERE conversation = {_CONVERSATION} AND id <= ? AND direction = 'out'
        ORDER BY id DESC LIMIT ?
"""  # noqa: S608 - no value is pasted in
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

    def __init__(self, database: Database) -> None:
        self._database = database

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
        claimed = min(max(sent_at, 0), _LATEST)
        values = (contact, direction, wire_id, kind, text, claimed, received_at, state, body, reply_to)
        message = self._database.insert(_INSERT, (at, *values, timer, expires_at))
        return MessageRow(message, *values, timer=timer, expires_at=expires_at)

    def remove(self, message: int) -> None:
        """Take a message out of the history; its number is for what takes its place."""
        self._database.run("DELETE FROM messages WHERE id = ?", (message,))

    def unreadable(self, after: int, limit: int) -> list[MessageRow]:
        """Messages of all contacts, behind id `after`, of which only the body is kept, oldest first."""
        return [row_of(values) for values in self._database.rows(UNREADABLE, (after, limit))]

    def get(self, message: int) -> MessageRow | None:
        """The message of this id."""
        values = self._database.row(f"{_SELECT} WHERE m.id = ?", (message,))
        return None if values is None else row_of(values)

    def by_wire_id(self, contact: int, direction: Direction, wire_id: bytes) -> MessageRow | None:
        """The message that the two nodes name by these 16 bytes."""
        values = self._database.row(
            f"{_SELECT} WHERE m.conversation = {_CONVERSATION} AND m.direction = ? AND m.wire_id = ?",
            (contact, direction, wire_id),
        )
        return None if values is None else row_of(values)

    def set_state(self, message: int, state: MessageState) -> None:
        """Move a message to another state."""
        self._database.run("UPDATE messages SET state = ? WHERE id = ?", (state, message))

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
        return [row_of(values) for values in self._database.rows(query, (contact, *bounds, limit))]

    def mark_read(self, contact: int, up_to: int, now: int) -> int:
        """Received messages up to this id become `read`; how many did. Their timers run from `now`."""
        return self._database.run(MARK_READ, (now, contact, up_to))

    def newest_seen(self, contact: int, up_to: int) -> bytes | None:
        """The wire id of the newest read message up to this id that came from the contact."""
        row = self._database.row(NEWEST_SEEN, (contact, up_to))
        return None if row is None else bytes(row[0])

    def mark_delivered(self, message: int, now: int) -> None:
        """The contact's node has it; the person may have said already that they have seen it.

        Its timer runs from `now`, in milliseconds.
        """
        self._database.run(_COUNT_FROM, (now, message))
        self._database.run(
            "UPDATE messages SET state = 'delivered' WHERE id = ? AND state = 'queued'", (message,)
        )

    def seen_by_them(self, contact: int, up_to: int) -> list[int]:
        """My messages up to this id become `read`; which did, the newest `SEEN_AT_ONCE` at most."""
        seen = []
        for message, state in self._database.rows(MINE_BEFORE, (contact, up_to, SEEN_AT_ONCE)):
            if state == "read":
                break
            if state in ("queued", "delivered"):
                self.set_state(message, "read")
                seen.append(message)
        return seen

    def due(self, now: int, limit: int) -> list[MessageRow]:
        """At most so many messages whose time is over at `now` milliseconds, the earliest first."""
        return [row_of(values) for values in self._database.rows(DUE, (now, limit))]

    def aged(self, contact: int, before: int, limit: int) -> list[MessageRow]:
        """Of the oldest messages with a contact, so many, those from before a time in milliseconds."""
        return [row_of(values) for values in self._database.rows(AGED, (contact, limit, before))]

    def next_due(self) -> int | None:
        """When the time of the next message is over, in milliseconds; None if no timer runs."""
        deadline: int | None = self._database.one(NEXT_DUE)
        return deadline

    def unread(self, contact: int) -> int:
        """How many received messages of the conversation are unread."""
        return int(self._database.one(COUNT_UNREAD, (contact,)))

    def summaries(self) -> dict[int, tuple[int | None, int, int]]:
        """For each contact: when its last message came (milliseconds, None if none), unread, queued."""
        return {
            contact: (last, unread, queued)
            for contact, last, unread, queued in self._database.rows(SUMMARIES)
        }


def row_of(values: tuple[Any, ...]) -> MessageRow:
    """A message of what its `COLUMNS` have."""
    return MessageRow(*values)
