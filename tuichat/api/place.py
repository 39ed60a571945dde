"""Where a client finds its node, now and after that node has ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tuichat.api.line import Line
from tuichat.errors import TuichatError, UnreachableError, UsageError
from tuichat.i18n import _

if TYPE_CHECKING:
    from tuichat.bootstrap import ProfilePaths

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """A profile, or one socket.

    Attributes:
        socket: where a node listens, if one runs.
        paths: the profile's; None if only the socket is known.
        token: a bot's, "" for the owner.
    """

    socket: Callable[[], Path]
    paths: ProfilePaths | None
    token: str = field(repr=False)

    @classmethod
    def find(cls, path: Path | str | None, home: Path | str | None, profile: str | None, token: str) -> Place:
        """As the command line finds it. Raises UsageError for a name or path that cannot be one."""
        if path is not None:
            if home is not None or profile is not None:
                raise UsageError(_("A socket's path and a profile exclude each other."))
            socket = Path(path)
            return cls(lambda: socket, None, token)
        from tuichat import bootstrap

        named = home if home is not None else os.environ.get("TUICHAT_HOME") or None
        chosen = profile if profile is not None else os.environ.get("TUICHAT_PROFILE") or "default"
        paths = bootstrap.profile_paths(None if named is None else Path(named), chosen, None)
        return cls(lambda: bootstrap.socket_path(paths), paths, token)

    async def first(self, *, start: bool, timeout: float) -> Line:
        """A line to the node, greeted; if none runs and `start` is true, to one that is started now.

        Raises:
            UnreachableError: none runs, or none answered within `timeout` seconds.
            TuichatError: whatever it, or the start of it, is refused for.
        """
        if self.paths is not None:
            from tuichat import bootstrap

            # It knows which nodes are about to come or to go, and starts one.
            await (await bootstrap.attach(self.paths, start=start, timeout=timeout)).close()
        elif start:
            raise UsageError(_("A node can be started for a profile, not for a socket."))
        try:
            async with asyncio.timeout(timeout):
                line = await self._greeted()
        except TimeoutError:
            raise UnreachableError(_("The profile's node does not answer.")) from None
        if line is None:
            raise UnreachableError(_("No node is running."), _("Start one: tuichat daemon run"))
        return line

    async def next(self) -> Line:
        """A line to the node that comes next, however long that takes; it is never started from here.

        Raises:
            TuichatError: it turned us away.
        """
        pause = _FIRST_PAUSE
        while (line := await self._greeted()) is None:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return line

    async def _greeted(self) -> Line | None:
        """A line that the node has answered on; None if nobody listens, or only one who is about to end."""
        try:
            line = await Line.open(self.socket(), anybodys=bool(self.token))
        except UnreachableError:
            return None
        try:
            await line.ask("hello", {"token": self.token} if self.token else {})
        except UnreachableError:
            await line.close()
            if line.refusal is not None:
                raise
            return None
        except (TuichatError, asyncio.CancelledError):
            await line.close()
            raise
        return line
