"""The HTTP server for programs that watch the node: `/healthz` and `/metrics`, on this machine only.

Each connection has one request and one answer. All of it is over within `SECONDS`. Where `MAX_CONNECTIONS`
are open, the oldest makes way: who only waits keeps nobody out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from tuichat.errors import StorageError, UsageError
from tuichat.health.answers import FAILED, NOT_FOUND, REFUSAL, Answer, Asked, judge
from tuichat.i18n import _
from tuichat.network.request_head import MAX_HEAD_BYTES, state_of
from tuichat.supervisor import place_of
from tuichat.system_reasons import reason_of

MAX_CONNECTIONS: Final = 16
SECONDS: Final = 5.0
"""How long a connection may last."""

SOCKET_MODE: Final = 0o660
"""A collector of the same group may connect; it needs the token all the same."""

_log: Final = logging.getLogger("tuichat.health")

Pages = Mapping[str, Callable[[], Awaitable[Answer]]]
"""What is answered, by path."""


class HealthServer:
    """Listens at `place`, an absolute path or a loopback `HOST:PORT`, and answers who shows `token`."""

    def __init__(self, place: str, token: str, pages: Pages) -> None:
        self.pages = pages
        self.token = token
        self.connections: dict[HealthConnection, None] = {}
        self._place = place
        self._path = Path(place) if place.startswith("/") else None
        host, _colon, port = place.rpartition(":")
        self._host = host.strip("[]")
        self.port = None if self._path else int(port)
        self._server: asyncio.Server | None = None
        self._made: tuple[int, int] | None = None

    async def start(self) -> None:
        """Listen. Raises StorageError if that place cannot be had, UsageError if something else is there."""
        loop = asyncio.get_running_loop()
        try:
            if self._path is None:
                self._server = await loop.create_server(self._connection, self._host, self.port)
            else:
                _check_directory(self._path.parent)
                _clear_way(self._path)
                self._server = await loop.create_unix_server(self._connection, self._path)
                self._path.chmod(SOCKET_MODE)
                self._made = _file_at(self._path)
        except OSError as error:
            raise StorageError(
                _("HTTP cannot be served at {place}: {why}.").format(place=self._place, why=reason_of(error)),
                _("Name another place with http.listen, or end what listens there."),
            ) from error

    async def close(self) -> None:
        """Listen no more, and end every connection."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in list(self.connections):
            connection.abort()
        if self._path is not None and self._made is not None and _file_at(self._path) == self._made:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _connection(self) -> HealthConnection:
        return HealthConnection(self)


class HealthConnection(asyncio.Protocol):
    """One request."""

    def __init__(self, server: HealthServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._head = bytearray()
        self._deadline: asyncio.TimerHandle | None = None
        self._answering: asyncio.Task[Answer] | None = None
        self._over = False
        self._heard_all = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._deadline = asyncio.get_running_loop().call_later(SECONDS, self.abort)
        if len(self._server.connections) >= MAX_CONNECTIONS:
            next(iter(self._server.connections)).abort()
        self._server.connections[self] = None

    def data_received(self, data: bytes) -> None:
        if self._over:
            return  # read on, and forget it: to close with something unread would take the answer away
        self._head += data[: MAX_HEAD_BYTES + 1]
        state = state_of(self._head)
        if state == "broken":
            self._give(REFUSAL)
        elif state == "whole":
            self._over = True
            asked = judge(bytes(self._head), self._server.token, self._server.port)
            if isinstance(asked, Answer):
                self._give(asked)
            else:
                self._answer(asked)

    def _answer(self, asked: Asked) -> None:
        page = self._server.pages.get(asked.path)
        if page is None:
            self._give(NOT_FOUND, with_body=asked.with_body)
            return
        self._answering = asyncio.ensure_future(page())
        self._answering.add_done_callback(lambda done: self._answered(asked, done))

    def _answered(self, asked: Asked, done: asyncio.Task[Answer]) -> None:
        """Supervise: what fails for a reason that nobody foresaw is logged by kind, and answered."""
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            _log.error("%s failed: %s at %s", asked.path, type(error).__name__, place_of(error))
            self._give(FAILED)
        else:
            self._give(done.result(), with_body=asked.with_body)

    def _give(self, answer: Answer, *, with_body: bool = True) -> None:
        self._over = True
        if self._transport is not None:
            self._transport.write(answer.encoded(with_body=with_body))
            if self._heard_all:
                self._transport.close()
            else:
                self._transport.write_eof()

    def eof_received(self) -> bool:
        if not self._over:
            self._give(REFUSAL)
        self._heard_all = True
        return self._answering is not None and not self._answering.done()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._server.connections.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
        if self._answering is not None:
            self._answering.cancel()

    def abort(self) -> None:
        """Be gone at once."""
        self._server.connections.pop(self, None)
        if self._transport is not None:
            self._transport.abort()


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file that is, by device and inode; None for none. Another's is not ours to remove."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _check_directory(directory: Path) -> None:
    """Raise UsageError if others could put a socket of theirs in the place, and be shown the token there."""
    found = directory.stat()
    if found.st_mode & 0o022 or found.st_uid not in (0, os.getuid()):
        raise UsageError(
            _("Others can write to {path}, where HTTP is to be served.").format(path=directory),
            _("Name a directory with http.listen that only you can write to."),
        )


def _clear_way(path: Path) -> None:
    """Remove a socket that nobody listens on any more. Raises UsageError if something else is there."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UsageError(
                _("Something that is no socket is in the way: {path}.").format(path=path),
                _("Move it away, or name another place with http.listen."),
            )
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise UsageError(
        _("Another program listens at {path}.").format(path=path),
        _("End it, or name another place with http.listen."),
    )
