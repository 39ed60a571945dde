"""The methods of the local API that concern messages already written."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tuichat.model import Message
from tuichat.node.deeds import Deeds


class DeedMethods(ABC):
    """That part of `NodeApi`, for whoever has `Deeds`."""

    _deeds: Deeds

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
