"""An event loop whose clock jumps to the next timer: hours of protocol run in moments, and repeat."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _NothingToWaitFor(Exception):
    pass


class _VirtualSelector(selectors.SelectSelector):
    """Instead of waiting for `timeout` seconds, lets them have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise _NothingToWaitFor("every task waits for something that cannot happen")
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time passes only while every task waits."""

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run_virtual(main: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


class VirtualClock:
    """A Clock on the running virtual loop; `offset` is how wrong its wall clock is, in seconds."""

    EPOCH = 1_790_000_000.0

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        return self.EPOCH + asyncio.get_running_loop().time() + self.offset

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()
