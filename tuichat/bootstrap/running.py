"""A node's process from its first moment to its last: lock, gate, server, signals, the end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tuichat.api.server import ApiServer
from tuichat.bootstrap.bots import bot_server
from tuichat.bootstrap.building import open_node, settled_by
from tuichat.bootstrap.hardening import harden
from tuichat.bootstrap.logs import SETTINGS_LOG, set_up_logs
from tuichat.bootstrap.open_files import allow_many_open_files
from tuichat.bootstrap.profiles import socket_path
from tuichat.bootstrap.reloading import changed, merged
from tuichat.bootstrap.reporting import Report
from tuichat.bootstrap.service_manager import ServiceManager
from tuichat.bootstrap.starting import leave_starter, report_failure, report_settled
from tuichat.bootstrap.taking import RunningKind, take_lock
from tuichat.clock import SystemClock, SystemRng
from tuichat.config import Config
from tuichat.crypto.passphrase import Secret
from tuichat.errors import TuichatError
from tuichat.i18n import _, number_in, use_language
from tuichat.model import Reread
from tuichat.node.custody import Custody
from tuichat.node.gate import Gate, StopReason
from tuichat.node.node import Node
from tuichat.store.home import prepare_home
from tuichat.store.profile import needs_passphrase
from tuichat.store.profile_paths import ProfilePaths
from tuichat.store.wipe import wipe_begun, wipe_completed, wipe_whole
from tuichat.supervisor import supervise

if TYPE_CHECKING:
    from tuichat.bootstrap.health import Health

Result = TypeVar("Result")
IDLE_SECONDS = 10.0
"""How long a detached node waits for another client after its last one has left."""

_INTERRUPTED = 130
_settings_log: Final = logging.getLogger(SETTINGS_LOG)


def run_node(
    paths: ProfilePaths,
    config: Config,
    kind: RunningKind,
    passphrase: str | None = None,
    key_file: bytes | None = None,
    again: Callable[[], Config] | None = None,
) -> int:
    """Be the profile's node until somebody asks it to stop; gives the exit code.

    Args:
        paths: of an existing profile.
        config: the settings in force.
        kind: a daemon stays; a detached node ends after its last client.
        passphrase: to open the profile with; None leaves one that needs it locked.
        key_file: the content of the key file, if there is one.
        again: reads the settings once more, at SIGHUP or when asked; raises TuichatError if they are wrong.

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
        return asyncio.run(_NodeProcess(paths, config, kind, again).run(secret))
    except TuichatError as error:
        if kind == "detached":
            report_failure(error)
        raise


