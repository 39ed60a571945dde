"""Mutants of timers: when time begins and ends, what goes with a message, and who sets the timer."""

from __future__ import annotations

import re

import pytest

from tests.mutants.planting import planted
from tests.support import invariants_timers as timers
from tuichat.node import (
    file_arrivals,
    file_forgetting,
    inbox,
    message_deeds,
    outbox,
    sending,
    sweeping,
    timer_rules,
)
from tuichat.node.events import Changes
from tuichat.node.outbox import Outbox
from tuichat.node.timers import Timers
from tuichat.store import messages as kept
from tuichat.store.conversations import Conversations
from tuichat.store.messages import Messages
from tuichat.store.records import FileRow, OutboxRow
from tuichat.store.sessions import Sessions
from tuichat.store.store import Store


@planted(timers.what_was_received_goes_when_its_time_is_over)
def looking_starts_no_time(patch: pytest.MonkeyPatch) -> None:
    """What was seen stays for thirty days more."""
    patch.setattr(kept, "MARK_READ", kept.MARK_READ.replace("? + timer * 1000", "iif(?, expires_at, 0)"))


@planted(timers.what_was_received_goes_when_its_time_is_over)
def looking_again_starts_the_time_again(patch: pytest.MonkeyPatch) -> None:
    """Who looks now and then keeps it for ever."""
    again = """UPDATE messages SET state = 'read', expires_at = ? + timer * 1000 WHERE direction = 'in' AND
        conversation = (SELECT id FROM conversations WHERE contact = ?) AND id <= ?"""
    patch.setattr(kept, "MARK_READ", again)


@planted(timers.what_was_shown_goes_when_its_time_is_over)
def showing_starts_no_time(patch: pytest.MonkeyPatch) -> None:
    """What a command has printed stays for thirty days more."""
    patch.setattr(Messages, "mark_shown", lambda *_: 0)


@planted(timers.what_was_shown_goes_when_its_time_is_over)
def showing_again_starts_the_time_again(patch: pytest.MonkeyPatch) -> None:
    """Who prints it now and then keeps it for ever."""
    again = kept.MARK_SHOWN.replace("expires_at > ? + timer * 1000", "? > 0")
    patch.setattr(kept, "MARK_SHOWN", again)


@planted(timers.a_draft_goes_when_its_time_is_over)
def draft_has_no_end(patch: pytest.MonkeyPatch) -> None:
    """What was begun and never sent stays for ever."""
    patch.setattr(Conversations, "end_drafts", lambda *_: [])


@planted(timers.a_draft_goes_when_its_time_is_over)
def draft_ends_while_it_is_written(patch: pytest.MonkeyPatch) -> None:
    """Its time counts from its first word."""
    original = Conversations.set_draft

    def set_draft(self: Conversations, contact: int, text: str, ends: int | None = None) -> None:
        first = self.next_draft_end()
        original(self, contact, text, ends if first is None else first)

    patch.setattr(Conversations, "set_draft", set_draft)


@planted(timers.what_was_received_goes_when_its_time_is_over)
def unseen_text_has_no_end(patch: pytest.MonkeyPatch) -> None:
    """What nobody looks at stays for ever."""
    patch.setattr(inbox, "last_moment", lambda *_: None)


@planted(timers.what_was_received_goes_when_its_time_is_over)
def offered_file_has_no_end(patch: pytest.MonkeyPatch) -> None:
    """What contacts offer stays for ever."""
    patch.setattr(file_arrivals, "last_moment", lambda *_: None)


@planted(timers.what_was_sent_goes_when_its_time_is_over)
def acknowledgement_starts_no_time(patch: pytest.MonkeyPatch) -> None:
    """What was sent stays for thirty days more."""
    patch.setattr(kept, "_COUNT_FROM", "SELECT ?, ?")


@planted(timers.what_was_sent_goes_when_its_time_is_over)
def what_never_comes_has_no_end(patch: pytest.MonkeyPatch) -> None:
    """What nobody acknowledges stays for ever."""
    patch.setattr(outbox, "last_moment", lambda *_: None)


@planted(timers.nothing_of_a_message_that_disappears_stays_in_the_database)
def deleted_words_are_not_overwritten(patch: pytest.MonkeyPatch) -> None:
    """They are in the database for whoever opens it."""
    remove = Messages.remove

    def removed(self: Messages, message: int) -> None:
        self._places.run("PRAGMA secure_delete = OFF")
        remove(self, message)

    patch.setattr(Messages, "remove", removed)


@planted(
    timers.nothing_of_a_message_that_disappears_stays_in_the_database, timers.a_file_goes_with_its_message
)
def file_outlives_its_message(patch: pytest.MonkeyPatch) -> None:
    """Its name stays in the list of files."""

    def forget(store: Store, file: FileRow, changes: Changes) -> None:
        store.transfers.part_from_message(file.id, nameless=False)
        changes.file(file.id)

    patch.setattr(message_deeds, "forget", forget)


@planted(timers.nothing_of_a_message_that_disappears_stays_in_the_database)
def edit_waits_for_what_has_disappeared(patch: pytest.MonkeyPatch) -> None:
    """Its words are kept for thirty days after the message is gone."""
    patch.setattr(Sessions, "knows", lambda *_: False)


@planted(timers.a_file_goes_with_its_message)
def offer_carries_no_time(patch: pytest.MonkeyPatch) -> None:
    """Texts disappear, and files of the same conversation stay."""
    patch.setattr(sending, "time_to_live", lambda *_: None)


@planted(timers.a_file_goes_with_its_message)
def received_file_stays_in_the_inbox(patch: pytest.MonkeyPatch) -> None:
    """Nothing says any more what it is, and it is there."""
    patch.setattr(file_forgetting, "is_in_inbox", lambda _: False)


@planted(timers.a_file_goes_with_its_message)
def file_that_was_put_elsewhere_goes(patch: pytest.MonkeyPatch) -> None:
    """A contact deletes what a person has put among their own files; there are two nets."""
    patch.setattr(file_forgetting, "is_in_inbox", lambda _: True)
    patch.setattr(sweeping, "GIVEN_NAME", re.compile(".*"))


@planted(
    timers.a_transfer_ends_when_the_time_of_its_message_is_over,
    timers.what_may_still_come_is_taken_back,
)
def nobody_is_told_that_time_is_over(patch: pytest.MonkeyPatch) -> None:
    """A transfer waits for what is never given, and a text comes after its time."""
    patch.setattr(Timers, "_note", lambda *_: None)


@planted(timers.what_may_still_come_is_taken_back)
def what_waits_leaves_after_its_time(patch: pytest.MonkeyPatch) -> None:
    """What should be gone from both histories comes to one."""

    def cancel(self: Outbox, row: OutboxRow, _void: bytes) -> None:
        self._store.outbox.part(row.id)

    patch.setattr(Outbox, "cancel", cancel)


@planted(timers.changes_of_a_timer_come_to_the_same)
def change_that_comes_last_holds(patch: pytest.MonkeyPatch) -> None:
    """Two who set the timer at once have different ones for ever."""
    patch.setattr(timer_rules, "is_later", lambda *_: True)


@planted(timers.changes_of_a_timer_come_to_the_same)
def of_two_at_once_the_first_one_holds(patch: pytest.MonkeyPatch) -> None:
    """So do those who set it in the same second."""
    patch.setattr(timer_rules, "_is_shorter", lambda *_: False)


@planted(timers.a_timer_can_always_be_set_again)
def greatest_number_holds_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A contact sets the timer to thirty seconds once and for all."""
    patch.setattr(timer_rules, "is_later", lambda revision, known: revision > known)
