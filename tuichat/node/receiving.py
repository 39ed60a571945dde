"""Fetching what was accepted: one file of a contact after the other, while they are linked, until all are
here.
"""

from __future__ import annotations

import asyncio
from typing import Final

from tuichat.model import (
    AnyEvent,
    ContactEvent,
    ContactRemovedEvent,
    FileEvent,
    FileRemovedEvent,
    LinkEvent,
)
from tuichat.node.carrier import Carrier, CarrierParts
from tuichat.node.file_turns import FileTurns
from tuichat.node.sweeping import Sweeping
from tuichat.store.records import FileRow

FILES_AT_ONCE: Final = 3
"""So many contacts' files are fetched at a time; of each contact one."""


class Receiving:
    """All contacts' files on their way in."""

    def __init__(self, parts: CarrierParts, sweeping: Sweeping) -> None:
        self._with = parts
        self._store = parts.store
        self._sweeping = sweeping
        self._turns = FileTurns(FILES_AT_ONCE)
        self._carriers: dict[int, Carrier] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def sweeping(self) -> Sweeping:
        """What removes from the disk what is not needed."""
        return self._sweeping

    def start(self) -> None:
        """Go on with everything that was accepted."""
        self._with.hub.listen(self._happened)
        for contact in {row.contact for row in self._store.transfers.unfinished() if row.direction == "in"}:
            self._wake(contact)
        self._sweeping.sweep()

    async def close(self) -> None:
        """Stop; what was fetched so far stays."""
        self._closed = True
        for contact in list(self._carriers):
            await self._drop(contact)
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await self._sweeping.close()

    def prepare(self, row: FileRow) -> None:
        """Let circuits be built for an offer that was not accepted yet."""
        self._carrier(row.contact).prepare(row)

    def _happened(self, event: AnyEvent) -> None:
        if self._closed:
            return
        match event:
            case FileEvent(file=file) if event.seq is not None and file.direction == "in":
                if file.contact in self._carriers:
                    self._carriers[file.contact].changed(file.id, wanted=file.state in ("waiting", "active"))
                if file.state == "waiting":
                    self._wake(file.contact)
                elif file.state in ("complete", "declined", "cancelled", "failed"):
                    self._sweeping.sweep()
            case FileEvent(file=file) if event.seq is not None and file.state not in ("offered", "waiting"):
                self._sweeping.sweep()  # of what I offered, a copy that was made for it
            case FileRemovedEvent(file=number):
                for carrier in self._carriers.values():
                    carrier.changed(number, wanted=False)
                self._sweeping.sweep()
            case LinkEvent(contact=contact, stage="linked"):
                if contact in self._carriers:
                    self._carriers[contact].wake()
            case ContactEvent(contact=contact) if contact.state == "blocked":
                self._leave(contact.id)
            case ContactRemovedEvent(contact=contact):
                self._leave(contact)

    def _leave(self, contact: int) -> None:
        task = asyncio.get_running_loop().create_task(self._drop(contact))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
        self._sweeping.sweep()

    async def leave(self, contact: int) -> None:
        """Let go of a contact's files: nothing of them is worked on any more."""
        await self._drop(contact)
        self._sweeping.sweep()

    async def _drop(self, contact: int) -> None:
        carrier = self._carriers.pop(contact, None)
        if carrier is not None:
            await carrier.close()

    def _wake(self, contact: int) -> None:
        self._carrier(contact).wake()

    def _carrier(self, contact: int) -> Carrier:
        if contact not in self._carriers:
            self._carriers[contact] = Carrier(self._with, contact, self._turns)
        return self._carriers[contact]
