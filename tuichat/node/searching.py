"""Finding messages: asking the index step by step, and filling it with what is older than itself."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from tuichat.errors import DamagedError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import Found, FoundPage
from tuichat.node.contact_book import ContactBook
from tuichat.node.conversations import PAGE_BYTES
from tuichat.node.search_query import Query, read_query
from tuichat.node.supervisor import supervise
from tuichat.store.records import MessageRow
from tuichat.store.search import Wanted
from tuichat.store.search_terms import Phrase, places
from tuichat.store.store import Store

LARGEST_PAGE: Final = 500

IDS_AT_ONCE: Final = 100_000
"""So many messages are searched before others get a turn: what is rare among common words takes long."""

MOST_PLACES: Final = 100
"""So many places are told of each text: the texts, and so their number, are up to the contacts."""

STEP_MESSAGES: Final = 250
"""So many messages are put into the index at once: some milliseconds."""

PAUSE_SECONDS: Final = 0.01
IDLE_SECONDS: Final = 10.0
"""Between looks for messages that are not indexed: they appear when a long history was removed."""


class Searching:
    """The search of one profile."""

    def __init__(self, store: Store, book: ContactBook) -> None:
        self._store = store
        self._book = book
        self._indexing: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to index what is missing."""
        self._indexing = asyncio.create_task(supervise("search", self._index), name="search")

    async def close(self) -> None:
        """End before the store does."""
        self._closed = True
        if self._indexing is not None:
            self._indexing.cancel()
            await asyncio.gather(self._indexing, return_exceptions=True)

    async def _index(self) -> None:
        while True:
            more = False
            with contextlib.suppress(StorageError, DamagedError):  # whoever commits next tells of them
                more = self._store.search.index_some(STEP_MESSAGES)
            await asyncio.sleep(PAUSE_SECONDS if more else IDLE_SECONDS)

    async def find(self, text: str, limit: int, before: int | None) -> FoundPage:
        """The newest messages that fit; less than `limit` if they are long, none only at the end."""
        if not 1 <= limit <= LARGEST_PAGE:
            raise UsageError(_("A page has 1 to {most} messages.").format(most=LARGEST_PAGE))
        query = read_query(text)
        contact = None if query.ref is None else self._book.find(query.ref).id
        wanted = Wanted(query.phrases, contact, query.direction, query.kind, query.since, query.until)
        found = await self._find(wanted, limit, before)
        return FoundPage(found=await self._bounded(found, query), whole=self._store.search.is_whole())

    async def _find(self, wanted: Wanted, limit: int, before: int | None) -> list[int]:
        found: list[int] = []
        after, end = self._store.search.bounds(wanted)
        if before is not None:
            end = min(end, before)
        while end > after + 1 and len(found) < limit:
            begin = max(after, end - IDS_AT_ONCE - 1)
            found += self._store.search.find(wanted, limit - len(found), begin, end)
            end = begin + 1
            await self._give_way()
        return found

    async def _give_way(self) -> None:
        await asyncio.sleep(0)
        if self._closed:
            raise StorageError(_("The node ended before the search was complete."))

    async def _bounded(self, messages: list[int], query: Query) -> tuple[Found, ...]:
        found: list[Found] = []
        room = PAGE_BYTES
        for message in messages:
            row = self._store.messages.get(message)
            if row is None:
                continue  # it went while others had their turn
            room -= len(row.text.encode())
            if room < 0 and found:
                break
            found.append(self._found(row, query.phrases))
            await self._give_way()
        return tuple(found)

    def _found(self, row: MessageRow, phrases: tuple[Phrase, ...]) -> Found:
        file = self._store.transfers.by_message(row.id) if row.kind == "file" else None
        name = "" if file is None else file.name
        return Found(
            message=self._book.message_record(row),
            places=tuple(places(row.text, phrases, MOST_PLACES)),
            file_name=name,
            name_places=tuple(places(name, phrases, MOST_PLACES)),
        )
