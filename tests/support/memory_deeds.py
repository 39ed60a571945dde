"""What is done to the messages of a node in memory: edits, unsends and reactions, mine and theirs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tuichat.errors import UsageError
from tuichat.model import AnyEvent, Message, MessageEvent, Presence, Quote, SignEvent

if TYPE_CHECKING:
    from tests.support.memory_node import Person


class MemoryDeeds(ABC):
    """What a `MemoryNode` is besides: `NodeApi`'s methods for messages already written and signs of life.

    Attributes:
        typed, presences: what it was told of its person, in order.
        given: waiting messages that a link has had: they may have left, and nothing cancels them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._earlier: dict[int, list[str]] = {}
        self.typed: list[tuple[str, bool]] = []
        self.presences: list[bool] = []
        self.given: set[int] = set()

    # What tests do to it.

    def change_message(self, message: int, **changes: Any) -> Message:
        """Any fields of a message change, and so do the quotes of it; the readers of events are told."""
        person = self._messages_of(message)
        index = next(i for i, each in enumerate(person.history) if each.id == message)
        changed = person.history[index] = msgspec.structs.replace(person.history[index], **changes)
        self._emit(MessageEvent(at=self.now(), seq=self._next(), message=changed, new=False))
        for reply in [each for each in person.history if each.reply_to == message]:
            self.change_message(reply.id, quote=quote_of(changed))
        return changed

    def edited_by_them(self, message: int, text: str) -> Message:
        """Somebody edits a message; or this person, for that matter."""
        before = self._message(message)
        self._earlier.setdefault(message, []).append(before.text)
        return self.change_message(message, text=text, edited=True)

    def reacted_by_them(self, message: int, emoji: str) -> Message:
        """The other puts an emoji to a message."""
        before = self._message(message)
        return self.change_message(message, reactions=(*before.reactions, emoji))

    def signs(self, ref: str, *, typing: bool = False, presence: Presence = "") -> None:
        """A contact lets us know something of themself."""
        person = self._find(ref)
        person.record = msgspec.structs.replace(person.record, typing=typing, presence=presence)
        contact = person.record.id
        self._emit(SignEvent(at=self.now(), contact=contact, typing=typing, presence=presence))

    # NodeApi.

    async def edit(self, message: int, text: str) -> Message:
        known = self._message(message)
        if known.direction == "in":
            raise UsageError("Only your own messages can be edited.")
        if known.state == "queued" and message not in self.given:
            return self.change_message(message, text=text)
        return self.edited_by_them(message, text)

    async def unsend(self, message: int) -> Message:
        known = self._message(message)
        if known.direction == "in":
            raise UsageError("Only your own messages can be taken back.")
        if known.state == "queued" and message not in self.given:
            return await self.cancel(message)
        self._earlier.pop(message, None)
        gone: dict[str, Any] = {"text": "", "edited": False, "file": None, "quote": None, "reply_to": None}
        return self.change_message(message, unsent="asked", reactions=(), my_reactions=(), **gone)

    async def react(self, message: int, emoji: str) -> Message:
        known = self._message(message)
        if not emoji or emoji.isascii():
            raise UsageError("A reaction is one emoji.")
        mine, all_ = list(known.my_reactions), list(known.reactions)
        if emoji in mine:
            mine.remove(emoji)
            all_.remove(emoji)
        else:
            mine.append(emoji)
            all_.append(emoji)
        return self.change_message(message, reactions=tuple(all_), my_reactions=tuple(mine))

    async def typing(self, ref: str, now: bool) -> None:
        self.typed.append((ref, now))

    async def present(self, here: bool, writer: str = "") -> None:
        assert writer, "another front end's word would count as this one's"
        self.presences.append(here)

    async def message_earlier(self, message: int) -> list[str]:
        self._messages_of(message)
        return list(self._earlier.get(message, []))

    def _message(self, message: int) -> Message:
        return next(each for each in self._messages_of(message).history if each.id == message)

    @abstractmethod
    async def cancel(self, message: int) -> Message: ...
    @abstractmethod
    def _find(self, ref: str) -> Person: ...
    @abstractmethod
    def _messages_of(self, message: int) -> Person: ...
    @abstractmethod
    def _emit(self, event: AnyEvent) -> None: ...
    @abstractmethod
    def _next(self) -> int: ...
    @abstractmethod
    def now(self) -> datetime: ...


def quote_of(message: Message) -> Quote:
    """How a message is quoted."""
    return Quote(
        message=message.id, direction=message.direction, text=message.text, unsent=bool(message.unsent)
    )
