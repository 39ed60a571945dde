"""One thing tried twice: a second attempt beside a first that takes long, and the first success counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from tuichat.network.transport import ConnectionLostError, RefusedError

Result = TypeVar("Result")
Attempt = Callable[[], Coroutine[Any, Any, Result]]


async def hedged(
    first: Attempt[Result],
    second: Attempt[Result],
    patience: float,
    undo: Callable[[Result], Awaitable[None]],
) -> Result:
    """What the faster attempt gives; the other one is cancelled, and has ended on return.

    Args:
        second: begun if `first` has not ended within `patience` seconds.
        undo: called with the result of an attempt that succeeded, too, but is not wanted.

    Raises:
        RefusedError: as soon as either attempt does: the other would hear the same.
        ConnectionLostError: when all that began have.
    """
    tasks = [asyncio.ensure_future(first())]
    winner: asyncio.Task[Result] | None = None
    try:
        await asyncio.wait(tasks, timeout=patience)
        if not tasks[0].done():
            tasks.append(asyncio.ensure_future(second()))
        winner = await _decided(tasks)
        await _end([task for task in tasks if task is not winner], undo)
        return winner.result()
    except BaseException:
        # Also if it was cancelled while the slower attempt was ended: then nobody gets what the winner has.
        await _end(tasks, undo)
        raise


async def _decided(tasks: Sequence[asyncio.Task[Result]]) -> asyncio.Task[Result]:
    """The first task that succeeds. Raises as `hedged` does."""
    pending = set(tasks)
    while True:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        errors = []
        for task in done:
            if (error := task.exception()) is None:
                return task
            errors.append(error)
        for error in errors:
            if isinstance(error, RefusedError) or not isinstance(error, ConnectionLostError) or not pending:
                raise error


async def _end(tasks: Sequence[asyncio.Task[Result]], undo: Callable[[Result], Awaitable[None]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(result, BaseException):
            await undo(result)
