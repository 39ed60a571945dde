"""The text that is being written, as the input lays it out: rows and steps of the cursor part no cluster.

Textual's own document counts code points: there the cursor stops within a flag, and a row may end in one.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.document._document import Location
from textual.document._document_navigator import DocumentNavigator
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset

from tuichat.tui.clusters import cluster_end, cluster_start, clusters, countable
from tuichat.tui.wrapping import may_break


class ClusterDocument(WrappedDocument):
    """Rows of at most `width` cells as any terminal draws them; a space may hang in the cell behind."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Lay out everything; 0: every line is one row."""
        self._width = width
        self._wrap_offsets = [list(_row_ends(line, width)) if width else [] for line in self.document.lines]
        self._tab_width_cache = [[0] * (line.count("\t") + 1) for line in self.document.lines]
        self._offset_to_line_info = [
            (index, section)
            for index, offsets in enumerate(self._wrap_offsets)
            for section in range(len(offsets) + 1)
        ]
        ends = list(accumulate(len(offsets) + 1 for offsets in self._wrap_offsets))
        self._line_index_to_offsets = [
            list(range(end - len(offsets) - 1, end))
            for end, offsets in zip(ends, self._wrap_offsets, strict=True)
        ]

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Lay out everything: lines that did not change are known."""
        self.wrap(self._width)

    def location_to_offset(self, location: Location) -> Offset:
        """The cell that a location is in."""
        line, column = location
        offsets = self.get_offsets(line)
        section = bisect_right(offsets, column)
        start = offsets[section - 1] if section else 0
        x = cell_len(countable(self.document[line][start:column]))
        return Offset(x, self._line_index_to_offsets[line][section])

    def get_target_document_column(self, line_index: int, x_offset: int, y_offset: int) -> int:
        """The column of the cluster that is drawn at a cell of a row of a line.

        Behind the end of a row it is its last cluster, since the next column begins the next row.
        """
        sections = self.get_sections(line_index)
        section = y_offset % len(sections)
        column = sum(map(len, sections[:section]))
        found = clusters(sections[section])
        ends = list(accumulate(cluster.width for cluster in found))
        index = bisect_right(ends, x_offset)
        if index >= len(found) and section < len(sections) - 1:
            index = max(0, len(found) - 1)
        return column + sum(len(cluster.text) for cluster in found[:index])


class ClusterNavigator(DocumentNavigator):
    """Steps of a cluster each."""

    def get_location_left(self, location: Location) -> Location:
        """The cluster before; at the start of a line the end of the line above."""
        line, column = location
        if not column:
            return super().get_location_left(location)
        return line, cluster_start(self._document[line], column - 1)

    def get_location_right(self, location: Location) -> Location:
        """The cluster behind; at the end of a line the start of the line below."""
        line, column = location
        if self.is_end_of_document_line(location):
            return super().get_location_right(location)
        return line, cluster_end(self._document[line], column + 1)

    def get_location_end(self, location: Location) -> Location:
        """The last cluster of the row; of the last row the end."""
        line, column = location
        offsets = self._wrapped_document.get_offsets(line)
        section = bisect_right(offsets, column)
        if section == len(offsets):
            return line, len(self._document[line])
        return line, cluster_start(self._document[line], offsets[section] - 1)

    def word_left(self, location: Location) -> Location:
        """The start of the word, or of the signs, before a location."""
        line, column = location
        if not column:
            return self.get_location_left(location)
        found = [cluster.text for cluster in clusters(self._document[line][:column])]
        while found and found[-1].isspace():
            found.pop()
        kind = _is_word(found[-1]) if found else False
        while found and not found[-1].isspace() and _is_word(found[-1]) == kind:
            found.pop()
        return line, sum(map(len, found))

    def word_right(self, location: Location, *, signs: bool) -> Location:
        """The end of the next word, or with `signs` of the next signs if those come first."""
        line, column = location
        if self.is_end_of_document_line(location):
            return self.get_location_right(location)
        found = [cluster.text for cluster in clusters(self._document[line][column:])]
        index = 0
        while index < len(found) and (found[index].isspace() or not (signs or _is_word(found[index]))):
            index += 1
        kind = index < len(found) and _is_word(found[index])
        while index < len(found) and not found[index].isspace() and _is_word(found[index]) == kind:
            index += 1
        return line, column + sum(map(len, found[:index]))


class ClusterLine(Text):
    """A line of which only whole clusters get a style, such as the cursor's."""

    def stylize(self, style: str | Style, start: int = 0, end: int | None = None) -> None:
        """As rich's, but from the start of the cluster at `start` to the end of that which `end` is in."""
        plain = self.plain
        if 0 <= start < len(plain):
            start = cluster_start(plain, start)
        if end is not None and 0 < end < len(plain):
            end = cluster_end(plain, end)
            while end < len(plain) and not cell_len(plain[start:end]):
                end = cluster_end(plain, end + 1)  # what has no cell is seen by what stands behind it
        super().stylize(style, start, end)


def _is_word(cluster: str) -> bool:
    return cluster[0].isalnum() or cluster[0] == "_"


@lru_cache(256)
def _row_ends(line: str, width: int) -> tuple[int, ...]:
    """Where the rows of a line end, but for the last; greedily, at the last good break of each."""
    units = clusters(line)
    ends: list[int] = []
    start, used, good, index = 0, 0, 0, 0
    while index < len(units):
        unit = units[index]
        if index > start and may_break(units[index - 1].text, unit.text):
            good = index
        hangs = unit.text == " " and used == width
        if used + unit.most > width and index > start and not hangs:
            start = index = good if good > start else index
            ends.append(start)
            used = 0
            continue
        used += unit.most
        index += 1
    columns = [0, *accumulate(len(unit.text) for unit in units)]
    if used > width and units and units[-1].text == " " and start < len(units) - 1:
        ends.append(len(units))  # the cursor behind a space that hangs stands in a row of its own
    return tuple(columns[end] for end in ends)
