"""What keys mean beside what they do: that somebody is at work, and, pressed three times, the end of it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from textual import events
from textual.screen import Screen

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.tui.context import Context
from tuichat.tui.panic import PanicKey
from tuichat.tui.words import error_text

if TYPE_CHECKING:
    from textual.app import App

ACTIVE_SECONDS: Final = 2.0
"""At most so often the node is told that somebody is at work."""


class Guard:
    """Sees every key before the screens do."""

    def __init__(self, app: App[int], shared: Context) -> None:
        self._app = app
        self._shared = shared
        self._gone = False
        self._told_at = float("-inf")
        self._panic = PanicKey(shared.options.panic_key, shared.clock.monotonic)

    def saw(self, event: events.Event) -> None:
        """Take in what comes from the terminal."""
        if isinstance(event, events.InputEvent | events.Paste):
            self._somebody_is_here()
        if isinstance(event, events.Key) and not event.is_forwarded and self._panic.pressed(event.key):
            self._app.run_worker(self.wipe(keep_files=False), group="wipe", exclusive=True)

    def use_panic_key(self, key: str) -> None:
        """Have another key destroy the profile from now on, "" for none."""
        self._panic = PanicKey(key, self._shared.clock.monotonic)

    async def wipe(self, *, keep_files: bool) -> None:
        """Destroy the profile, and leave, also if something of it could not be removed."""
        self._app.push_screen(Screen())  # it may take some seconds, in which nothing is to be read
        try:
            if self._shared.options.wipe is not None:
                await self._shared.options.wipe(keep_files)
            else:
                await self._shared.session.node.wipe(keep_files)
        except TuichatError as error:
            self._app.exit(1, message=error_text(error))
        else:
            self.wiped()

    def wiped(self) -> None:
        """The profile is gone: nothing of it stays on the screen. Said once: the node tells it, too."""
        if not self._gone:
            self._gone = True
            self._app.exit(0, message=_("The profile was wiped."))

    def _somebody_is_here(self) -> None:
        """Tell the node, but not for every key: it locks itself when nobody is here."""
        now = self._shared.clock.monotonic()
        if self._shared.session.connected and now >= self._told_at + ACTIVE_SECONDS:
            self._told_at = now
            # Called there, so that no coroutine is left over at the end; mypy cannot tell what it is.
            self._app.run_worker(self._tell_active, group="active")  # type: ignore[arg-type]

    async def _tell_active(self) -> None:
        with suppress(TuichatError):
            await self._shared.session.node.active()
