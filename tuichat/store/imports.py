"""Putting what was exported into a profile in which nothing ever was, under the ids that it had."""

from __future__ import annotations

from typing import Final

from tuichat.store.database import Database
from tuichat.store.records import ContactRow, FileRow, MessageRow

_EVER: Final = "SELECT count(*) FROM sqlite_sequence WHERE name IN ('contacts', 'messages', 'files')"
_CONTACT: Final = """
    INSERT INTO contacts (id, onion, state, petname, suggested_name, request_text, pair_sent, created_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_MESSAGE: Final = """
    INSERT INTO messages (id, conversation, direction, wire_id, kind, text, sent_at, received_at, state, body,
        reply_to, edited, unsent, timer, expires_at)
    VALUES (?, (SELECT id FROM conversations WHERE contact = ?), ?, ?, ?, ?, ?, ?, ?, x'', ?, ?, ?, ?, ?)
"""
_EDITED: Final = """UPDATE messages SET edited = (SELECT count(*) FROM earlier_texts WHERE message = ?1)
    WHERE id = ?1"""
_FILE: Final = """
    INSERT INTO files (id, contact, message, direction, wire_id, name, place, size, media_type, state, "key",
        root, path, offered_at, expires_at, sniffed_type, reason, source, stored_as, accepted, ended_at,
        group_id, width, height)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'', x'', x'', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class Imports:
    """Rows that come from elsewhere. Call it inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_fresh(self) -> bool:
        """Whether no contact, message or file was ever here, so that every id is free."""
        return int(self._database.one(_EVER)) == 0

    def add_contact(self, row: ContactRow) -> None:
        """A contact, with an empty conversation."""
        values = (row.id, row.onion, row.state, row.petname, row.suggested_name, row.request_text)
        self._database.run(_CONTACT, (*values, row.pair_sent, row.created_at))
        self._database.run("INSERT INTO conversations (contact) VALUES (?)", (row.id,))

    def add_message(self, row: MessageRow) -> None:
        """A line of history."""
        values = (row.id, row.contact, row.direction, row.wire_id, row.kind, row.text)
        deeds = (row.reply_to, row.edited, row.unsent, row.timer, row.expires_at)
        self._database.run(_MESSAGE, (*values, row.sent_at, row.received_at, row.state, *deeds))

    def add_earlier(self, message: int, text: str) -> None:
        """A text that an edited message had before, the oldest first."""
        self._database.run("INSERT INTO earlier_texts (message, text) VALUES (?, ?)", (message, text))
        self._database.run(_EDITED, (message,))

    def add_file(self, row: FileRow) -> None:
        """A file whose offer is over."""
        offer = (row.id, row.contact, row.message, row.direction, row.wire_id, row.name, row.place)
        facts = (row.size, row.media_type, row.state, row.offered_at, row.expires_at, row.sniffed_type)
        place = (row.reason, row.source, row.stored_as, int(row.accepted), row.ended_at)
        self._database.run(_FILE, (*offer, *facts, *place, row.group_id, row.width, row.height))
