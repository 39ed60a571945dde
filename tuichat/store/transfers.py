"""Files that were offered, the lists of their chunks, and what of them is on disk.

The list of a file's hashes lies in parts of `HASHES_IN_PART`, so that no file is too large to be worked on in
little memory. Beside each part is a map with a bit for each of its chunks, the lowest bit first.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final, TypedDict, Unpack

from tuichat.errors import NotFoundError
from tuichat.i18n import _
from tuichat.model import Direction, FileReason, FileState, PausedBy
from tuichat.store.database import Database
from tuichat.store.records import FileRow

HASHES_IN_PART: Final = 4096

ENDED_TOLD: Final = 1000
"""So many of a contact's files that have ended are told: their number is up to the contact."""

_STORED = tuple(field.name for field in fields(FileRow) if field.name != "group")
_COLUMNS = ", ".join(f'"{name}"' for name in _STORED)
_GROUP = """(SELECT other.id FROM files other WHERE other.contact = files.contact
    AND other.direction = files.direction AND other.group_id = files.group_id ORDER BY other.id LIMIT 1)"""
_SELECT = f"SELECT {_COLUMNS}, {_GROUP} FROM files"  # noqa: S608 - names of our own fields
_FLAGS = tuple(_STORED.index(name) for name in ("source_is_copy", "accepted"))


class FileChanges(TypedDict, total=False):
    """What may be changed of a file that was offered."""

    state: FileState
    reason: FileReason
    paused_by: PausedBy
    sniffed_type: str
    source: str
    source_is_copy: bool
    stored_as: str
    target: str
    accepted: bool
    fetched: int


