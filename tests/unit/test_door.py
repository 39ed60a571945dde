"""The door: callers come in one by one; a system without room for one more shuts it for a while only."""

from __future__ import annotations

import asyncio
import errno
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.raw_callers import PATIENCE, RawCaller
from tuichat.network import door as door_module
from tuichat.network.door import Door


class Met(asyncio.Protocol):
    """A doorkeeper that notes whom it met, and sends them away."""

    def __init__(self, met: list[str]) -> None:
        self._met = met

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._met.append("a caller")
        asyncio.get_running_loop().call_soon(self._met.append, "somebody else")
        transport.close()


class Crowded:
    """A listening socket that has no file descriptor left for the first caller."""

    def __init__(self, real: socket.socket) -> None:
        self._real = real
        self.refused = False
        self.fileno, self.close = real.fileno, real.close

    def accept(self) -> tuple[socket.socket, object]:
        if not self.refused:
            self.refused = True
            raise OSError(errno.EMFILE, "no room")
        return self._real.accept()


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tc") as directory:
        yield Path(directory) / "door.sock"


async def test_between_two_callers_others_have_their_turn(path: Path) -> None:
    met: list[str] = []
    door = Door(path, 0o600, lambda: Met(met))
    callers = await asyncio.gather(*(RawCaller.connect(path) for _ in range(5)))
    await asyncio.gather(*(caller.answer() for caller in callers))
    await door.close()
    assert met == ["a caller", "somebody else"] * 5


async def test_a_system_without_room_lets_callers_in_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "_OUT_OF_SOCKETS_SECONDS", 0.01)
    met: list[str] = []
    door = Door(path, 0o600, lambda: Met(met))
    crowded = Crowded(door._listening)
    monkeypatch.setattr(door, "_listening", crowded)
    caller = await RawCaller.connect(path)
    async with asyncio.timeout(PATIENCE):
        await caller.answer()
    await door.close()
    assert crowded.refused
    assert met == ["a caller", "somebody else"]
