"""Offering what lies at paths: folders become their files, pictures lose what they tell of their makers."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Final

import msgspec

from tuichat.clock import Rng
from tuichat.crypto.file_chunks import MAX_SIZE
from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _, ngettext
from tuichat.media.cleaning import CLEANABLE, Cleaned, clean
from tuichat.media.facts import FACTS_BYTES, dimensions
from tuichat.media.failures import shown, unreadable
from tuichat.media.folders import walk
from tuichat.media.identity import Identity, changed, check_same
from tuichat.media.orientation import is_on_its_side
from tuichat.media.sniff import HEAD_BYTES, sniff
from tuichat.media.words import warnings
from tuichat.model import Sent
from tuichat.node import file_arrivals
from tuichat.node.contact_book import ContactBook
from tuichat.node.events import EventHub
from tuichat.node.file_notes import FileNotes
from tuichat.node.file_places import FileRules, full_or_failing
from tuichat.node.file_progress import FileBook
from tuichat.node.jobs import OffLoop
from tuichat.node.links import Links
from tuichat.node.offering import Offering, Source, offer_of
from tuichat.node.sweeping import Sweeping
from tuichat.node.timer_rules import time_to_live
from tuichat.protocol.bodies import MAX_CAPTION_BYTES
from tuichat.protocol.labels import is_kept, label, place
from tuichat.protocol.sanitize import sanitize_text
from tuichat.store.records import ContactRow, FileRow
from tuichat.store.store import Store

MAX_FILES: Final = 1000
"""How many files can be offered in one go."""

_GROUP_LENGTH: Final = 16
_COPY_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class SendingParts:
    """What sending works with.

    Attributes:
        check_may_send: raises TuichatError for a contact to whom nothing may be sent now.
    """

    store: Store
    hub: EventHub
    book: ContactBook
    files: FileBook
    notes: FileNotes
    links: Links
    offering: Offering
    rules: FileRules
    rng: Rng
    off_loop: OffLoop
    sweeping: Sweeping
    check_may_send: Callable[[ContactRow], None]


@dataclass(frozen=True, slots=True)
class _Prepared:
    source: Source
    cleaned: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file as it lies there: its first bytes, its size, and a picture's width and height as it is shown."""

    head: bytes
    size: int
    pixels: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A file that is to be offered, with its place, and which file it was when it was found.

    Attributes:
        shortened: its place does not tell all of its folders.
    """

    path: Path
    place: str
    identity: Identity | None
    shortened: bool = False


class Sending:
    """Makes offers."""

    def __init__(self, parts: SendingParts) -> None:
        self._with = parts

    async def send(self, row: ContactRow, paths: list[str], caption: str, *, as_is: bool) -> list[Sent]:
        """Offer all files at the paths, one message each; `caption` goes with the first.

        Those before one that cannot be offered stay offered; the error names it.
        """
        words = _checked_caption(caption)
        self._recipient(row.id)
        found, links = await self._with.off_loop(lambda: _found(paths))
        self._check_count(row, len(found))
        group = self._with.rng.bytes(_GROUP_LENGTH) if len(found) > 1 else None
        sent: list[Sent] = []
        for each in found:
            sent.append(await self._send_one(row, each, group, "" if sent else words, as_is=as_is))
        return _with_left_out(sent, links, sum(each.shortened for each in found))

    def _check_count(self, row: ContactRow, count: int) -> None:
        """See that so many more are not more than the other side keeps. Raises UsageError."""
        most = file_arrivals.MAX_OFFERS
        if self._with.store.transfers.open_offers(row.id) + count > most:
            raise UsageError(
                _("There would be more than {most} offers that wait for an answer.").format(most=most),
                _("Take back some (tuichat files cancel ID), or pack these into one file."),
            )

    async def _send_one(
        self, row: ContactRow, found: _Found, group: bytes | None, caption: str, *, as_is: bool
    ) -> Sent:
        with ExitStack() as making:
            try:
                prepared = await self._prepared(found, None if as_is else making)
                self._recipient(row.id)
                return await self._offer(row, prepared, group, caption)
            except BaseException:
                making.close()
                self._with.sweeping.sweep()
                raise

    async def _prepared(self, found: _Found, making: ExitStack | None) -> _Prepared:
        """What is to be read: the file, or within `making` a copy without traces of who made it."""
        path = found.path
        known = await self._with.off_loop(lambda: _still(found))
        looked = await self._with.off_loop(lambda: _look(path, known))
        name = label(path.name)
        media_type = sniff(looked.head[:HEAD_BYTES], name)
        copy, cleaned = path, None
        if making is not None and media_type in CLEANABLE:
            copy, cleaned = await self._cleaned(path, known, media_type, making)
            looked = await self._with.off_loop(lambda: _look(copy))
        source = Source(
            path=copy,
            is_copy=cleaned is not None,
            name=name,
            place=found.place,
            size=looked.size,
            identity=known if cleaned is None else None,
            media_type=media_type,
            width=None if looked.pixels is None else looked.pixels[0],
            height=None if looked.pixels is None else looked.pixels[1],
        )
        is_clean = media_type in CLEANABLE and making is not None
        return _Prepared(
            source,
            cleaned=() if cleaned is None else cleaned.removed,
            warnings=() if is_clean else warnings(media_type),
        )

    async def _cleaned(
        self, path: Path, known: Identity, media_type: str, making: ExitStack
    ) -> tuple[Path, Cleaned | None]:
        """A copy without what tells of the maker; the picture itself if there is nothing to take out."""
        copy = self._with.rules.outgoing / self._with.rng.bytes(_COPY_BYTES).hex()
        try:
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise full_or_failing(error, copy.parent) from error
        making.enter_context(self._with.sweeping.making(copy))
        cleaned = await clean(path, copy, media_type, known=known)
        if cleaned is None:
            self._with.store.transfers.removed(str(copy))
            return path, None
        return copy, cleaned

    async def _offer(
        self, contact: ContactRow, prepared: _Prepared, group: bytes | None, caption: str
    ) -> Sent:
        now = self._with.hub.now()
        row = await self._with.offering.prepare(contact.id, prepared.source, group, now)
        try:
            message = self._announced(row, caption, now)
        except BaseException:
            self._with.store.transfers.remove(row.id)
            raise
        self._with.notes.sent(contact)
        told, file = self._with.book.message(message), self._with.files.get(row.id)
        assert told is not None
        assert file is not None
        return Sent(message=told, file=file, cleaned=prepared.cleaned, warnings=prepared.warnings)

    def _recipient(self, contact: int) -> ContactRow:
        """Asked again whenever something took a while. Raises TuichatError if they may be sent nothing."""
        row = self._with.store.contacts.get(contact)
        if row is None:
            raise NotFoundError(_("This contact is gone."))
        self._with.check_may_send(row)
        if self._with.store.conversations.in_memory(contact):
            raise UsageError(
                _("The conversation with {name} is in memory only, and files are on disk.").format(
                    name=row.petname
                ),
                _("To send files: tuichat contact memory {name} off").format(name=quote(row.petname)),
            )
        return row

    def _announced(self, row: FileRow, caption: str, now: int) -> int:
        """The message that offers a prepared file: in history and queue."""
        contact = self._recipient(row.contact)
        at_once = self._with.links.takes_at_once(contact.id)
        with self._with.hub.change() as changes:
            offer = offer_of(row, caption, time_to_live(self._with.store, contact.id))
            message = self._with.notes.outbox(contact).queue_file(offer, now, given=at_once)
            self._with.store.transfers.announce(row.id, message.id, row.root)
            if row.source_is_copy:
                self._with.store.transfers.removed(row.source)
            changes.message(message.id, new=True)
            changes.file(row.id)
        return message.id


def _found(paths: list[str]) -> tuple[list[_Found], int]:
    """All files at the paths with their places, each of which can be read; how many links were left out.
    Blocks.
    """
    if not paths:
        raise UsageError(_("No file was named."))
    found: list[_Found] = []
    links = 0
    for text in paths:
        path = _checked_path(text)
        if _is_folder(path):
            folder = walk(path, MAX_FILES)
            found += [
                _Found(each.path, place(each.folders), each.identity, not is_kept(each.folders))
                for each in folder.files
            ]
            links += len(folder.links)
        else:
            found.append(_Found(path, "", None))
    if len(found) > MAX_FILES:
        raise UsageError(
            _("These are {count} files; at most {most} go at once.").format(count=len(found), most=MAX_FILES),
            _("Send them in parts, or pack them into one file."),
        )
    for each in found:
        _check_utf_8(each.path)
        _look(each.path)
    return [replace(each, identity=_still(each)) for each in found], links


def _still(found: _Found) -> Identity:
    """What lies at a path now, if it is the file that was found there. Blocks."""
    try:
        now = Identity.of(found.path.stat())
    except OSError as error:
        raise unreadable(found.path, error) from error
    if found.identity is not None and not now.is_file_of(found.identity):
        raise changed(found.path)
    return now


def _is_folder(path: Path) -> bool:
    """Whether it is one, or a link to one; False also if nothing is there."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise unreadable(path, error) from error


