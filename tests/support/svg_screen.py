"""A screen as SVG that is the same everywhere: nothing is loaded from another host, and rules have no gaps.

Rich draws every run of letters as one text and loads a font from a content network. Here each word stands at
its own cell, in whatever monospace font there is, and rules, blocks and QR codes are shapes, which meet
whatever the font is like.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from tuichat.tui.clusters import clusters

_CELL: Final = 12.2
_ROW: Final = 24.4
_RISE: Final = 18.5
"""From the upper edge of a row to the foot of its letters."""

_FONTS: Final = '"DejaVu Sans Mono", "Noto Sans Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace'
_SPACES: Final = " \u00a0"
_THIN: Final = 0.1
_LEFT, _RIGHT, _UP, _DOWN = range(4)
_ARMS: Final = {
    "─": (_LEFT, _RIGHT),
    "│": (_UP, _DOWN),
    "┬": (_LEFT, _RIGHT, _DOWN),
    "┴": (_LEFT, _RIGHT, _UP),
    "╭": (_RIGHT, _DOWN),
    "╮": (_LEFT, _DOWN),
    "╰": (_RIGHT, _UP),
    "╯": (_LEFT, _UP),
}
_BLOCKS: Final = {"█": (0, 0, 1, 1), "▀": (0, 0, 1, 0.5), "▄": (0, 0.5, 1, 1), "▌": (0, 0, 0.5, 1)}
_TEXT: Final = re.compile(
    r'<text class="(?P<style>[\w-]+)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" textLength="[\d.]+"'
    r' clip-path="[^"]+">(?P<words>[^<]*)</text>'
)

_GROUND: Final = re.compile(
    r'<rect fill="(?P<fill>[^"]+)" x="(?P<x>[\d.]+)" (?P<rest>y="[\d.]+") width="(?P<width>[\d.]+)"'
    r' height="24.65" shape-rendering="crispEdges"/>'
)


def portable(svg: str) -> str:
    """What Rich has drawn, so that it needs nothing but what it holds."""
    svg = re.sub(r"\bterminal-\d+-", "t-", svg)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace;", f"font-family: {_FONTS};")
    svg = svg.replace("</style>", "rect { shape-rendering: crispEdges }\n</style>")
    svg = svg.replace("font-family: arial;", "font-family: sans-serif;")
    svg = _TEXT.sub(lambda found: "".join(_drawn(found)), svg)
    svg = re.sub(r'<clipPath id="t-line-\d+">.*?</clipPath>', "", svg, flags=re.DOTALL)
    lines = _merged(line.strip() for line in svg.replace("><", ">\n<").splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def _merged(lines: Iterable[str]) -> Iterator[str]:
    """Grounds of one colour that lie side by side as one: most rows are of a single colour."""
    held: tuple[str, float, str, float] | None = None
    for line in lines:
        found = _GROUND.fullmatch(line)
        if held is not None:
            fill, left, rest, width = held
            if found and (found["fill"], found["rest"]) == (fill, rest):
                held = fill, left, rest, width + float(found["width"])
                continue
            yield _ground(fill, left, rest, width)
            held = None
        if found:
            held = found["fill"], float(found["x"]), found["rest"], float(found["width"])
        else:
            yield line


def _ground(fill: str, left: float, rest: str, width: float) -> str:
    size = f'width="{_number(width)}" height="24.65"'
    return f'<rect fill="{fill}" x="{_number(left)}" {rest} {size}/>'


def _drawn(found: re.Match[str]) -> Iterator[str]:
    """One text of Rich's, word by word and shape by shape."""
    column = round(float(found["x"]) / _CELL)
    foot, style = float(found["y"]), found["style"]
    word, start = "", column
    for (piece, width, _most), run in groupby(clusters(html.unescape(found["words"]).rstrip("\n"))):
        times = len(list(run))
        shape = piece in _ARMS or piece in _BLOCKS
        if shape or piece in _SPACES or width != 1:
            yield from _word(word, start, column, foot, style)
            word, start = "", column
        if shape:
            for box in _boxes(piece, times):
                yield _shape(box, column, foot - _RISE, style)
        elif width != 1:
            for number in range(times):
                at = column + number * width
                yield from _word(piece, at, at + width, foot, style)
        elif piece not in _SPACES:
            start = start if word else column
            word += piece * times
        column += width * times
    yield from _word(word, start, column, foot, style)


def _word(word: str, start: int, end: int, foot: float, style: str) -> Iterator[str]:
    if word:
        place = f'x="{_number(start * _CELL)}" y="{_number(foot)}"'
        length = f'textLength="{_number((end - start) * _CELL)}"'
        yield f'<text class="{style}" {place} {length}>{html.escape(word, quote=False)}</text>'


def _boxes(piece: str, times: int) -> Iterator[tuple[float, float, float, float]]:
    """The boxes of a rule or block that stands some times in a row, in cells: left, top, right, bottom."""
    near, far, thin = 0.5 - _THIN / 2, 0.5 + _THIN / 2, _THIN / 4
    if piece in _BLOCKS:
        left, upper, right, lower = _BLOCKS[piece]
        if right == 1:
            yield left, upper, times, lower
        else:
            yield from ((number + left, upper, number + right, lower) for number in range(times))
    elif piece == "─":
        yield 0, 0.5 - thin, times, 0.5 + thin
    elif piece == "│":
        yield from ((number + near, 0, number + far, 1) for number in range(times))
    else:
        arms = {
            _LEFT: (0, 0.5 - thin, far, 0.5 + thin),
            _RIGHT: (near, 0.5 - thin, 1, 0.5 + thin),
            _UP: (near, 0, far, 0.5 + thin),
            _DOWN: (near, 0.5 - thin, far, 1),
        }
        yield from (arms[arm] for arm in _ARMS[piece])


def _shape(box: tuple[float, float, float, float], column: int, top: float, style: str) -> str:
    left, upper, right, lower = box
    place = f'x="{_number((column + left) * _CELL)}" y="{_number(top + upper * _ROW)}"'
    size = f'width="{_number((right - left) * _CELL)}" height="{_number((lower - upper) * _ROW)}"'
    return f'<rect class="{style}" {place} {size}/>'


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
