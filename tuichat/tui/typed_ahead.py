"""An interface in which keys wait while Enter in a field is still being heeded.

Enter in a field moves the focus, or brings another screen, some turns of the loop later. Over a slow network
keys come in heaps, and what was typed behind Enter, perhaps a passphrase, would go into the field before.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

from textual import events
from textual.app import App
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

PATIENCE_SECONDS: Final = 0.25
"""For so long they wait at most: a field that is gone sends nothing."""


class Heeded(Message):
    """Goes up from a field to the interface, behind all that was sent before it."""

    def __init__(self, field: Input, *, last: bool) -> None:
        super().__init__()
        self.field = field
        self.last = last


class TypedAhead(App[int]):
    """What comes from the terminal goes to `heed`, in its order. A paste counts as a key."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._entered: Input | None = None
        self._waiting: deque[events.Event] = deque()
        self._patience: Timer | None = None

    async def heed(self, event: events.Event) -> None:
        """As Textual's `on_event`."""
        await super().on_event(event)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await self.heed(event)
        elif self._entered is not None:
            self._waiting.append(event)
        else:
            field = self.focused
            await self.heed(event)
            if isinstance(event, events.Key) and event.key == "enter" and isinstance(field, Input):
                self._wait_for(field)

    def _wait_for(self, field: Input) -> None:
        self._entered = field
        self._patience = self.set_timer(PATIENCE_SECONDS, self._go_on)
        field.post_message(Heeded(field, last=False))

    async def on_heeded(self, message: Heeded) -> None:
        """First the key has come up here, and is acted upon; then what the field said of it was heard."""
        if message.field is not self._entered:
            return
        if message.last:
            await self._go_on()
        else:
            message.field.post_message(Heeded(message.field, last=True))

    async def _go_on(self) -> None:
        if self._patience is not None:
            self._patience.stop()
        self._entered = self._patience = None
        while self._waiting and self._entered is None:
            await self.on_event(self._waiting.popleft())
