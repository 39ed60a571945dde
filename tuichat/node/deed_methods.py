"""The methods of the local API that concern messages already written."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tuichat.errors import NotFoundError
from tuichat.i18n import _
from tuichat.model import Contact, Message
from tuichat.node.contact_book import ContactBook
from tuichat.node.deeds import Deeds
from tuichat.node.timers import Timers


class DeedMethods(ABC):
    """That part of `NodeApi`, for whoever has `Deeds` and `Timers`."""

    _book: ContactBook
    _deeds: Deeds
    _timers: Timers

    @abstractmethod
    async def go_online(self) -> None:
        """See `NodeApi`."""

    async def edit(self, message: int, text: str) -> Message:
        edited = self._deeds.edit(message, text)
        await self.go_online()
        return edited

    async def unsend(self, message: int) -> Message:
        unsent = self._deeds.unsend(message)
        await self.go_online()
        return unsent

    async def react(self, message: int, emoji: str) -> Message:
        reacted = self._deeds.react(message, emoji)
        await self.go_online()
        return reacted

    async def message_earlier(self, message: int) -> list[str]:
        return self._deeds.earlier(message)

    async def conversation_timer(self, ref: str, seconds: int | None = None) -> Contact:
        row = self._book.find(ref)
        if seconds is not None:
            self._timers.set(row, seconds)
            await self.go_online()
        return self._present(row.id)

    async def conversation_retention(self, ref: str, seconds: int | None = None) -> Contact:
        row = self._book.find(ref)
        self._timers.retention.set(row.id, seconds)
        return self._present(row.id)

    def _present(self, number: int) -> Contact:
        contact = self._book.contact(number)
        if contact is None:
            raise NotFoundError(_("This contact is gone."))
        return contact
