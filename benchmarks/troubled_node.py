"""`python -m benchmarks.troubled_node ...` is `python -m tuichat ...`, with troubles on demand, as signals.

  CLOCK      the wall clock that the node reads is a day ahead; once more, and it is right again
  CONTROL    the node's connection to its tor's control port is closed under it
  UNPUBLISH  its tor ends the onion service, and the node is not told: tor takes that only from the connection
             that began the service

The clock that its tor reads is another one: benchmarks/tor_clock.py sets it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Final

from benchmarks.tor_clock import library
from onion.child import ChildTor
from tuichat.__main__ import main
from tuichat.clock import SystemClock

CLOCK: Final = signal.SIGRTMIN + 1
CONTROL: Final = signal.SIGRTMIN + 2
UNPUBLISH: Final = signal.SIGRTMIN + 3

AHEAD_SECONDS: Final = 86_400.0

_right_time = SystemClock.now
_tasks: set[asyncio.Task[None]] = set()


def _time_ahead(clock: SystemClock) -> float:
    return _right_time(clock) + AHEAD_SECONDS


async def _change_clock() -> None:
    wrong = SystemClock.now is _time_ahead
    SystemClock.now = _right_time if wrong else _time_ahead  # type: ignore[method-assign, assignment]


async def _lose_control() -> None:
    for tor in _tors():
        if tor._controller is not None:
            await asyncio.to_thread(tor._controller._socket.close)


async def _unpublish() -> None:
    for tor in _tors():
        if tor._controller is not None:
            for service in tor._services:
                await tor._controller.call(f"DEL_ONION {service.address}")


def _tors() -> list[ChildTor]:
    return [found for found in gc.get_objects() if isinstance(found, ChildTor)]


def _on_signal(number: int, trouble: Callable[[], Coroutine[None, None, None]]) -> None:
    def begin(loop: asyncio.AbstractEventLoop) -> None:
        task = loop.create_task(trouble())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    def receive(_number: int, _frame: object) -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(begin, loop)

    signal.signal(number, receive)


if __name__ == "__main__":
    os.environ["LD_PRELOAD"] = library()  # read when a process starts: this one has its clock, tor another
    _on_signal(CLOCK, _change_clock)
    _on_signal(CONTROL, _lose_control)
    _on_signal(UNPUBLISH, _unpublish)
    sys.exit(main())