class _NodeProcess:
    """One node's life."""

    def __init__(
        self, paths: ProfilePaths, config: Config, kind: RunningKind, again: Callable[[], Config] | None
    ) -> None:
        self._paths = paths
        self._config = config
        self._kind = kind
        self._again = again
        self._gate = Gate(
            self._open_node,
            kind=kind,
            clock=SystemClock(),
            custody=Custody(paths, SystemRng(), inbox=config.files.directory),
        )
        self._gate.reread = self._reread
        self._server = ApiServer(self._gate, socket_path(paths, create=True))
        self._health: Health | None = None
        manager = ServiceManager.taken_from(os.environ)
        self._report = Report(
            manager if kind == "daemon" else ServiceManager(), self._gate.status, SystemClock()
        )
        self._locking: asyncio.Future[None] | None = None
        self._bots = bot_server(self._gate, config.api) if kind == "daemon" else None
        self._interrupted = False

    async def run(self, secret: Secret | None) -> int:
        """Take the profile, serve, and leave it; gives the exit code."""
        self._heed_signals()
        asked = asyncio.ensure_future(self._gate.wait_stop())
        try:
            lock = await _unless(asked, take_lock(self._paths, self._kind))
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
        watching: list[asyncio.Future[None]] = []
        try:
            async with self._report.patience():
                await _unless(asked, self._begin(secret))
            watching.append(asyncio.ensure_future(self._end_when_idle()))
            watching.append(asyncio.ensure_future(supervise("report", self._report.keep)))
            self._lock_when_idle()
            reason = await asked
        finally:
            self._report.stopping()
            async with self._report.patience():
                await self._end(reason, watching)

    async def _end(self, reason: StopReason, watching: list[asyncio.Future[None]]) -> None:
        for watch in (*watching, *((self._locking,) if self._locking is not None else ())):
            watch.cancel()
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
        await self._report.ready()

    async def _serve_http(self) -> None:
        """As soon as there is anything to tell: that the profile is being unlocked, too."""
        from tuichat.bootstrap.health import Health  # few want it

        self._health = Health(self._paths, self._config.http, self._gate, self._server, SystemClock())
        await self._health.start()

    async def _open_node(self, secret: Secret) -> Node:
        clock, rng, signs = SystemClock(), SystemRng(), self._report.still_works
        return await open_node(self._paths, self._config, secret, clock, rng, signs)

    def _lock_when_idle(self) -> None:
        if self._locking is not None:
            self._locking.cancel()
            self._locking = None
        if seconds := self._config.privacy.auto_lock_seconds:
            locking = supervise("auto-lock", lambda: self._gate.lock_when_idle(seconds))
            self._locking = asyncio.ensure_future(locking)

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

    # -- signals --

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._gate.ask_stop, "stop")
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGHUP, self._reload)  # a closed terminal does not end a node

    def _interrupt(self) -> None:
        self._interrupted = True
        self._gate.ask_stop("stop")

    def _reload(self) -> None:
        """Somebody who hears no answer wants the settings to be read again: the log says what came of it."""
        try:
            self._reread()
        except TuichatError as error:
            _settings_log.error("%s", _wrong_settings(error))

    def _reread(self) -> Reread:
        """Read the settings again. Raises TuichatError: they are wrong, and those in force stay."""
        if self._again is None:
            return Reread()
        self._report.reloading()
        try:
            return self._take(self._again())
        finally:
            self._report.reloaded()

    def _take(self, found: Config) -> Reread:
        """Go by what may change now, and say what waits for another start."""
        now, later = changed(self._config, found)
        self._config = merged(self._config, found)
        if "ui.language" in now:
            use_language(found.ui.language or None)
        if now:
            self._gate.settle(settled_by(self._config))
            _settings_log.info("%s", _("Changed: {names}.").format(names=", ".join(now)))
        if "privacy.auto_lock" in now:
            self._lock_when_idle()
        if later:
            text = _("Takes effect at the next start: {names}.").format(names=", ".join(later))
            _settings_log.warning("%s", text)
        return Reread(now=tuple(now), later=tuple(later))


def _wrong_settings(error: TuichatError) -> str:
    """What a log may say of them: where the mistake is. What stands there may be an address, or a path."""
    line = number_in(error.message, _("{path}, line {line}"), "line")
    if line is None:
        text = _("The settings cannot be read, and stay as they were. tuichat config show says why.")
    else:
        text = _(
            "Line {line} of the settings is wrong, so they stay as they were. tuichat config show says why."
        )
        text = text.format(line=line)
    return text


def _finish_wipe(paths: ProfilePaths) -> None:
    """If the profile's wipe had been broken off, do it; raises TuichatError, unless nobody is to be told."""
    order = wipe_begun(paths)
    if order is not None:
        wipe_whole(paths, order, SystemRng())
        if not order.decoy:
            raise wipe_completed()


async def _unless(asked: asyncio.Future[StopReason], work: Coroutine[None, None, Result]) -> Result | None:
    """The result of `work`, or None if the stop that `asked` waits for comes first; `work` is cancelled."""
    task = asyncio.ensure_future(work)
    either: set[asyncio.Future[Any]] = {asked, task}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    return None if task.cancelled() else task.result()
