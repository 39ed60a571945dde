"""The commands about oneself: how one stands, being here or away, passphrases, and copies of the profile."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from tuichat.api.node_api import NodeApi
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.import_words import import_advice, import_words
from tuichat.model import Backup
from tuichat.tui.glyphs import Glyphs
from tuichat.tui.own_words import (
    backup_words,
    duress_words,
    passphrase_words,
    presence_words,
    without_words,
)
from tuichat.tui.screens.people_commands import Ask
from tuichat.tui.screens.secrets import Secrets
from tuichat.tui.slash import Command, usage

if TYPE_CHECKING:
    from tuichat.tui.app import TuichatApp
    from tuichat.tui.screens.main import MainScreen

Deed = Callable[[Command], Awaitable[None]]


class OwnCommands:
    """`ask` asks one question, yes or no."""

    def __init__(self, screen: MainScreen, ask: Ask) -> None:
        self._screen = screen
        self._ask = ask

    def deeds(self) -> dict[str, Deed]:
        """The commands by name."""
        return {
            "status": self._status,
            "away": self._presence,
            "back": self._presence,
            "passphrase": self._passphrase,
            "duress": self._duress,
            "backup": self._backup,
            "import": self._import,
        }

    @property
    def _app(self) -> TuichatApp:
        return cast("TuichatApp", self._screen.app)

    @property
    def _node(self) -> NodeApi:
        return self._screen.shared.session.node

    async def _status(self, command: Command) -> None:
        from tuichat.tui.screens.status import StatusScreen

        await self._app.push_screen(StatusScreen(self._screen.shared))

    async def _presence(self, command: Command) -> None:
        away = command.name == "away"
        await self._screen.stay_away(away)
        self._screen.say(presence_words(self._app.choices.standings(), away=away))

    async def _passphrase(self, command: Command) -> None:
        async def change(current: str, new: str) -> str:
            key_file = self._screen.shared.options.key_file()
            await self._node.passphrase(current, new or None, key_file, key_file if new else None)
            self._app.sealed = bool(new)
            return passphrase_words(removed=not new)

        explained = _(
            "It opens the profile. Backups made before open with the one they were made with, and a duress "
            "passphrase, if there is one, goes."
        )
        texts = _("Passphrase"), explained
        await self._secrets(
            Secrets(self._glyphs, texts, change, current=self._app.sealed, without=without_words())
        )

    async def _duress(self, command: Command) -> None:
        if not self._app.sealed:
            raise UsageError(
                _("This profile has no passphrase, so none can be given in its place."),
                _("/passphrase sets one."),
            )

        async def change(current: str, new: str) -> str:
            key_file = self._screen.shared.options.key_file()
            await self._node.duress(current, new or None, key_file)
            return duress_words(removed=not new)

        explained = _(
            "Whoever gives this passphrase instead of yours destroys the profile for good, and is told that "
            "it is wrong. Never type it to try it."
        )
        texts, without = (
            (_("Duress passphrase"), explained),
            _("Enter again takes it away, if there is one."),
        )
        await self._secrets(Secrets(self._glyphs, texts, change, current=True, without=without))

    async def _backup(self, command: Command) -> None:
        if not command.argument:
            raise UsageError(_("Into which file?"), usage("backup"))
        path = _absolute(command.argument)
        force = await asyncio.to_thread(os.path.exists, path)
        question = _("{path} is there already. Replace it?").format(path=path)
        if force and not await self._ask(question, _("y  replace   n  no")):
            return
        if self._app.sealed:
            self._screen.say(_("Writing the backup..."), lasting=True)
            self._screen.say(backup_words(await self._node.backup(path, None, force)), lasting=True)
            return

        async def write(current: str, new: str) -> str:
            made: Backup = await self._node.backup(path, new, force)
            return backup_words(made)

        explained = _("This profile has no passphrase; its backup needs one.")
        await self._secrets(Secrets(self._glyphs, (_("Backup"), explained), write, current=False))

    async def _import(self, command: Command) -> None:
        if not command.argument:
            raise UsageError(_("From which directory?"), usage("import"))
        self._screen.say(_("Taking the export in..."), lasting=True)
        made = await self._node.import_from(_absolute(command.argument))
        self._screen.say("\n".join([import_words(made), *import_advice(made)]), lasting=True)
        self._screen.load()

    async def _secrets(self, screen: Secrets) -> None:
        said: str | None = await self._app.push_screen_wait(screen)
        if said:
            self._screen.say(said, lasting=True)

    @property
    def _glyphs(self) -> Glyphs:
        return self._screen.shared.glyphs


def _absolute(path: str) -> str:
    """The path from here, of which the node knows nothing; links stay."""
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111
