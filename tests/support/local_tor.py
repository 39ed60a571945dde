"""`tuichat` as a process of its own whose tor is a directory: addresses lead to sockets on this machine.

    LOCAL_TOR=DIRECTORY python -m tests.support.local_tor --home DIR daemon run

Everything but tor is as in any other process, so two people meet within a second and without a network.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from onion.address import OnionAddress
from onion.keys import ClientKey
from tests.support.fake_tor import FakeNetwork, FakeService, FakeTor
from tuichat import __main__
from tuichat.bootstrap import building

DIRECTORY = "LOCAL_TOR"


class Published:
    """A service of this or another process, as far as callers need it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.streams: set[asyncio.Task[None]] = set()

    def admits(self, _key: ClientKey | None) -> bool:
        return True


class Services(dict[OnionAddress, FakeService]):
    """Who is published where, as all processes see it: a file for each address, with the socket's path."""

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory

    def __setitem__(self, address: OnionAddress, service: FakeService) -> None:
        super().__setitem__(address, service)
        self._file(address).write_text(str(service.target), encoding="utf-8")

    def __contains__(self, address: object) -> bool:
        return isinstance(address, OnionAddress) and self._file(address).exists()

    def get(self, address: OnionAddress, default: Any = None) -> Any:
        try:
            return Published(Path(self._file(address).read_text(encoding="utf-8")))
        except FileNotFoundError:
            return default

    def pop(self, address: OnionAddress, default: Any = None) -> Any:
        self._file(address).unlink(missing_ok=True)
        return super().pop(address, default)

    def _file(self, address: OnionAddress) -> Path:
        return self._directory / str(address)


def main() -> int:
    """Be `tuichat`, with that tor."""
    network = FakeNetwork()
    network.services = Services(Path(os.environ[DIRECTORY]))
    building.make_tor = lambda _paths, _config: FakeTor(network)  # type: ignore[assignment]
    return __main__.main()


if __name__ == "__main__":
    sys.exit(main())
