"""A node's process from its first moment to its last: lock, gate, server, signals, the end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tuichat.api.client import AsyncClient
from tuichat.api.server import ApiServer
from tuichat.bootstrap.bots import bot_server
from tuichat.bootstrap.building import open_node
from tuichat.bootstrap.hardening import harden
from tuichat.bootstrap.logs import set_up_logs
from tuichat.bootstrap.open_files import allow_many_open_files
from tuichat.bootstrap.profiles import socket_path
from tuichat.bootstrap.starting import leave_starter, report_failure, report_settled
from tuichat.clock import SystemClock, SystemRng
from tuichat.config import Config
from tuichat.crypto.passphrase import Secret
from tuichat.errors import TuichatError, UnreachableError
from tuichat.i18n import _
from tuichat.node.custody import Custody
from tuichat.node.gate import Gate, StopReason
from tuichat.node.node import Node
from tuichat.store.home import prepare_home
from tuichat.store.profile import needs_passphrase
from tuichat.store.profile_lock import NodeLock
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.wipe import wipe_begun, wipe_completed, wipe_whole
from tuichat.supervisor import supervise

if TYPE_CHECKING:
    from tuichat.bootstrap.health import Health

Result = TypeVar("Result")
RunningKind = Literal["daemon", "detached"]

IDLE_SECONDS = 10.0
"""How long a detached node waits for another client after its last one has left."""

LOCK_SECONDS = 20.0
"""How long a daemon waits for a node that ends or hands over."""

_PAUSE = 0.05
_INTERRUPTED = 130


def run_node(
    paths: ProfilePaths,
    config: Config,
    kind: RunningKind,
    passphrase: str | None = None,
    key_file: bytes | None = None,
) -> int:
    """Be the profile's node until somebody asks it to stop; gives the exit code.

    Args:
        paths: of an existing profile.
        config: the settings in force.
        kind: a daemon stays; a detached node ends after its last client.
        passphrase: to open the profile with; None leaves one that needs it locked.
        key_file: the content of the key file, if there is one.

    Raises:
        LockedError: the passphrase or the key file is wrong.
        TuichatError: another daemon has the profile, or it cannot be opened.
    """
    harden()
    allow_many_open_files()
    set_up_logs(config.log)
    if kind == "detached":
        leave_starter()
    try:
        prepare_home(paths)
        secret = None if passphrase is None else Secret(passphrase, key_file)
        return asyncio.run(_NodeProcess(paths, config, kind).run(secret))
    except TuichatError as error:
        if kind == "detached":
            report_failure(error)
        raise


class _NodeProcess:
    """One node's life."""

    def __init__(self, paths: ProfilePaths, config: Config, kind: RunningKind) -> None:
        self._paths = paths
        self._config = config
        self._kind = kind
        self._gate = Gate(
            self._open_node,
            kind=kind,
            clock=SystemClock(),
            custody=Custody(paths, SystemRng(), inbox=config.files.directory),
        )
        self._server = ApiServer(self._gate, socket_path(paths, create=True))
        self._health: Health | None = None
        self._bots = bot_server(self._gate, config.api) if kind == "daemon" else None
        self._interrupted = False

    async def run(self, secret: Secret | None) -> int:
        """Take the profile, serve, and leave it; gives the exit code."""
        self._heed_signals()
        asked = asyncio.ensure_future(self._gate.wait_stop())
        try:
            lock = await _unless(asked, self._take_lock())
            if lock is not None:
                try:
                    await self._live(asked, secret)
                finally:
                    lock.release()
            elif not asked.done():
                report_settled("busy")
        finally:
            asked.cancel()
        return _INTERRUPTED if self._interrupted else 0

    async def _live(self, asked: asyncio.Future[StopReason], secret: Secret | None) -> None:
        reason: StopReason = "stop"
        _finish_wipe(self._paths)
        try:
            await _unless(asked, self._begin(secret))
            watching = [asyncio.ensure_future(self._end_when_idle())]
            if seconds := self._config.privacy.auto_lock_seconds:
                locking = supervise("auto-lock", lambda: self._gate.lock_when_idle(seconds))
                watching.append(asyncio.ensure_future(locking))
            reason = await asked
            for watch in watching:
                watch.cancel()
        finally:
            # Those who reconnect at once must not reach us again, so the socket goes first.
            servers = [self._server, *([self._bots] if self._bots is not None else [])]
            for server in servers:
                server.stop_listening()
            if self._health is not None:
                await self._health.close()
            try:
                await self._gate.close(reason)
            finally:
                await asyncio.gather(*(server.close() for server in servers))

    async def _begin(self, secret: Secret | None) -> None:
        """Open what can be opened, then serve: no client meets a profile that is locked for a moment only."""
        if self._kind == "daemon" and self._config.http.listen:
            await self._serve_http()
        if not needs_passphrase(self._paths):
            secret = Secret("")
        if secret is not None:
            await self._gate.unlock(secret.passphrase, secret.key_file)
        await self._server.start()
        if self._bots is not None:
            await self._bots.start()
        if self._kind == "detached":
            report_settled("ready")

    async def _serve_http(self) -> None:
        """As soon as there is anything to tell: that the profile is being unlocked, too."""
        from tuichat.bootstrap.health import Health  # few want it

        self._health = Health(self._paths, self._config.http, self._gate, self._server, SystemClock())
        await self._health.start()

    async def _open_node(self, secret: Secret) -> Node:
        return await open_node(self._paths, self._config, secret, SystemClock(), SystemRng())

    async def _take_lock(self) -> NodeLock | None:
        """The profile's lock. A daemon asks a detached node for it; a detached one gives way: None."""
        asked_pid = 0
        try:
            async with asyncio.timeout(LOCK_SECONDS):
                while (lock := NodeLock.acquire(self._paths.lock, self._kind)) is None:
                    if self._kind == "detached":
                        return None
                    asked_pid = await _ask_handover(self._paths, asked_pid)
                    await asyncio.sleep(_PAUSE)
                return lock
        except TimeoutError:
            raise UnreachableError(
                _("Another tuichat holds this profile and does not answer."), _("Wait for it, or end it.")
            ) from None

    async def _end_when_idle(self) -> None:
        """Stop a detached node that has had no client for a while and was not asked to stay."""
        while self._kind == "detached":
            await self._server.wait_until_empty()
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    await self._server.wait_for_client()
            except TimeoutError:
                if not self._gate.keeps_running():
                    self._server.stop_listening()
                    self._gate.ask_stop("idle")
                    return

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._gate.ask_stop, "stop")
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # a closed terminal does not end a node

    def _interrupt(self) -> None:
        self._interrupted = True
        self._gate.ask_stop("stop")


