"""A signal that interrupts nothing is heard at once nevertheless."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

from tuichat.signals_heard import waking_signals


async def test_a_signal_that_another_thread_took_wakes_the_loop() -> None:
    """What a thread takes does not interrupt the loop's call, as what comes just before it does not."""
    heard = asyncio.Event()
    before = signal.signal(signal.SIGUSR1, lambda _number, _frame: heard.set())
    waits = threading.Event()
    asyncio.get_running_loop().call_soon(waits.set)
    try:
        with waking_signals():
            taker = threading.Thread(target=_take, args=(waits,))
            taker.start()
            await heard.wait()  # until the test's own limit, were it not woken
            taker.join()
    finally:
        signal.signal(signal.SIGUSR1, before)


async def test_what_woke_the_loop_before_does_so_again() -> None:
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, heard.set)
    try:
        for _ in range(2):
            with waking_signals():
                pass
        os.kill(os.getpid(), signal.SIGUSR1)
        await heard.wait()
        with waking_signals():
            pass
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)


async def test_many_signals_are_one_waking() -> None:
    """What wakes is full after some thousand: that is no error, and nothing is printed."""
    came = 0

    def count(_number: int, _frame: object) -> None:
        nonlocal came
        came += 1

    before = signal.signal(signal.SIGUSR1, count)
    try:
        with waking_signals():
            for _ in range(3000):
                os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.sleep(0)
            assert came == 3000
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert signal.set_wakeup_fd(-1) == -1


def _take(waits: threading.Event) -> None:
    waits.wait()
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
