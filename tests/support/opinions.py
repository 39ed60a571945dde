"""Terminals that disagree about widths: pyte, and others that draw the same bytes by another opinion."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

import pyte
from pyte.modes import DECAWM
from rich.cells import get_character_cell_size
from wcwidth import wcwidth

from tuichat.tui.clusters import clusters
from tuichat.tui.direction import without_directions

Opinion = Callable[[str], Iterable[tuple[str, int]]]
"""Gives what is drawn as one, and in how many cells; 0: into the cell before."""


def counts_as_the_interface(text: str) -> Iterable[tuple[str, int]]:
    """The widths that the interface itself counts with: what it means to draw."""
    return [(cluster.text, cluster.width) for cluster in clusters(text)]


def joins_everything(text: str) -> Iterable[tuple[str, int]]:
    """A modern terminal: pictures and flags are two cells whatever they are made of; scripts are shaped."""
    return [
        (cluster.text, 2 if len(cluster.text) > 1 and cluster.text[0] > "\u2000" else cluster.width)
        for cluster in clusters(text)
    ]


def joins_nothing(text: str) -> Iterable[tuple[str, int]]:
    """Each character by itself; a skin tone is a patch, half a flag a wide letter, a vowel sign a cell."""
    for letter in text:
        spaced = unicodedata.category(letter) == "Mc" or "\U0001f1e6" <= letter <= "\U0001f3ff"
        yield letter, max(wcwidth(letter), (2 if letter > "\U0001f000" else 1) if spaced else 0)


def knows_no_pictures(text: str) -> Iterable[tuple[str, int]]:
    """An old one, or the Linux console: pictures are one cell, and so is every mark and joiner.

    One that gives cells to marks of direction, too, gets none.
    """
    for letter in without_directions(text):
        width = get_character_cell_size(letter) if letter > "\U0001f000" else max(1, wcwidth(letter))
        yield letter, min(1, width) if letter > "\U0001f000" else width


OPINIONS: Final[tuple[Opinion, ...]] = (joins_everything, joins_nothing, knows_no_pictures)


class OpinionatedScreen(pyte.Screen):
    """pyte's, but for what it draws where."""

    def __init__(self, columns: int, lines: int, opinion: Opinion = counts_as_the_interface) -> None:
        super().__init__(columns, lines)
        self._opinion = opinion

    def draw(self, data: str) -> None:
        """Draw a text at the cursor."""
        for piece, width in self._opinion(data):
            self._put(piece, width)
        self.dirty.add(self.cursor.y)

    def _put(self, piece: str, width: int) -> None:
        line, cursor = self.buffer[self.cursor.y], self.cursor
        if width == 0:
            if cursor.x:
                last = line[cursor.x - 1]
                line[cursor.x - 1] = last._replace(data=last.data + piece)
            return
        if cursor.x + width > self.columns:
            if DECAWM in self.mode:
                self.carriage_return()
                self.linefeed()
                line = self.buffer[cursor.y]
            else:
                cursor.x = self.columns - width
        self._cut(cursor.x)
        self._cut(cursor.x + width)
        line[cursor.x] = cursor.attrs._replace(data=piece)
        for behind in range(1, width):
            line[cursor.x + behind] = cursor.attrs._replace(data="")
        cursor.x = min(cursor.x + width, self.columns)

    def _cut(self, x: int) -> None:
        """What reaches over the edge before cell `x` is gone: half of it is drawn over."""
        line = self.buffer[self.cursor.y]
        if x >= self.columns or line[x].data:
            return
        start = x
        while start and not line[start].data:
            start -= 1
        end = x
        while end < self.columns and not line[end].data:
            end += 1
        for cell in range(start, end):
            line[cell] = line[cell]._replace(data=" ")


def cells_of(screen: pyte.Screen) -> list[list[str]]:
    """What stands in the cells of a screen; the second cell of what is wide is empty."""
    return [[screen.buffer[y][x].data for x in range(screen.columns)] for y in range(screen.lines)]
