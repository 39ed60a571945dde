"""The transport over Tor: our onion service answers and is kept reachable; `tor_caller` calls others."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from onion.binary import advisories
from onion.errors import OnionError, TorError
from onion.tor import OnionService, ServiceOptions, Tor, TorStatus
from tuichat.clock import Clock, Rng
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import translated
from tuichat.model import ServiceState, TorState, from_milliseconds
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.network.onion_server import OnionServer
from tuichat.network.service_light import lit
from tuichat.network.tor_caller import TorCaller
from tuichat.network.transport import (
    Admission,
    Answerer,
    BlobFinder,
    Circuit,
    Dialled,
    DialStage,
    NetworkState,
)
from tuichat.supervisor import supervise
from tuichat.system_reasons import reason_of

PUBLISH_SECONDS: Final = 60.0
"""How long tor may take to publish before it is asked anew."""

MAX_STREAMS: Final = 16
"""Streams on one rendezvous circuit: a caller needs one at a time, and a file's circuit a few."""

PROBE_SECONDS: Final = 60.0
SHORTEST_PROBE_SECONDS: Final = 5.0
"""A probe waits four times as long as the last good one took, within these two."""

LOOK_AGAIN_SECONDS: Final = 600.0
"""How often our own reachability is looked at while nothing speaks against it."""

_LOOKS: Final = 3
_LOOK_SECONDS: Final = 1.0
"""So often, and so far apart, it is looked whether tor has made introduction points again by itself: if they
have failed a few times, because the network was away, it makes none for minutes."""

_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 60.0