def _with_left_out(sent: list[Sent], links: int, shortened: int) -> list[Sent]:
    """Say with the first file that links were not followed, and that folders are told in part."""
    words = []
    if links:
        left_out = ngettext("{count} link was left out.", "{count} links were left out.", links)
        words.append(left_out.format(count=links))
    if shortened:
        in_part = ngettext(
            "The folders of {count} file are told in part: pack them to keep them as they are.",
            "The folders of {count} files are told in part: pack them to keep them as they are.",
            shortened,
        )
        words.append(in_part.format(count=shortened))
    first = msgspec.structs.replace(sent[0], warnings=(*sent[0].warnings, *words))
    return [first, *sent[1:]]


def _checked_caption(caption: str) -> str:
    clean = sanitize_text(caption)
    if len(clean.encode()) > MAX_CAPTION_BYTES:
        raise UsageError(
            _("The words with a file have at most {most} bytes.").format(most=MAX_CAPTION_BYTES),
            _("Send the rest as a message."),
        )
    return clean


def _checked_path(text: str) -> Path:
    path = Path(text)
    if "\0" in text or not path.is_absolute():
        raise UsageError(_("{path!r} is no absolute path.").format(path=text))
    return path


def _check_utf_8(path: Path) -> None:
    """Neither the store nor a client can be told of a path that is no text."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UsageError(
            _("The name of {path} is not UTF-8.").format(path=shown(path)),
            _("Rename it, or send the others one by one."),
        ) from None


def _look(path: Path, known: Identity | None = None) -> _Looked:
    """What there is to see of a regular file. Blocks."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except FileNotFoundError:
        raise NotFoundError(_("There is no file {path}.").format(path=shown(path))) from None
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        check_same(path, descriptor, known)
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(_("{path} is no file that could be sent.").format(path=shown(path)))
        if status.st_size > MAX_SIZE:
            raise UsageError(_("{path} is too large.").format(path=shown(path)))
        head = os.pread(descriptor, FACTS_BYTES, 0)
        if len(head) != min(status.st_size, FACTS_BYTES):
            raise _pretends(path)
        pixels = dimensions(head)
        if pixels and is_on_its_side(lambda offset, length: os.pread(descriptor, length, offset)):
            pixels = pixels[::-1]
        return _Looked(head, status.st_size, pixels)
    finally:
        os.close(descriptor)


def _pretends(path: Path) -> UsageError:
    """What the system makes up when it is read, as in /proc, has no size that could be offered."""
    return UsageError(
        _("{path} has another length than it says: it is written to, or made up by the system.").format(
            path=shown(path)
        ),
        _("Copy it into a file, and send that."),
    )
