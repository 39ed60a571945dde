"""What edits, unsends and reactions change in a history: the same for mine and for theirs.

Both sides apply the same steps, each side's own ones at once and the other's when they come. So that any
order of the two ends alike: only its author edits or unsends a message, an unsent message takes no more
edits or reactions, and everybody's reactions stand by themselves.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from tuichat.model import Direction, Unsent
from tuichat.node.events import Changes
from tuichat.node.file_forgetting import forget
from tuichat.store.records import FileRow, MessageRow
from tuichat.store.store import Store

MOST_REACTIONS: Final = 20
"""How many different emoji one person may put to a message."""


CHARACTERS_AT_ONCE: Final = 64 * 1024
"""Texts of so many characters are deleted in one commit, unless one has more: everybody waits meanwhile, and
each word is taken out of the index by itself, of one of the longest texts in up to a quarter of a second.
"""


def in_one_commit(rows: list[MessageRow]) -> list[MessageRow]:
    """The first of the messages, as many as are deleted before others get their turn."""
    room = CHARACTERS_AT_ONCE
    for number, row in enumerate(rows):
        room -= len(row.text)
        if room < 0 and number:
            return rows[:number]
    return rows


class MessageDeeds:
    """Each call belongs inside a transaction."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def edit(self, row: MessageRow, texts: list[str], changes: Changes) -> bool:
        """Put other texts in the place of a text, one after the other; whether that changed anything."""
        if row.kind != "text" or row.unsent or row.state == "cancelled":
            return False
        others = [text for before, text in pairwise([row.text, *texts]) if text != before]
        if others:
            self._store.deeds.rewrite(row, others)
            self._tell(row, changes)
        return bool(others)

    def correct(self, row: MessageRow, text: str, changes: Changes) -> None:
        """Put another text in the place of one that nobody else has: it was not edited, and had no other."""
        self._store.deeds.correct(row.id, text)
        self._tell(row, changes)

    def unsend(self, row: MessageRow, state: Unsent, now: int, changes: Changes) -> bool:
        """Forget what a message said or offered, at `now` milliseconds; whether that changed anything."""
        if row.unsent or row.state == "cancelled":
            return False
        file = self._store.transfers.by_message(row.id)
        if file is not None:
            if file.ended_at is None:
                self._store.transfers.end(file.id, "cancelled", "peer" if row.direction == "in" else "", now)
            self._part(row, file, changes)
        self._store.deeds.forget(row.id, state)
        self._tell(row, changes)
        return True

    def react(self, row: MessageRow, author: Direction, emoji: str, changes: Changes, *, given: bool) -> bool:
        """Put an emoji of `author` to a message or take it away; whether that changed anything."""
        mine = [each for by, each in self._store.deeds.reactions(row.id) if by == author]
        if row.unsent or row.state == "cancelled" or given is (emoji in mine):
            return False
        if not given:
            self._store.deeds.remove_reaction(row.id, author, emoji)
        elif len(mine) < MOST_REACTIONS:
            self._store.deeds.add_reaction(row.id, author, emoji)
        else:
            return False
        changes.message(row.id)
        return True

    def remove(self, row: MessageRow, changes: Changes) -> None:
        """Take a message out of the history, with all that was said of it; what quotes it is told."""
        file = self._store.transfers.by_message(row.id)
        if file is not None:
            self._part(row, file, changes)
        replies = self._store.deeds.replies(row)
        self._store.messages.remove(row.id)
        changes.message_removed(row.id, row.contact)
        changes.contact(row.contact)
        for reply in replies:
            changes.message(reply)

    def _part(self, row: MessageRow, file: FileRow, changes: Changes) -> None:
        """The message offers its file no more. What came with one that disappears goes with it."""
        if row.timer is not None:
            forget(self._store, file, changes)
            return
        received = file.direction == "in" and file.state == "complete"
        self._store.transfers.part_from_message(file.id, nameless=not received)
        changes.file(file.id)

    def _tell(self, row: MessageRow, changes: Changes) -> None:
        """The message looks different, and so do the replies that quote it."""
        changes.message(row.id)
        for reply in self._store.deeds.replies(row):
            changes.message(reply)
