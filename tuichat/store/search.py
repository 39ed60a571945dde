"""The index of the messages' words: what it holds, what is still to be put in, and what is found with it.

Triggers keep it up with the messages and the names of their files, in the same transaction. What was there
before the index, or was indexed in another form, is put in backwards, so that what is new is found first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tuichat.model import Direction, MessageKind
from tuichat.store.database import Database, Value
from tuichat.store.messages import COLUMNS, row_of
from tuichat.store.records import MessageRow
from tuichat.store.search_terms import FORM, Phrase, in_conversation, of_direction, of_kind

DAY: Final = 86_400_000
_END: Final = 2**63 - 1

MANY: Final = 1_000
"""So many messages are not taken out of the index one by one, which takes up to half a millisecond for each
where they lie among a million others: it is emptied, and made anew without them beside everything else."""

MANY_CHARACTERS: Final = 512 * 1024
"""Nor are messages whose texts have so many characters together, if they go in one transaction."""

_STEP_CHARACTERS: Final = 64 * 1024
"""How much text a step of indexing puts in at most, unless one message has more."""

_AT = "coalesce(received_at, sent_at)"
_BEGIN_ANEW = """
    UPDATE search_state SET (indexed_from, merging) =
        (SELECT coalesce(max(id), 0) + 1, iif(max(id) IS NULL, '', 'wanted') FROM messages)
"""
_FROM = "SELECT indexed_from FROM search_state"
_NEXT = f"SELECT id, length(text) FROM messages WHERE id < ({_FROM}) ORDER BY id DESC LIMIT ?"  # noqa: S608
_TEXTS = """
    SELECT count(*), coalesce(sum(length(text)), 0) FROM (
        SELECT text FROM messages
        WHERE conversation = (SELECT id FROM conversations WHERE contact = ?) LIMIT ?
    )
"""
_INDEX = """
    INSERT INTO search_index (rowid, document)
    SELECT id, search_document(
        conversation, direction, kind, text, (SELECT name FROM files WHERE message = messages.id)
    )
    FROM messages WHERE id >= ? AND id < ? ORDER BY id
"""
_DAYS = f"""
    INSERT INTO search_days
    SELECT {_AT} / {DAY}, min(id), max(id), count(*) FROM messages WHERE id >= ? AND id < ? GROUP BY 1
    ON CONFLICT (day) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last),
        messages = messages + excluded.messages
"""  # noqa: S608 - no value is pasted in
_FIND = f"""
    SELECT {COLUMNS}
    FROM search_index s CROSS JOIN messages m ON m.id = s.rowid JOIN conversations c ON c.id = m.conversation
    WHERE search_index MATCH ?
