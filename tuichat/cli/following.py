"""Watching a node: its events, also over a change of node, and whether it stays."""

from __future__ import annotations

import asyncio
import os
import select
import stat
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.errors import UnreachableError
from tuichat.i18n import _
from tuichat.model import AnyEvent


async def follow(
    context: Context, node: AsyncClient, since: int | None = None
) -> AsyncGenerator[tuple[AsyncClient, AnyEvent | None], None]:
    """Events with the connection they came over; None at the start and after a handover: look at the state.

    What happens after a None was given is told as an event, so nothing falls between the two.

    Raises:
        UnreachableError: the node ended and no other took its place.
    """
    own: AsyncClient | None = None
    try:
        while True:
            events = node.subscribe(since)
            yield node, None
            async for event in events:
                since = since if event.seq is None else event.seq
                yield node, event
            successor = await context.again(node)
            if successor is None:
                raise UnreachableError(_("The node has ended."))
            if own is not None:
                await own.close()
            own = node = successor
    finally:
        if own is not None:
            await own.close()


@contextmanager
def until_reader_leaves() -> Iterator[None]:
    """End what is inside once nobody reads standard output any more, not only at the next thing to print.

    Raises:
        BrokenPipeError: that is so.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    if not stat.S_ISFIFO(os.fstat(1).st_mode):
        yield
        return
    gone = False

    def look() -> None:
        nonlocal gone
        loop.remove_reader(1)  # what can be read from it, if it is open for that too, is not for us
        poll = select.poll()
        poll.register(1, 0)
        gone = any(event & select.POLLERR for _descriptor, event in poll.poll(0))
        if gone:
            task.cancel()

    loop.add_reader(1, look)  # the end that is written to becomes ready when the other one is closed
    try:
        yield
    except asyncio.CancelledError:
        if gone and task.uncancel() == 0:
            raise BrokenPipeError from None
        raise
    finally:
        loop.remove_reader(1)


async def ends_with_this_command(node: AsyncClient) -> bool:
    """Whether nobody else keeps the node: it would end under what this command has begun."""
    return (await node.hello()).node != "daemon" and await node.client_count() <= 1


async def stays_to_deliver(node: AsyncClient) -> bool:
    """Let a node that nobody else keeps live on until all is delivered; whether there is need for that."""
    needed = await ends_with_this_command(node)
    if needed:
        await node.keep_until_delivered()
    return needed


def note_stays(context: Context) -> None:
    """Say that the node lives on for that."""
    context.output.note(
        _("Your contact hears of it when you are both online; a node stays in the background until then.")
    )
