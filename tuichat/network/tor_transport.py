"""The transport over Tor: our onion service answers, aiohttp WebSockets through tor's SOCKS port call.

Onion names go to tor as they are; nothing here asks a resolver.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from onion.address import OnionAddress
from onion.errors import OnionError, TorError
from onion.tor import DialStage as TorStage
from onion.tor import OnionService, ServiceOptions, Tor, TorStatus
from tuichat.clock import Clock, Rng
from tuichat.model import ServiceState, TorState, from_milliseconds
from tuichat.network.doorkeeper import NOT_FOUND
from tuichat.network.hedge import hedged
from tuichat.network.onion_server import OnionServer
from tuichat.network.tor_dial import DIAL_SECONDS, HEDGE_SECONDS, Opened, open_web_socket
from tuichat.network.transport import (
    Admission,
    Answerer,
    ConnectionLostError,
    Dialled,
    DialStage,
    NetworkState,
    RefusedError,
)
from tuichat.network.web_socket import WebSocketConnection

PUBLISH_SECONDS: Final = 60.0
"""How long tor may take to publish before it is asked anew: a tor whose introduction points have failed a few
times, because the network was away, makes none for minutes."""

MAX_STREAMS: Final = 16
"""Streams on one rendezvous circuit: a caller needs one at a time, and a file's circuit a few."""

PROBE_SECONDS: Final = 60.0
SHORTEST_PROBE_SECONDS: Final = 5.0
"""A probe waits four times as long as the last good one took, within these two."""

LOOK_AGAIN_SECONDS: Final = 600.0
"""How often our own reachability is looked at while nothing speaks against it."""

CLOCK_SECONDS: Final = 30.0
"""How often the clock is looked at. One that went so far wrong, or right, tells that the machine slept or was
somewhere else: what was reachable before need not be now."""

REFRESH_SECONDS: Final = 60.0
"""Between two fetches of one descriptor: tor asks no directory twice in a quarter of an hour."""

