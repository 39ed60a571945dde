"""What has the focus and is no field: whoever writes there, without leaving first, means the input."""

from __future__ import annotations

from textual import events
from textual.message import Message as WidgetMessage

from tuichat.tui.clusters import is_typed
from tuichat.tui.widgets.painted import Painted


class Typed(WidgetMessage):
    """Text is being typed or pasted; it belongs into the input."""

    def __init__(self, text: str, *, pasted: bool = False) -> None:
        super().__init__()
        self.text = text
        self.pasted = pasted


class TypedOver(Painted):
    """Posts `Typed`. From the first letter on that is no key here all are text, until the focus is elsewhere.

    Letters that come in one read are still all its own when the first of them brings the focus to the input.
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 -- Textual's own name
        super().__init__(id=id)
        self._typing = False

    @property
    def typing(self) -> bool:
        """Whether somebody writes here without having left."""
        return self._typing

    def means(self, key: str) -> bool:
        """Whether a printable key has a meaning here."""
        return key in self._bindings.key_to_bindings

    def on_focus(self) -> None:
        self._typing = False

    async def _on_key(self, event: events.Key) -> None:
        text = event.character if event.is_printable or is_typed(event.character) else None
        if event.key == "enter" and self._typing:
            text = "\n"
        if text and (self._typing or not self.means(event.key)):
            self._typing = True
            event.stop()
            event.prevent_default()
            self.post_message(Typed(text))

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.post_message(Typed(event.text, pasted=True))
