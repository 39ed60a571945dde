"""Mutants of deeds: whose they are, what waits, and what an unsend leaves behind."""

from __future__ import annotations

import pytest

from tests.mutants.planting import planted
from tests.support import invariants_deeds as deeds
from tuichat.model import Direction, Unsent
from tuichat.node.deed_arrivals import DeedArrivals
from tuichat.node.events import Changes
from tuichat.node.message_deeds import MessageDeeds
from tuichat.node.outbox import Outbox
from tuichat.protocol.bodies import THE_TWO_OF_US, Deed, Text
from tuichat.store import deeds as kept
from tuichat.store.deeds import Deeds
from tuichat.store.records import MessageRow, OutboxRow


@planted(deeds.a_deed_is_its_authors_to_do)
def anybody_edits_anything(patch: pytest.MonkeyPatch) -> None:
    """A contact puts words into my mouth."""

    def target(self: DeedArrivals, body: Deed) -> MessageRow | None:
        messages, directions = self._store.messages, ("in", "out")
        found = [messages.by_wire_id(self._contact, each, body.target) for each in directions]  # type: ignore[arg-type]
        return found[0] or found[1]

    patch.setattr(DeedArrivals, "_target", target)


@planted(deeds.deeds_wait_for_their_message)
def early_deed_is_dropped(patch: pytest.MonkeyPatch) -> None:
    """What overtakes its message is never done on the other side."""
    patch.setattr(Deeds, "wait", lambda *_: None)


@planted(deeds.an_unsent_message_says_nothing_any_more)
def earlier_texts_outlive_their_message(patch: pytest.MonkeyPatch) -> None:
    """What was taken back stays in the database."""

    def forget(self: Deeds, message: int, unsent: Unsent) -> None:
        self._places.run("UPDATE messages SET text = '', unsent = ? WHERE id = ?", (unsent, message))

    patch.setattr(Deeds, "forget", forget)


@planted(deeds.an_unsent_message_says_nothing_any_more)
def unsent_message_takes_reactions(patch: pytest.MonkeyPatch) -> None:
    """Two who react and unsend at once see different things for ever."""

    def react(
        self: MessageDeeds, row: MessageRow, author: Direction, emoji: str, _: Changes, *, given: bool
    ) -> bool:
        (self._store.deeds.add_reaction if given else self._store.deeds.remove_reaction)(
            row.id, author, emoji
        )
        return True

    patch.setattr(MessageDeeds, "react", react)


@planted(deeds.words_that_are_edited_before_they_leave_never_leave)
def first_words_leave_all_the_same(patch: pytest.MonkeyPatch) -> None:
    """What somebody thought better of is read by the other."""
    patch.setattr(Outbox, "correct", lambda *_: None)


@planted(deeds.words_that_are_edited_before_they_leave_never_leave)
def edited_message_is_another_one(patch: pytest.MonkeyPatch) -> None:
    """Answers and reactions to it find nothing, and its acknowledgement is nobody's."""

    def correct(self: Outbox, row: OutboxRow, text: str) -> None:
        self.cancel(row, bytes(16))
        self.queue_text(Text(THE_TWO_OF_US, bytes(16), 0, text), 0, given=False)

    patch.setattr(Outbox, "correct", correct)


@planted(deeds.deeds_that_wait_are_bounded)
def deeds_wait_without_end(patch: pytest.MonkeyPatch) -> None:
    """A contact fills the disk with edits of messages that never come."""
    patch.setattr(kept, "MAX_WAITING", 10**9)


@planted(deeds.deeds_that_wait_are_bounded)
def deeds_wait_for_ever(patch: pytest.MonkeyPatch) -> None:
    """They are done after months, when everybody has forgotten them."""
    take_waiting = Deeds.take_waiting
    patch.setattr(
        Deeds, "take_waiting", lambda self, contact, target, _now: take_waiting(self, contact, target, 0)
    )
