"""An interface in which keys wait while one that turns them elsewhere is still being heeded.

Enter in a field moves the focus, or brings another screen, some turns of the loop later, or when the node has
answered; so do Esc in the input, and the keys that lead back to it from a message. Over a slow network keys
come in heaps, and what was typed behind Enter, perhaps a passphrase, would go into the field before.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

LOOK_SECONDS: Final = 0.05
"""So often it is looked whether they still have to."""

PATIENCE_SECONDS: Final = 2.0
"""For so long they wait at most, on a machine or for a node that has much else to do."""

ANSWER: Final = "answer"
"""The group of work that begins with Enter in a field and brings about where the keys go next."""


@runtime_checkable
class Turning(Protocol):
    """A widget with keys behind which others go elsewhere.

    Attributes:
        turning: these keys.
    """

    turning: ClassVar[frozenset[str]]


class Heeded(Message):
    """Goes up from a field to the interface, behind all that was sent before it."""

    def __init__(self, field: Widget, *, last: bool) -> None:
        super().__init__()
        self.field = field
        self.last = last


class TypedAhead(App[int]):
    """What comes from the terminal goes to `heed`, in its order. A paste counts as a key."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._entered: Widget | None = None
        self._waiting: deque[events.Event] = deque()
        self._heard = False
        self._looking: Timer | None = None

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
            if field is not None and isinstance(event, events.Key) and _turns(field, event.key):
                self._wait_for(field)

    def _wait_for(self, field: Widget) -> None:
        self._entered, self._heard = field, False
        left = PATIENCE_SECONDS

        async def look() -> None:
            nonlocal left
            left -= LOOK_SECONDS
            gone = not field.is_attached  # such a one sends nothing
            answered = self._heard and not self._is_answering()
            if gone or answered or left <= 0:
                await self._go_on()

        self._looking = self.set_interval(LOOK_SECONDS, look)
        field.post_message(Heeded(field, last=False))

    def _is_answering(self) -> bool:
        return any(work.group == ANSWER and not work.is_finished for work in self.workers)

    async def on_heeded(self, message: Heeded) -> None:
        """First the key has come up here, and is acted upon; then what the field said of it was heard."""
        if message.field is not self._entered:
            return
        if not message.last:
            message.field.post_message(Heeded(message.field, last=True))
        elif self._is_answering():
            self._heard = True
        else:
            await self._go_on()

    async def _go_on(self) -> None:
        if self._looking is not None:
            self._looking.stop()
        self._entered = self._looking = None
        while self._waiting and self._entered is None:
            await self.on_event(self._waiting.popleft())


def _turns(field: Widget, key: str) -> bool:
    if isinstance(field, Input):
        return key == "enter"
    return isinstance(field, Turning) and key in field.turning
