"""Waiting for messages that were sent, until they are as far as they should be."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.following import ends_with_this_command, follow, stays_to_deliver
from tuichat.cli.tor_words import trouble
from tuichat.deed_words import state_word
from tuichat.errors import NotFoundError, NotYetError, TuichatError, UnreachableError
from tuichat.i18n import _
from tuichat.model import Message, MessageEvent, MessageState, MissedEvent, takes_away

DEFAULT_WAIT = 60.0
"""Seconds that `send` waits for the state it waits for."""

_PROGRESS: dict[MessageState, int] = {"queued": 0, "sent": 1, "delivered": 2, "read": 3}


class Waiting:
    """Waits for a state, for some seconds in all, from when it is made.

    Args:
        target: None if there is nothing to wait for.
        seconds: None for the usual time.
    """

    def __init__(self, context: Context, target: MessageState | None, seconds: float | None) -> None:
        self.target = target
        self._context = context
        self._gone: set[int] = set()
        self._until = asyncio.get_running_loop().time() + (DEFAULT_WAIT if seconds is None else seconds)

    async def until_there(self, node: AsyncClient, message: Message) -> Message:
        """The message once it is in that state or further, is given up or gone, or the time is over.

        Who interrupts this is told that the message stays, with its number: what was taken is not undone.
        """
        if self.target is None:
            return message
        try:
            async with asyncio.timeout_at(self._until), aclosing(follow(self._context, node)) as happenings:
                async for current, event in happenings:
                    if event is None or isinstance(event, MissedEvent):
                        message = await current.message_get(message.id)
                    elif isinstance(event, MessageEvent) and event.message.id == message.id:
                        message = event.message
                    elif takes_away(event, message):
                        self._gone.add(message.id)
                        break
                    if _has_reached(message, self.target) or message.state in ("failed", "cancelled"):
                        break
        except (TimeoutError, UnreachableError):
            pass
        except asyncio.CancelledError:
            if message.state == "queued":
                self._context.output.note(_stays_queued(message))
            raise
        return message

    async def check(self, node: AsyncClient, message: Message) -> None:
        """Raise what is to be said of a message that is not in that state."""
        if message.id in self._gone:
            raise NotFoundError(
                _("Message {id} is gone: it was erased, or its time was over.").format(id=message.id)
            )
        if self.target is not None and not _has_reached(message, self.target):
            if await _is_in_memory(node, message):
                raise await _may_be_lost(node, message)
            raise _not_there(message, self.target, await _trouble(node))


async def implied_target(node: AsyncClient) -> MessageState | None:
    """What a command that names no state waits for: nothing where others keep the node."""
    return "delivered" if await ends_with_this_command(node) else None


def _has_reached(message: Message, target: MessageState) -> bool:
    """Whether the message is in state `target` or further on the same way."""
    return _PROGRESS.get(message.state, -1) >= _PROGRESS[target]


async def _trouble(node: AsyncClient) -> str:
    try:
        return await trouble(node)
    except TuichatError:  # the node has ended, or was locked: that is not what this command was asked for
        return ""


async def _is_in_memory(node: AsyncClient, message: Message) -> bool:
    try:
        contacts = await node.contact_list() if message.state == "queued" else []
    except TuichatError:  # the node has ended, or was locked, and the message with it
        return False
    return any(each.id == message.contact and each.conversation.memory for each in contacts)


async def _may_be_lost(node: AsyncClient, message: Message) -> TuichatError:
    """What waits in memory is lost with the node, which therefore stays."""
    await stays_to_deliver(node)
    return NotYetError(
        _("Message {id} waits in memory only: it is lost if the node ends before it has left.").format(
            id=message.id
        ),
        _("The node runs on in the background until it is delivered."),
    )


def _not_there(message: Message, target: MessageState, trouble: str) -> TuichatError:
    if message.state in ("failed", "cancelled"):
        return TuichatError(_("Message {id} was not sent.").format(id=message.id))
    if message.state == "queued":
        return NotYetError(
            _stays_queued(message),
            trouble or _("Keep tuichat open, or run tuichat daemon run."),
        )
    text = _("Message {id} is {state}, not yet {target}.")
    return NotYetError(text.format(id=message.id, state=state_word(message.state), target=state_word(target)))


def _stays_queued(message: Message) -> str:
    return _("Message {id} stays queued; it is sent when a node next runs.").format(id=message.id)
