"""What the HTTP server tells of this process: its pages, from the gate, the API's server and the system."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from tuichat import __version__
from tuichat.api.server import ApiServer
from tuichat.clock import Clock, Rng, SystemRng
from tuichat.daemon_config import HttpConfig
from tuichat.health.answers import Answer
from tuichat.health.metrics import CONTENT_TYPE, Metric, exposition
from tuichat.health.server import HealthServer
from tuichat.health.token import make_token, read_token
from tuichat.model import Status
from tuichat.node.figures import Figures
from tuichat.node.gate import Gate
from tuichat.store.profile_paths import ProfilePaths

LOOK_SECONDS: Final = 1.0
"""How often it is looked how late the loop is."""

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def token_path(paths: ProfilePaths, config: HttpConfig) -> Path:
    """Where the token lies."""
    return config.token_file or paths.http_token


def make_http_token(
    paths: ProfilePaths, config: HttpConfig, *, replace: bool = False, rng: Rng | None = None
) -> Path:
    """See to it that there is a usable token, a new one to `replace`; where it lies. Raises TuichatError."""
    path = token_path(paths, config)
    make_token(path, rng or SystemRng(), replace=replace)
    read_token(path)
    return path


class Health:
    """Serves the pages until it is closed."""

    def __init__(
        self, paths: ProfilePaths, config: HttpConfig, gate: Gate, api: ApiServer, clock: Clock
    ) -> None:
        self._database = paths.database
        self._gate = gate
        self._api = api
        self._clock = clock
        self._lag = _LoopLag()
        pages = {"/healthz": self._healthz, "/metrics": self._metrics}
        self._server = HealthServer(config.listen, read_token(token_path(paths, config)), pages)

    async def start(self) -> None:
        """Listen. Raises TuichatError if that place cannot be had."""
        await self._server.start()
        self._lag.start()

    async def close(self) -> None:
        """End it."""
        self._lag.close()
        await self._server.close()

    async def _healthz(self) -> Answer:
        status = await self._gate.status()
        well = not status.locked and status.service.reachable
        said = {
            "locked": status.locked,
            "bootstrap": status.tor.bootstrap,
            "stage": status.service.stage,
            "published": status.service.published,
            "reachable": status.service.reachable,
        }
        return Answer(200 if well else 503, msgspec.json.encode(said) + b"\n", "application/json")

    async def _metrics(self) -> Answer:
        status, figures = await self._gate.status(), await self._gate.figures()
        metrics = [*_of_process(self._lag.take(), self._api.client_count), *_of_database(self._database)]
        metrics.append(Metric("tuichat_locked", "gauge", "Whether the profile is locked.", status.locked))
        if figures is not None:
            metrics += [
                *_of_network(status, self._clock.now()),
                *_of_work(status, figures, self._clock.now()),
            ]
        return Answer(200, exposition(metrics).encode(), CONTENT_TYPE)


def _of_process(lag: float, clients: int) -> Iterator[Metric]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    yield Metric("tuichat_info", "gauge", "The version.", {__version__: 1}, "version")
    yield Metric(
        "process_resident_memory_bytes", "gauge", "Memory of the node, without tor's.", pages * _PAGE
    )
    yield Metric(
        "process_cpu_seconds_total", "counter", "What the node computed.", used.ru_utime + used.ru_stime
    )
    yield Metric("process_open_fds", "gauge", "Open files and sockets.", files)
    yield Metric(
        "tuichat_event_loop_lag_seconds", "gauge", "How late the loop was at worst since this was asked.", lag
    )
    yield Metric("tuichat_api_clients", "gauge", "Clients of the local API.", clients)


def _of_database(database: Path) -> Iterator[Metric]:
    sizes: dict[str, float] = {}
    for word, path in (("database", database), ("log", database.with_name(database.name + "-wal"))):
        try:
            sizes[word] = path.stat().st_size
        except FileNotFoundError:
            continue
    yield Metric("tuichat_database_bytes", "gauge", "Size of the database and of its log.", sizes, "file")


def _of_network(status: Status, now: float) -> Iterator[Metric]:
    service = status.service
    yield Metric("tuichat_tor_running", "gauge", "Whether tor runs.", status.tor.running)
    yield Metric(
        "tuichat_tor_bootstrap_ratio", "gauge", "How far tor is with its start.", status.tor.bootstrap / 100
    )
    yield Metric(
        "tuichat_service_published", "gauge", "Whether the onion service is published.", service.published
    )
    yield Metric(
        "tuichat_service_reachable", "gauge", "Whether the node reached itself over Tor.", service.reachable
    )
    if service.checked_at is not None:
        age = max(now - service.checked_at.timestamp(), 0.0)
        yield Metric("tuichat_service_check_age_seconds", "gauge", "How long ago that was looked at.", age)


def _of_work(status: Status, figures: Figures, now: float) -> Iterator[Metric]:
    oldest = status.outbox.oldest_at
    age = 0.0 if oldest is None else max(now - oldest.timestamp(), 0.0)
    yield Metric("tuichat_links", "gauge", "Contacts that are linked now.", status.contacts.online)
    yield Metric("tuichat_contacts", "gauge", "Contacts by state.", figures.contacts, "state")
    yield Metric(
        "tuichat_messages_total",
        "counter",
        "Messages since the unlocking.",
        figures.messages,
        "direction",
    )
    yield Metric("tuichat_outbox_messages", "gauge", "Messages that wait for delivery.", status.outbox.queued)
    yield Metric("tuichat_outbox_oldest_age_seconds", "gauge", "How long the oldest of them has waited.", age)
    yield Metric("tuichat_transfers", "gauge", "Files on their way.", status.transfers)
    yield Metric("tuichat_event_sequence", "gauge", "Number of the newest durable event.", figures.event)


class _LoopLag:
    """How much later than asked for the loop calls back."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._due = 0.0
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look once a second."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + LOOK_SECONDS
        self._handle = loop.call_at(self._due, self._look)

    def close(self) -> None:
        """Look no more."""
        if self._handle is not None:
            self._handle.cancel()

    def take(self) -> float:
        """The worst since this was asked, in seconds; a look that is overdue counts."""
        worst = max(self._worst, asyncio.get_running_loop().time() - self._due)
        self._worst = 0.0
        return worst

    def _look(self) -> None:
        self._worst = max(self._worst, asyncio.get_running_loop().time() - self._due)
        self.start()
