"""Widgets that paint their rows themselves, in the colours of roles.

Textual's component classes would say the same in style sheets, but each of them is matched anew against every
rule at every change of the screen, which costs half of the time to the first picture.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from tuichat.tui.direction import isolated
from tuichat.tui.pictures import UPPER_HALF

_BOLD = frozenset({"strong", "unread", "danger", "mark", "new", "read", "title", "mention"})
_COLOURS = {
    "": "foreground",
    "text": "foreground",
    "strong": "foreground",
    "me": "accent",
    "mark": "accent",
    "mention": "accent",
    "link": "accent",
    "read": "accent",
    "title": "accent",
    "new": "unread",
    "quote": "muted",
    "reaction": "accent",
}
"""The theme's colour of a role, where it has another name."""

_REVERSED = {False: Style.null(), True: Style(reverse=True)}


@lru_cache(maxsize=8192)
def _pixels(name: str) -> Style:
    upper, lower = name[1:7], name[7:13]
    return Style(color=RichColor.parse(f"#{upper}"), bgcolor=RichColor.parse(f"#{lower}") if lower else None)


class Painted(Widget):
    """A Line API widget. Its roles are the theme's colours, those of `_COLOURS`, and pixels."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's own name
        super().__init__(id=id)
        self._painted: dict[tuple[str, bool], Style] = {}
        self._painted_theme = ""

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def role(self, name: str, *, chosen: bool = False) -> Style:
        """How text of this role looks; `chosen` stands on the ground of what is chosen."""
        if self._painted_theme != self.app.theme:
            self._painted_theme = self.app.theme
            self._painted.clear()
        if name[:1] == UPPER_HALF:
            return _pixels(name)
        style = self._painted.get((name, chosen))
        if style is None:
            variables, kind = self.app.theme_variables, "link" if name.startswith("link-") else name
            style = self._painted[name, chosen] = Style(
                color=Color.parse(variables[_COLOURS.get(kind, kind)]).rich_color,
                bgcolor=Color.parse(variables["chosen" if chosen else "background"]).rich_color,
                bold=name in _BOLD,
                underline=kind == "link",
            )
        return style

    def painted(self, parts: list[tuple[str, str]], *, chosen: bool = False, focused: bool = False) -> Strip:
        """A row of (role, text) pairs, cut or filled to the widget's width.

        The row with the focus is reversed: that is seen in every theme, and where there are no colours.
        """
        segments = [
            Segment(
                isolated(text), self.role("strong" if focused else role, chosen=chosen) + _REVERSED[focused]
            )
            for role, text in parts
            if text
        ]
        fill = self.role("text", chosen=chosen) + _REVERSED[focused]
        return Strip(segments).adjust_cell_length(self.size.width, fill)
