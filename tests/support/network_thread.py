"""A private Tor network on an event loop of its own, so that it serves tests that block theirs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

from onion.private.link import Capture
from onion.private_network import NetworkOptions, PrivateNetwork

_Result = TypeVar("_Result")
_BOOT_SECONDS = 180.0


class NetworkThread:
    """Use with `with`. Its methods may be called from any thread and loop, and wait."""

    def __init__(self, options: NetworkOptions | None = None) -> None:
        self._options = options or NetworkOptions()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="private network", daemon=True)
        self.network = PrivateNetwork(self._options)
        self._bridge = ""

    @property
    def torrc(self) -> Path:
        """See `PrivateNetwork.torrc`."""
        return self.network.torrc

    @property
    def bridged_torrc(self) -> Path:
        """See `PrivateNetwork.bridged_torrc`."""
        return self.network.bridged_torrc

    def add_bridge(self) -> str:
        """See `PrivateNetwork.add_bridge`; asked again, the bridge that is there."""
        if not self._bridge:
            self._bridge = self._run(self.network.add_bridge)
        return self._bridge

    def __enter__(self) -> NetworkThread:
        self._thread.start()
        try:
            self._run(self.network.__aenter__)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._run(self._leave)
        finally:
            self._end()

    def stop_relays(self) -> None:
        self._run(self.network.stop_relays)

    def start_relays(self) -> None:
        self._run(self.network.start_relays)

    def cut(self) -> int:
        return self._call(self.network.cut)

    def half_close(self) -> int:
        return self._call(self.network.half_close)

    def stall(self, seconds: float) -> None:
        self._call(lambda: self.network.stall(seconds))

    def capture(self, callback: Capture) -> Callable[[], None]:
        """`callback` runs on the network's thread."""
        end = self._call(lambda: self.network.capture(callback))
        return lambda: self._call(end)

    async def _leave(self) -> None:
        await self.network.__aexit__(None, None, None)

    def _call(self, function: Callable[[], _Result]) -> _Result:
        async def run() -> _Result:
            return function()

        return self._run(run)

    def _run(self, function: Callable[[], Coroutine[None, None, _Result]]) -> _Result:
        return asyncio.run_coroutine_threadsafe(function(), self._loop).result(_BOOT_SECONDS)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
