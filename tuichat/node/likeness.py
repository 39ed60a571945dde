"""Which contacts can be mistaken for which: by their petnames, or by what they call themselves.

A look-alike is shown, not refused. Two people may really be called Marnie and Mamie, and an accent may be all
that tells two friends apart: whoever has them both knows. Only the very same petname is refused, because a
command must mean one person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from tuichat.protocol.lookalike import mixed_scripts, skeletons
from tuichat.store.records import ContactRow

_REMEMBERED: Final = 8192
_SHOWN: Final = 8

Likely = Mapping[str, list[tuple[int, str]]]
"""Contacts' ids and petnames by the skeletons of the petnames."""


class Likeness:
    """Compares names; what was worked out about a name is remembered as long as this lives."""

    def __init__(self) -> None:
        self._skeletons = lru_cache(_REMEMBERED)(skeletons)
        self._mixed = lru_cache(_REMEMBERED)(mixed_scripts)
        self._last: tuple[list[tuple[int, str]], Likely] = ([], {})

    def of(self, petnames: Iterable[tuple[int, str]]) -> Likely:
        """An index of all contacts, to look several up in. The last one serves until a petname changes."""
        named = list(petnames)
        if named != self._last[0]:
            self._last = (named, self._index(named))
        return self._last[1]

    def _index(self, named: list[tuple[int, str]]) -> Likely:
        found: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for contact, name in named:
            for skeleton in self._skeletons(name):
                found[skeleton].append((contact, name))
        return found

    def alike(self, row: ContactRow, among: Likely) -> tuple[str, ...]:
        """Petnames of others that the contact can be mistaken for, at most eight."""
        found: dict[str, None] = {}
        for name in filter(None, (row.petname, row.suggested_name)):
            for skeleton in self._skeletons(name):
                others = among.get(skeleton, [])[: _SHOWN + 1]
                found |= {petname: None for contact, petname in others if contact != row.id}
        return tuple(found)[:_SHOWN]

    def mixed(self, row: ContactRow) -> bool:
        """Whether a word of either name mixes scripts."""
        names = (row.petname, row.suggested_name)
        return any(self._mixed(name) for name in names if not name.isascii())  # ASCII has Latin letters only
