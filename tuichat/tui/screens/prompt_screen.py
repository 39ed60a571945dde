"""A screen that shows at once what a key did, and takes another size in steps that are short."""

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

    async def on_event(self, event: events.Event) -> None:
        """As Textual's; a size that is told to all screens is one event, and here it is marked as dealt with.

        A dialog in front that came to it later did nothing about it then.
        """
        if isinstance(event, events.Resize):
            event = events.Resize(event.size, event.virtual_size, event.container_size, event.pixel_size)
        await super().on_event(event)

    async def _on_resize(self, event: events.Resize) -> None:
        """Another width may mean other classes, and those another layout, which then waits for its frame.

        Textual would lay out and draw for the classes before, style everything and lay out once more, without
        listening in between; and whatever it laid out tells the screen its size again.
        """
        breakpoints = self.HORIZONTAL_BREAKPOINTS or []
        fitting = self._get_breakpoint_classes(event.size.width, breakpoints)
        fits = fitting <= self.classes
        if fits and self._compositor.size != event.size:
            return
        event.stop()
        event.prevent_default()
        if not fits:
            self._size = event.size
            self.update_classes({name: name in fitting for _width, name in breakpoints}, animate=False)
            self._layout_required = True
            self.check_idle()
            self.call_after_refresh(self.other_classes)

    def other_classes(self) -> None:
        """Another width brought other classes: what is said depends on them."""
