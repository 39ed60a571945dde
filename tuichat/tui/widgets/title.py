"""The row above the messages: with whom, and how the link stands."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message as WidgetMessage

from tuichat.tui.widgets.parts_line import PartsLine


class Title(PartsLine, can_focus=True):
    """Enter or a click on it asks for the contact's card."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", show=False)]

    class Pressed(WidgetMessage):
        """The card is wanted."""

    def action_press(self) -> None:
        """Ask for the card."""
        self.post_message(self.Pressed())

    def on_click(self) -> None:
        self.action_press()
