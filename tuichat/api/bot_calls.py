"""What programs that answer people need most: who wrote, an answer, and what still waits for one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from tuichat.api.node_api import NodeApi
from tuichat.api.resumed_events import ResumedEvents
from tuichat.errors import LockedError, NotFoundError, UnreachableError
from tuichat.i18n import _
from tuichat.model import Contact, LockedEvent, Message, MessageEvent, MissedEvent

_PAGE = 100
_WAITING_KINDS = ("text", "file")


class _Client(NodeApi, Protocol):
    """What these calls are made of."""

    async def contact(self, who: int | str) -> Contact: ...

    async def unread(self) -> list[Message]: ...

    def events(
        self, since: int | None = None, log: str | None = None, patience: float | None = None
    ) -> ResumedEvents: ...


class BotCalls:
    """That part of a client; unlike the other calls these are made of several of `NodeApi`."""

    async def contact(self: _Client, who: int | str) -> Contact:
        """A contact by its id, as messages and events name it, its exact petname, or its whole address.

        Raises NotFoundError.
        """
        known = await self.contact_list()
        for contact in known:
            if who in (contact.id, contact.name, contact.address):
                return contact
        raise NotFoundError(
            _("There is no such contact."), candidates=tuple(contact.name for contact in known)
        )

    async def reply(self: _Client, message: Message, text: str) -> Message:
        """Answer a message with `text`, in its conversation; the answer, as it is queued."""
        return await self.send((await self.contact(message.contact)).address, text, reply_to=message.id)

    async def done(self: _Client, message: Message) -> None:
        """Mark a message as read, and all before it in its conversation: `incoming` gives it no more."""
        await self.mark_read((await self.contact(message.contact)).address, message.id)

    async def unread(self: _Client) -> list[Message]:
        """The texts and files of accepted contacts that nobody has read, each conversation oldest first."""
        waiting = [each for each in await self.contact_list() if each.unread and each.state == "accepted"]
        return [message for contact in waiting for message in await _unread_of(self, contact)]

    async def incoming(self: _Client, patience: float | None = None) -> AsyncGenerator[Message]:
        """Texts and files that contacts send: first those that nobody has read, then each as it comes.

        A message stays unread until `done` says otherwise. After the node has ended and another has come,
        after the profile was locked and unlocked, and when this program starts again, what is unread is
        given anew: each message is dealt with at least once, and seldom twice. It waits while the profile is
        locked.

        Args:
            patience: seconds that may be without a node, None for as long as it takes.

        Raises:
            UnreachableError: no node came in time, it turned us away, or the profile was wiped.
        """
        async with aclosing(self.events(patience=patience)) as events:
            found = await _unread_or_none(self)
            given = {message.id for message in found}
            for message in found:
                yield message
            async for event in events:
                match event:
                    case MissedEvent() | LockedEvent(locked=False):
                        found = await _unread_or_none(self)
                        given = {message.id for message in found}
                    case MessageEvent(new=True) if _waits(event.message) and event.message.id not in given:
                        found = [event.message]
                    case _:
                        continue
                for message in found:
                    yield message


def _waits(message: Message) -> bool:
    return message.direction == "in" and message.kind in _WAITING_KINDS and message.state != "read"


async def _unread_or_none(client: _Client) -> list[Message]:
    """What is unread; nothing while that cannot be told: an event comes when it can be again."""
    try:
        return await client.unread()
    except (LockedError, UnreachableError):
        return []


async def _unread_of(client: NodeApi, contact: Contact) -> list[Message]:
    """Back through the history: to the first message that was read, if all that are counted were met."""
    found: list[Message] = []
    counted, before = 0, None
    while page := await client.messages(contact.address, limit=_PAGE, before=before):
        for message in reversed(page):
            if message.direction == "in" and message.state != "read":
                counted += 1
                found += [message] if _waits(message) else []
            elif message.direction == "in" and counted >= contact.unread:
                return found[::-1]
        before = page[0].id
    return found[::-1]
