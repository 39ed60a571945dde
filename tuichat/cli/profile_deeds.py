"""What a front end may do with its profile beside asking the node: make it, wipe it, keep settings."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tuichat.cli.context import Context

if TYPE_CHECKING:
    from tuichat.tui.standing import Standings


class ProfileDeeds:
    """Of the profile that one call of the command line is about."""

    def __init__(self, context: Context) -> None:
        self._paths = context.paths()
        self._config = context.config()
        self._environment = context.environment

    def standings(self) -> Standings:
        """How the settings stand now. Raises TuichatError."""
        from tuichat.cli.config_standing import standings

        return standings(self._paths.config, self._environment)

    def save(self, name: str, value: str) -> None:
        """Keep a setting, by its whole name."""
        self._set(name, value)

    def reset(self, name: str) -> None:
        """Keep a setting no longer."""
        from tuichat.cli.config_edit import unset_key

        unset_key(self._paths.config, name)

    def save_bridges(self, lines: str) -> None:
        """Keep bridge lines for tor's next start."""
        self._set("tor.bridges", lines)

    async def create(self, name: str | None, passphrase: str | None) -> str:
        """Make the profile of a first run; gives its address."""
        from tuichat import bootstrap

        return await asyncio.to_thread(bootstrap.create_profile, self._paths, passphrase, name or "")

    async def wipe(self, keep_files: bool) -> None:
        """Destroy it, whether its node answers or not."""
        from tuichat import bootstrap

        await bootstrap.wipe_profile(self._paths, self._config.files.directory, keep_files=keep_files)

    def _set(self, key: str, value: str) -> None:
        from tuichat.cli.config_edit import set_key

        set_key(self._paths.config, key, value)
