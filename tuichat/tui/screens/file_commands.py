"""The commands that are about files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.tui.paths import read_wanted
from tuichat.tui.slash import Command

if TYPE_CHECKING:
    from tuichat.tui.screens.main import MainScreen

Deed = Callable[[Command], Awaitable[None]]


class FileCommands:
    """Files are offered to the open conversation's person."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen

    def deeds(self) -> dict[str, Deed]:
        """The commands by name."""
        return {"file": self._file, "files": self._files}

    async def _file(self, command: Command) -> None:
        wanted = read_wanted(command.argument)
        person = self._screen.person
        if person is None:
            raise UsageError(
                _("No conversation is open, so nothing was sent."), _("Alt+1 or Alt+K goes to one.")
            )
        self._screen.offer(person, wanted)

    async def _files(self, command: Command) -> None:
        from tuichat.tui.screens.transfers import Transfers

        await self._screen.app.push_screen(Transfers(self._screen.shared, self._screen.go_to))
