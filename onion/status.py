"""Telling those who watch: a list of callbacks, and a tor's status with its watchers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from onion.errors import TorError
from onion.tor import TorStatus, Unsubscribe

_Told = TypeVar("_Told")


class Watchers(Generic[_Told]):
    """Callbacks that are told the same thing."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[_Told], None]] = []

    def add(self, callback: Callable[[_Told], None]) -> Unsubscribe:
        """Returns the function that removes it; removing twice does no harm."""
        self._callbacks.append(callback)

        def remove() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return remove

    def tell(self, told: _Told) -> None:
        for callback in tuple(self._callbacks):
            callback(told)


class StatusBoard:
    """A tor's present status, who is told of changes, and waiting until it is ready."""

    def __init__(self) -> None:
        self._status = TorStatus()
        self._watchers: Watchers[TorStatus] = Watchers()

    @property
    def status(self) -> TorStatus:
        return self._status

    def show(self, status: TorStatus) -> None:
        """Make this the status; watchers are told if it is another."""
        if status != self._status:
            self._status = status
            self._watchers.tell(status)

    def watch(self, callback: Callable[[TorStatus], None]) -> Unsubscribe:
        return self._watchers.add(callback)

    async def wait_ready(self, timeout: float) -> None:
        """Raises TorError (code "not_ready") if tor is not ready within `timeout` seconds."""
        if self._status.ready:
            return
        ready = asyncio.get_running_loop().create_future()

        def look(status: TorStatus) -> None:
            if status.ready and not ready.done():
                ready.set_result(None)

        unsubscribe = self.watch(look)
        try:
            async with asyncio.timeout(timeout):
                await ready
        except TimeoutError as error:
            raise TorError(
                "not_ready",
                "Tor is not connected: {percent} % {summary}",
                "Check the network and this machine's clock; where Tor is blocked, use bridges.",
                percent=self._status.bootstrap,
                summary=self._status.summary,
            ) from error
        finally:
            unsubscribe()
