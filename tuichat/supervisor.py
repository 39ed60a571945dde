"""Tasks that must outlive their own mistakes: what fails unforeseen is logged by kind and begun again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

_log: Final = logging.getLogger("tuichat.supervisor")
_PAUSE_SECONDS: Final = 10.0


async def supervise(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` until it returns; begin it anew, after a pause, when it fails in a way nobody foresaw.

    The log gets the kind of the failure and where it was raised, never its text: that may quote a peer.
    """
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 the one place: a mistake in one task must not end the node
            _log.error("%s failed: %s at %s", name, type(error).__name__, place_of(error))
        else:
            return
        await asyncio.sleep(_PAUSE_SECONDS)


def place_of(error: BaseException) -> str:
    """The innermost file and line of an error, without any value."""
    trace = error.__traceback__
    if trace is None:
        return "nowhere"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
