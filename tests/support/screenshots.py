"""Pictures of the interface, each compared with a file of its own that somebody looked at.

Textual draws a screen as SVG of which most is the same in every picture: two fonts on other hosts, a window
around the screen, a clipping path for every row. That is left out, so a picture is a third as large and asks
nobody for anything.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.app import App
from textual.pilot import Pilot

from tests.support.interface import resize

_LEFT_OUT = re.compile(
    r"<!--.*?-->|@font-face \{.*?\}|<defs>.*?</defs>|<text class=\"[^\"]*title\".*?</text>"
    r"|<g transform=\"translate\(26,22\)\">.*?</g>|\.terminal-[0-9]+-title \{.*?\}| clip-path=\"[^\"]*\""
    r"|<text [^>]*>\n</text>| shape-rendering=\"crispEdges\"",
    re.DOTALL,
)
_RECT = re.compile(r'<rect fill="([^"]*)" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="24.65"/>')
_ROW = 24.4  # how high a row is


STEPS: Final = (
    ((80, 24), "dark"),
    ((80, 24), "light"),
    ((40, 15), "light"),
    ((40, 15), "dark"),
    ((200, 50), "dark"),
    ((200, 50), "light"),
)
"""Sizes in columns and rows, and themes: the way through all of them that changes one at a time."""


class PictureFile(SingleFileSnapshotExtension):
    """One SVG file for a picture."""

    _file_extension = "svg"
    _write_mode = WriteMode.TEXT


class Album:
    """Looks at pictures of a test; what it found is told at the end, of all of them.

    Args:
        snapshot: keeps what was looked at; `--snapshot-update` renews it.
        new: a directory for pictures that are not as they were.
    """

    def __init__(self, snapshot: SnapshotAssertion, new: Path) -> None:
        self._kept = snapshot.use_extension(PictureFile)
        self._new = new
        self._changed: list[Path] = []

    def look(self, app: App[Any], name: str = "") -> None:
        """Compare the screen with the picture of this name, the test's own if there is none."""
        drawn = compact(app.export_screenshot())
        kept = self._kept(name=name) if name else self._kept
        if kept != drawn:
            path = self._new / f"{name or 'picture'}.svg"
            path.write_text(drawn, encoding="utf-8")
            self._changed.append(path)

    def close(self) -> None:
        """
        Raises:
            AssertionError: pictures have changed; names them and where the new ones are.
        """
        told = "\n".join(f"  {path.stem}: now {path}" for path in self._changed)
        assert not self._changed, f"not as it was (renew with --snapshot-update, and look):\n{told}"


async def in_all_looks(
    pilot: Pilot[Any], album: Album, rest: Callable[[Pilot[Any]], Awaitable[None]]
) -> None:
    """Take a picture at every size in both themes, each when the interface has come to `rest`."""
    for (width, height), theme in STEPS:
        if pilot.app.size != (width, height):
            await resize(pilot, width, height)
        pilot.app.theme = theme
        await rest(pilot)
        album.look(pilot.app, f"{width}x{height}-{theme}")


def compact(svg: str) -> str:
    """The same drawing without what is the same in all, and with one path for all grounds of a colour."""
    svg = re.sub(r"terminal-[0-9]+-", "", _LEFT_OUT.sub("", svg)).replace("&#160;", "\N{NO-BREAK SPACE}")
    grounds = _grounds(_RECT.findall(svg))
    start, _, texts = _RECT.sub("", svg).partition('<g class="matrix">')
    drawn = start + grounds + '<g class="matrix">' + texts.replace("</text>", "</text>\n")
    return "".join(f"{line.strip(' ')}\n" for line in drawn.split("\n") if line.strip(" "))


def _grounds(rects: list[tuple[str, str, str, str]]) -> str:
    """What stands behind the text: neighbours of one colour are one, and so are rows that are alike."""
    runs: dict[str, list[tuple[float, float, float]]] = {}
    for fill, x, y, width in rects:
        row, left, long = float(y), float(x), float(width)
        same = runs.setdefault(fill, [])
        if same and same[-1][0] == row and abs(same[-1][1] + same[-1][2] - left) < 0.1:
            left, long = same[-1][1], same.pop()[2] + long
        same.append((row, left, long))
    return "\n".join(f'<path fill="{fill}" d="{_path(same)}"/>' for fill, same in runs.items())


def _path(runs: list[tuple[float, float, float]]) -> str:
    blocks: dict[tuple[float, float], list[list[float]]] = {}
    for row, left, long in runs:
        same = blocks.setdefault((left, round(long, 1)), [])
        if same and abs(same[-1][0] + same[-1][1] - row) < 0.1:
            same[-1][1] += _ROW
        else:
            same.append([row, _ROW])
    return "".join(
        f"M{left:g} {top:.1f}h{long:g}v{high:.1f}h-{long:g}z"
        for (left, long), found in blocks.items()
        for top, high in found
    )
