"""A conclusion: contacts know newer keys of this profile than it has itself (K3).

They end a link as soon as they know who calls, and do not say why. One of them may have a full disk, which
ends links at the same place; several, again and again, hardly have another reason.
"""

from __future__ import annotations

from typing import Final

from tuichat.i18n import _
from tuichat.model import NoticeEvent, from_milliseconds
from tuichat.node.events import EventHub

IN_A_ROW: Final = 10
"""How many links with one contact must end early, and nothing be heard of it meanwhile."""

CONTACTS: Final = 2
"""How many contacts must do so."""

_DAY: Final = 86_400_000


class OldCopy:
    """Tells the person, at most once a day."""

    def __init__(self, hub: EventHub) -> None:
        self._hub = hub
        self._ended: dict[int, int] = {}
        self._told_at: int | None = None

    def ended_early(self, contact: int) -> None:
        """A link that I had dialled ended early."""
        self._ended[contact] = self._ended.get(contact, 0) + 1
        if sum(count >= IN_A_ROW for count in self._ended.values()) >= CONTACTS:
            self._tell()

    def heard(self, contact: int) -> None:
        """The contact said something: it takes me for who I am."""
        self._ended.pop(contact, None)

    def _tell(self) -> None:
        now = self._hub.now()
        if self._told_at is not None and 0 <= now - self._told_at < _DAY:
            return
        self._told_at = now
        text = _(
            "Several contacts end each link as soon as they know who calls: they have probably seen newer "
            "keys of yours. If this profile was restored from a backup elsewhere, run only that one. If that "
            "one is lost, make a backup of this one and restore it: that draws new keys."
        )
        self._hub.tell(NoticeEvent(at=from_milliseconds(now), text=text, level="warning"))
