"""Edits, unsends and reactions that arrive: each is done to its message, or waits for it (S7)."""

from __future__ import annotations

from typing import Final

from tuichat.model import Direction
from tuichat.node.events import Changes
from tuichat.node.message_deeds import MessageDeeds
from tuichat.protocol.bodies import Deed, Edit, Reaction, Unsend, decode_body
from tuichat.protocol.emoji import one_emoji
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import MessageRow
from tuichat.store.store import Store

WAITING_SECONDS: Final = 30 * 86_400
"""How long a deed waits for its message at most."""


class DeedArrivals:
    """Those of one contact. Each call belongs inside a transaction; `now` is in milliseconds."""

    def __init__(self, store: Store, contact: int) -> None:
        self._store = store
        self._contact = contact
        self._deeds = MessageDeeds(store)

    def take(self, body: Deed, raw: bytes, now: int, changes: Changes) -> None:
        """Do it to its message, or keep it until that comes; not if that was here and is gone."""
        row = self._target(body)
        if row is None and not self._store.sessions.knows(self._contact, body.target):
            self._store.deeds.wait(self._contact, body.target, raw, now + WAITING_SECONDS * 1000)
        elif row is not None:
            self._apply(body, row, now, changes)

    def arrived(self, row: MessageRow, now: int, changes: Changes) -> None:
        """A message of theirs is in the history: do what waited, tell of replies that came before it."""
        for raw in self._store.deeds.take_waiting(self._contact, row.wire_id, now):
            body = decode_body(raw)
            if isinstance(body, Deed):
                self._apply(body, row, now, changes)
        for reply in self._store.deeds.replies(row):
            changes.message(reply)

    def _target(self, body: Deed) -> MessageRow | None:
        """Whom a deed is about: a message of its author, or with a reaction one of mine before that."""
        directions: tuple[Direction, ...] = ("out", "in") if isinstance(body, Reaction) else ("in",)
        for direction in directions:
            row = self._store.messages.by_wire_id(self._contact, direction, body.target)
            if row is not None:
                return row
        return None

    def _apply(self, body: Deed, row: MessageRow, now: int, changes: Changes) -> None:
        row = self._store.messages.get(row.id) or row
        if row.kind == "timer":  # what both have agreed on stays to be seen
            return
        if not isinstance(body, Unsend) and self._store.messages.is_frozen(row):
            return
        match body:
            case Edit():
                self._deeds.edit(row, sanitize_text(body.text), changes)
            case Unsend():
                self._deeds.unsend(row, "done", now, changes)
            case Reaction():
                emoji = one_emoji(body.emoji)
                if emoji:
                    self._deeds.react(row, "in", emoji, changes, given=body.given == 1)
