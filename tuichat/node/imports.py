"""Taking an export into a profile in which nothing ever was: all of it, or nothing.

Everything is read and checked before anything is written. Files are then copied into the inbox, and noted so
that they go again if it comes to nothing; at last all rows are written in one transaction, and checked again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from tuichat.clock import Rng
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model.exported import ExportedContact, ExportedFile, Imported, Manifest
from tuichat.network.addresses import onion_of
from tuichat.node.desk import checked_tag
from tuichat.node.events import Changes, EventHub
from tuichat.node.file_places import FileRules, inbox_with_room
from tuichat.node.first_contact import PAIR_LENGTH
from tuichat.node.import_checks import (
    MOST_CONTACTS,
    WireNames,
    contact_row,
    file_row,
    reactions_of,
    refused,
)
from tuichat.node.import_messages import Messages
from tuichat.node.jobs import OffLoop, to_the_end
from tuichat.node.links import Links
from tuichat.node.sweeping import Sweeping
from tuichat.store.export_source import ExportSource, NoExportError
from tuichat.store.store import Store

_RANDOM_BYTES: Final = 8
_LINES_BETWEEN_SIGNS: Final = 1000
_WAITING: Final = ("queued", "sent")


@dataclass(frozen=True, slots=True)
class ImportParts:
    """What imports work with; `own_onion` is 32 bytes; for `still_works` see `NodeParts`."""

    own_onion: bytes
    store: Store
    hub: EventHub
    links: Links
    sweeping: Sweeping
    rules: FileRules
    rng: Rng
    off_loop: OffLoop
    still_works: Callable[[], None]


@dataclass
class _Read:
    """What was found: each line is one that may be taken.

    Attributes:
        messages: the ids of all messages; `unsent` of those that were taken back.
        at: where the bytes of a file lie in the inbox, by the file's id.
        ended: how many messages and files waited, or were on their way.
    """

    contacts: list[ExportedContact] = field(default_factory=list)
    files: list[ExportedFile] = field(default_factory=list)
    messages: set[int] = field(default_factory=set)
    unsent: set[int] = field(default_factory=set)
    at: dict[int, str] = field(default_factory=dict)
    ended: int = 0


class Imports:
    """Does it."""

    def __init__(self, parts: ImportParts) -> None:
        self._with = parts
        self._store = parts.store

    async def take(self, path: str) -> Imported:
        """Import the export in the directory `path`.

        Raises:
            UsageError: the path is not absolute, the profile is not fresh, or it is no export that can be
                taken; nothing was changed.
            StorageError: the disk is full or fails; nothing was changed.
        """
        if not path.startswith("/") or "\0" in path:
            raise UsageError(_("The path of an export must be absolute."))
        self._check_fresh()
        return await to_the_end(self._take(Path(path)))  # threads read and write on if the caller leaves

    async def _take(self, path: Path) -> Imported:
        source: ExportSource = await self._with.off_loop(partial(ExportSource, path))
        try:
            same = onion_of(source.manifest.address) == self._with.own_onion
            names = WireNames(self._with.own_onion, kept=same)
            read: _Read = await self._with.off_loop(partial(_read, source, names))
            with ExitStack() as noted:
                await self._copy(source, read, noted)
                return self._write(source, read, names)
        finally:
            source.close()
            self._with.sweeping.sweep()

    def _check_fresh(self) -> None:
        if not self._store.imports.is_fresh():
            raise UsageError(
                _("An export goes into a fresh profile only, and here are or were contacts already."),
                _("Make another: tuichat --profile NAME init, then tuichat --profile NAME import DIR"),
            )

    async def _copy(self, source: ExportSource, read: _Read, noted: ExitStack) -> None:
        """Bring the bytes of files into the inbox, under names that say nothing."""
        stored = [line for line in read.files if line.stored]
        if not stored:
            return
        size = sum(line.size for line in stored)
        inbox: Path = await self._with.off_loop(partial(inbox_with_room, self._with.rules, size))
        for line in stored:
            to = inbox / self._with.rng.bytes(_RANDOM_BYTES).hex()
            noted.enter_context(self._with.sweeping.making(to))
            await self._with.off_loop(partial(source.copy, line.stored, line.size, to))
            read.at[line.id] = str(to)

    def _write(self, source: ExportSource, read: _Read, names: WireNames) -> Imported:
        self._check_fresh()  # somebody may have asked meanwhile
        if any(line.conversation.memory for line in read.contacts):
            self._store.open_memory()
        with self._with.hub.change() as changes:
            self._write_contacts(read, same=names.kept)
            self._write_messages(source, read, names)
            self._write_files(read)
            self._keep(read, changes, same=names.kept)
        if names.kept:
            for line in read.contacts:
                if line.state in ("accepted", "requested"):
                    self._with.links.add(line.id)
        return Imported(
            contacts=len(read.contacts),
            messages=len(read.messages),
            files=len(read.files),
            same_identity=names.kept,
            verified=sum(line.verified for line in read.contacts),
            ended=read.ended,
        )

    def _write_contacts(self, read: _Read, *, same: bool) -> None:
        """Of the same identity, whom it was in touch with is asked at once: they know who it is."""
        for line in read.contacts:
            row = contact_row(line, self._with.own_onion)
            if same and row.state in ("accepted", "requested"):
                row = replace(row, pair_sent=self._with.rng.bytes(PAIR_LENGTH))
            self._store.imports.add_contact(row)
            self._store.tags.add(row.id, {checked_tag(tag) for tag in line.tags})

    def _write_messages(self, source: ExportSource, read: _Read, names: WireNames) -> None:
        left = set(read.messages)
        for contact in read.contacts:
            messages = Messages(source, contact.id, names)
            for line, row in messages.lines():
                if row.id not in left:
                    raise refused("message", row.id)
                left.discard(row.id)
                if len(left) % _LINES_BETWEEN_SIGNS == 0:
                    self._with.still_works()
                self._store.imports.add_message(row)
                if row.direction == "in":  # it may be sent once more
                    self._store.sessions.know(row.contact, row.wire_id)
                for author, emoji in reactions_of(line):
                    self._store.deeds.add_reaction(row.id, author, emoji)
            for message, text in messages.earlier():
                self._store.imports.add_earlier(message, text)
        if left:
            raise refused("message", min(left))

    def _write_files(self, read: _Read) -> None:
        for line in read.files:
            at = read.at.get(line.id, "")
            row = file_row(line, at)
            offer = None if row.message is None else self._store.messages.get(row.message)
            assert offer is not None
            row = replace(row, wire_id=offer.wire_id)
            if row.message in read.unsent:  # it was taken back while the export was being made
                row = replace(row, message=None)
                row = row if row.accepted else replace(row, name="file", place="")
            self._store.imports.add_file(row)
            if at:
                self._store.transfers.removed(at)

    def _keep(self, read: _Read, changes: Changes, *, same: bool) -> None:
        """How conversations are kept; at last, for what comes in brings them back.

        The timer is what both have agreed on: under another address nothing is agreed on yet.
        """
        for line in read.contacts:
            kept = line.conversation
            self._store.conversations.update(
                line.id,
                muted=kept.muted,
                pinned=kept.pinned,
                archived=kept.archived,
                unread_from=kept.unread_from if kept.unread_from in read.messages else None,
            )
            if same:
                timer, revision = kept.timer, line.timer_revision
                self._store.conversations.update(line.id, timer=timer, timer_revision=revision)
            if kept.memory:
                self._store.conversations.set_memory(line.id, wanted=True)
            changes.contact(line.id)


def _read(source: ExportSource, names: WireNames) -> _Read:
    """Read and check all of it. Blocks: off the event loop only."""
    read = _Read()
    _read_contacts(source, names.own_onion, read)
    offers = _read_files(source, read)
    for contact in read.contacts:
        messages = Messages(source, contact.id, names)
        for line, row in messages.lines():
            if row.id in read.messages or offers.pop(row.id, contact.id) != contact.id:
                raise refused("message", row.id)
            read.messages.add(row.id)
            read.ended += line.state in _WAITING
            if row.unsent:
                read.unsent.add(row.id)
        for _text in messages.earlier():
            pass
    for message in offers:
        raise refused("message", message)
    _check_counts(source.manifest, read)
    return read


def _check_counts(manifest: Manifest, read: _Read) -> None:
    """Lines that are missing leave no other trace. Raises NoExportError."""
    found = (len(read.contacts), len(read.messages), len(read.files))
    if found != (manifest.contacts, manifest.messages, manifest.files):
        raise NoExportError(
            _("The export is damaged or was changed: it does not hold as many lines as it says.")
        )


def _read_contacts(source: ExportSource, own_onion: bytes, read: _Read) -> None:
    ids, onions, names = set[int](), set[bytes](), set[str]()
    for line in source.contacts():
        row = contact_row(line, own_onion)
        if row.id in ids or row.onion in onions or row.petname in names or len(ids) == MOST_CONTACTS:
            raise refused("contact", row.id)
        ids.add(row.id)
        onions.add(row.onion)
        names.add(row.petname)
        read.contacts.append(line)


def _read_files(source: ExportSource, read: _Read) -> dict[int, int]:
    """The files; of each message that offers one, with whom it is."""
    contacts = {line.id for line in read.contacts}
    ids, offers = set[int](), dict[int, int]()
    for line in source.files():
        row = file_row(line, "")
        if row.id in ids or row.contact not in contacts or row.message is None or row.message in offers:
            raise refused("file", row.id)
        ids.add(row.id)
        offers[row.message] = row.contact
        read.files.append(line)
        read.ended += row.reason == "restored" and line.reason != "restored"
    return offers