class Transfers:
    """Offers in both directions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: FileRow) -> FileRow:
        """Keep a new offer; its id and group are given here, whatever `row` has there."""
        values = [getattr(row, name) for name in _STORED if name != "id"]
        names = ", ".join(f'"{name}"' for name in _STORED if name != "id")
        places = ", ".join("?" * len(values))
        file = self._database.insert(f"INSERT INTO files ({names}) VALUES ({places})", values)  # noqa: S608
        return self._present(file)

    def get(self, file: int) -> FileRow | None:
        """The file of this id."""
        return self._first("WHERE id = ?", file)

    def is_open(self, file: int) -> bool:
        """Whether there is this file, and it has not ended."""
        query = "SELECT 1 FROM files WHERE id = ? AND ended_at IS NULL"
        return self._database.row(query, (file,)) is not None

    def by_wire_id(self, contact: int, direction: Direction, wire_id: bytes) -> FileRow | None:
        """The file that the two nodes name by these 16 bytes."""
        return self._first("WHERE contact = ? AND direction = ? AND wire_id = ?", contact, direction, wire_id)

    def by_message(self, message: int) -> FileRow | None:
        """The file that a line of the history offers."""
        return self._first("WHERE message = ?", message)

    def by_path(self, path: bytes) -> FileRow | None:
        """What I offer at this path, 32 bytes; None if that is over."""
        return self._first("WHERE direction = 'out' AND path = ? AND path <> x''", path)  # as its index says

    def all(
        self, contact: int | None = None, limit: int | None = None, before: int | None = None
    ) -> list[FileRow]:
        """The newest `limit` files of one contact or of all, or those just before an id; oldest first.

        Without `limit` every one; of those that have ended, each contact's newest `ENDED_TOLD`.
        """
        condition = """WHERE (ended_at IS NULL OR id IN (SELECT id FROM (SELECT id, row_number() OVER
            (PARTITION BY contact ORDER BY id DESC) AS place FROM files WHERE ended_at IS NOT NULL)
            WHERE place <= ?))"""
        values = [ENDED_TOLD]
        for clause, value in (("AND contact = ?", contact), ("AND id < ?", before)):
            if value is not None:
                condition, values = f"{condition} {clause}", [*values, value]
        found = self._rows(f"{condition} ORDER BY id DESC LIMIT ?", *values, -1 if limit is None else limit)
        return found[::-1]

    def ids(self) -> list[int]:
        """Every file's id, oldest first."""
        return [row[0] for row in self._database.rows("SELECT id FROM files ORDER BY id")]

    def unfinished(self, contact: int | None = None) -> list[FileRow]:
        """The files whose offers have not ended, of one contact or of all, oldest first."""
        if contact is None:
            return self._rows("WHERE ended_at IS NULL ORDER BY id")
        return self._rows("WHERE ended_at IS NULL AND contact = ? ORDER BY id", contact)

    def disappearing(self, contact: int) -> list[FileRow]:
        """The files of a contact whose messages disappear some day, oldest first."""
        condition = """WHERE contact = ? AND message IN (SELECT id FROM messages WHERE timer IS NOT NULL)
            ORDER BY id"""
        return self._rows(condition, contact)

    def unanswered(self, contact: int) -> list[int]:
        """The ids of a contact's offers that wait for this person, oldest first."""
        query = """SELECT id FROM files WHERE contact = ? AND direction = 'in' AND ended_at IS NULL
            AND NOT accepted ORDER BY id"""
        return [row[0] for row in self._database.rows(query, (contact,))]

    def open_offers(self, contact: int) -> int:
        """How many files this person offers to a contact who has not answered."""
        query = """SELECT count(*) FROM files WHERE contact = ? AND direction = 'out' AND ended_at IS NULL
            AND NOT accepted"""
        return int(self._database.one(query, (contact,)))

    def wanted(self, contact: int) -> list[FileRow]:
        """The files that this person accepted from a contact and that are to be fetched now, oldest first."""
        condition = """WHERE contact = ? AND direction = 'in' AND ended_at IS NULL AND accepted
            AND state = 'waiting' ORDER BY id"""
        return self._rows(condition, contact)

    def in_group(self, row: FileRow) -> list[FileRow]:
        """The files that were offered in one go with this one, oldest first."""
        condition = "WHERE contact = ? AND direction = ? AND group_id = ? ORDER BY id"
        return (
            [row] if row.group_id is None else self._rows(condition, row.contact, row.direction, row.group_id)
        )

    def expired(self, now: int) -> list[FileRow]:
        """The unfinished files whose time is over, at `now` milliseconds."""
        return self._rows("WHERE ended_at IS NULL AND expires_at <= ? ORDER BY expires_at, id", now)

    def under_way(self) -> int:
        """How many files were accepted, by either side, and rest neither by a wish nor for a failure."""
        query = "SELECT count(*) FROM files WHERE ended_at IS NULL AND accepted AND state = 'waiting'"
        return int(self._database.one(query))

    def reserved(self) -> int:
        """Bytes of the files that are being received or will be."""
        query = "SELECT coalesce(sum(size), 0) FROM files WHERE ended_at IS NULL AND stored_as <> ''"
        return int(self._database.one(query))

    def update(self, file: int, **changes: Unpack[FileChanges]) -> FileRow:
        """Change fields of a file; the row as it is then. Raises NotFoundError."""
        assert changes.keys() <= FileChanges.__annotations__.keys(), "only these fields can be changed"
        if changes:
            assignments = ", ".join(f"{name} = ?" for name in changes)
            values: tuple[Any, ...] = (*changes.values(), file)
            self._database.run(f"UPDATE files SET {assignments} WHERE id = ?", values)  # noqa: S608
        return self._present(file)

    def end(self, file: int, state: FileState, reason: FileReason, at: int) -> FileRow:
        """Bring a file into its last state at `at` milliseconds: keys, path and list are erased.

        What of it lies on disk and is not to stay is among the `remains` then.
        """
        with self._database.step():
            row = self._present(file)
            if row.direction == "in" and state != "complete" and row.stored_as:
                self.leave(row.stored_as)
            if row.source_is_copy:
                self.leave(row.source)
            self._database.run("DELETE FROM file_parts WHERE file = ?", (file,))
            self._database.run(
                """UPDATE files SET state = ?, reason = ?, ended_at = ?, paused_by = '', "key" = x'', root =
                x'',
                   path = x'', source_is_copy = 0, stored_as = iif(? = 'complete', stored_as, '')
                   WHERE id = ?""",
                (state, reason, at, state, file),
            )
        return self._present(file)

    def part_from_message(self, file: int, *, nameless: bool) -> None:
        """A message offers its file, which has ended, no more; `nameless`: nothing says what it was."""
        self._database.run("UPDATE files SET message = NULL WHERE id = ?", (file,))
        if nameless:
            self._database.run("UPDATE files SET name = 'file', place = '' WHERE id = ?", (file,))

    def announce(self, file: int, message: int, root: bytes) -> None:
        """A prepared offer has its line in the history now, and its root."""
        self._database.run("UPDATE files SET message = ?, root = ? WHERE id = ?", (message, root, file))

    def remove(self, file: int) -> None:
        """Forget a file. What was received of it in part, and a copy of it, are among the `remains` then."""
        self._database.run("DELETE FROM files WHERE id = ?", (file,))

    # -- the list of chunks --

    def put_hashes(self, file: int, part: int, hashes: bytes) -> None:
        """Keep a part of the list, none of whose chunks is there yet."""
        query = "INSERT OR REPLACE INTO file_parts (file, part, hashes) VALUES (?, ?, ?)"
        self._database.run(query, (file, part, hashes))

    def hashes(self, file: int, part: int) -> bytes:
        """A part of the list; empty if it is not known."""
        row = self._database.row("SELECT hashes FROM file_parts WHERE file = ? AND part = ?", (file, part))
        return b"" if row is None else bytes(row[0])

    def hash_of(self, file: int, index: int) -> bytes:
        """The hash of one chunk; empty if it is not known."""
        query = "SELECT substr(hashes, ?, 32) FROM file_parts WHERE file = ? AND part = ?"
        values = (index % HASHES_IN_PART * 32 + 1, file, index // HASHES_IN_PART)
        row = self._database.row(query, values)
        return b"" if row is None else bytes(row[0])

    def forget_hashes(self, file: int) -> None:
        """The list turned out not to be the one that was offered."""
        self._database.run("DELETE FROM file_parts WHERE file = ?", (file,))

    def done(self, file: int, part: int) -> bytes:
        """The map of a part's chunks that are on disk; what is beyond its end is not."""
        row = self._database.row("SELECT done FROM file_parts WHERE file = ? AND part = ?", (file, part))
        return b"" if row is None else bytes(row[0])

    def set_done(self, file: int, part: int, done: bytes) -> None:
        """Keep a part's map."""
        query = "UPDATE file_parts SET done = ? WHERE file = ? AND part = ?"
        self._database.run(query, (done, file, part))

    def begin_anew(self, file: int) -> None:
        """Nothing of a file is on disk any more."""
        with self._database.step():
            self._database.run("UPDATE file_parts SET done = x'' WHERE file = ?", (file,))
            self._database.run("UPDATE files SET fetched = 0 WHERE id = ?", (file,))

    # -- what is to be removed from the disk --

    def leave(self, path: str) -> None:
        """Note something on disk that is to be removed."""
        self._database.run("INSERT OR IGNORE INTO file_remains VALUES (?)", (path,))

    def disown(self) -> None:
        """Nothing on this disk is this database's: no partial file, no copy, and nothing to be removed."""
        self._database.run("DELETE FROM file_remains", ())
        self._database.run("UPDATE files SET source_is_copy = 0 WHERE source_is_copy", ())
        self._database.run("UPDATE files SET stored_as = '' WHERE state <> 'complete'", ())

    def remains(self) -> list[str]:
        """What is to be removed from the disk: absolute paths."""
        return [row[0] for row in self._database.rows("SELECT path FROM file_remains ORDER BY path")]

    def is_left(self, path: str) -> bool:
        """Whether this is to be removed."""
        return self._database.row("SELECT 1 FROM file_remains WHERE path = ?", (path,)) is not None

    def removed(self, path: str) -> None:
        """It is gone from the disk, or belongs to a file now."""
        self._database.run("DELETE FROM file_remains WHERE path = ?", (path,))

    def _rows(self, condition: str, *values: int | bytes | str) -> list[FileRow]:
        return [_row(found) for found in self._database.rows(f"{_SELECT} {condition}", values)]

    def _first(self, condition: str, *values: int | bytes | str) -> FileRow | None:
        found = self._database.row(f"{_SELECT} {condition}", values)
        return None if found is None else _row(found)

    def _present(self, file: int) -> FileRow:
        row = self.get(file)
        if row is None:
            raise NotFoundError(_("There is no file {id}.").format(id=file))
        return row


def _row(values: tuple[Any, ...]) -> FileRow:
    columns = list(values)
    for index in _FLAGS:
        columns[index] = bool(columns[index])
    return FileRow(**dict(zip((*_STORED, "group"), columns, strict=True)))
