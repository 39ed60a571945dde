"""Invariants of deeds: whose they are to do, that they wait for their message, and what an unsend leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.deterministic_kem import DeterministicMlKem768
from tests.support.fixed_clock import FixedClock
from tests.support.invariants import holds, scratch
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact, open_store, wire_id, write
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.deed_arrivals import WAITING_SECONDS
from tuichat.node.events import EventHub
from tuichat.node.inbox import Inbox
from tuichat.node.outbox import Outbox, Sealing
from tuichat.protocol.bodies import (
    THE_TWO_OF_US,
    Body,
    Edit,
    Reaction,
    Text,
    Unsend,
    decode_body,
    encode_body,
)
from tuichat.store.deeds import MAX_WAITING
from tuichat.store.records import MessageRow, SessionRow
from tuichat.store.store import Store

TARGET = wire_id(1)
SECRET = "meet me at the old mill"


class Reader:
    """Somebody to whom one contact, a new one unless it is given, says bodies, one after the other."""

    def __init__(self, store: Store, contact: int | None = None) -> None:
        self.store = store
        self.contact = add_contact(store).id if contact is None else contact
        self.now = 0
        book = ContactBook(store, Presence(lambda _: "offline", lambda *_: False))
        self._hub = EventHub(store, FixedClock(), book.contact, book.message)
        self._inbox = Inbox(store, self.contact)
        self._seq = 0

    def hear(self, *bodies: Body) -> None:
        """Take in bodies in their order."""
        for body in bodies:
            self._seq += 1
            envelope = (self._seq.to_bytes(32, "big"), self._seq, encode_body(body))
            session = SessionRow(self.contact, delivered=self._seq - 1)
            with self._hub.change() as changes:
                self._inbox.take(session, envelope, self.now, changes)

    @property
    def message(self) -> MessageRow:
        """The message that the deeds here are about, theirs or else mine."""
        found = self.store.messages.by_wire_id(self.contact, "in", TARGET)
        found = found or self.store.messages.by_wire_id(self.contact, "out", TARGET)
        assert found is not None
        return found

    @property
    def reactions(self) -> list[str]:
        return [emoji for _author, emoji in self.store.deeds.reactions(self.message.id)]


def text(words: str) -> Text:
    """The message itself."""
    return Text(THE_TWO_OF_US, TARGET, 0, words)


def edit(number: int, words: str) -> Edit:
    """An edit of it."""
    return Edit(THE_TWO_OF_US, wire_id(100 + number), 0, TARGET, words)


def unsend(number: int = 0) -> Unsend:
    """An unsend of it."""
    return Unsend(THE_TWO_OF_US, wire_id(200 + number), TARGET)


def reaction(number: int, emoji: str = "👍", given: int = 1) -> Reaction:
    """A reaction to it."""
    return Reaction(THE_TWO_OF_US, wire_id(300 + number), TARGET, emoji, 1 if given else 0)


def a_deed_is_its_authors_to_do() -> None:
    """Who did not write a message neither edits nor unsends it."""
    with _reader() as reader:
        write(reader.store, reader.contact, 1, "mine")
        reader.hear(edit(1, "yours"), unsend())
        holds("my message says something else", (reader.message.text, reader.message.unsent) == ("mine", ""))
        reader.hear(reaction(1))
        holds("a reaction to my message got lost", reader.reactions == ["👍"])


def deeds_wait_for_their_message() -> None:
    """What overtakes its message is done when that comes, in order."""
    with _reader() as reader:
        reader.hear(edit(1, "two"), reaction(1), edit(2, "three"))
        reader.hear(text("one"))
        holds("an edit got lost", (reader.message.text, reader.message.edited) == ("three", 2))
        holds("an earlier text got lost", reader.store.deeds.earlier(reader.message.id) == ["one", "two"])
        holds("a reaction got lost", reader.reactions == ["👍"])
    with _reader() as reader:
        reader.hear(unsend(), text(SECRET))
        holds("an unsend got lost", (reader.message.text, reader.message.unsent) == ("", "done"))


def an_unsent_message_says_nothing_any_more() -> None:
    """Neither it nor what it said before, whatever comes later."""
    with _reader() as reader:
        reader.hear(text(SECRET), edit(1, SECRET + "!"), reaction(1))
        number = reader.message.id
        reader.hear(unsend(), edit(2, "back again"), reaction(2, "🎉"))
        holds("its text is there", (reader.message.text, reader.message.unsent) == ("", "done"))
        holds("an earlier text is there", not reader.store.deeds.earlier(number))
        holds("a reaction is there", not reader.reactions and not reader.message.reacted)


def words_that_are_edited_before_they_leave_never_leave() -> None:
    """What no link has had goes with its new words alone, in its place."""
    with _reader() as reader:
        sealing = Sealing(b"o" * 32, b"p" * 32, SeededRng(b"deeds"), DeterministicMlKem768())
        outbox = Outbox(reader.store, reader.contact, sealing)
        with reader.store.transaction():
            outbox.queue_text(text(SECRET), 0, given=False)
            outbox.queue_text(Text(THE_TWO_OF_US, wire_id(2), 0, "behind it"), 0, given=False)
            (first, second) = reader.store.outbox.unacked(reader.contact)
            outbox.correct(first, "at eight")
        (now, behind) = reader.store.outbox.unacked(reader.contact)
        holds("its first words are still to leave", SECRET.encode() not in now.body)
        holds(
            "it is another message", (now.id, now.wire_id, now.message) == (first.id, TARGET, first.message)
        )
        holds("what it says now got lost", decode_body(now.body) == text("at eight"))
        holds("another message changed", behind == second)


def deeds_that_wait_are_bounded() -> None:
    """In number, and in time."""
    with _reader() as reader:
        for number in range(MAX_WAITING + 2):
            body = Unsend(THE_TWO_OF_US, wire_id(1000 + number), wire_id(5000 + number))
            reader.hear(body)
        holds("too many wait", reader.store.deeds.waiting(reader.contact) == MAX_WAITING)
        oldest = reader.store.deeds.take_waiting(reader.contact, wire_id(5000), 0)
        holds("it is not the oldest that went", not oldest)
    with _reader() as reader:
        reader.hear(edit(1, "two"))
        reader.now = WAITING_SECONDS * 1000
        reader.hear(text("one"))
        holds("a deed waited for more than its time", reader.message.text == "one")


@contextmanager
def _reader() -> Iterator[Reader]:
    with scratch() as directory:
        store = open_store(directory)
        try:
            yield Reader(store)
        finally:
            store.close()
