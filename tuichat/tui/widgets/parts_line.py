"""One row with words at its left and right edge, each in the colour of its role."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from tuichat.tui.wrapping import fit

Parts = Sequence[tuple[str, str]]
"""(role, text) pairs; roles are those of `PartsLine.COMPONENT_CLASSES`."""


class PartsLine(Widget):
    """Where the row is too short the left side gives way, in favour of the state at the right."""

    DEFAULT_CSS = """
    PartsLine { height: 1; width: 1fr; }
    PartsLine > .parts--text { color: $foreground; }
    PartsLine > .parts--strong { color: $foreground; text-style: bold; }
    PartsLine > .parts--muted { color: $muted; }
    PartsLine > .parts--accent { color: $accent; }
    PartsLine > .parts--unread { color: $unread; text-style: bold; }
    PartsLine > .parts--danger { color: $danger; text-style: bold; }
    PartsLine > .parts--linked { color: $linked; }
    PartsLine > .parts--waiting { color: $waiting; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"parts--{role}"
        for role in ("text", "strong", "muted", "accent", "unread", "danger", "linked", "waiting")
    }

    def __init__(self, *, id: str | None = None, ellipsis: str = "…") -> None:  # noqa: A002 -- Textual's name
        super().__init__(id=id)
        self._left: Parts = ()
        self._right: Parts = ()
        self._ellipsis = ellipsis

    def show(self, left: Parts, right: Parts = ()) -> None:
        """Other words; nothing is drawn if they are the same."""
        left, right = tuple(left), tuple(right)
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    @property
    def text(self) -> str:
        """What stands there, without colours."""
        return "".join(text for _role, text in (*self._left, *self._right))

    def render_line(self, y: int) -> Strip:
        """The one row."""
        width = self.size.width
        right = self._segments(self._right)
        room = width - sum(cell_len(segment.text) for segment in right)
        left = Strip(self._fitted(room)).adjust_cell_length(max(0, room), self._role("text"))
        return Strip([*left, *right]).adjust_cell_length(width, self._role("text"))

    def _fitted(self, room: int) -> list[Segment]:
        segments = []
        for segment in self._segments(self._left):
            text = fit(segment.text, room, self._ellipsis) if room > 0 else ""
            room -= cell_len(segment.text)
            segments.append(Segment(text, segment.style))
        return segments

    def _segments(self, parts: Parts) -> list[Segment]:
        return [Segment(text, self._role(role)) for role, text in parts]

    def _role(self, role: str) -> Style:
        return self.get_component_rich_style(f"parts--{role}")
