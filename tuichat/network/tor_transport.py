"""The transport over Tor: our onion service answers, aiohttp WebSockets through tor's SOCKS port call.

Onion names go to tor as they are; nothing here asks a resolver.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import aiohttp

from onion.address import OnionAddress
from onion.errors import DialError, OnionError
from onion.tor import DialStage as TorStage
from onion.tor import OnionService, ServiceOptions, Tor, TorStatus
from tuichat.clock import Clock, Rng
from tuichat.model import ServiceState, TorState, from_milliseconds
from tuichat.network.doorkeeper import LINK_HEADER, LINK_PATH, NOT_FOUND
from tuichat.network.onion_server import OnionServer
from tuichat.network.transport import (
    Admission,
    Answerer,
    ConnectionLostError,
    Dialled,
    DialStage,
    NetworkState,
    RefusedError,
)
from tuichat.network.web_socket import CLOSE_SECONDS, MAX_MESSAGE_BYTES, WebSocketConnection

DIAL_SECONDS: Final = 120.0
"""How long one dial may take: tor itself gives up on a cold onion service after about two minutes."""

MAX_STREAMS: Final = 16
"""Streams on one rendezvous circuit: a caller needs one at a time, and a file's circuit a few."""

PUBLISH_SECONDS: Final = 300.0
PROBE_SECONDS: Final = 90.0
_FIRST_PAUSE: Final = 2.0
_LONGEST_PAUSE: Final = 60.0
_NO_AUTOMATIC_HEADERS: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


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
        self._server = OnionServer(self._socket, answerer, self._socket_mode)
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
            except OnionError:
                self._on_tor_status(self._tor.status)
                self._update(replace(self._state, service=ServiceState()))
                await asyncio.sleep(self._rng.uniform(pause / 2, pause))
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                pause = _FIRST_PAUSE

    async def _be_online(self) -> None:
        """Start tor, publish and probe, and return when the service has to be looked at again."""
        if self._service is None:
            await self._tor.start()
            self._on_tor_status(self._tor.status)
            self._service = await self._publish()
        service = self._service
        await self.wait_ready()
        await service.wait_published(PUBLISH_SECONDS)
        self._update_service(published=True, reachable=False)
        pause = _FIRST_PAUSE
        while not await service.probe(_is_our_answer, PROBE_SECONDS):
            self._update_service(published=service.published, reachable=False)
            await asyncio.sleep(self._rng.uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        self._update_service(published=True, reachable=True)
        while self._tor.status.ready and service.published and self._service is service:
            self._changed.clear()
            await self._changed.wait()
        self._update_service(published=False, reachable=False)

    async def _publish(self) -> OnionService:
        admitted = self._admission() or []
        options = ServiceOptions(client_keys=admitted, pow_defence=True, max_streams=MAX_STREAMS)
        return await self._tor.publish(self._seed, self._socket, options=options)

    def _on_tor_status(self, status: TorStatus) -> None:
        tor = TorState(
            version=status.version,
            bootstrap=status.bootstrap,
            summary=status.summary,
            problem=status.problem,
            running=status.alive,
        )
        self._update(replace(self._state, tor=tor))
        self._changed.set()

    def _update_service(self, *, published: bool, reachable: bool) -> None:
        checked_at = from_milliseconds(int(self._clock.now() * 1000))
        state = ServiceState(published=published, reachable=reachable, checked_at=checked_at)
        self._update(replace(self._state, service=state))

    def _update(self, state: NetworkState) -> None:
        if state != self._state:
            self._state = state
            for callback in self._watchers:
                callback(state)

    # -- calling others --

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None
    ) -> Dialled:
        address = OnionAddress.from_public_key(onion)
        on_stage("descriptor")
        await self._show_key(address, reach)
        unwatch = self._tor.watch_stages(_stage_filter(address, on_stage))
        try:
            return await _dial(
                self._tor, address, self._token(onion), message1, lambda: on_stage("handshake")
            )
        except ConnectionLostError as error:
            if not isinstance(error, RefusedError):
                self._tokens.pop(onion, None)  # the next dial gets a fresh circuit
            raise
        finally:
            unwatch()

    async def _show_key(self, address: OnionAddress, reach: bytes | None) -> None:
        """Let tor use the key by which that service admits us."""
        if reach is not None:
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


def _everybody() -> None:
    return None


def _is_our_answer(answer: bytes) -> bool:
    return answer == NOT_FOUND


def _stage_filter(address: OnionAddress, on_stage: Callable[[DialStage], None]) -> Callable[[TorStage], None]:
    def tell(stage: TorStage) -> None:
        if stage.address == address and stage.stage in ("introduction", "rendezvous"):
            on_stage("rendezvous")

    return tell


async def _dial(
    tor: Tor, address: OnionAddress, token: str, message1: bytes, on_connected: Callable[[], None]
) -> Dialled:
    """Open the WebSocket; every way in which that can fail is one of two errors."""
    answer: list[str] = []
    session = aiohttp.ClientSession(
        connector=tor.connector(token),
        skip_auto_headers=_NO_AUTOMATIC_HEADERS,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=DIAL_SECONDS),
        trace_configs=[_trace(answer, on_connected)],
    )
    try:
        async with asyncio.timeout(DIAL_SECONDS):
            socket = await session.ws_connect(
                f"http://{address.hostname}{LINK_PATH}",
                headers={LINK_HEADER: base64.urlsafe_b64encode(message1).decode()},
                compress=0,
                autoping=False,
                max_msg_size=MAX_MESSAGE_BYTES + 1,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
        message2 = base64.b64decode(answer[0], altchars=b"-_", validate=True)
    except aiohttp.WSServerHandshakeError as error:
        await session.close()
        raise RefusedError from error
    except (
        aiohttp.ClientError,
        OSError,
        DialError,
        OnionError,
        ValueError,
        IndexError,
        binascii.Error,
    ) as error:
        await session.close()
        raise ConnectionLostError from error
    except BaseException:
        await session.close()
        raise
    return Dialled(message2, WebSocketConnection(socket, session))


def _trace(answer: list[str], on_connected: Callable[[], None]) -> aiohttp.TraceConfig:
    """Tell when the stream stands, and keep the handshake's second message out of the response's headers."""
    trace = aiohttp.TraceConfig()

    async def connected(_session: object, _context: object, _params: object) -> None:
        on_connected()

    async def answered(_session: object, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
        answer.extend(params.response.headers.getall(LINK_HEADER, []))

    trace.on_connection_create_end.append(connected)
    trace.on_request_end.append(answered)
    return trace
