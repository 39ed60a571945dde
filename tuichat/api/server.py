"""The server of the local API: a UNIX socket that only its owner may use, and the clients on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from pathlib import Path

from tuichat.api.connection import Connection
from tuichat.api.limits import OWNER, Limits, Usages, clients_within
from tuichat.api.peer import peer_uid, refusal_for
from tuichat.api.scoped import ServedApi
from tuichat.api.wire import encode_refusal
from tuichat.errors import StorageError, TuichatError, UnreachableError, UsageError
from tuichat.i18n import _
from tuichat.system_reasons import reason_of

FAREWELL = 2.0
"""Seconds that a client gets at the end to take what is on its way to it."""

_MAX_SOCKET_PATH = 107
_BACKLOG = 1024


class ApiServer:
    """Serves a `NodeApi` on the UNIX socket at `path`; start it only while holding the profile's lock.

    Args:
        api: what answers.
        path: at most 107 bytes; its directory must be ours alone. A socket left there is replaced.
        owner: the user id that may connect, by default this process's.
        limits: what clients may use.
    """

    def __init__(
        self, api: ServedApi, path: Path, *, owner: int | None = None, limits: Limits = OWNER
    ) -> None:
        self.api = api
        self.limits = limits
        self.usages = Usages()
        self._path = path
        self._most = limits.clients
        self._owner = os.getuid() if owner is None else owner
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], Connection | None] = {}
        self._occupied = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def client_count(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    async def wait_for_client(self) -> None:
        """Return once any client is connected."""
        await self._occupied.wait()

    async def wait_until_empty(self) -> None:
        """Return once no client is connected."""
        await self._empty.wait()

    async def start(self) -> None:
        """Listen.

        Raises:
            UsageError: the path is too long for a socket.
            StorageError: the directory is not ours alone, or something else is in the way.
        """
        if len(os.fsencode(self._path)) > _MAX_SOCKET_PATH:
            raise UsageError(_("The path of the socket is too long: {path}.").format(path=self._path))
        self._most = clients_within(self.limits)
        self._check_directory(self._path.parent)
        _clear_way(self._path)
        try:
            self._server = await asyncio.start_unix_server(
                self._connected, path=self._path, limit=self.limits.line - 1, backlog=_BACKLOG
            )
            self._open(self._path)
        except StorageError:
            self.stop_listening()
            raise
        except OSError as error:
            self.stop_listening()
            message = _("The socket {path} cannot be made: {why}.")
            raise StorageError(message.format(path=self._path, why=reason_of(error))) from error

    def stop_listening(self) -> None:
        """Take no new clients and remove the socket; those connected stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    async def close(self, farewell: float = FAREWELL) -> None:
        """Stop listening, let clients take what is on its way to them for `farewell` seconds, hang up."""
        self.stop_listening()
        connections = [connection for connection in self._clients.values() if connection is not None]
        await asyncio.gather(*(connection.finish(farewell) for connection in connections))
        tasks = list(self._clients)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        refusal = self._refusal(writer)
        connection = Connection(self, reader, writer) if refusal is None else None
        self._clients[task] = connection
        self._count()
        try:
            if connection is not None:
                await connection.serve()
            elif refusal is not None:
                await _turn_away(writer, refusal)
        except asyncio.CancelledError:
            pass  # `close` ends us; there is nobody above to tell.
        finally:
            self._clients.pop(task, None)
            self._count()

    def _count(self) -> None:
        busy, free = (self._occupied, self._empty) if self._clients else (self._empty, self._occupied)
        busy.set()
        free.clear()

    def _refusal(self, writer: asyncio.StreamWriter) -> TuichatError | None:
        peer = peer_uid(writer.get_extra_info("socket"))
        if (stranger := self._stranger(peer)) is not None:
            return stranger
        if len(self._clients) >= self._most and not self._make_room():
            return UnreachableError(_("The node has as many clients as it takes."), _("Close one of them."))
        return None

    def _make_room(self) -> bool:
        """Hang up on whoever has been without a needed token for longest: who only waits keeps nobody out."""
        for task, connection in self._clients.items():
            if connection is not None and connection.is_nameless:
                del self._clients[task]
                task.cancel()
                return True
        return False

    def _stranger(self, peer: int) -> TuichatError | None:
        """Why this user may not connect."""
        return refusal_for(peer, self._owner)

    def _check_directory(self, directory: Path) -> None:
        """Raises StorageError if others could put something in the socket's place."""
        _check_directory(directory)

    def _open(self, path: Path) -> None:
        """Let those connect who may."""
        path.chmod(0o600)


async def _turn_away(writer: asyncio.StreamWriter, refusal: TuichatError) -> None:
    writer.write(encode_refusal(None, refusal))
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(FAREWELL):
            await writer.wait_closed()
    writer.transport.abort()


def _check_directory(directory: Path) -> None:
    try:
        status = directory.lstat()
    except OSError as error:
        message = _("The directory {path} cannot be used: {why}.")
        raise StorageError(message.format(path=directory, why=reason_of(error))) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise StorageError(
            _("The directory {path} is not yours alone.").format(path=directory),
            _("Move it away, or give it back: chmod 700."),
        )


def _clear_way(path: Path) -> None:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.getuid():
        raise StorageError(
            _("Something that is no socket of yours is in the way: {path}.").format(path=path),
            _("Move it away."),
        )
    path.unlink()
