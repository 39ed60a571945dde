"""The UNIX socket that our onion service leads to: it lets callers in one by one, at a bounded pace.

asyncio's own server accepts as many as there are. A crowd at the door would then have most of the loop's
time, and the contacts who are linked already would wait for what is left.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

BACKLOG: Final = 1024
"""Connections that the kernel keeps for us. Tor ends a stream for which there is no room."""

PAUSE_SECONDS: Final = 0.001
"""Between two callers. Each costs about 0.2 ms: together they have about a fifth of the loop's time."""

_OUT_OF_SOCKETS_SECONDS: Final = 1.0
"""How long to wait when the system has no file descriptor or memory for one more."""


class Door:
    """Listens from its making on; use it on a running event loop.

    Args:
        path: of the socket; nothing may be there.
        mode: its file mode.
        doorkeeper: makes the protocol for a caller.

    Raises:
        OSError: the socket cannot be made.
    """

    def __init__(self, path: Path, mode: int, doorkeeper: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._doorkeeper = doorkeeper
        self._entering: set[asyncio.Task[object]] = set()
        self._opening: asyncio.TimerHandle | None = None
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            self._listening.bind(str(path))
            path.chmod(mode)
            self._listening.listen(BACKLOG)
        except BaseException:
            self._listening.close()
            raise
        self._open()

    async def close(self) -> None:
        """Let nobody in any more; whoever was let in has met a doorkeeper when this returns."""
        if self._opening is not None:
            self._opening.cancel()
        self._loop.remove_reader(self._listening)
        await asyncio.gather(*self._entering, return_exceptions=True)
        self._listening.close()

    def _open(self) -> None:
        self._loop.add_reader(self._listening, self._let_in)

    def _let_in(self) -> None:
        pause = PAUSE_SECONDS
        try:
            caller, _address = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # it has gone meanwhile
        except OSError:
            pause = _OUT_OF_SOCKETS_SECONDS
        else:
            caller.setblocking(False)
            entering = self._loop.create_task(self._loop.connect_accepted_socket(self._doorkeeper, caller))
            self._entering.add(entering)
            entering.add_done_callback(self._entering.discard)
        self._loop.remove_reader(self._listening)
        self._opening = self._loop.call_later(pause, self._open)
