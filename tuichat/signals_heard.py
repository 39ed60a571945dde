"""Signals that are heard at once, whatever the loop waits for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def waking_signals() -> Iterator[None]:
    """While this lasts, a signal that has a handler of Python's wakes the running loop.

    Python runs such a handler between two instructions. A signal that comes behind its last look, in the
    moment before the loop's call waits in the system, interrupts nothing, and would be heard only at the next
    event.
    """
    loop = asyncio.get_running_loop()
    woken, waking = socket.socketpair()
    with woken, waking:
        woken.setblocking(False)
        waking.setblocking(False)
        before = signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        loop.add_reader(woken, _empty, woken)
        try:
            yield
        finally:
            loop.remove_reader(woken)
            signal.set_wakeup_fd(before, warn_on_full_buffer=False)


def _empty(woken: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        woken.recv(4096)
