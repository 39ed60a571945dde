"""The contacts' table: people, their pinned keys, and how things stand with each."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal, TypedDict, Unpack

from tuichat.errors import NotFoundError
from tuichat.i18n import _
from tuichat.model import ContactState
from tuichat.store.database import Value
from tuichat.store.places import Places
from tuichat.store.records import ContactRow
from tuichat.store.search import Search

_COLUMNS = tuple(field.name for field in fields(ContactRow))
_FLAGS = tuple(_COLUMNS.index(name) for name in ("confirmed", "verified", "other_refused"))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM contacts"  # noqa: S608 - names of our own fields
_INSERT = """
    INSERT INTO contacts
        (onion, state, petname, suggested_name, request_text, pair_sent, pair_received, invite, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_PAIRS = """
    SELECT id, onion, pair_sent, pair_received FROM contacts
    WHERE state IN ('accepted', 'requested') ORDER BY id
"""


class ContactChanges(TypedDict, total=False):
    """What `Contacts.update` may change."""

    state: ContactState
    petname: str
    suggested_name: str
    sig: bytes | None
    ik: bytes | None
    epoch: int
    confirmed: bool
    verified: bool
    pair_sent: bytes | None
    pair_received: bytes | None
    last_pair: Literal["", "sent", "received"]
    request_text: str
    created_at: int
    last_linked_at: int | None
    invite: str
    reach: bytes | None
    other_sig: bytes | None
    other_refused: bool
    version: int


_CHANGEABLE = frozenset(ContactChanges.__annotations__)


class Contacts:
    """The people of this profile. `onion` and `petname` are unique."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._database = places.disk
        self._petnames: list[tuple[int, str]] | None = None

    def add(
        self,
        onion: bytes,
        state: ContactState,
        petname: str,
        *,
        created_at: int,
        suggested_name: str = "",
        request_text: str = "",
        pair_sent: bytes | None = None,
        pair_received: bytes | None = None,
        invite: str = "",
    ) -> ContactRow:
        """A new contact, with an empty conversation. The onion and the petname must be free."""
        words = (onion, state, petname, suggested_name, request_text)
        values = (*words, pair_sent, pair_received, invite, created_at)
        self._petnames = None
        with self._database.step():
            contact = self._database.insert(_INSERT, values)
            self._database.run("INSERT INTO conversations (contact) VALUES (?)", (contact,))
        return self._present(contact)

    def get(self, contact: int) -> ContactRow | None:
        """The contact of this id."""
        return self._first("WHERE id = ?", contact)

    def by_onion(self, onion: bytes) -> ContactRow | None:
        """The contact whose address is this 32-byte key."""
        return self._first("WHERE onion = ?", onion)

    def by_petname(self, name: str) -> ContactRow | None:
        """The contact of exactly this petname."""
        return self._first("WHERE petname = ?", name)

    def all(self) -> list[ContactRow]:
        """Every contact, blocked ones too, in the order of petnames without regard to case."""
        rows = [_row(values) for values in self._database.rows(_SELECT)]
        return sorted(rows, key=lambda row: (row.petname.casefold(), row.petname))

    def petnames(self) -> list[tuple[int, str]]:
        """Every contact's id and petname, by id; not to be changed.

        Remembered until a petname changes, for each contact that is shown is compared with all others. Never
        what was read inside a transaction: it may be rolled back.
        """
        if self._petnames is not None:
            return self._petnames
        rows = self._database.rows("SELECT id, petname FROM contacts ORDER BY id")
        found = [(row[0], row[1]) for row in rows]
        self._petnames = None if self._database.in_transaction() else found
        return found

    def pairs(self) -> list[tuple[int, bytes, bytes | None, bytes | None]]:
        """Id, onion and both pair secrets of everybody who is accepted or was asked by me, by id."""
        return [(row[0], row[1], row[2], row[3]) for row in self._database.rows(_PAIRS)]

    def update(self, contact: int, **changes: Unpack[ContactChanges]) -> ContactRow:
        """Change fields of a contact; the row as it is then.

        Raises:
            NotFoundError: there is no such contact.
        """
        assert changes.keys() <= _CHANGEABLE, "only these fields of a contact can be changed"
        if "petname" in changes:
            self._petnames = None
        if changes:
            assignments = ", ".join(f"{name} = ?" for name in changes)
            values: tuple[Any, ...] = (*changes.values(), contact)
            self._database.run(f"UPDATE contacts SET {assignments} WHERE id = ?", values)  # noqa: S608
        return self._present(contact)

    def remove(self, contact: int) -> None:
        """Erase a contact with its conversation, outbox, session and everything known of its messages."""
        self._petnames = None
        with self._places.step():
            for place in self._places.all():
                Search(place).forget_many(contact)
            self._places.run("DELETE FROM contacts WHERE id = ?", (contact,))

    def count(self, state: ContactState) -> int:
        """How many contacts are in this state."""
        return int(self._database.one("SELECT count(*) FROM contacts WHERE state = ?", (state,)))

    def oldest_pending(self) -> int:
        """The id of the request from somebody that waits longest for an answer; there must be one."""
        oldest: int = self._database.one("SELECT min(id) FROM contacts WHERE state = 'pending'")
        return oldest

    def _first(self, condition: str, value: Value) -> ContactRow | None:
        values = self._database.row(f"{_SELECT} {condition}", (value,))
        return None if values is None else _row(values)

    def _present(self, contact: int) -> ContactRow:
        row = self.get(contact)
        if row is None:
            raise NotFoundError(_("There is no such contact."))
        return row


def _row(values: tuple[Any, ...]) -> ContactRow:
    columns = list(values)
    for index in _FLAGS:
        columns[index] = bool(columns[index])
    return ContactRow(*columns)
