"""Telling a person that a session had to be replaced, though both sides had it (S3, S5)."""

from __future__ import annotations

from typing import Final

from tuichat.i18n import _
from tuichat.model import NoticeEvent, from_milliseconds
from tuichat.node.events import EventHub
from tuichat.store.records import ContactRow

_DAY: Final = 86_400_000


class ReplacedSession:
    """Tells it at most once a day for one contact, however often the contact brings it about."""

    def __init__(self) -> None:
        self._told_at: int | None = None

    def tell(self, hub: EventHub, contact: ContactRow) -> None:
        """An envelope did not open, or the two counted differently."""
        now = hub.now()
        if self._told_at is not None and 0 <= now - self._told_at < _DAY:
            return
        self._told_at = now
        text = _(
            "The session with {name} was begun anew: the two of you did not agree on what was sent. One side "
            "may have gone on from an old copy of its data. What waits is sent again."
        ).format(name=contact.petname)
        hub.tell(NoticeEvent(at=from_milliseconds(now), text=text, level="warning", contact=contact.id))
