"""The three standard streams, whatever state the caller left them in, and the signals that end a command."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def fill_closed_streams() -> None:
    """Put /dev/null where 0, 1 or 2 is closed, lest the next opened file become somebody's stdout."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if descriptor == 0 else os.O_WRONLY)


def print_anything() -> None:
    """A terminal that cannot show a character gets its escape instead of an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def raise_on_ending_signals() -> None:
    """SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, save those that the caller wants ignored."""
    for number in heeded_signals():
        signal.signal(number, _interrupt)


@contextmanager
def graceful_ending() -> Iterator[None]:
    """The ending signals cancel the main task of the `asyncio.run` inside, for work that has the terminal.

    What holds the terminal must give it back, so it may not be broken off between two instructions.

    Raises:
        KeyboardInterrupt: afterwards, if SIGTERM or SIGHUP came.
    """
    came: list[int] = []

    def cancel(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        signal.raise_signal(signal.SIGINT)  # which asyncio makes into a cancellation

    for number in heeded_signals():
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else cancel)
    yield
    if came:
        raise KeyboardInterrupt


def heeded_signals() -> list[signal.Signals]:
    """The ending signals, without those that are ignored (`nohup`, a background job)."""
    return [number for number in ENDING_SIGNALS if signal.getsignal(number) != signal.SIG_IGN]


def silence_stdout() -> None:
    """Nobody reads stdout any more: let what is still buffered vanish instead of failing at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
