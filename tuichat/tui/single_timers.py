"""Textual's timers that ring once, and then always."""

from __future__ import annotations

from typing import Final

from textual.timer import Timer

_START: Final = Timer._start


def ring_for_certain() -> None:
    """Let a timer that is to ring once ring also where its time is over before it has begun to wait.

    Textual takes that for a turn that is left out, and there is no other: on a machine with much else to do,
    or stopped in that moment, a window's new size was never taken, and what was to be drawn soon never drawn.
    """
    setattr(Timer, "_start", _start)  # noqa: B010 -- a method, which mypy lets nobody assign


def _start(timer: Timer) -> None:
    if timer._repeat == 0:
        timer._skip = False
    _START(timer)
