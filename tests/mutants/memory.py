"""Mutants of conversations in memory only: what gets onto the disk, and what is forgotten with the memory."""

from __future__ import annotations

import pytest

from tests.mutants.planting import planted
from tests.support import invariants_memory as memory
from tuichat.store.conversations import Conversations
from tuichat.store.messages import Messages
from tuichat.store.places import Places
from tuichat.store.sessions import Sessions
from tuichat.store.store import Store


@planted(memory.no_word_of_it_is_on_disk)
def everything_is_kept_on_disk(patch: pytest.MonkeyPatch) -> None:
    """The choice is shown and does nothing."""
    patch.setattr(Places, "of", lambda self, _contact: self.disk)


@planted(memory.no_word_of_it_is_on_disk)
def what_waits_is_held_on_disk(patch: pytest.MonkeyPatch) -> None:
    """A message that overtook another one is written."""

    def hold(self: Sessions, contact: int, seq: int, body: bytes) -> None:
        self._database.run("INSERT INTO held (contact, seq, body) VALUES (?, ?, ?)", (contact, seq, body))

    patch.setattr(Sessions, "hold", hold)


@planted(memory.no_word_of_it_is_on_disk)
def draft_is_kept_on_disk(patch: pytest.MonkeyPatch) -> None:
    """What was begun and never sent is written."""

    def set_draft(self: Conversations, contact: int, text: str, _ends: int | None = None) -> None:
        self._database.run("UPDATE conversations SET draft = ? WHERE contact = ?", (text, contact))

    patch.setattr(Conversations, "set_draft", set_draft)


@planted(memory.history_from_before_takes_no_later_words)
def history_from_before_is_edited(patch: pytest.MonkeyPatch) -> None:
    """An edit of an old message is written."""
    patch.setattr(Messages, "is_frozen", lambda *_: False)


@planted(memory.what_came_into_a_lost_memory_does_not_come_again)
def ids_are_known_in_memory(patch: pytest.MonkeyPatch) -> None:
    """After a start it is forgotten what came."""

    def know(self: Sessions, contact: int, wire_id: bytes) -> bool:
        query = "INSERT OR IGNORE INTO known (contact, wire_id) VALUES (?, ?)"
        return self._places.of(contact).run(query, (contact, wire_id)) == 1

    patch.setattr(Sessions, "know", know)


@planted(memory.a_session_does_not_outlive_the_memory)
def session_outlives_the_memory(patch: pytest.MonkeyPatch) -> None:
    """The other side waits for an envelope that is lost, and for all behind it."""

    def begin(self: Store) -> None:
        self.open_memory()

    patch.setattr(Store, "_begin_memory", begin)
