"""Watching a node: its events, also over a change of node, and a message until it is where it should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.errors import UnreachableError
from tuichat.i18n import _
from tuichat.model import AnyEvent, Message, MessageEvent, MessageState, MissedEvent

_PROGRESS: dict[MessageState, int] = {"queued": 0, "sent": 1, "delivered": 2, "read": 3}


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


async def wait_for(
    context: Context, node: AsyncClient, message: Message, target: MessageState, limit: float
) -> Message:
    """The message once it is in state `target` or further, is given up, or `limit` seconds have passed."""
    try:
        async with asyncio.timeout(limit), aclosing(follow(context, node)) as happenings:
            async for current, event in happenings:
                if event is None or isinstance(event, MissedEvent):
                    message = await current.message_get(message.id)
                elif isinstance(event, MessageEvent) and event.message.id == message.id:
                    message = event.message
                if has_reached(message, target) or message.state in ("failed", "cancelled"):
                    break
    except (TimeoutError, UnreachableError):
        pass
    return message


def has_reached(message: Message, target: MessageState) -> bool:
    """Whether the message is in state `target` or further on the same way."""
    return _PROGRESS.get(message.state, -1) >= _PROGRESS[target]
