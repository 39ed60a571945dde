"""The methods of the local API that concern how this person keeps things, and what they are writing."""

from __future__ import annotations

from abc import ABC

from tuichat.model import Contact, Draft, Exported, Imported
from tuichat.node.desk_wiring import DeskParts
from tuichat.store.conversations import ConversationChanges


class DeskMethods(ABC):
    """That part of `NodeApi`, for whoever has `DeskParts`."""

    _desk: DeskParts

    async def contact_erase(self, ref: str) -> Contact:
        return await self._desk.erasing.erase(ref)

    async def contact_tag(self, ref: str, tags: list[str]) -> Contact:
        return self._desk.desk.tag(ref, tags)

    async def contact_untag(self, ref: str, tags: list[str]) -> Contact:
        return self._desk.desk.untag(ref, tags)

    async def conversation_set(
        self,
        ref: str,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        unread_from: int | None = None,
    ) -> Contact:
        wanted = ConversationChanges()
        if muted is not None:
            wanted["muted"] = muted
        if pinned is not None:
            wanted["pinned"] = pinned
        if archived is not None:
            wanted["archived"] = archived
        if unread_from is not None:
            wanted["unread_from"] = unread_from
        return self._desk.desk.keep(ref, wanted)

    async def conversation_memory(self, ref: str, wanted: bool, erase: bool = False) -> Contact:
        return await self._desk.memory.set(ref, wanted, erase=erase)

    async def draft_set(self, ref: str, text: str, writer: str = "") -> None:
        self._desk.desk.set_draft(ref, text, writer)

    async def draft_list(self) -> list[Draft]:
        return self._desk.desk.drafts()

    async def input_add(self, text: str, ref: str | None = None, writer: str = "") -> None:
        self._desk.desk.add_input(text, ref, writer)

    async def input_list(self) -> list[str]:
        return self._desk.desk.inputs()

    async def export_to(self, path: str, ref: str | None = None, plain_page: bool = False) -> Exported:
        return await self._desk.exports.write(path, ref, plain_page=plain_page)

    async def import_from(self, path: str) -> Imported:
        return await self._desk.imports.take(path)
