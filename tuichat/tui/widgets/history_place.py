"""Where a history is scrolled to, told by a message and not by a row number, so that it stays there."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

HeightOf = Callable[[int], int]
"""How many rows the message at an index takes (with the separators above it); at least 1."""


class Place(msgspec.Struct, frozen=True):
    """The top row of the view: row `row` of the message at `index`."""

    index: int
    row: int


def place_at_end(count: int, height: int, height_of: HeightOf) -> Place:
    """The place that shows the last row at the bottom (or everything, if everything fits)."""
    index, room = count, height
    while index > 0 and room > 0:
        index -= 1
        room -= height_of(index)
    return Place(index, max(0, -room))


def moved(place: Place, rows: int, count: int, height_of: HeightOf) -> Place:
    """`place` so many rows further down (up if negative), within the messages there are."""
    index, row = place.index, place.row + rows
    while row < 0 and index > 0:
        index -= 1
        row += height_of(index)
    while index < count - 1 and row >= (size := height_of(index)):
        row -= size
        index += 1
    last = height_of(index) - 1 if count else 0
    return Place(index, min(max(row, 0), last))


def is_past(place: Place, end: Place) -> bool:
    """Whether `place` is at or below `end`."""
    return (place.index, place.row) >= (end.index, end.row)