def _finish_wipe(paths: ProfilePaths) -> None:
    """If the profile's wipe had been broken off, do it; raises TuichatError, unless nobody is to be told."""
    order = wipe_begun(paths)
    if order is not None:
        wipe_whole(paths, order, SystemRng())
        if not order.decoy:
            raise wipe_completed()


async def _ask_handover(paths: ProfilePaths, asked_pid: int) -> int:
    """Ask a detached node once to hand over; gives the pid of the one that was asked last.

    Raises:
        TuichatError: it is a daemon.
    """
    try:
        async with AsyncClient.connect(socket_path(paths)) as node:
            there = await node.hello()
            if there.node == "daemon":
                raise TuichatError(
                    _("A daemon runs for this profile already, with pid {pid}.").format(pid=there.pid),
                    _("End it: tuichat daemon stop"),
                )
            if there.pid != asked_pid:
                await node.stop("handover")
            return there.pid
    except UnreachableError:
        return asked_pid


async def _unless(asked: asyncio.Future[StopReason], work: Coroutine[None, None, Result]) -> Result | None:
    """The result of `work`, or None if the stop that `asked` waits for comes first; `work` is cancelled."""
    task = asyncio.ensure_future(work)
    either: set[asyncio.Future[Any]] = {asked, task}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    return None if task.cancelled() else task.result()
