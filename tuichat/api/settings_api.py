"""What a node can be asked: the part of the local API about its settings."""

from __future__ import annotations

from typing import Protocol

from tuichat.model import Reread


class SettingsApi(Protocol):
    """That part of `NodeApi`."""

    async def reload(self) -> Reread:
        """Read the file of settings again, as at SIGHUP; works in a locked node, too.

        Raises UsageError: there is a mistake in it; what was in force stays so.
        """
        ...
