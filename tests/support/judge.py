"""What must hold at the end of a story, whatever befell it.

Without old backups each message is in the other's history once, in the order in which it was sent, and none
is missing. Who goes on from an old backup has forgotten what happened since. Then it holds that

- nothing is in a history twice, and nothing that was not sent;
- what is missing in a history was either sent by somebody who has forgotten it since, or stood there before
  its owner forgot it;
- a history is in order as long as not both of its people went on from backups; if both did, what was sent
  after the last time is in order (a forgotten message may come again, behind later ones).

What was done to messages since (edits, unsends, reactions) shows the same in both histories, also if one of
the two has blocked the other meanwhile, unless one has forgotten something.

A cancelled message of somebody who went on from a backup may arrive: the cancelling may be forgotten, and so
may be that it had left. In the same way one that was edited before it left may have left with its first
words. What was queued for somebody when they were blocked may arrive as well.
"""

from __future__ import annotations

from itertools import pairwise

from tests.support.outcome import Complaint
from tests.support.simulated_node import SimulatedNode

Way = tuple[str, str]
"""From whom to whom, by name."""


class Forgotten:
    """What people who went on from old backups do not know any more."""

    def __init__(self) -> None:
        self._backups: dict[str, dict[Way, list[str]]] = {}
        self._excused: dict[Way, set[str]] = {}
        self._in_order_from: dict[Way, int] = {}

    def has_backup(self, person: SimulatedNode) -> bool:
        return person.name in self._backups

    def backed_up(self, person: SimulatedNode, known: dict[Way, list[str]]) -> None:
        """`known`: what the person has sent and received."""
        self._backups[person.name] = known

    def restored(self, person: SimulatedNode, known: dict[Way, list[str]], sent: dict[Way, int]) -> None:
        """`known`: as above, until just now. `sent`: how much was ever sent each way."""
        kept = self._backups[person.name]
        for way, texts in known.items():
            self._excused.setdefault(way, set()).update(set(texts) - set(kept[way]))
            self._in_order_from[way] = sent[way]

    def excused(self, way: Way) -> set[str]:
        """What need not have arrived."""
        return self._excused.get(way, set())

    def in_order_from(self, way: Way) -> int:
        """Behind how many sent messages order is promised, though both have forgotten something."""
        return self._in_order_from.get(way, 0)


class Judge:
    """Knows what was taken back, and compares histories with what was said.

    Attributes:
        cancelled: texts that their senders took back.
        corrected: texts that their senders edited before they left, and what took their place.
        cut_off: texts that were on their way to somebody who was blocked.
        forgotten: see there.
    """

    def __init__(self) -> None:
        self.cancelled: set[str] = set()
        self.corrected: dict[str, str] = {}
        self.cut_off: set[str] = set()
        self.forgotten = Forgotten()

    def compare(self, sender: SimulatedNode, receiver: SimulatedNode, arrived: list[str]) -> list[Complaint]:
        """What is wrong with a history."""
        way = sender.name, receiver.name
        said = sender.sent.get(receiver.name, [])
        perhaps = self.cut_off | (self.cancelled if sender.restorations else set())
        must = set(said) - self.cancelled - self.cut_off - self.forgotten.excused(way)
        both = sender.restorations and receiver.restorations
        since = said[self.forgotten.in_order_from(way) :] if both else said
        places = {text: place for place, text in enumerate(since) if text not in perhaps}
        never = set(arrived) - set(said) | set(arrived) & self.cancelled - perhaps
        if sender.restorations:
            must -= set(self.corrected.values())
            never -= set(self.corrected)
        told = f"{sender.name} to {receiver.name}"
        found = [
            Complaint("lost", len(must - set(arrived)), told),
            Complaint("invented", len(never), told),
            Complaint("doubled", len(arrived) - len(set(arrived)), told),
            Complaint("inverted", _inversions([places[text] for text in arrived if text in places]), told),
        ]
        return [complaint for complaint in found if complaint.times]

    def converged(self, one: SimulatedNode, other: SimulatedNode) -> list[Complaint]:
        """Whether two people who remember everything see the same of each message that both have."""
        if one.restorations or other.restorations:
            return []
        mine, theirs = _shown(one, other), _shown(other, one)
        different = sum(mine[message] != theirs[message] for message in mine.keys() & theirs.keys())
        told = f"{one.name} and {other.name}"
        return [Complaint("diverged", different, told)] if different else []


def _shown(person: SimulatedNode, other: SimulatedNode) -> dict[tuple[str, bytes], tuple[object, ...]]:
    """What a history shows of each message, by author and id, in words that are the same on both sides."""
    store = person.store
    contact = store.contacts.by_onion(other.onion)
    assert contact is not None
    names = {"out": person.name, "in": other.name}
    return {
        (names[row.direction], row.wire_id): (
            row.text,
            row.edited,
            bool(row.unsent),
            row.reply_to,
            sorted((names[author], emoji) for author, emoji in store.deeds.reactions(row.id)),
            store.deeds.earlier(row.id),
        )
        for row in store.messages.page(contact.id, 100_000)
    }


def _inversions(places: list[int]) -> int:
    return sum(one > other for one, other in pairwise(places))
