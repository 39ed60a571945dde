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


class Anchor(msgspec.Struct, frozen=True):
    """A place that holds: over other widths, and while messages around it come, go and change.

    Attributes:
        message: its id.
        row: of the rows of the message itself; negative in the separators above it.
        rows: how many the message itself took then.
    """

    message: int
    row: int
    rows: int

    def place(self, index: int, above: int, height: int) -> Place:
        """Where that is now: the message at `index` takes `height` rows, the `above` first are separators.

        In a message that takes another number of rows it is as far from its beginning as it was, in parts of
        the whole.
        """
        own = height - above
        row = self.row if self.row <= 0 or own == self.rows else self.row * own // self.rows
        return Place(index, max(0, min(above + row, height - 1)))


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
