"""One row with words at its left and right edge, each in the colour of its role."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.strip import Strip

from tuichat.tui.widgets.painted import Painted
from tuichat.tui.wrapping import fit

Parts = Sequence[tuple[str, str]]
"""(role, text) pairs; roles are those of `Painted.role`."""


class PartsLine(Painted):
    """Where the row is too short the left side gives way, in favour of the state at the right."""

    DEFAULT_CSS = "PartsLine { height: 1; width: 1fr; }"

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
        room = self.size.width - sum(cell_len(text) for _role, text in self._right)
        return self.painted([*self._fitted(room), *self._right], focused=self.has_focus)

    def _fitted(self, room: int) -> list[tuple[str, str]]:
        """The left side in exactly `room` cells."""
        fitted = []
        for role, text in self._left:
            fitted.append((role, fit(text, room, self._ellipsis) if room > 0 else ""))
            room -= cell_len(text)
        return [*fitted, ("text", " " * room)]
