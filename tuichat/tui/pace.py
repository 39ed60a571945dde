"""Doing something soon, but not more often than it can be seen."""

from __future__ import annotations

from collections.abc import Callable

from textual.message_pump import MessagePump


class Pace:
    """Calls `deed` at once when asked for it, then at most every `seconds`, as often as it was asked for.

    A thousand messages in a second are then a dozen pictures, and a key never waits behind more than one.
    """

    def __init__(self, pump: MessagePump, seconds: float, deed: Callable[[], None]) -> None:
        self._pump = pump
        self._seconds = seconds
        self._deed = deed
        self._wanted = False
        self._resting = False

    @property
    def wanted(self) -> bool:
        """Whether the deed is still to be done."""
        return self._wanted

    def ask(self) -> None:
        """The deed is wanted; several asks before it is done are one."""
        if not self._wanted:
            self._wanted = True
            if not self._resting:
                self._resting = True
                self._pump.call_later(self._do)

    def _do(self) -> None:
        if self._wanted:
            self._wanted = False
            self._deed()
            self._pump.set_timer(self._seconds, self._do)
        else:
            self._resting = False
