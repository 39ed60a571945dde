"""What the service manager is told of a node, and how: the protocol of sd_notify(3).

A datagram of NAME=VALUE lines goes to the UNIX socket that NOTIFY_SOCKET names, a path or, with a leading @,
an abstract name. WATCHDOG_USEC is after how many microseconds without WATCHDOG=1 the process WATCHDOG_PID (or
whichever was started, if there is none) is taken for hung and killed.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Final

_SEND_SECONDS: Final = 1.0


class ServiceManager:
    """The one that started this process.

    Args:
        address: of its socket, as NOTIFY_SOCKET has it; "" for nobody, who is told nothing.
        watchdog_seconds: how long it waits for a sign of life, None if it waits for none.
    """

    def __init__(self, address: str = "", watchdog_seconds: float | None = None) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_seconds = watchdog_seconds

    @classmethod
    def taken_from(cls, environment: MutableMapping[str, str]) -> ServiceManager:
        """The one that the environment names, which is taken out of it: tor, which this process starts,
        would speak to it as well.
        """
        address = environment.pop("NOTIFY_SOCKET", "")
        period = environment.pop("WATCHDOG_USEC", "")
        watched = environment.pop("WATCHDOG_PID", "") or str(os.getpid())
        if not address.startswith(("/", "@")):
            return cls()
        watches = watched == str(os.getpid()) and period.isdecimal() and int(period) > 0
        return cls(address, int(period) / 1e6 if watches else None)

    def __bool__(self) -> bool:
        return bool(self._address)

    def tell(self, **fields: str | int) -> None:
        """Tell it all of `fields` at once, a line for each. A failure is told nobody: there is none else."""
        if not self._address:
            return
        lines = [f"{name}={' '.join(str(value).split())}" for name, value in fields.items()]
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.settimeout(_SEND_SECONDS)
            sender.sendto("\n".join(lines).encode(), self._address)
