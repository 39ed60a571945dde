"""What the node is told of its person: that they write, and that they are at the interface.

Whether anybody else hears of it is the node's business, and the settings'.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from textual import work

from tuichat.errors import TuichatError
from tuichat.tui.context import Context
from tuichat.tui.screens.deed_screen import DeedScreen

if TYPE_CHECKING:
    from textual.timer import Timer

    from tuichat.tui.widgets.composer import Composer

HERE_AGAIN_SECONDS = 60.0
"""How often it is said again that somebody is here."""

WRITING_AGAIN_SECONDS = 4.0
"""How often at most it is said again that somebody writes."""


class SignScreen(DeedScreen):
    """Listens to the input and to the terminal's focus."""

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._writes_to: str | None = None
        self._quiet: Timer | None = None
        self._away = False

    def on_mount(self) -> None:
        self.watch(self.app, "app_focus", self._tell_here, init=False)
        self.set_interval(HERE_AGAIN_SECONDS, self._tell_here)

    async def on_unmount(self) -> None:
        await self.shared.session.leave(self._writer)

    async def go_online(self) -> None:
        """Ask for the network; who is here is said then, and not only a minute later. Raises TuichatError."""
        await self.shared.session.node.go_online()
        self._say_here()

    def _tell_here(self) -> None:
        self._say_here()

    @work(group="here")
    async def _say_here(self) -> None:
        session = self.shared.session
        if session.connected and not session.locked:
            with contextlib.suppress(TuichatError):
                await session.node.present(self.app.app_focus and not self._away, self._writer)

    async def stay_away(self, away: bool) -> None:
        """Say that nobody is here, whoever looks, or leave it to the focus again. Raises TuichatError."""
        self._away = away
        await self.shared.session.node.present(self.app.app_focus and not away, self._writer)

    def on_text_area_changed(self, event: Composer.Changed) -> None:
        text, person = event.text_area.text, self.person
        says = bool(text.strip()) and not text.startswith("/")
        self.drafts.written(self.composer.in_progress)
        writes = says and person is not None and self.drafts.typed  # what the node has brought, nobody writes
        address = person.address if writes and person is not None else None
        if address != self._writes_to or (address is not None and self._quiet is None):
            before, self._writes_to = self._writes_to, address
            if before is not None and before != address:
                self._say_writing(before, now=False)
            if address is not None:
                self._say_writing(address, now=True)
                self._quiet = self.set_timer(WRITING_AGAIN_SECONDS, self._may_say_again)

    def _may_say_again(self) -> None:
        self._quiet = None

    @work(group="writing")
    async def _say_writing(self, address: str, *, now: bool) -> None:
        if self.shared.session.connected:
            with contextlib.suppress(TuichatError):
                await self.shared.session.node.typing(address, now)
