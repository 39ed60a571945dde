"""The row above the messages: with whom, and how the link stands."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.typed_over import TypedOver


class Title(PartsLine, TypedOver, can_focus=True):
    """Enter or a click on it asks for the contact's card, or for what the words under the click stand for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "press", show=False)]

    def action_press(self) -> None:
        """Ask for the card."""
        self.post_message(self.Pressed("card"))

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.post_message(self.Pressed(self.command_at(event.x) or "card"))
