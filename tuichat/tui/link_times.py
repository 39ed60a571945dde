"""How long links take: since when somebody is being connected to, and how long it took."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tuichat.i18n import _
from tuichat.model import LinkEvent, LinkStage
from tuichat.tui.dates import span

STAGES: Final[tuple[LinkStage, ...]] = ("descriptor", "rendezvous", "handshake")
"""On the way to a link, in this order."""

_FEW_SECONDS: Final = 10.0


class LinkTimes:
    """Kept up to date by events; of what began before there is nothing to tell."""

    def __init__(self) -> None:
        self._begun: dict[int, datetime] = {}
        self._linked: dict[int, datetime] = {}

    def take(self, event: LinkEvent) -> None:
        """Take in that a link moved to another stage."""
        contact = event.contact
        if event.stage in STAGES:
            self._begun.setdefault(contact, event.at)
        elif event.stage == "linked":
            self._linked[contact] = event.at
            return
        else:
            self._begun.pop(contact, None)
        self._linked.pop(contact, None)

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self._begun.clear()
        self._linked.clear()

    def linked_at(self, contact: int) -> datetime | None:
        """Since when there is a link; None if that is not known, or there is none."""
        return self._linked.get(contact)

    def seconds(self, contact: int, now: datetime) -> float | None:
        """How long it is being connected, or how long it took; None if that is not known.

        A link that the other side made took nothing here.
        """
        begun = self._begun.get(contact)
        return None if begun is None else (self._linked.get(contact, now) - begun).total_seconds()

    def took(self, contact: int) -> str:
        """How long the present link took, with a space before it; "" if that is not known."""
        begun, linked = self._begun.get(contact), self._linked.get(contact)
        return (
            "" if begun is None or linked is None else f" {short_seconds((linked - begun).total_seconds())}"
        )


def short_seconds(seconds: float) -> str:
    """A length of time; below ten seconds with tenths."""
    if 0 <= seconds < _FEW_SECONDS:
        return _("{seconds:.1f} s").format(seconds=seconds)
    return span(seconds)
