"""The calls of the local API that concern how this person keeps things, and what they are writing."""

from __future__ import annotations

from tuichat.api.calls import Calls
from tuichat.model import Contact, Draft, Exported, Imported


class DeskCalls(Calls):
    """That part of a client; see `NodeApi` for each."""

    async def contact_erase(self, ref: str) -> Contact:
        return await self._ask(Contact, "contact.erase", ref=ref)

    async def contact_tag(self, ref: str, tags: list[str]) -> Contact:
        return await self._ask(Contact, "contact.tag", ref=ref, tags=tags)

    async def contact_untag(self, ref: str, tags: list[str]) -> Contact:
        return await self._ask(Contact, "contact.untag", ref=ref, tags=tags)

    async def conversation_set(
        self,
        ref: str,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        unread_from: int | None = None,
    ) -> Contact:
        changes = {"muted": muted, "pinned": pinned, "archived": archived, "unread_from": unread_from}
        return await self._ask(Contact, "conversation.set", ref=ref, **changes)

    async def conversation_timer(self, ref: str, seconds: int | None = None) -> Contact:
        return await self._ask(Contact, "conversation.timer", ref=ref, seconds=seconds)

    async def conversation_retention(self, ref: str, seconds: int | None = None) -> Contact:
        return await self._ask(Contact, "conversation.retention", ref=ref, seconds=seconds)

    async def conversation_memory(self, ref: str, wanted: bool, erase: bool = False) -> Contact:
        return await self._ask(Contact, "conversation.memory", ref=ref, wanted=wanted, erase=erase)

    async def draft_set(self, ref: str, text: str, writer: str = "") -> None:
        await self._raw("draft.set", {"ref": ref, "text": text, "writer": writer})

    async def draft_list(self) -> list[Draft]:
        return await self._ask(list[Draft], "draft.list")

    async def input_add(self, text: str, ref: str | None = None, writer: str = "") -> None:
        await self._raw("input.add", {"text": text, "ref": ref, "writer": writer})

    async def input_list(self) -> list[str]:
        return await self._ask(list[str], "input.list")

    async def export_to(self, path: str, ref: str | None = None, plain_page: bool = False) -> Exported:
        return await self._ask(Exported, "export_to", path=path, ref=ref, plain_page=plain_page)

    async def import_from(self, path: str) -> Imported:
        return await self._ask(Imported, "import_from", path=path)
