"""A screen that shows at once what a key did."""

from __future__ import annotations

from textual import events
from textual.screen import Screen


class PromptScreen(Screen[None]):
    """Draws what a key changed when all that is at hand was heard.

    Textual draws at its next frame, and after a late one it leaves one out: while messages keep it drawing, a
    letter would be seen up to 33 ms after it was heard.
    """

    def __init__(self) -> None:
        super().__init__()
        self._key_waits = False

    def key_came(self) -> None:
        """A key is on its way to a widget."""
        self._key_waits = True

    async def _on_idle(self, event: events.Idle) -> None:
        dirty = self._dirty_widgets
        if self._key_waits and (dirty or self._layout_required) and self.is_current:
            # What is drawn before the widget with the focus changes is something else.
            self._key_waits = not self._layout_required and self.focused not in dirty
            self._on_timer_update()
