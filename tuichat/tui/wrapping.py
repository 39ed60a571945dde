"""Breaking text into rows of cells: at words and wide characters, never inside what is seen as one."""

from __future__ import annotations

from rich.cells import cell_len, split_graphemes

_FIRST_FLAG, _LAST_FLAG = "\U0001f1e6", "\U0001f1ff"
_NEVER_FIRST = frozenset("、。，．！？：；）」』】》〉”’…)]},.!?:;%")


def graphemes(text: str) -> list[tuple[str, int]]:
    """`text` as the units a reader sees, each with its width in cells (a flag is one unit of two letters)."""
    units: list[tuple[str, int]] = []
    for start, end, width in split_graphemes(text)[0]:
        piece = text[start:end]
        if units and _is_flag_half(piece) and _is_flag_half(units[-1][0]):
            units[-1] = (units[-1][0] + piece, units[-1][1] + width)
        else:
            units.append((piece, width))
    return units


def wrap(text: str, width: int) -> list[str]:
    """`text` in rows of at most `width` cells (at least 2); line feeds are kept as breaks."""
    width = max(width, 2)
    rows: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width and line.isascii():
            rows.append(line)
        else:
            rows.extend(_wrap_line(line, width))
    return rows


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` cut to `width` cells, with an ellipsis if anything had to go; not padded."""
    if cell_len(text) <= width:
        return text
    room = width - cell_len(ellipsis)
    if room < 1:
        return ellipsis[: max(width, 0)]
    kept, used = [], 0
    for piece, cells in graphemes(text):
        if used + cells > room:
            break
        kept.append(piece)
        used += cells
    return "".join(kept) + ellipsis


def pad(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` cut or filled with spaces to exactly `width` cells."""
    text = fit(text, width, ellipsis)
    return text + " " * (width - cell_len(text))


def _is_flag_half(piece: str) -> bool:
    return len(piece) == 1 and _FIRST_FLAG <= piece <= _LAST_FLAG


def _wrap_line(line: str, width: int) -> list[str]:
    """One line without line feeds, greedily: each row takes as much as fits up to its last good break."""
    units = graphemes(line)
    rows: list[str] = []
    start, used, break_at = 0, 0, 0
    index = 0
    while index < len(units):
        piece, cells = units[index]
        if index > start and _may_break(units[index - 1], units[index]):
            break_at = index
        if used + cells > width and piece != " ":
            end = break_at if break_at > start else index
            if end == start:
                end = index = start + 1
            rows.append("".join(unit for unit, _ in units[start:end]).rstrip(" "))
            start, used, break_at = end, 0, end
            index = end
            continue
        used += cells
        index += 1
    rows.append("".join(unit for unit, _ in units[start:]).rstrip(" ") if rows else _tail(units, width))
    return rows


def _tail(units: list[tuple[str, int]], width: int) -> str:
    """A line that needed no break; spaces that hang over the edge are dropped."""
    text = "".join(unit for unit, _ in units)
    return text if cell_len(text) <= width else text.rstrip(" ")


def _may_break(before: tuple[str, int], after: tuple[str, int]) -> bool:
    """Whether a row may end between two units: after a space or hyphen, and around wide characters."""
    if after[0] in _NEVER_FIRST or after[0] == " ":
        return False
    if before[0] in {" ", "-", "/"}:
        return True
    return before[1] == 2 or after[1] == 2
