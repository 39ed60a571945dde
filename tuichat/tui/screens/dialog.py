"""The ground of all smaller screens: one box in the middle, closed with Esc."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.types import CSSPathType

from tuichat.tui.glyphs import Glyphs
from tuichat.tui.widgets.qr_code import FRAME_ROWS, QrCode

Result = TypeVar("Result")


class Dialog(ModalScreen[Result]):
    """A modal screen whose frame uses signs that the terminal has."""

    CSS_PATH: ClassVar[CSSPathType | None] = "dialog.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("up", "look('up')", show=False),
        Binding("down", "look('down')", show=False),
        Binding("pageup", "look('page_up')", show=False),
        Binding("pagedown", "look('page_down')", show=False),
        Binding("home", "look('home')", show=False),
        Binding("end", "look('end')", show=False),
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__(classes="-ascii" if glyphs.ascii_only else None)
        self.glyphs = glyphs

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.recolour())

    def on_resize(self) -> None:
        self.fit_code()

    def fit_code(self) -> None:
        """A QR code is to be seen whole in the window as it is."""
        for code in self.query(QrCode):
            code.fit(self.app.size.height - FRAME_ROWS)

    def recolour(self) -> None:
        """Write again what has a theme's colours in its text: another theme was chosen."""

    def on_screen_suspend(self) -> None:
        """A question in front of it stands alone: two frames in one another are hard to read."""
        self.add_class("-behind")

    def on_screen_resume(self) -> None:
        self.remove_class("-behind")

    def action_look(self, way: Literal["up", "down", "page_up", "page_down", "home", "end"]) -> None:
        """Look at what of the box has no room in the window."""
        for box in self.query(".box"):
            getattr(box, f"scroll_{way}")(animate=False)

    def action_close(self) -> None:
        """Leave without a result."""
        self.dismiss(None)
