"""Rows that a screen draws as one text: where it was clicked, and how far the wheel was turned."""

from __future__ import annotations

from textual import events
from textual.message import Message as WidgetMessage
from textual.widgets import Static


class RowList(Static):
    """As `Static`; the screen knows what stands in each row."""

    class Clicked(WidgetMessage):
        """A click on a row, counted from the first that is drawn."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Wheeled(WidgetMessage):
        """The mouse wheel was turned, down if positive."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None:
            event.stop()
            self.post_message(self.Clicked(place.y))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Wheeled(-1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Wheeled(1))
