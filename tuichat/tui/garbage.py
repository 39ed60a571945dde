"""When the interface looks for garbage: not while it starts, and later never in the middle of a picture.

Python would look through everything in whatever step happens to fill its measure, and that step would then
keep a key waiting for longer than a frame. Here it has a turn of the loop to itself.
"""

from __future__ import annotations

import gc
from functools import partial
from typing import Final

from textual.message_pump import MessagePump

START_SECONDS: Final = 3.0
"""While the interface starts nothing is garbage, and looking for it would make keys wait."""

EVERY_SECONDS: Final = 1.0
"""Rather often: throwing away what gathers while windows change takes longer than looking for it."""

_YOUNG, _MIDDLE, _NEVER = 700, 10, 1_000_000


def look_for_garbage(pump: MessagePump) -> None:
    """From soon on, if it was put off until the interface is there."""
    if not gc.isenabled():
        pump.set_timer(START_SECONDS, partial(_begin, pump))


def _begin(pump: MessagePump) -> None:
    """What is there now stays: only what comes later is looked through."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    gc.enable()
    pump.set_interval(EVERY_SECONDS, _collect)


def _collect() -> None:
    if gc.get_count()[2]:  # else hardly anything came since
        gc.collect()
