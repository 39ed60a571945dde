"""Making an export: what a person can read of conversations and files, into a directory.

The node goes on meanwhile: a page of messages at a time is read on its loop, and written off it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Contact, File, Message, Quote, from_milliseconds
from tuichat.model.exported import (
    CONTACTS,
    EARLIER,
    FILE_LINES,
    FILES,
    MESSAGES,
    PAGES,
    Exported,
    ExportedContact,
    ExportedEarlier,
    ExportedFile,
    ExportedMessage,
    Manifest,
)
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.node.export_page import page_end, page_head, page_message
from tuichat.node.file_progress import FileBook
from tuichat.node.jobs import OffLoop
from tuichat.store.export_place import ExportPlace
from tuichat.store.records import MessageRow
from tuichat.store.store import Store

_PAGE: Final = 500
_PAGE_BYTES: Final = 1024 * 1024
_ENCODER: Final = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class ExportParts:
    """What exports are made of; `address` is this person's."""

    address: str
    store: Store
    hub: EventHub
    book: ContactBook
    files: FileBook
    off_loop: OffLoop


class Exports:
    """Makes them."""

    def __init__(self, parts: ExportParts) -> None:
        self._with = parts

    async def write(self, path: str, ref: str | None, *, plain_page: bool) -> Exported:
        """Write an export of everything, or of one contact, into the new directory `path`.

        Raises:
            UsageError: the path is not absolute, or something is there already.
            NotFoundError: there is no such contact.
            StorageError: the disk is full or fails; what is there is marked as incomplete.
        """
        if not path.startswith("/") or "\0" in path:
            raise UsageError(_("The path of an export must be absolute."))
        if ref is None:
            numbers = sorted(contact.id for contact in self._with.book.all())
        else:
            numbers = [self._with.book.find(ref).id]
        place = await self._with.off_loop(partial(ExportPlace, Path(path)))
        run = _Run(self._with, place, plain=plain_page)
        await run.files(set(numbers))
        for number in numbers:
            contact = self._with.book.contact(number)  # as it is by now, if it was not removed meanwhile
            if contact is not None:
                await run.contact(contact)
        return await run.finish()


@dataclass
class _Run:
    """One export in the making.

    Attributes:
        stored: the files, by their ids.
        offers: the messages of files that were not met yet.
    """

    parts: ExportParts
    place: ExportPlace
    plain: bool
    contacts: int = 0
    messages: int = 0
    missing: int = 0
    stored: dict[int, ExportedFile] = field(default_factory=dict)
    offers: set[int] = field(default_factory=set)

    async def files(self, contacts: set[int]) -> None:
        """Every file, with its bytes if they are on the disk; its line waits for its message."""
        for number in self.parts.store.transfers.ids():
            file = self.parts.files.get(number)
            if file is None or file.contact not in contacts or file.message is None:
                continue
            line = ExportedFile(**{**_fields(file), "path": "", "circuits": 0, "rate": 0})
            name = f"{FILES}/{file.id}"
            if file.path and await self.parts.off_loop(
                partial(self.place.copy, Path(file.path), name, file.size)
            ):
                line = msgspec.structs.replace(line, stored=name)
            self.missing += file.path != "" and not line.stored
            self.stored[file.id] = line
            self.offers.add(file.message)

    async def contact(self, contact: Contact) -> None:
        """A contact, and all that was said."""
        await self._append(CONTACTS, _line(self._exported(contact)))
        self.contacts += 1
        lines, page = f"{MESSAGES}/{contact.id}.jsonl", f"{PAGES}/{contact.id}.html"
        await self._append(page, page_head(contact, self.parts.address, plain=self.plain).encode())
        await self._append(lines, b"")
        after = 0
        while rows := self.parts.store.messages.page(contact.id, _PAGE, None, after, _PAGE_BYTES):
            rows, earlier = self._with_earlier(rows)
            lasting = [row for row in rows if not self._is_in_memory(row.id)]
            messages = [self._record(row) for row in lasting]
            if earlier:
                await self._append(f"{EARLIER}/{contact.id}.jsonl", earlier)
            exported = map(_exported_message, messages, lasting)
            await self._append(lines, b"".join(map(_line, exported)))
            await self._append(page, "".join(self._shown(each, contact) for each in messages).encode())
            self.messages += len(messages)
            self.offers.difference_update(row.id for row in lasting)
            after = rows[-1].id
        await self._append(page, page_end().encode())

    def _exported(self, contact: Contact) -> ExportedContact:
        names = set(ExportedContact.__struct_fields__) & set(Contact.__struct_fields__)
        row = self.parts.store.conversations.get(contact.id)
        return ExportedContact(
            **{name: getattr(contact, name) for name in names},
            timer_revision=0 if row is None else row.timer_revision,
        )

    def _with_earlier(self, rows: list[MessageRow]) -> tuple[list[MessageRow], bytes]:
        """The first of the rows, all or as many as have a page of earlier texts, and lines with those.

        Both are read in the same moment: an edit between them would be in both, or in neither.
        """
        lines = bytearray()
        for number, row in enumerate(rows, 1):
            edited = row.edited and not self._is_in_memory(row.id)
            for text in self.parts.store.deeds.earlier(row.id) if edited else ():
                lines += _line(ExportedEarlier(message=row.id, text=text))
            if len(lines) > _PAGE_BYTES:
                return rows[:number], bytes(lines)
        return rows, bytes(lines)

    def _is_in_memory(self, message: int) -> bool:
        return self.parts.store.messages.is_in_memory(message)

    def _record(self, row: MessageRow) -> Message:
        """A message; what it answers is not told if that is in memory only."""
        message = self.parts.book.message_record(row)
        if message.reply_to is None or not self._is_in_memory(message.reply_to):
            return message
        return msgspec.structs.replace(message, reply_to=None, quote=Quote())

    def _shown(self, message: Message, contact: Contact) -> str:
        file = None if message.file is None else self.stored.get(message.file)
        return page_message(message, contact, file, "" if file is None else file.stored)

    async def _file_lines(self) -> None:
        """The files of messages that are in the export: others went while it was made, and so do they."""
        await self._append(FILE_LINES, b"")
        for line in list(self.stored.values()):
            if line.message not in self.offers:
                await self._append(FILE_LINES, _line(line))
                continue
            del self.stored[line.id]
            if line.stored:
                await self.parts.off_loop(partial(self.place.remove, line.stored))

    async def finish(self) -> Exported:
        """All is there."""
        await self._file_lines()
        if not self.contacts:
            await self._append(CONTACTS, b"")
        manifest = Manifest(
            made_at=from_milliseconds(self.parts.hub.now()),
            address=self.parts.address,
            contacts=self.contacts,
            messages=self.messages,
            files=len(self.stored),
        )
        await self.parts.off_loop(partial(self.place.finish, _line(manifest)))
        return Exported(
            path=str(self.place.path),
            contacts=self.contacts,
            messages=self.messages,
            files=len(self.stored),
            missing=self.missing,
        )

    async def _append(self, name: str, data: bytes) -> None:
        await self.parts.off_loop(partial(self.place.append, name, data))


def _exported_message(message: Message, row: MessageRow) -> ExportedMessage:
    answers = b"" if message.quote is None else row.reply_to or b""
    return ExportedMessage(**_fields(message), wire_id=row.wire_id.hex(), answers=answers.hex())


def _fields(record: File | Message) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


def _line(record: msgspec.Struct) -> bytes:
    return _ENCODER.encode(record) + b"\n"