class TorTransport:
    """A node's place on the Tor network.

    Args:
        tor: not started yet; this transport starts and stops it.
        seed: the onion service's 32-byte key seed.
        socket: path of the UNIX socket that the onion service leads to.
        socket_mode: its file mode.
    """

    def __init__(
        self, tor: Tor, seed: bytes, socket: Path, clock: Clock, rng: Rng, socket_mode: int = 0o600
    ) -> None:
        self._tor = tor
        self._seed = seed
        self._socket = socket
        self._socket_mode = socket_mode
        self._clock = clock
        self._rng = rng
        self._state = NetworkState()
        self._watchers: list[Callable[[NetworkState], None]] = []
        self._server: OnionServer | None = None
        self._admission: Admission = _everybody
        self._service: OnionService | None = None
        self._renewals = 0
        self._keeper: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._doubtful = False
        self._probe_seconds = PROBE_SECONDS
        self._unwatch: Callable[[], None] | None = None
        self._caller = TorCaller(tor, clock, rng, self.doubt)

    @property
    def state(self) -> NetworkState:
        return self._state

    def watch(self, callback: Callable[[NetworkState], None]) -> None:
        self._watchers.append(callback)

    async def start(self, answerer: Answerer, admission: Admission, blobs: BlobFinder) -> None:
        if self._keeper is not None:
            return
        self._admission = admission
        self._server = OnionServer(self._socket, answerer, blobs, self._socket_mode, self.doubt)
        await self._server.start()
        self._unwatch = self._tor.watch(self._on_tor_status)
        self._keeper = asyncio.create_task(supervise("network", self._stay_online), name="stay-online")

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
            self._keeper = None
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        if self._server is not None:
            await self._server.stop()
            self._server = None
        self._service = None
        await self._tor.stop()
        self._update(NetworkState())

    async def use_bridges(self, lines: Sequence[str]) -> None:
        try:
            await self._tor.use_bridges(lines)
        except TorError as error:
            raise UsageError(translated(error.message), translated(error.hint)) from error

    async def wait_ready(self) -> None:
        while not self._tor.status.ready:
            self._changed.clear()
            await self._changed.wait()

    # -- staying online --

    async def _stay_online(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._be_online()
            except (OnionError, OSError, TuichatError) as error:
                self._on_tor_status(self._tor.status)
                is_refused = self._service is None and not self._tor.status.problem
                detail = _words(error) if is_refused else ""
                self._update(replace(self._state, service=ServiceState(detail=detail)))
                if isinstance(error, TorError) and error.code == "refused":
                    await (
                        self.renew()
                    )  # tor does not know our service any more: it cannot end it to begin anew
                await asyncio.sleep(self._rng.uniform(pause / 2, pause))
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE

    async def _be_online(self) -> None:
        """Start tor, publish and probe, and return when the service has to be looked at again."""
        if self._service is None:
            await self._tor.start()
            self._on_tor_status(self._tor.status)
            await self._put_up()
        service = self._service
        if service is None:
            return  # who may connect has changed while it was put up
        await self.wait_ready()
        await self._publish(service)
        if self._service is not service:
            return  # it was renewed meanwhile
        if not self._state.service.published:
            self._update_service(published=True, reachable=False)
        await self._reach(service)
        if self._service is not service:
            return  # it was renewed meanwhile
        self._update_service(published=True, reachable=True)
        if not await self._stays_well(service):
            self._update_service(published=False, reachable=False)

    async def _reach(self, service: OnionService) -> None:
        """Probe until our own answer comes back; from the second failure on, with new introduction points.

        From the first on, if the old ones are gone.
        """
        pause, failures = _FIRST_PAUSE, 0
        while not await self._answers(service) and self._service is service:
            failures += 1
            self._update_service(published=service.published, reachable=False, missed=failures)
            await asyncio.sleep(self._rng.uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
            if self._service is service and (failures > 1 or not await service.introduced()):
                await service.republish()
                await self.wait_ready()
                await self._publish(service)

    async def _answers(self, service: OnionService) -> bool:
        """Whether our own answer came; without introduction points it need not be asked for."""
        for _ in range(_LOOKS):
            if await service.introduced():
                return await self._probe(service)
            await asyncio.sleep(_LOOK_SECONDS)
        return False

    async def _probe(self, service: OnionService) -> bool:
        """Whether our own answer came; a probe whose circuits lead nowhere is given up early."""
        began = self._clock.monotonic()
        came = await service.probe(_is_our_answer, self._probe_seconds)
        wait = 4 * (self._clock.monotonic() - began) if came else 2 * self._probe_seconds
        self._probe_seconds = min(max(wait, SHORTEST_PROBE_SECONDS), PROBE_SECONDS)
        return came

    async def _stays_well(self, service: OnionService) -> bool:
        """Wait until the service is to be probed again; False if tor has lost it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._rng.uniform(0.8, 1.2) * LOOK_AGAIN_SECONDS):
                while self._is_up(service) and not self._doubtful:
                    self._changed.clear()
                    await self._changed.wait()
        if self._doubtful and self._is_up(service):
            await asyncio.sleep(self._rng.uniform(_FIRST_PAUSE / 2, _FIRST_PAUSE))
        self._doubtful = False
        return self._is_up(service)

    def _is_up(self, service: OnionService) -> bool:
        return self._tor.status.ready and service.published and self._service is service

    async def _put_up(self) -> None:
        """Start the service for those who are admitted now, unless that changes meanwhile."""
        renewals, admitted = self._renewals, self._admission()
        options = ServiceOptions(client_keys=admitted, pow_defence=True, max_streams=MAX_STREAMS)
        service = await self._tor.publish(self._seed, self._socket, options=options)
        if self._renewals == renewals:
            self._service = service
        else:
            await service.remove()

    async def _publish(self, service: OnionService) -> None:
        """Wait until it is published or another is due; a tor that does not come to it is asked anew.

        Soon, if circuits stand and it makes none for the service; each time with more patience.
        """
        looks = _LOOKS
        while self._service is service and not await self._comes_up(service, looks):
            if self._service is service:
                looks *= 2 if await self._tor.has_circuits() else 1
                await service.republish()

    async def _comes_up(self, service: OnionService, looks: int) -> bool:
        """Wait until it is published; False if tor takes too long, or has left it so many looks in a row."""
        left, wait = 0, min(_LOOK_SECONDS, PUBLISH_SECONDS)
        for _ in range(math.ceil(PUBLISH_SECONDS / wait)):
            try:
                await service.wait_published(wait)
                return True
            except TorError as error:
                if error.code != "not_published":
                    raise
            left = left + 1 if await self._is_left(service) else 0
            if left == looks or self._service is not service:
                break
        return False

    async def _is_left(self, service: OnionService) -> bool:
        """Whether tor could make introduction points and does not."""
        return not await service.introduced() and await self._tor.has_circuits()

    def _on_tor_status(self, status: TorStatus) -> None:
        tor = TorState(
            version=status.version,
            bootstrap=status.bootstrap,
            summary=status.summary,
            problem=status.problem,
            detail=translated(status.detail),
            running=status.alive,
        )
        weaknesses = advisories(status.version) if status.version else []
        self._update(replace(self._state, tor=tor, weaknesses=tuple(map(translated, weaknesses))))
        self._changed.set()

    def _update_service(self, *, published: bool, reachable: bool, missed: int = 0) -> None:
        checked_at = from_milliseconds(int(self._clock.now() * 1000))
        state = ServiceState(published=published, reachable=reachable, checked_at=checked_at, missed=missed)
        self._update(replace(self._state, service=state))

    def _update(self, state: NetworkState) -> None:
        state = replace(state, service=lit(state.tor, state.service))
        if state != self._state:
            self._state = state
            for callback in self._watchers:
                callback(state)

    # -- calling others --

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        return await self._caller.dial(onion, message1, on_stage, reach)

    async def circuit(self, onion: bytes, reach: bytes | None = None) -> Circuit:
        return await self._caller.circuit(onion, reach)

    async def hang_up(self, onion: bytes) -> None:
        await self._caller.hang_up(onion)

    async def renew(self, *, cut: bool = False) -> None:
        self._renewals += 1
        service, self._service = self._service, None
        if service is not None:
            with contextlib.suppress(OnionError):
                await service.remove()
                if cut:
                    await service.cut()
            self._changed.set()

    def doubt(self) -> None:
        self._doubtful = True
        self._changed.set()


def _everybody() -> None:
    return None


def _words(error: OnionError | OSError | TuichatError) -> str:
    if isinstance(error, OnionError):
        return translated(error.message)
    if isinstance(error, TuichatError):
        return error.message
    return reason_of(error)


def _is_our_answer(answer: bytes) -> bool:
    return answer == NOT_FOUND
