"""What was done to messages after they were written: other texts, reactions, and what waits for a message."""

from __future__ import annotations

from typing import Final

from tuichat.model import Direction, Unsent
from tuichat.store.places import Places
from tuichat.store.records import MessageRow

EARLIER_KEPT: Final = 50
"""How many earlier texts of a message are kept, the newest: how often it is edited is up to its author."""

MAX_WAITING: Final = 200
"""How many deeds of one contact wait for their messages; of more the oldest is dropped."""

REPLIES_TOLD: Final = 20
"""So many replies to a message are looked up when it changes, the newest."""

REPLIES = """SELECT id FROM messages WHERE reply_to = ? AND conversation =
    (SELECT id FROM conversations WHERE contact = ?) ORDER BY id DESC LIMIT ?"""
_FORGET = """UPDATE messages SET text = '', body = x'', reply_to = NULL, edited = 0, reacted = 0, unsent = ?
    WHERE id = ?"""
_REACTED = """UPDATE messages SET reacted = (SELECT count(*) FROM reactions WHERE message = ?1)
    WHERE id = ?1"""


class Deeds:
    """Changes of messages in the history."""

    def __init__(self, places: Places) -> None:
        self._places = places

    # -- texts --

    def rewrite(self, message: MessageRow, texts: list[str]) -> None:
        """Other texts, one after the other; the present one and all but the last become earlier ones.

        The message's own changes once: with each text that it has, its words go out of the index and others
        in, which of the longest ones takes a quarter of a second.
        """
        with self._places.step():
            place = self._places.holding(message.id)
            for text in [message.text, *texts[:-1]][-EARLIER_KEPT:]:
                place.run("INSERT INTO earlier_texts (message, text) VALUES (?, ?)", (message.id, text))
            self._places.run(
                """DELETE FROM earlier_texts WHERE message = ?1 AND id NOT IN
                (SELECT id FROM earlier_texts WHERE message = ?1 ORDER BY id DESC LIMIT ?2)""",
                (message.id, EARLIER_KEPT),
            )
            self._places.run(
                "UPDATE messages SET text = ?, edited = edited + ? WHERE id = ?",
                (texts[-1], len(texts), message.id),
            )

    def correct(self, message: int, text: str) -> None:
        """Another text; nothing is kept of the present one."""
        self._places.run("UPDATE messages SET text = ? WHERE id = ?", (text, message))

    def earlier(self, message: int) -> list[str]:
        """The earlier texts of a message, oldest first."""
        query = "SELECT text FROM earlier_texts WHERE message = ? ORDER BY id"
        return [row[0] for row in self._places.rows(query, (message,))]

    def forget(self, message: int, unsent: Unsent) -> None:
        """Erase what a message said, says and answers, and the reactions to it."""
        with self._places.step():
            self._places.run("DELETE FROM earlier_texts WHERE message = ?", (message,))
            self._places.run("DELETE FROM reactions WHERE message = ?", (message,))
            self._places.run(_FORGET, (unsent, message))

    def confirm_unsent(self, message: int) -> None:
        """The other node has forgotten it, too."""
        self._places.run("UPDATE messages SET unsent = 'done' WHERE id = ? AND unsent = 'asked'", (message,))

    def replies(self, message: MessageRow) -> list[int]:
        """The newest `REPLIES_TOLD` messages that answer this one."""
        values = (message.wire_id, message.contact, REPLIES_TOLD)
        return sorted((row[0] for row in self._places.rows(REPLIES, values)), reverse=True)[:REPLIES_TOLD]

    # -- reactions --

    def reactions(self, message: int) -> list[tuple[Direction, str]]:
        """Who reacted with what, oldest first; `out` is this person."""
        query = "SELECT author, emoji FROM reactions WHERE message = ? ORDER BY id"
        return [(row[0], row[1]) for row in self._places.rows(query, (message,))]

    def add_reaction(self, message: int, author: Direction, emoji: str) -> None:
        """Put an emoji to a message; nothing if it is there."""
        query = "INSERT OR IGNORE INTO reactions (message, author, emoji) VALUES (?, ?, ?)"
        with self._places.step():
            self._places.holding(message).run(query, (message, author, emoji))
            self._places.run(_REACTED, (message,))

    def remove_reaction(self, message: int, author: Direction, emoji: str) -> None:
        """Take an emoji away again."""
        query = "DELETE FROM reactions WHERE message = ? AND author = ? AND emoji = ?"
        with self._places.step():
            self._places.run(query, (message, author, emoji))
            self._places.run(_REACTED, (message,))

    # -- what waits --

    def wait(self, contact: int, target: bytes, body: bytes, expires_at: int) -> None:
        """Keep a deed until its message comes, or until `expires_at` milliseconds."""
        place = self._places.of(contact)
        with self._places.step():
            place.run(
                "INSERT INTO waiting_deeds (contact, target, body, expires_at) VALUES (?, ?, ?, ?)",
                (contact, target, body, expires_at),
            )
            place.run(
                """DELETE FROM waiting_deeds WHERE contact = ?1 AND id NOT IN
                (SELECT id FROM waiting_deeds WHERE contact = ?1 ORDER BY id DESC LIMIT ?2)""",
                (contact, MAX_WAITING),
            )

    def take_waiting(self, contact: int, target: bytes, now: int) -> list[bytes]:
        """The deeds that waited for a message and still may at `now` milliseconds, oldest first; none waits
        any more.
        """
        query = "SELECT body, expires_at FROM waiting_deeds WHERE contact = ? AND target = ? ORDER BY id"
        found = self._places.rows(query, (contact, target))
        if found:
            query = "DELETE FROM waiting_deeds WHERE contact = ? AND target = ?"
            self._places.run(query, (contact, target))
        return [bytes(body) for body, expires_at in found if now < expires_at]

    def waiting(self, contact: int) -> int:
        """How many deeds of a contact wait."""
        query = "SELECT count(*) FROM waiting_deeds WHERE contact = ?"
        return self._places.total(query, (contact,))

    def expire(self, now: int) -> int:
        """Drop deeds whose time is over at `now` milliseconds; how many."""
        query = "SELECT 1 FROM waiting_deeds WHERE expires_at <= ? LIMIT 1"
        if self._places.row(query, (now,)) is None:
            return 0
        return self._places.run("DELETE FROM waiting_deeds WHERE expires_at <= ?", (now,))
