"""The methods of the local API that concern how this person keeps things, and what they are writing."""

from __future__ import annotations

from abc import ABC

from tuichat.model import Contact, Draft
from tuichat.node.desk import Desk
from tuichat.store.conversations import ConversationChanges


class DeskMethods(ABC):
    """That part of `NodeApi`, for whoever has a `Desk`."""

    _desk: Desk

    async def contact_tag(self, ref: str, tags: list[str]) -> Contact:
        return self._desk.tag(ref, tags)

    async def contact_untag(self, ref: str, tags: list[str]) -> Contact:
        return self._desk.untag(ref, tags)

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
        return self._desk.keep(ref, wanted)

    async def draft_set(self, ref: str, text: str, writer: str = "") -> None:
        self._desk.set_draft(ref, text, writer)

    async def draft_list(self) -> list[Draft]:
        return self._desk.drafts()

    async def input_add(self, text: str, ref: str | None = None, writer: str = "") -> None:
        self._desk.add_input(text, ref, writer)

    async def input_list(self) -> list[str]:
        return self._desk.inputs()
