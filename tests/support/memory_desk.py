"""How a person keeps things in a node in memory, and what they are writing there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from tuichat.errors import NotFoundError, UsageError
from tuichat.model import (
    MAX_INPUT_BYTES,
    AnyEvent,
    Contact,
    ConversationErasedEvent,
    Draft,
    DraftEvent,
    Exported,
    File,
    FileRemovedEvent,
    Imported,
    InputEvent,
    MessageRemovedEvent,
)

if TYPE_CHECKING:
    from tests.support.memory_node import Person


class MemoryDesk(ABC):
    """What a `MemoryNode` is besides: `NodeApi`'s methods about tags, conversations, drafts and inputs.

    Attributes:
        drafts: by the contact's id.
        inputs: oldest first, each with the contact that it was for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.drafts: dict[int, str] = {}
        self.exports: list[tuple[str, int | None, bool]] = []
        self._messages: dict[int, Person] = {}
        self._files: dict[int, File] = {}
        self.inputs: list[tuple[str, int | None]] = []

    async def contact_erase(self, ref: str) -> Contact:
        person = self._find(ref)
        contact = person.record.id
        for message in person.history:
            del self._messages[message.id]
        person.history.clear()
        person.queued.clear()
        self._forget_writing(contact)
        self._forget_files(contact)
        self._emit(ConversationErasedEvent(at=self.now(), seq=self._next(), contact=contact))
        return self._change(person, request_text="")

    def _forget_writing(self, contact: int) -> None:
        self.drafts.pop(contact, None)
        self.inputs = [(text, whose) for text, whose in self.inputs if whose != contact]

    async def contact_tag(self, ref: str, tags: list[str]) -> Contact:
        person = self._find(ref)
        added = {tag.removeprefix("#").casefold() for tag in tags}
        if any(not tag or " " in tag for tag in added):
            raise UsageError("A tag is one word.")
        return self._change(person, tags=tuple(sorted({*person.record.tags, *added})))

    async def contact_untag(self, ref: str, tags: list[str]) -> Contact:
        person = self._find(ref)
        removed = {tag.removeprefix("#").casefold() for tag in tags}
        if not removed <= set(person.record.tags):
            raise NotFoundError("There is no such tag.", "", person.record.tags)
        return self._change(person, tags=tuple(tag for tag in person.record.tags if tag not in removed))

    async def conversation_set(
        self,
        ref: str,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
        unread_from: int | None = None,
    ) -> Contact:
        person = self._find(ref)
        wanted = {"muted": muted, "pinned": pinned, "archived": archived, "unread_from": unread_from}
        changes = {name: value for name, value in wanted.items() if value is not None}
        return self._change(
            person, conversation=msgspec.structs.replace(person.record.conversation, **changes)
        )

    async def conversation_timer(self, ref: str, seconds: int | None = None) -> Contact:
        person = self._find(ref)
        if seconds is None:
            return person.shown()
        kept = msgspec.structs.replace(person.record.conversation, timer=seconds)
        return self._change(person, conversation=kept)

    async def conversation_retention(self, ref: str, seconds: int | None = None) -> Contact:
        person = self._find(ref)
        kept = msgspec.structs.replace(person.record.conversation, retention=seconds)
        return self._change(person, conversation=kept)

    async def conversation_memory(self, ref: str, wanted: bool, erase: bool = False) -> Contact:
        if erase:
            await self.contact_erase(ref)
        person = self._find(ref)
        kept = msgspec.structs.replace(person.record.conversation, memory=wanted)
        return self._change(person, conversation=kept)

    def disappeared(self, message: int) -> None:
        """The time of a message is over, and with it that of its file."""
        person = self._messages.pop(message)
        files = [each.file for each in person.history if each.id == message]
        person.history = [each for each in person.history if each.id != message]
        for file in files:
            if self._files.pop(file or 0, None) is not None:
                self._emit(FileRemovedEvent(at=self.now(), seq=self._next(), file=file or 0))
        self._emit(MessageRemovedEvent(at=self.now(), seq=self._next(), message=message))

    async def draft_set(self, ref: str, text: str, writer: str = "") -> None:
        contact = self._find(ref).record.id
        self.drafts[contact] = text
        self._emit(DraftEvent(at=self.now(), draft=Draft(contact=contact, text=text), writer=writer))

    async def draft_list(self) -> list[Draft]:
        self._check_open()
        return [Draft(contact=contact, text=text) for contact, text in self.drafts.items() if text]

    async def input_add(self, text: str, ref: str | None = None, writer: str = "") -> None:
        self._check_open()
        if len(text.encode()) > MAX_INPUT_BYTES:
            raise UsageError(f"An input has at most {MAX_INPUT_BYTES} bytes.")
        self.inputs.append((text, None if ref is None else self._find(ref).record.id))
        self._emit(InputEvent(at=self.now(), text=text, writer=writer))

    async def input_list(self) -> list[str]:
        self._check_open()
        return [text for text, _contact in self.inputs]

    async def export_to(self, path: str, ref: str | None = None, plain_page: bool = False) -> Exported:
        self._check_open()
        self.exports.append((path, None if ref is None else self._find(ref).record.id, plain_page))
        return Exported(path=path, contacts=5, messages=len(self._messages), files=0, missing=0)

    async def import_from(self, path: str) -> Imported:
        self._check_open()
        raise UsageError("An export goes into a fresh profile only.", f"Not imported: {path}")

    @abstractmethod
    def now(self) -> datetime:
        """The clock's time as the records have it."""

    @abstractmethod
    def _next(self) -> int: ...

    @abstractmethod
    def _forget_files(self, contact: int) -> None: ...

    @abstractmethod
    def _check_open(self) -> None: ...

    @abstractmethod
    def _emit(self, event: AnyEvent) -> None: ...

    @abstractmethod
    def _find(self, ref: str) -> Person: ...

    @abstractmethod
    def _change(self, person: Person, **changes: object) -> Contact: ...
