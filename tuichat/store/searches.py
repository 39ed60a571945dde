"""The indexes of all places where messages lie, as one; see `Search` for what each method does."""

from __future__ import annotations

from tuichat.store.places import Places
from tuichat.store.search import FoundRow, Search, Wanted


class Searches:
    """Messages by their words, on disk and in memory: what is in memory is indexed there."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def _each(self) -> list[Search]:
        return [Search(place) for place in self._places.all()]

    def begin_anew(self) -> None:
        """Empty every index: everything that is there now is to be indexed."""
        for search in self._each():
            search.begin_anew()

    def is_whole(self) -> bool:
        """Whether every message can be found."""
        return all(search.is_whole() for search in self._each())

    def index_some(self, most: int) -> bool:
        """Put in at most so many messages of each place that are missing; whether there are more."""
        return [search.index_some(most) for search in self._each()].count(True) > 0

    def merge_some(self, pages: int) -> bool:
        """Merge so many pages of each index after its steps; whether there is more to do."""
        return [search.merge_some(pages) for search in self._each()].count(True) > 0

    def bounds(self, wanted: Wanted) -> tuple[int, int]:
        """Between which ids all that fits lies, both exclusive."""
        bounds = [search.bounds(wanted) for search in self._each()]
        return min(after for after, _before in bounds), max(before for _after, before in bounds)

    def find(self, wanted: Wanted, limit: int, after: int, before: int) -> list[FoundRow]:
        """The newest messages that fit, newest first, with ids between two (both exclusive)."""
        found = [row for search in self._each() for row in search.find(wanted, limit, after, before)]
        return sorted(found, key=lambda each: each[0].id, reverse=True)[:limit]
