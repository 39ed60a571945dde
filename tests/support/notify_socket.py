"""A service manager's socket: what a process says on it, in order."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

PATIENCE = 60.0


class NotifySocket:
    """Use with `with`. `address` is for NOTIFY_SOCKET: an abstract name, or the path that was given.

    Attributes:
        told: every datagram's fields, in order.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.told: list[dict[str, str]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __enter__(self) -> NotifySocket:
        address = self.address
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        return self

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def read(self) -> list[dict[str, str]]:
        """What came so far."""
        while True:
            try:
                datagram = self._socket.recv(65536).decode()
            except BlockingIOError:
                return self.told
            self.told.append(dict(line.split("=", 1) for line in datagram.splitlines()))

    def count(self, name: str) -> int:
        """How often a field came so far."""
        return sum(name in fields for fields in self.read())

    @property
    def status(self) -> str:
        """The last STATUS."""
        return next((fields["STATUS"] for fields in reversed(self.read()) if "STATUS" in fields), "")

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what came so far is enough."""
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110 - another process brings it about
                await asyncio.sleep(0.02)
