"""Edits, unsends and reactions that arrive: each is done to its message, or waits for it (S7)."""

from __future__ import annotations

from typing import Final

from tuichat.model import Direction
from tuichat.node.events import Changes
from tuichat.node.message_deeds import MessageDeeds
from tuichat.protocol.bodies import Deed, Edit, Reaction, Unsend, decode_body, encode_body
from tuichat.protocol.emoji import one_emoji
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

    def take(self, body: Deed, now: int, changes: Changes) -> None:
        """Do it to its message, or keep it until that comes; not if that was here and is gone.

        The text of an edit has passed the sanitizer.
        """
        row = self._target(body)
        if row is None and not self._store.sessions.knows(self._contact, body.target):
            expires_at = now + WAITING_SECONDS * 1000
            self._store.deeds.wait(self._contact, body.target, encode_body(body), expires_at)
        elif row is not None:
            self._apply(body, row, now, changes)

    def arrived(self, row: MessageRow, now: int, changes: Changes) -> None:
        """A message of theirs is in the history: do what waited, tell of replies that came before it.

        The edits come last and together, which ends alike: reactions stand by themselves, and after an unsend
        they change nothing.
        """
        texts: list[str] = []
        for raw in self._store.deeds.take_waiting(self._contact, row.wire_id, now):
            body = decode_body(raw)
            if isinstance(body, Edit):
                texts.append(body.text)
            elif isinstance(body, Deed):
                self._apply(body, row, now, changes)
        self._edit(row, texts, changes)
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

    def _edit(self, row: MessageRow, texts: list[str], changes: Changes) -> None:
        row = self._store.messages.get(row.id) or row
        if row.kind == "text" and not row.unsent and not self._store.messages.is_frozen(row):
            self._deeds.edit(row, texts, changes)

    def _apply(self, body: Deed, row: MessageRow, now: int, changes: Changes) -> None:
        row = self._store.messages.get(row.id) or row
        if row.kind == "timer":  # what both have agreed on stays to be seen
            return
        if isinstance(body, Reaction) and self._store.messages.is_frozen(row):
            return
        match body:
            case Edit():
                self._edit(row, [body.text], changes)
            case Unsend():
                self._deeds.unsend(row, "done", now, changes)
            case Reaction():
                emoji = one_emoji(body.emoji)
                if emoji:
                    self._deeds.react(row, "in", emoji, changes, given=body.given == 1)
