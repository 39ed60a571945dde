"""Finding messages: asking the index step by step, and filling it with what is older than itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from tuichat.errors import DamagedError, StorageError, UsageError
from tuichat.i18n import _
from tuichat.model import Found, FoundPage
from tuichat.node.contact_book import ContactBook
from tuichat.node.conversations import PAGE_BYTES
from tuichat.node.search_query import read_query
from tuichat.store.records import MessageRow
from tuichat.store.search import FoundRow, Wanted
from tuichat.store.search_terms import Phrase, places
from tuichat.store.store import Store
from tuichat.supervisor import supervise

LARGEST_PAGE: Final = 500

MOST_PLACES: Final = 100
"""So many places are told of each text: the texts, and so their number, are up to the contacts."""

ROWS_AT_ONCE: Final = 50
"""Between these others get a turn. What is rare among common words takes longest: a quarter of a second for
a phrase of the most common ones in a million messages. It cannot be looked for in parts: between two ids the
index goes down from the upper one to the first that fits, wherever that is."""

LONG_TEXT: Final = 2_000
"""Finding the places in more characters than these takes a millisecond or more."""

STEP_MESSAGES: Final = 250
"""So many messages are put into the index at once: some milliseconds."""

STEP_PAGES: Final = 64
"""So many pages of the index are merged at once, as long as that."""

PAUSE_SECONDS: Final = 0.01
IDLE_SECONDS: Final = 30.0
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
                more = self._store.search.index_some(STEP_MESSAGES) or self._store.search.merge_some(
                    STEP_PAGES
                )
            await asyncio.sleep(PAUSE_SECONDS if more else IDLE_SECONDS)

    async def find(self, text: str, limit: int, before: int | None) -> FoundPage:
        """The newest messages that fit; less than `limit` if they are long, none only at the end."""
        if not 1 <= limit <= LARGEST_PAGE:
            raise UsageError(_("A page has 1 to {most} messages.").format(most=LARGEST_PAGE))
        query = read_query(text)
        contact = None if query.ref is None else self._book.find(query.ref).id
        wanted = Wanted(query.phrases, contact, query.direction, query.kind, query.since, query.until)
        found = await self._find(wanted, limit, before)
        return FoundPage(found=found, whole=self._store.search.is_whole())

    async def _find(self, wanted: Wanted, limit: int, before: int | None) -> tuple[Found, ...]:
        found: list[Found] = []
        room = PAGE_BYTES
        async with contextlib.aclosing(self._rows(wanted, before)) as rows:
            async for message, file_name in rows:
                room -= len(message.text.encode())
                if room < 0 and found:
                    break
                found.append(self._found(message, file_name, wanted.phrases))
                if len(found) == limit:
                    break
                if len(message.text) > LONG_TEXT:
                    await self._give_way()
        return tuple(found)

    async def _rows(self, wanted: Wanted, before: int | None) -> AsyncGenerator[FoundRow, None]:
        """All that fit, read a few at a time: long texts are not read to be left out."""
        after, end = self._store.search.bounds(wanted)
        end = end if before is None else min(end, before)
        while rows := self._store.search.find(wanted, ROWS_AT_ONCE, after, end):
            for row in rows:
                yield row
            if len(rows) < ROWS_AT_ONCE:
                return
            end = rows[-1][0].id
            await self._give_way()

    async def _give_way(self) -> None:
        await asyncio.sleep(0)
        if self._closed:
            raise StorageError(_("The node ended before the search was complete."))

    def _found(self, row: MessageRow, file_name: str, phrases: tuple[Phrase, ...]) -> Found:
        return Found(
            message=self._book.message_record(row),
            places=tuple(places(row.text, phrases, MOST_PLACES)),
            file_name=file_name,
            name_places=tuple(places(file_name, phrases, MOST_PLACES)),
        )
