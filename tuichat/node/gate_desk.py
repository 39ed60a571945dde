"""How a person keeps conversations, and what they are writing: passed on to the node behind the gate."""

from __future__ import annotations

from tuichat.model import Contact, Draft
from tuichat.node.gate_calls import GateCalls


class GateDesk(GateCalls):
    """That part of `NodeApi`, for the gate."""

    async def contact_erase(self, ref: str) -> Contact:
        return await self._ask(lambda node: node.contact_erase(ref))

    async def contact_tag(self, ref: str, tags: list[str]) -> Contact:
        return await self._ask(lambda node: node.contact_tag(ref, tags))

    async def contact_untag(self, ref: str, tags: list[str]) -> Contact:
        return await self._ask(lambda node: node.contact_untag(ref, tags))

    async def conversation_set(
        self,
        ref: str,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        unread_from: int | None = None,
    ) -> Contact:
        return await self._ask(lambda node: node.conversation_set(ref, muted, pinned, archived, unread_from))

    async def conversation_memory(self, ref: str, wanted: bool, erase: bool = False) -> Contact:
        return await self._ask(lambda node: node.conversation_memory(ref, wanted, erase))

    async def draft_set(self, ref: str, text: str, writer: str = "") -> None:
        await self._ask(lambda node: node.draft_set(ref, text, writer))

    async def draft_list(self) -> list[Draft]:
        return await self._ask(lambda node: node.draft_list())

    async def input_add(self, text: str, ref: str | None = None, writer: str = "") -> None:
        await self._ask(lambda node: node.input_add(text, ref, writer))

    async def input_list(self) -> list[str]:
        return await self._ask(lambda node: node.input_list())
