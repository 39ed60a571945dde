"""Calling others' onion services: a circuit for each, a fresh one after a loss or beside a dial that hangs.

Onion names go to tor as they are; nothing here asks a resolver.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Final

from onion.address import OnionAddress
from onion.errors import OnionError
from onion.tor import DialStage as TorStage
from onion.tor import Tor
from tuichat.clock import Clock, Rng
from tuichat.network.hedge import hedged
from tuichat.network.tor_circuit import TorCircuit
from tuichat.network.tor_dial import DIAL_SECONDS, HEDGE_SECONDS, Opened, open_web_socket
from tuichat.network.transport import ConnectionLostError, Dialled, DialStage, RefusedError
from tuichat.network.web_socket import WebSocketConnection

REFRESH_SECONDS: Final = 60.0
"""Between two fetches of one descriptor: tor asks no directory twice in a quarter of an hour."""

_FETCH_SECONDS: Final = 10.0


class TorCaller:
    """Dials through a tor.

    Args:
        on_lost: called when a connection that was made here ends without our doing.
    """

    def __init__(self, tor: Tor, clock: Clock, rng: Rng, on_lost: Callable[[], None]) -> None:
        self._tor = tor
        self._clock = clock
        self._rng = rng
        self._on_lost = on_lost
        self._tokens: dict[bytes, str] = {}
        self._out_of_touch: set[bytes] = set()
        self._refreshed: dict[bytes, float] = {}

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        """See `Transport.dial`."""
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
            self._on_lost()

        return Dialled(message2, WebSocketConnection(socket, session, on_lost))

    async def circuit(self, onion: bytes, reach: bytes | None = None) -> TorCircuit:
        """See `Transport.circuit`."""
        address = OnionAddress.from_public_key(onion)
        if not self._tor.status.alive:
            raise ConnectionLostError
        await self._show_key(address, reach)
        return TorCircuit(self._tor, address, self._rng.bytes(16).hex())

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
        """Close the circuits to a service, and have tor forget the key by which it admits us."""
        token = self._tokens.pop(onion, None)
        with contextlib.suppress(OnionError):
            await self._tor.remove_client_key(OnionAddress.from_public_key(onion))
        if token is not None:
            with contextlib.suppress(OnionError):
                await self._tor.close_circuits(token)


async def _abandon(opened: tuple[str, Opened]) -> None:
    _token, (_message2, _socket, session) = opened
    await session.close()


def _stage_filter(address: OnionAddress, on_stage: Callable[[DialStage], None]) -> Callable[[TorStage], None]:
    def tell(stage: TorStage) -> None:
        if stage.address == address and stage.stage in ("introduction", "rendezvous"):
            on_stage("rendezvous")

    return tell
