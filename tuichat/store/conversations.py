"""Conversations: how this person keeps each, and what is being written there."""

from __future__ import annotations

from typing import Any, Final, TypedDict, Unpack

from tuichat.store.places import Places
from tuichat.store.records import ConversationRow
from tuichat.store.search import Search

_COLUMNS: Final = "contact, muted, pinned, archived, unread_from, timer, timer_revision, retention, memory"
_SELECT: Final = f"SELECT {_COLUMNS} FROM conversations"  # noqa: S608 - names of our own fields
_NO_DRAFT: Final = "UPDATE conversations SET draft = '', draft_ends = NULL"


class ConversationChanges(TypedDict, total=False):
    """What `Conversations.update` may change."""

    muted: bool
    pinned: bool
    archived: bool
    unread_from: int | None
    timer: int
    timer_revision: int
    retention: int | None


_CHANGEABLE: Final = frozenset(ConversationChanges.__annotations__)


class Conversations:
    """One for each contact. What comes in takes `archived` back, what is sent takes `unread_from` back."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._database = places.disk

    def get(self, contact: int) -> ConversationRow | None:
        """The conversation with this contact."""
        values = self._database.row(f"{_SELECT} WHERE contact = ?", (contact,))
        return None if values is None else _row(values)

    def all(self) -> dict[int, ConversationRow]:
        """Every conversation by its contact's id."""
        rows = self._database.rows(f"{_SELECT} WHERE contact IS NOT NULL")
        return {row[0]: _row(row) for row in rows}

    def update(self, contact: int, **changes: Unpack[ConversationChanges]) -> None:
        """Change how the conversation with a contact is kept."""
        assert changes.keys() <= _CHANGEABLE, "only these fields of a conversation can be changed"
        assignments = ", ".join(f"{name} = ?" for name in changes)
        query = f"UPDATE conversations SET {assignments} WHERE contact = ?"  # noqa: S608 - names of fields
        values: tuple[Any, ...] = (*changes.values(), contact)
        self._database.run(query, values)

    def drafts(self) -> dict[int, str]:
        """What is being written, by the contact's id; empty ones are left out."""
        query = "SELECT contact, draft FROM conversations WHERE contact IS NOT NULL AND draft <> ''"
        return {row[0]: row[1] for row in self._places.rows(query)}

    def set_draft(self, contact: int, text: str, ends: int | None = None) -> None:
        """Keep what is being written to a contact, for good or until `ends` (milliseconds); "" is nothing."""
        self._places.run(f"{_NO_DRAFT} WHERE contact = ?", (contact,))
        place = self._places.of(contact)
        query = "UPDATE conversations SET draft = ?, draft_ends = ? WHERE contact = ?"
        place.run(query, (text, ends if text else None, contact))

    def next_draft_end(self) -> int | None:
        """When the next draft goes, in milliseconds; None if each stays."""
        query = "SELECT min(draft_ends) FROM conversations WHERE draft_ends IS NOT NULL"
        return min((row[0] for row in self._places.rows(query) if row[0] is not None), default=None)

    def end_drafts(self, now: int) -> list[int]:
        """Let go of the drafts whose time is over at `now` milliseconds; of which contacts they were."""
        query = "SELECT contact FROM conversations WHERE draft_ends <= ?"
        ended = sorted({row[0] for row in self._places.rows(query, (now,))})
        self._places.run(f"{_NO_DRAFT} WHERE draft_ends <= ?", (now,))
        return ended

    def in_memory(self, contact: int) -> bool:
        """Whether what is said with a contact now is kept in memory only."""
        return self._places.of(contact) is not self._places.disk

    def set_memory(self, contact: int, *, wanted: bool) -> None:
        """From now on keep what is said in memory only, or on disk; what was said stays where it is.

        Inside a transaction, and for the first one after `Store.open_memory`. A draft goes along.
        """
        drafts = self._places.rows(
            "SELECT draft, draft_ends FROM conversations WHERE contact = ?", (contact,)
        )
        draft, ends = max(drafts)
        query = "UPDATE conversations SET memory = ? WHERE contact = ?"
        self._database.run(query, ("on" if wanted else "left", contact))
        self._places.let_in(contact)
        self.set_draft(contact, draft, ends)

    def begin_memory(self, contact: int) -> None:
        """After a start: what was in memory is gone, and the memory of a conversation is empty."""
        query = """UPDATE conversations SET unread_from = NULL, memory = iif(memory = 'on', 'on', '')
            WHERE contact = ?"""
        self._database.run(query, (contact,))
        self._places.let_in(contact)

    def erase(self, contact: int) -> None:
        """Erase what was said with a contact and what waits about it, what is written, and what was offered.

        Which messages ever came stays known: none comes twice. Call it inside a transaction.
        """
        for place in self._places.all():
            Search(place).forget_many(contact)
        for table in ("files", "waiting_deeds"):
            self._places.run(f"DELETE FROM {table} WHERE contact = ?", (contact,))  # noqa: S608
        here = "(SELECT id FROM conversations WHERE contact = ?)"
        self._places.run(f"DELETE FROM messages WHERE conversation = {here}", (contact,))  # noqa: S608
        self._places.run(f"DELETE FROM inputs WHERE conversation = {here}", (contact,))  # noqa: S608
        query = f"{_NO_DRAFT}, unread_from = NULL WHERE contact = ?"
        self._places.run(query, (contact,))


def _row(values: tuple[Any, ...]) -> ConversationRow:
    contact, muted, pinned, archived, *rest = values
    return ConversationRow(contact, bool(muted), bool(pinned), bool(archived), *rest)
