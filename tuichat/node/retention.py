"""Deleting messages by their age: here alone, and told to nobody."""

from __future__ import annotations

from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.node.events import EventHub
from tuichat.node.message_deeds import MessageDeeds, in_one_commit
from tuichat.protocol.bodies import Unsend, decode_body
from tuichat.store.records import MessageRow
from tuichat.store.store import Store

LONGEST_SECONDS: Final = 100 * 366 * 86_400

AT_ONCE: Final = 100
"""So many messages are deleted in one commit at most."""

LOOK_SECONDS: Final = 600
"""How often it is looked for messages that have grown old."""


class Retention:
    """That of all conversations.

    Args:
        standard: after how many seconds messages are deleted where nothing else is said, 0 for never.
    """

    def __init__(self, store: Store, hub: EventHub, standard: int) -> None:
        self._store = store
        self._hub = hub
        self._standard = min(standard, LONGEST_SECONDS)
        self._deeds = MessageDeeds(store)
        self._looked_at: int | None = None

    def settle(self, standard: int) -> None:
        """Delete after so many seconds from now on where nothing else is said."""
        self._standard = standard
        self._looked_at = None

    def set(self, contact: int, seconds: int | None) -> None:
        """Delete messages with a contact after so many seconds, 0 for never, None for the standard.

        Raises UsageError if that is longer than anybody keeps anything.
        """
        if seconds is not None and seconds > LONGEST_SECONDS:
            raise UsageError(_("This is more than a hundred years."), _("To keep messages for ever: off"))
        with self._hub.change() as changes:
            self._store.conversations.update(contact, retention=seconds)
            changes.contact(contact)
        self._looked_at = None

    def pause(self) -> float | None:
        """For how many seconds it need not be looked again; None if nothing is deleted by its age."""
        return LOOK_SECONDS if self._ages() else None

    def delete_some(self) -> bool:
        """Delete a part of what is too old, if it is time to look; whether there may be more."""
        now = self._hub.now()
        if self._looked_at is not None and 0 <= now - self._looked_at < LOOK_SECONDS * 1000:
            return False
        for contact, seconds in self._ages().items():
            rows = self._store.messages.aged(contact, now - seconds * 1000, AT_ONCE)
            if rows:
                with self._hub.change() as changes:
                    for row in in_one_commit(rows):
                        self._keep_unsends(row)
                        self._deeds.remove(row, changes)
                return True
        self._looked_at = now
        return False

    def _keep_unsends(self, row: MessageRow) -> None:
        """What was asked of somebody who is blocked is asked should the block be undone."""
        for queued in self._store.outbox.about(row.id):
            if isinstance(decode_body(queued.body), Unsend):
                self._store.outbox.part(queued.id)

    def _ages(self) -> dict[int, int]:
        """After how many seconds messages are deleted, by the contacts with whom they are."""
        found = {
            contact: self._standard if row.retention is None else row.retention
            for contact, row in self._store.conversations.all().items()
        }
        return {contact: seconds for contact, seconds in found.items() if seconds}