_FETCH_SECONDS: Final = 10.0
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
        self._tokens: dict[bytes, str] = {}
        self._server: OnionServer | None = None
        self._admission: Admission = _everybody
        self._service: OnionService | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._doubtful = False
        self._probe_seconds = PROBE_SECONDS
        self._out_of_touch: set[bytes] = set()
        self._refreshed: dict[bytes, float] = {}
        self._unwatch: Callable[[], None] | None = None

    @property
    def state(self) -> NetworkState:
        return self._state

    def watch(self, callback: Callable[[NetworkState], None]) -> None:
        self._watchers.append(callback)

    async def start(self, answerer: Answerer, admission: Admission) -> None:
        if self._keeper is not None:
            return
        self._admission = admission
        self._server = OnionServer(self._socket, answerer, self._socket_mode, self._doubt)
        await self._server.start()
        self._unwatch = self._tor.watch(self._on_tor_status)
        self._keeper = asyncio.create_task(self._stay_online(), name="stay-online")

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
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
            except OnionError as error:
                self._on_tor_status(self._tor.status)
                self._update(replace(self._state, service=ServiceState()))
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
            self._service = await self._put_up()
        service = self._service
        await self.wait_ready()
        await _publish(service)
        if not self._state.service.published:
            self._update_service(published=True, reachable=False)
        await self._reach(service)
        if self._service is not service:
            return  # it was renewed meanwhile
        self._update_service(published=True, reachable=True)
        if not await self._stays_well(service):
            self._update_service(published=False, reachable=False)

    async def _reach(self, service: OnionService) -> None:
        """Probe until our own answer comes back; from the second failure on, with new introduction points."""
        pause, failures = _FIRST_PAUSE, 0
        while not await self._probe(service) and self._service is service:
            failures += 1
            self._update_service(published=service.published, reachable=False, missed=failures)
            await asyncio.sleep(self._rng.uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
            if failures > 1 and self._service is service:
                await service.republish()
                await self.wait_ready()
                await _publish(service)

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
                    await self._change_or_jump()
        if self._doubtful and self._is_up(service):
            await asyncio.sleep(self._rng.uniform(_FIRST_PAUSE / 2, _FIRST_PAUSE))
        self._doubtful = False
        return self._is_up(service)

    async def _change_or_jump(self) -> None:
        """Wait for a change, or some time; a clock that jumped meanwhile makes doubtful."""
        before = self._clock.now() - self._clock.monotonic()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOCK_SECONDS):
                await self._changed.wait()
        if abs(self._clock.now() - self._clock.monotonic() - before) >= CLOCK_SECONDS:
            self._doubtful = True

    def _is_up(self, service: OnionService) -> bool:
        return self._tor.status.ready and service.published and self._service is service

    def _doubt(self) -> None:
        """A connection was lost: it may have been the other side, or the network, and our service with it."""
        self._doubtful = True
        self._changed.set()

    async def _put_up(self) -> OnionService:
        """Start the service, for those who are admitted now."""
        admitted = self._admission() or []
        options = ServiceOptions(client_keys=admitted, pow_defence=True, max_streams=MAX_STREAMS)
        return await self._tor.publish(self._seed, self._socket, options=options)

    def _on_tor_status(self, status: TorStatus) -> None:
        tor = TorState(
            version=status.version,
            bootstrap=status.bootstrap,
            summary=status.summary,
            problem=status.problem,
            detail=status.detail,
            running=status.alive,
        )
        self._update(replace(self._state, tor=tor))
        self._changed.set()

    def _update_service(self, *, published: bool, reachable: bool, missed: int = 0) -> None:
        checked_at = from_milliseconds(int(self._clock.now() * 1000))
        state = ServiceState(published=published, reachable=reachable, checked_at=checked_at, missed=missed)
        self._update(replace(self._state, service=state))

    def _update(self, state: NetworkState) -> None:
        if state != self._state:
            self._state = state
            for callback in self._watchers:
                callback(state)

    # -- calling others --

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        address = OnionAddress.from_public_key(onion)
        on_stage("descriptor")
        await self._show_key(address, reach)
        await self._refresh_descriptor(onion, address)
        unwatch = self._tor.watch_stages(_stage_filter(address, on_stage))
        try:
            token, (message2, socket, session) = await self._open(
                onion, message1, lambda: on_stage("handshake")
            )
        except RefusedError:
            raise
        except ConnectionLostError:
            self._lost_touch(onion)
            raise
        finally:
            unwatch()

        self._tokens[onion] = token
        self._out_of_touch.discard(onion)

        def on_lost() -> None:
            self._lost_touch(onion)
            self._doubt()

        return Dialled(message2, WebSocketConnection(socket, session, on_lost))

    async def _open(
        self, onion: bytes, message1: bytes, on_connected: Callable[[], None]
    ) -> tuple[str, Opened]:
        """A socket, and the token of its circuit: the contact's, or a fresh one where that takes long.

        The service may be asked twice, with the same first message. It sees one of the two callers leave
        before the third, as callers do whose circuit breaks.
        """
        address = OnionAddress.from_public_key(onion)

        async def over(token: str, seconds: float) -> tuple[str, Opened]:
            connector = self._tor.connector(token)
            return token, await open_web_socket(connector, address, message1, on_connected, seconds)

        return await hedged(
            lambda: over(self._token(onion), DIAL_SECONDS),
            lambda: over(self._rng.bytes(16).hex(), DIAL_SECONDS - HEDGE_SECONDS),
            HEDGE_SECONDS,
            _abandon,
        )

    def _lost_touch(self, onion: bytes) -> None:
        """The next dial gets a fresh circuit, and may find the service at other introduction points."""
        self._tokens.pop(onion, None)
        self._out_of_touch.add(onion)

    async def _refresh_descriptor(self, onion: bytes, address: OnionAddress) -> None:
        """Whoever was lost may have started again: tor would try the old introduction points first."""
        now = self._clock.monotonic()
        if onion in self._out_of_touch and now - self._refreshed.get(onion, -math.inf) >= REFRESH_SECONDS:
            self._refreshed[onion] = now
            await self._tor.refresh_descriptor(address, _FETCH_SECONDS)

    async def _show_key(self, address: OnionAddress, reach: bytes | None) -> None:
        """Let tor use the key by which that service admits us."""
        if reach is None:
            return
        try:
            await self._tor.add_client_key(address, reach)
        except OnionError as error:
            raise ConnectionLostError from error

    def _token(self, onion: bytes) -> str:
        return self._tokens.setdefault(onion, self._rng.bytes(16).hex())

    async def hang_up(self, onion: bytes) -> None:
        token = self._tokens.pop(onion, None)
        if token is not None:
            with contextlib.suppress(OnionError):
                await self._tor.close_circuits(token)

    async def renew(self) -> None:
        service, self._service = self._service, None
        if service is not None:
            with contextlib.suppress(OnionError):
                await service.remove()
            self._changed.set()


async def _abandon(opened: tuple[str, Opened]) -> None:
    _token, (_message2, _socket, session) = opened
    await session.close()


def _everybody() -> None:
    return None


def _is_our_answer(answer: bytes) -> bool:
    return answer == NOT_FOUND


def _stage_filter(address: OnionAddress, on_stage: Callable[[DialStage], None]) -> Callable[[TorStage], None]:
    def tell(stage: TorStage) -> None:
        if stage.address == address and stage.stage in ("introduction", "rendezvous"):
            on_stage("rendezvous")

    return tell


async def _publish(service: OnionService) -> None:
    """Wait until the service is published, asking tor anew as long as it does not come to it."""
    while True:
        try:
            await service.wait_published(PUBLISH_SECONDS)
            return
        except TorError as error:
            if error.code != "not_published":
                raise
            await service.republish()
