"""An event loop whose clock jumps to the next timer: hours of protocol run in moments, and repeat."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVarTuple

_Arguments = TypeVarTuple("_Arguments")


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
    """Time passes only while every task waits.

    Attributes:
        steps: how many callbacks have run: a task's step from one await to the next is one.
    """

    def __init__(self) -> None:
        self._virtual = _VirtualSelector()
        self._awaited: list[tuple[int, Callable[[], None]]] = []
        self.steps = 0
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now

    def call_soon(
        self, callback: Callable[[*_Arguments], object], *args: *_Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        return super().call_soon(self._step, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*_Arguments], object],
        *args: *_Arguments,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return super().call_at(when, self._step, callback, *args, context=context)

    def after_steps(self, count: int, event: Callable[[], None]) -> None:
        """Let something happen when `count` more callbacks have run, before the next one does."""
        self._awaited.append((self.steps + count, event))

    def forget_events(self) -> None:
        """Nothing of what was to happen `after_steps` will."""
        self._awaited.clear()

    def _step(self, callback: Callable[[*_Arguments], object], *args: *_Arguments) -> None:
        if self._awaited:
            due = [each for each in self._awaited if each[0] <= self.steps]
            self._awaited = [each for each in self._awaited if each[0] > self.steps]
            for _steps, event in due:
                event()
        self.steps += 1
        callback(*args)


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
