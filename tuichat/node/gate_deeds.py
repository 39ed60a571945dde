"""What may be done to messages while the profile is unlocked: passed on to the node behind the gate."""

from __future__ import annotations

from tuichat.model import Contact, Message
from tuichat.node.gate_calls import GateCalls


class GateDeeds(GateCalls):
    """That part of `NodeApi`, for the gate."""

    async def edit(self, message: int, text: str) -> Message:
        return await self._ask_online(lambda node: node.edit(message, text))

    async def unsend(self, message: int) -> Message:
        return await self._ask_online(lambda node: node.unsend(message))

    async def react(self, message: int, emoji: str) -> Message:
        return await self._ask_online(lambda node: node.react(message, emoji))

    async def typing(self, ref: str, now: bool) -> None:
        await self._ask(lambda node: node.typing(ref, now))

    async def present(self, here: bool, writer: str = "") -> None:
        await self._ask(lambda node: node.present(here, writer))

    async def message_earlier(self, message: int) -> list[str]:
        return await self._ask(lambda node: node.message_earlier(message))

    async def conversation_timer(self, ref: str, seconds: int | None = None) -> Contact:
        ask = self._ask if seconds is None else self._ask_online
        return await ask(lambda node: node.conversation_timer(ref, seconds))

    async def conversation_retention(self, ref: str, seconds: int | None = None) -> Contact:
        return await self._ask(lambda node: node.conversation_retention(ref, seconds))
