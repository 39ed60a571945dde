"""Breaking text into rows of cells: at words and wide characters, never inside what is seen as one.

Terminals disagree about what joins: a family of four is two cells where it is drawn as one picture and eight
where it is not. Here it counts as the most that any of them draws, so that nobody's text runs on over the
edge of its row into the next one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len, get_character_cell_size

from tuichat.tui.clusters import alone, clusters, countable

_NEVER_FIRST = frozenset("、。，．！？：；）」』】》〉”’…)]},.!?:;%")
_NEVER_LAST = frozenset("「（『【《〈“‘([{")


def cells(text: str) -> int:
    """The most cells that a terminal draws `text` in."""
    if text.isascii():
        return len(text)
    return sum(most for _text, _width, most in clusters(text))


def graphemes(text: str) -> list[tuple[str, int]]:
    """`text` as the clusters a reader sees, each with the most cells that a terminal draws it in."""
    return [(piece, most) for piece, _width, most in clusters(text)]


def wrap(text: str, width: int) -> list[str]:
    """`text` in rows of at most `width` cells (at least 2); line feeds are kept as breaks."""
    width = max(width, 2)
    rows: list[str] = []
    for line in countable(text).split("\n"):
        if len(line) <= width and line.isascii():
            rows.append(line)
        else:
            rows.extend(_wrap_line(line, width))
    return rows


def wrap_table(text: str, width: int) -> list[str]:
    """As `wrap`; what stands behind two spaces or more, as in a table, goes on below itself."""
    rows: list[str] = []
    for line in text.split("\n"):
        head = found[0] if (found := re.match(r"\S+ {2,}", line)) else ""
        rows.extend(
            (head if not number else " " * cells(head)) + row
            for number, row in enumerate(wrap(line[len(head) :], width - cells(head)))
        )
    return rows


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` cut to `width` cells, with an ellipsis if anything had to go; not padded."""
    text = countable(text)
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 1:
        return ellipsis[: max(width, 0)]
    kept, used = [], 0
    for piece, size in graphemes(text):
        if used + size > room:
            break
        kept.append(piece)
        used += size
    return "".join(kept) + ellipsis


def fit_middle(text: str, width: int, tail: int, ellipsis: str = "…") -> str:
    """`text` cut to `width` cells in its middle, so that at least its last `tail` cells stay.

    Where not even those fit, it is cut at its end.
    """
    text = countable(text)
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if tail >= room:
        return fit(text, width, ellipsis)
    units, kept, used = graphemes(text), len(text), 0
    while used < tail:
        piece, size = units.pop()
        kept, used = kept - len(piece), used + size
    return fit(text, width - used, ellipsis).removesuffix(ellipsis) + ellipsis + text[kept:]


def wrap_whole(pieces: Iterable[str], width: int, gap: str = "   ") -> list[str]:
    """Short pieces, such as keys with what they do, in rows of at most `width` cells; none is parted."""
    rows: list[str] = []
    for piece in pieces:
        if rows and cells(rows[-1]) + len(gap) + cells(piece) <= width:
            rows[-1] += gap + piece
        else:
            rows.append(piece)
    return rows


def pad(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` cut or filled with spaces to exactly `width` cells.

    The spaces are as many as the interface itself counts: the terminal is told the columns of what follows.
    """
    text = fit(text, width, ellipsis)
    return text + " " * (width - cell_len(text))


def breaks(line: str, width: int) -> list[int]:
    """Where the rows but the first begin, in characters, if a line without line feeds is `width` cells wide.

    A row of keys, which has three spaces between them, is parted there, so that no key stands without its
    meaning.
    """
    if cells(line) <= width:
        return []
    groups = line.strip(" ").split("   ")
    if len(groups) > 1 and all(cells(group) <= width for group in groups):
        return _between_groups(line, width)
    units = [unit for each in graphemes(line) for unit in _parted(each, width)]
    lengths = [len(piece) for piece, _size in units]
    return [sum(lengths[:end]) for end in _ends(units, width)]


def _between_groups(line: str, width: int) -> list[int]:
    """Breaks behind the gap that comes last before each row's end."""
    found, start = [], 0
    begins = [each.end() for each in re.finditer(r" {2,}(?=\S)", line)]
    for begin, end in zip([0, *begins], [*begins, len(line)], strict=True):
        if begin > start and cells(line[start:end].rstrip(" ")) > width:
            found.append(begin)
            start = begin
    return found


def _wrap_line(line: str, width: int) -> list[str]:
    """One line without line feeds, greedily: each row takes as much as fits up to its last good break."""
    units = [unit for each in graphemes(line) for unit in _parted(each, width)]
    rows: list[str] = []
    start = 0
    for end in _ends(units, width):
        rows.append("".join(unit for unit, _ in units[start:end]).rstrip(" "))
        start = end
    rows.append("".join(unit for unit, _ in units[start:]).rstrip(" ") if rows else _tail(units, width))
    return rows


def _ends(units: list[tuple[str, int]], width: int) -> Iterator[int]:
    """The units with which rows but the first begin."""
    start, used, break_at = 0, 0, 0
    index = 0
    while index < len(units):
        piece, size = units[index]
        if index > start and _may_end(units, index):
            break_at = index
        if used + size > width and piece != " ":
            end = break_at if break_at > start else index
            if end == start:
                end = index = start + 1
            yield end
            start, used, break_at = end, 0, end
            index = end
            continue
        used += size
        index += 1


def _may_end(units: list[tuple[str, int]], index: int) -> bool:
    """Whether a row may end before this unit: not behind the sign of a command or option, nor amid `xn--`."""
    before, after = units[index - 1][0], units[index][0]
    if before in {"-", "/"} and (index < 2 or before == after or units[index - 2][0] in {" ", before}):
        return False
    return may_break(before, after)


def _tail(units: list[tuple[str, int]], width: int) -> str:
    """A line that needed no break; spaces that hang over the edge are dropped."""
    text = "".join(unit for unit, _ in units)
    return text if cells(text) <= width else text.rstrip(" ")


def _parted(unit: tuple[str, int], width: int) -> list[tuple[str, int]]:
    """A unit that is wider than a row, as what it is made of; any other as it is."""
    piece, size = unit
    return [unit] if size <= width else [(character, alone(character)) for character in piece]


def may_break(before: str, after: str) -> bool:
    """Whether a row may end between two clusters: after a space or hyphen, and around wide characters."""
    if after[0] in _NEVER_FIRST or before[0] in _NEVER_LAST or after == " ":
        return False
    if before == "-" and after.isdigit():
        return False  # a date stays in one piece
    if before in {" ", "-", "/"}:
        return True
    return get_character_cell_size(before[0]) == 2 or get_character_cell_size(after[0]) == 2
