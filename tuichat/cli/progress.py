"""How long work has taken so far, for a person who waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tuichat.cli.status_line import StatusLine
from tuichat.clock import Clock
from tuichat.i18n import _
from tuichat.sizes import shown_size

_LOOK_SECONDS: Final = 0.5


@contextmanager
def progress(
    text: str,
    clock: Clock,
    amount: Callable[[], int | None] | None = None,
    line: StatusLine | None = None,
) -> Iterator[None]:
    """While the work inside goes on, `text` and what was done stand on the terminal, if there is one.

    Args:
        amount: the bytes that are done, None while they are not known. It is called from another thread.
        line: where it stands, standard error's unless given.
    """
    line = line or StatusLine()
    if not line.is_shown:
        yield
        return
    ended = threading.Event()
    began = clock.monotonic()

    def show() -> None:
        while not ended.wait(_LOOK_SECONDS):
            line.show(_shown(text, clock.monotonic() - began, amount() if amount is not None else None))

    line.show(text)
    thread = threading.Thread(target=show, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        line.clear()


def _shown(text: str, seconds: float, amount: int | None) -> str:
    """The text and what was done, the time last: that is cut first."""
    done = "" if amount is None else f" {shown_size(amount)},"
    return f"{text}{done} " + _("{seconds} s").format(seconds=int(seconds))


def size_of(directory: Path, pattern: str) -> int | None:
    """The bytes of the file in a directory that is called like that; None if there is none, or several."""
    try:
        (found,) = directory.glob(pattern)
        return found.stat().st_size
    except (OSError, ValueError):
        return None