"""  # noqa: S608 - no value is pasted in
_BETWEEN = " AND s.rowid > ? AND s.rowid < ?"
_TIMED = f" AND {_AT} >= ? AND {_AT} < ?"
_NEWEST_FIRST = " ORDER BY s.rowid DESC LIMIT ?"
_LAST_BEFORE = "SELECT coalesce(max(last), 0) FROM search_days WHERE day <= ?"
_FIRST_AFTER = f"SELECT coalesce(min(first), {_END}) FROM search_days WHERE day >= ?"  # noqa: S608


FoundRow = tuple[MessageRow, str]
"""A message that fits, and the name of its file, "" if it has none."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: all of this together. None is: whatever.

    Attributes:
        phrases: each somewhere in the text, or in the name of the file.
        contact: an id.
        since, until: milliseconds, of when it came or was written here; `until` is left out.
    """

    phrases: tuple[Phrase, ...] = ()
    contact: int | None = None
    direction: Direction | None = None
    kind: MessageKind | None = None
    since: int | None = None
    until: int | None = None


class Search:
    """Messages by their words."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prepare(self) -> None:
        """Before anything is written: an index of another form is emptied, to be made anew."""
        if self._database.one("SELECT form FROM search_state") != FORM:
            with self._database.step():
                self.begin_anew()
                self._database.run("UPDATE search_state SET form = ?", (FORM,))

    def begin_anew(self) -> None:
        """Empty the index: everything that is there now is to be indexed."""
        with self._database.step():
            self._database.run("INSERT INTO search_index (search_index) VALUES ('delete-all')")
            self._database.run("DELETE FROM search_days")
            self._database.run(_BEGIN_ANEW)

    def forget_many(self, contact: int) -> None:
        """Before all messages of a contact go: if they are many, the rest is indexed anew instead."""
        count, characters = self._database.rows(_TEXTS, (contact, MANY))[0]
        if count >= MANY or characters >= MANY_CHARACTERS:
            self.begin_anew()

    def is_whole(self) -> bool:
        """Whether every message can be found."""
        return self._database.row(_NEXT, (1,)) is None

    def index_some(self, most: int) -> bool:
        """Put in at most so many of the messages that are missing, the newest; whether there are more."""
        room, oldest = _STEP_CHARACTERS, 0
        missing = self._database.rows(_NEXT, (most + 1,))
        for message, length in missing[:most]:
            room -= length
            oldest = message
            if room < 0:
                break
        if not oldest:
            return False
        bounds = (oldest, self._database.one(_FROM))
        with self._database.step():
            self._database.run(_INDEX, bounds)
            self._database.run(_DAYS, bounds)
            self._database.run("UPDATE search_state SET indexed_from = ?", (oldest,))
        return len(missing) > most or oldest != missing[-1][0]

    def merge_some(self, pages: int) -> bool:
        """After a history was put in step by step, merge what came of the steps, so that each term stands in
        one place: so many pages of it, of 4,096 bytes; whether there is more to do.
        """
        state = self._database.one("SELECT merging FROM search_state")
        if not state:
            return False
        before = self._database.changes()
        with self._database.step():
            merge = "INSERT INTO search_index (search_index, rank) VALUES ('merge', ?)"
            self._database.run(merge, (-pages if state == "wanted" else pages,))  # a minus is to begin
            more = state == "wanted" or self._database.changes() - before > 1
            self._database.run("UPDATE search_state SET merging = ?", ("begun" if more else "",))
        return more

    def bounds(self, wanted: Wanted) -> tuple[int, int]:
        """Between which ids all that fits lies, both exclusive: as narrow as the days say."""
        after, before = 0, _END
        if wanted.since is not None:
            after = self._database.one(_FIRST_AFTER, (wanted.since // DAY,)) - 1
        if wanted.until is not None:
            before = self._database.one(_LAST_BEFORE, ((wanted.until - 1) // DAY,)) + 1
        return after, before

    def find(self, wanted: Wanted, limit: int, after: int, before: int) -> list[FoundRow]:
        """The newest messages that fit, newest first, with ids between two (both exclusive)."""
        values: list[Value] = [self._match(wanted)]
        query = _FIND
        if after or before != _END:
            query += _BETWEEN
            values += [after, before]
        if wanted.since is not None or wanted.until is not None:
            query += _TIMED
            values += [wanted.since or 0, _END if wanted.until is None else wanted.until]
        rows = self._database.rows(query + _NEWEST_FIRST, (*values, limit))
        return [(row, self._file_name(row) if row.kind == "file" else "") for row in map(row_of, rows)]

    def _file_name(self, row: MessageRow) -> str:
        found = self._database.row("SELECT name FROM files WHERE message = ?", (row.id,))
        return "" if found is None else str(found[0])

    def _match(self, wanted: Wanted) -> str:
        """As the index is asked. Each term is quoted, and none has a quotation mark in it."""
        parts = [_quoted(each.terms, prefix=each.prefix) for each in wanted.phrases]
        if wanted.contact is not None:
            query = "SELECT id FROM conversations WHERE contact = ?"
            row = self._database.row(query, (wanted.contact,))
            parts.append(_quoted([in_conversation(0 if row is None else row[0])]))
        if wanted.direction is not None:
            parts.append(_quoted([of_direction(wanted.direction)]))
        if wanted.kind is not None:
            parts.append(_quoted([of_kind(wanted.kind)]))
        anything = " OR ".join(_quoted([of_direction(each)]) for each in ("in", "out"))
        return " AND ".join(parts) or anything


def _quoted(terms: Sequence[str], *, prefix: bool = False) -> str:
    return f'"{" ".join(terms)}"' + (" *" if prefix else "")
