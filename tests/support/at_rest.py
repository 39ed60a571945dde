"""When an interface has come to rest: all that it was told is dealt with, and the loop has nothing to do.

Textual's pilot looks whether this process computes. On a machine with much else to do a process that does not
compute may only not have had its turn, so that a test went on before a key had been acted upon.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any, Final

from textual import _context
from textual.app import App
from textual.message_pump import MessagePump

from tuichat.tui.typed_ahead import ANSWER, TypedAhead

_A_WHILE: Final = 500
"""Looks after which it is at rest, though somebody is told something all the time."""

_LOOK_SECONDS: Final = 0.002
"""For so long other threads, and what is due in a moment, have their turn."""

_LOOKS: Final = 2
"""Looks that must find it at rest, one behind the other."""

_TURNS: Final = 2
"""Turns of the loop in which nothing is to do, one behind the other."""

_MANY_TURNS: Final = 5000
"""Turns after which it is looked nevertheless: something goes round and round."""

_app: ContextVar[App[Any]] = _context.active_app


async def wait_for_rest(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """In place of Textual's `wait_for_idle`; what that is told of time is of no account."""
    app = _app.get(None)
    rested = 0
    for _look in range(_A_WHILE):
        await nothing_ready()
        rested = 0 if app is not None and _is_busy(app) else rested + 1
        if rested == _LOOKS:
            break
        await asyncio.sleep(_LOOK_SECONDS)


async def nothing_ready() -> None:
    """The loop has nothing to do but what waits for the clock, a thread or a file."""
    ready: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    found = 0
    for _turn in range(_MANY_TURNS):
        await asyncio.sleep(0)
        found = 0 if ready else found + 1
        if found == _TURNS:
            break


def _is_busy(app: App[Any]) -> bool:
    """Whether anybody, also behind a dialog, has yet to deal with what they were told, or to be drawn."""
    if app._exit or not app.screen_stack:
        return False
    pumps: list[MessagePump] = [app]
    for screen in app.screen_stack:
        pumps += screen.walk_children(with_self=True)
    front = app.screen
    return (
        any(each._message_queue.qsize() + len(each._next_callbacks) for each in pumps)
        or any(screen._callbacks for screen in app.screen_stack)
        or bool(front._dirty_widgets)
        or front._layout_required
        or front._scroll_required
        or front._repaint_required
        or front._recompose_required
        or _keys_wait(app)
    )


def _keys_wait(app: App[Any]) -> bool:
    """Whether keys have yet to go on, and that not for an answer, which may never come."""
    return (
        isinstance(app, TypedAhead)
        and app._before is not None
        and not app._before.leads(app)
        and not any(work.group == ANSWER and not work.is_finished for work in app.workers)
    )
