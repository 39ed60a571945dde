"""What one client may use of a node, and all of them together."""

from __future__ import annotations

import asyncio
import resource
from dataclasses import dataclass
from typing import Final

from tuichat.api.wire import MAX_REQUEST_LINE
from tuichat.errors import DeniedError
from tuichat.i18n import _

MAX_CLIENTS: Final = 1200
"""Clients of the owner's socket, as far as the system lets a process have so many open files."""

RESERVED_FILES: Final = 400
"""Open files that clients leave for links, tor, the database and files under way."""

MAX_PER_TOKEN: Final = 8
"""Connections at once with the same token."""

CALLS_PER_SECOND: Final = 100.0
CHANGES_PER_SECOND: Final = 10.0
SEARCHES_PER_SECOND: Final = 1.0
"""The dearest of all calls: up to a quarter of a second in a million messages."""

_SECONDS_SAVED: Final = 3.0
"""Whoever was silent may use so many seconds' worth at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one socket.

    Attributes:
        clients: how many at once.
        line: bytes of a line to the node.
        calls: of one client under way at once; with that many, its next line is read when one is done.
        stall: seconds after which a client is given up that takes nothing of what it asked for; None never.
        greeting: seconds in which a token has to be presented; None where none is needed.
    """

    clients: int = MAX_CLIENTS
    line: int = MAX_REQUEST_LINE
    calls: int = 16
    stall: float | None = None
    greeting: float | None = None


OWNER: Final = Limits()
BOTS: Final = Limits(clients=128, line=384 * 1024, calls=4, stall=60.0, greeting=10.0)
"""The longest text of a message fits into such a line, whatever is in it."""


def clients_within(limits: Limits) -> int:
    """How many clients there may be, as many files as this process may have open."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return limits.clients
    return max(16, min(limits.clients, soft - RESERVED_FILES))


class Pace:
    """Lets through so many a second, and makes the rest wait their turn."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._most = per_second * _SECONDS_SAVED
        self._left = self._most
        self._at: float | None = None

    async def turn(self) -> None:
        """Wait until it is this caller's turn."""
        now = asyncio.get_running_loop().time()
        passed = 0.0 if self._at is None else now - self._at
        self._at = now
        self._left = min(self._most, self._left + passed * self._per_second) - 1
        if self._left < 0:
            await asyncio.sleep(-self._left / self._per_second)


class Usage:
    """What the holders of one token use together."""

    def __init__(self) -> None:
        self.connections = 0
        self.calls = Pace(CALLS_PER_SECOND)
        self.changes = Pace(CHANGES_PER_SECOND)
        self.searches = Pace(SEARCHES_PER_SECOND)


class Usages:
    """Of all tokens, over all connections."""

    def __init__(self) -> None:
        self._usages: dict[int, Usage] = {}

    def enter(self, token: int) -> Usage:
        """Another connection has presented this token. Raises DeniedError if it is one too many."""
        usage = self._usages.setdefault(token, Usage())
        if usage.connections >= MAX_PER_TOKEN:
            raise DeniedError(
                _("This token is in use by {count} connections.").format(count=usage.connections),
                _("Close one of them."),
            )
        usage.connections += 1
        return usage
