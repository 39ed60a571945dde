"""Invariants of conversations in memory only: no word on disk, nothing twice, no session with a gap."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.invariants import holds, scratch
from tests.support.invariants_deeds import SECRET, Reader, edit, reaction, text
from tests.support.stores import open_store, wire_id, write
from tuichat.protocol.bodies import Text
from tuichat.store.records import SessionRow
from tuichat.store.store import Store

BIRD = "🐦"


def no_word_of_it_is_on_disk() -> None:
    """Whatever is said, queued, written or waits in such a conversation, the disk has none of it."""
    with scratch() as directory, _in_memory(directory) as reader:
        store, contact = reader.store, reader.contact
        reader.hear(edit(1, f"{SECRET} edited"), reaction(1, BIRD), text(SECRET), edit(2, f"{SECRET} again"))
        holds("an edit got lost", reader.message.text == f"{SECRET} again")
        store.sessions.hold(contact, 99, SECRET.encode())
        store.deeds.wait(contact, wire_id(77), SECRET.encode(), 10)
        store.conversations.set_draft(contact, f"{SECRET} draft")
        message = write(store, contact, 5, f"{SECRET} too").id
        store.outbox.add(contact, message=message, wire_id=wire_id(5), body=SECRET.encode(), queued_at=0)
        on_disk = store._database._connection.serialize("main")
        holds("a word is on disk", SECRET.encode() not in on_disk)
        holds("a reaction is on disk", BIRD.encode() not in on_disk)
        holds("it is not to be found", SECRET in store.conversations.drafts()[contact])


def history_from_before_takes_no_later_words() -> None:
    """What is on disk from before is not edited and not reacted to while nothing more is to be there."""
    with scratch() as directory, _in_memory(directory, text("before")) as reader:
        reader.hear(edit(1, SECRET), reaction(1, BIRD))
        holds("it says something else", reader.message.text == "before")
        holds("it has a reaction", not reader.reactions)
        on_disk = reader.store._database._connection.serialize("main")
        holds("a later word is on disk", SECRET.encode() not in on_disk)


def what_came_into_a_lost_memory_does_not_come_again() -> None:
    """A message that was held in memory and is sent once more after the end of that is not shown again."""
    with scratch() as directory:
        with _in_memory(directory) as reader:
            reader.hear(text("once"))
            contact = reader.contact
        with _opened(directory) as store:
            holds("the memory outlived its end", not store.messages.page(contact, 9))
            reader = Reader(store, contact)
            reader.hear(text("once"))
            holds("it came twice", not store.messages.page(contact, 9))


def a_session_does_not_outlive_the_memory() -> None:
    """Numbers of lost envelopes are missing from it: the other side would wait for them for ever."""
    with scratch() as directory:
        with _in_memory(directory) as reader:
            contact = reader.contact
            session = SessionRow(contact, gen=3, sid=bytes([1]) * 16, sealed=2, ratchet=b"ratchet")
            reader.store.sessions.put(session)
            reader.store.outbox.add(
                contact,
                message=None,
                wire_id=wire_id(9),
                body=b"a note",
                queued_at=0,
                seq=2,
                envelope=b"sealed",
                envelope_hash=b"hash",
            )
        with _opened(directory) as store:
            holds("the session goes on", store.sessions.get(contact) == SessionRow(contact, gen=3))
            (note,) = store.outbox.unacked(contact)
            holds("what is on disk is sealed under it", (note.envelope, note.seq) == (None, 0))


@contextmanager
def _in_memory(directory: Path, *before: Text) -> Iterator[Reader]:
    """Somebody whose conversation with a contact is in memory only from now on."""
    with _opened(directory) as store:
        reader = Reader(store)
        reader.hear(*before)
        store.open_memory()
        with store.transaction():
            store.conversations.set_memory(reader.contact, wanted=True)
        yield reader


@contextmanager
def _opened(directory: Path) -> Iterator[Store]:
    store = open_store(directory)
    try:
        yield store
    finally:
        store.close()
