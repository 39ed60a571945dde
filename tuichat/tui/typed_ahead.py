"""An interface in which keys wait while one that turns them elsewhere is still being heeded.

Enter in a field moves the focus, opens another conversation or brings another screen, some turns of the loop
later, or when the node has answered; so do Esc in the input, the keys that lead back to it from a message,
and those that are bound on a screen: Alt+2, say, goes up through what has the focus before anything is done
about it. Over a slow network keys come in heaps, and what was typed behind one, perhaps a passphrase, or a
message to somebody else, would go to where the keys went before. A key that is held down would bring one
screen upon the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from rich.cells import cell_len
from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

LOOK_SECONDS: Final = 0.05
"""So often it is looked whether they still have to."""

PATIENCE_SECONDS: Final = 2.0
"""For so long they wait at most, on a machine or for a node that has much else to do."""

ANSWER: Final = "answer"
"""The group of work that begins with Enter in a field and brings about where the keys go next."""

_LEADING: Final = frozenset({"add", "command", "file", "go", "react"})
"""Groups of work that may bring another screen, or lead back from one; it lasts as long as the screen."""

_PASSES: Final = 2
"""First a key has come up here, and is acted upon; then what the field said of it was heard."""


@runtime_checkable
class Turning(Protocol):
    """A widget with keys behind which others go elsewhere.

    Attributes:
        turning: these keys, beside Enter and those that are bound on the screen.
    """

    turning: ClassVar[frozenset[str]]


def behind_escape(key: str) -> str:
    """The wide letter of a key "with Alt", "" if it is another key.

    None such is on a keyboard: an input method wrote the letter at once behind Esc, which looks the same.
    """
    letter = key.removeprefix("alt+")
    return letter if letter != key and len(letter) == 1 and cell_len(letter) == 2 else ""


class Heeded(Message):
    """Goes up from a field to the interface, behind all that was sent before it."""

    def __init__(self, field: Widget, passes: int) -> None:
        super().__init__()
        self.field = field
        self.passes = passes


class Before:
    """How things stood when a key came.

    Attributes:
        front: the screen that was seen.
        field: what got it: what has the focus, else the screen.
    """

    def __init__(self, app: App[int]) -> None:
        self.front: Screen[Any] = app.screen
        self.field: Widget = app.focused or app.screen
        self._stack = list(app.screen_stack)
        self._work = set(app.workers)

    def may_turn(self, app: App[int], key: str) -> bool:
        """Whether other keys may go elsewhere because of `key`."""
        if key == "enter" or (isinstance(self.field, Turning) and key in self.field.turning):
            return True
        return any(key in node._bindings.key_to_bindings for node in (self.front, app))

    def leads(self, app: App[int]) -> bool:
        """Whether work that began with the key may still bring about where the next ones go."""
        if app.screen not in self._stack:
            return False  # it has
        begun = set(app.workers) - self._work
        return any(each.group in _LEADING and not each.is_finished for each in begun)


class TypedAhead(App[int]):
    """What comes from the terminal goes to `heed`, in its order. A paste counts as a key."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._before: Before | None = None
        self._entered: Widget | None = None
        self._front: Screen[Any] | None = None
        self._waiting: deque[events.Event] = deque()
        self._heard = False
        self._looking: Timer | None = None
        self.came: Callable[[events.Event], object] = lambda _event: None
        """Is told of each event when it comes, also of one that has to wait."""

    async def heed(self, event: events.Event) -> None:
        """As Textual's `on_event`."""
        await super().on_event(event)

    async def on_event(self, event: events.Event) -> None:
        self.came(event)
        await self._take(event)

    async def _take(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await self.heed(event)
        elif isinstance(event, events.Key) and (letter := behind_escape(event.key)):
            await self._take(events.Key("escape", "\x1b"))
            await self._take(events.Key(letter, letter))
        elif self._entered is not None:
            self._waiting.append(event)
        else:
            before = Before(self)
            await self.heed(event)
            if isinstance(event, events.Key) and (before.may_turn(self, event.key) or before.leads(self)):
                self._wait_for(before)

    def _wait_for(self, before: Before) -> None:
        self._before, self._front = before, before.front
        self._look_to(before.field)
        left = PATIENCE_SECONDS

        async def look() -> None:
            nonlocal left
            left -= LOOK_SECONDS
            if left <= 0:
                await self._go_on()
            elif self._heard or (self._entered is not None and not self._entered.is_attached):
                await self._turned()  # what is gone sends nothing

        self._looking = self.set_interval(LOOK_SECONDS, look)

    def _look_to(self, field: Widget) -> None:
        self._entered, self._heard = field, False
        field.post_message(Heeded(field, 1))

    async def on_heeded(self, message: Heeded) -> None:
        """All that was sent before it has come up here."""
        if message.field is not self._entered:
            return
        if message.passes < _PASSES:
            message.field.post_message(Heeded(message.field, message.passes + 1))
        else:
            self._heard = True
            await self._turned()

    async def _turned(self) -> None:
        """Let keys go on, unless work is still about them, or another screen has yet to take them."""
        if not self.screen_stack or any(
            work.group == ANSWER and not work.is_finished for work in self.workers
        ):
            return
        if self.screen is not self._front:
            self._front = self.screen
            self._look_to(self.screen)
        elif self._before is None or not self._before.leads(self):
            await self._go_on()

    async def _go_on(self) -> None:
        if self._looking is not None:
            self._looking.stop()
        self._before = self._entered = self._front = self._looking = None
        while self._waiting and self._entered is None:
            await self._take(self._waiting.popleft())
