"""A contact's way to one node without tor: straight to the UNIX socket behind that node's onion service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from onion.address import OnionAddress
from tuichat.model import ServiceState, TorState
from tuichat.network.tor_dial import open_web_socket
from tuichat.network.transport import (
    Admission,
    Answerer,
    BlobFinder,
    Circuit,
    ConnectionLostError,
    Dialled,
    DialStage,
    NetworkState,
)
from tuichat.network.web_socket import WebSocketConnection

_ONLINE = NetworkState(
    tor=TorState(bootstrap=100, running=True), service=ServiceState(published=True, reachable=True)
)


class SocketTransport:
    """Dials whoever listens on `path`, whatever address is asked for. Nobody can call it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = NetworkState()
        self._ready = asyncio.Event()
        self._watchers: list[Callable[[NetworkState], None]] = []

    @property
    def state(self) -> NetworkState:
        return self._state

    def watch(self, callback: Callable[[NetworkState], None]) -> None:
        self._watchers.append(callback)

    async def start(self, answerer: Answerer, admission: Admission, blobs: BlobFinder) -> None:
        if not self._ready.is_set():
            self._ready.set()
            self._tell(_ONLINE)

    async def stop(self) -> None:
        self._ready.clear()
        self._tell(NetworkState())

    async def wait_ready(self) -> None:
        await self._ready.wait()

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        message2, socket, session = await open_web_socket(
            aiohttp.UnixConnector(str(self._path)),
            OnionAddress.from_public_key(onion),
            message1,
            lambda: on_stage("handshake"),
        )
        return Dialled(message2, WebSocketConnection(socket, session))

    async def circuit(self, onion: bytes, reach: bytes | None = None) -> Circuit:
        raise ConnectionLostError  # nobody has files here

    async def use_bridges(self, lines: Sequence[str]) -> None:
        pass  # no tor is in the way

    async def hang_up(self, onion: bytes) -> None:
        pass  # there are no circuits

    async def renew(self, *, cut: bool = False) -> None:
        pass  # nor introduction points

    def doubt(self) -> None:
        pass  # nor a way in that could be lost

    def _tell(self, state: NetworkState) -> None:
        self._state = state
        for callback in self._watchers:
            callback(state)
