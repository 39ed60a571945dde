"""What a node counts for whoever watches it: sums over all contacts, none of a single one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from tuichat.model import AnyEvent, ContactState, Direction, MessageEvent
from tuichat.node.events import EventHub
from tuichat.store.store import Store


@dataclass(frozen=True, slots=True)
class Figures:
    """How much there is.

    Attributes:
        contacts: by state.
        messages: that came into the history since the profile was unlocked, by direction.
        event: the number of the newest durable event, 0 for none.
    """

    contacts: Mapping[str, int]
    messages: Mapping[str, int]
    event: int


class FigureBook:
    """Counts what is told, and asks the store for the rest."""

    def __init__(self, store: Store, hub: EventHub) -> None:
        self._store = store
        self._messages: dict[str, int] = dict.fromkeys(get_args(Direction), 0)
        hub.listen(self._heard)

    def figures(self) -> Figures:
        """As things stand now; costs the same however much there is to read."""
        contacts = {state: self._store.contacts.count(state) for state in get_args(ContactState)}
        return Figures(contacts, dict(self._messages), self._store.events.bounds()[1])

    def _heard(self, event: AnyEvent) -> None:
        if isinstance(event, MessageEvent) and event.new:
            self._messages[event.message.direction] += 1


class FigureMethods:
    """The node's way to them."""

    _figures: FigureBook

    async def figures(self) -> Figures:
        """See `FigureBook.figures`."""
        return self._figures.figures()
