"""The store with some conversations in memory: one order, one set of numbers, one transaction."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.stores import KEY, SECOND, add_contact, open_store, receive, wire_id
from tuichat.errors import StorageError
from tuichat.store.database import Database
from tuichat.store.records import ContactRow, SessionRow
from tuichat.store.search import Wanted
from tuichat.store.store import Store

LONG = "x" * 4000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path)


def switch(store: Store, contact: ContactRow, *, wanted: bool) -> None:
    store.open_memory()
    with store.transaction():
        store.conversations.set_memory(contact.id, wanted=wanted)


def mixed(store: Store) -> tuple[ContactRow, list[int]]:
    """A contact, and messages 1 to 9 with them: three on disk, three in memory, three on disk."""
    contact = add_contact(store)
    ids = []
    for number in range(9):
        if number in (3, 6):
            switch(store, contact, wanted=number == 3)
        ids.append(receive(store, contact.id, number, f"word number{number}").id)
    return contact, ids


def test_one_history_is_read_in_its_order_wherever_it_lies(store: Store) -> None:
    contact, ids = mixed(store)
    messages = store.messages
    assert ids == sorted(ids)
    assert [row.id for row in messages.page(contact.id, 100)] == ids
    assert [row.id for row in messages.page(contact.id, 4)] == ids[-4:]
    assert [row.id for row in messages.page(contact.id, 4, before=ids[5])] == ids[1:5]
    assert [row.id for row in messages.page(contact.id, 4, after=ids[1])] == ids[2:6]
    assert [messages.is_in_memory(each) for each in ids] == [False] * 3 + [True] * 3 + [False] * 3
    assert messages.held_in_memory() == 3
    assert messages.unread(contact.id) == 9
    assert messages.summaries()[contact.id][1:] == (9, 0)
    assert messages.mark_read(contact.id, ids[4], SECOND) == 5
    assert messages.newest_seen(contact.id, ids[8]) == wire_id(4)
    assert messages.unread(contact.id) == 4
    found = store.search.find(Wanted(contact=contact.id), 5, *store.search.bounds(Wanted()))
    assert [row.id for row, _name in found] == ids[:3:-1]
    assert store.search.is_whole()


def test_where_reading_stopped_is_over_with_an_answer_that_is_in_memory(store: Store) -> None:
    contact = add_contact(store)
    switch(store, contact, wanted=True)
    store.conversations.update(contact.id, unread_from=receive(store, contact.id, 1).id)
    store.messages.add(
        contact.id, "out", wire_id(2), "text", "answer", sent_at=SECOND, received_at=None, state="queued"
    )
    kept = store.conversations.get(contact.id)
    assert kept is not None
    assert kept.unread_from is None


def test_queue_is_one_and_counts_what_is_lost_with_the_node(store: Store) -> None:
    contact = add_contact(store)
    rows = []
    for number in range(6):
        if number in (2, 4):
            switch(store, contact, wanted=number == 2)
        message = store.messages.add(
            contact.id,
            "out",
            wire_id(number),
            "text",
            "",
            sent_at=SECOND,
            received_at=None,
            state="queued",
        )
        row = store.outbox.add(
            contact.id, message=message.id, wire_id=wire_id(number), body=b"b", queued_at=SECOND + number
        )
        rows.append(row.id)
    assert [row.id for row in store.outbox.unacked(contact.id)] == rows
    assert [row.id for row in store.outbox.unacked(contact.id, after_id=rows[0], limit=3)] == rows[1:4]
    assert store.outbox.totals() == (6, SECOND)
    assert store.outbox.count(contact.id) == 6
    assert store.outbox.lost_at_the_end() == 2
    store.outbox.seal(rows[2], 7, b"sealed", b"hash")
    store.outbox.mark_given(rows)
    sealed = store.outbox.by_hash(contact.id, b"hash")
    assert sealed is not None
    assert (sealed.id, sealed.given, sealed.seq) == (rows[2], True, 7)
    store.outbox.remove(rows[2])
    assert store.outbox.lost_at_the_end() == 1


def test_nothing_is_in_memory_of_a_step_that_the_disk_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = add_contact(store)
    switch(store, contact, wanted=True)
    run = Database.run

    def take() -> None:
        with store.transaction():
            store.sessions.know(contact.id, wire_id(1))
            receive(store, contact.id, 1)

    def failing(self: Database, sql: str, values: tuple[int, ...] = ()) -> int:
        if sql == "COMMIT" and self is store._database:
            raise StorageError("the disk failed")
        return run(self, sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run", failing)
        with pytest.raises(StorageError):
            take()
    assert store.messages.held_in_memory() == 0
    assert not store.sessions.knows(contact.id, wire_id(1))
    assert receive(store, contact.id, 1).id == 1


def test_start_forgets_the_memory_and_the_session_and_uses_no_number_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    contact, ids = mixed(store)
    other = add_contact(store, "Grace", bytes([8]) * 32)
    for each in (contact, other):
        store.sessions.put(SessionRow(each.id, gen=4, sid=bytes([1]) * 16, sealed=9, ratchet=b"r"))
    switch(store, contact, wanted=True)
    last = receive(store, contact.id, 99).id
    store.conversations.update(contact.id, unread_from=last, archived=True)
    assert receive(store, contact.id, 100).id == last + 1
    brought_back = store.conversations.get(contact.id)
    assert brought_back is not None
    assert not brought_back.archived
    store.conversations.set_draft(contact.id, "half a word", ends=5000)
    assert store.conversations.drafts() == {contact.id: "half a word"}
    switch(store, contact, wanted=False)
    assert store._database.one("SELECT draft FROM conversations") == "half a word"
    assert store.conversations.next_draft_end() == 5000
    switch(store, contact, wanted=True)
    assert store._database.one("SELECT draft FROM conversations") == ""
    assert store.conversations.end_drafts(4999) == []
    assert store.conversations.end_drafts(5000) == [contact.id]
    assert store.conversations.drafts() == {}
    assert store.conversations.next_draft_end() is None
    store.close()

    store = open_store(tmp_path)
    assert [row.id for row in store.messages.page(contact.id, 100)] == ids[:3] + ids[6:]
    assert store.sessions.get(contact.id) == SessionRow(contact.id, gen=4)
    assert store.sessions.get(other.id).sealed == 9
    kept = store.conversations.get(contact.id)
    assert kept is not None
    assert (kept.memory, kept.unread_from) == ("on", None)
    assert store.conversations.drafts() == {}
    assert receive(store, contact.id, 101).id == last + 2
    switch(store, contact, wanted=False)
    store.close()

    store = open_store(tmp_path)
    gone_back = store.conversations.get(contact.id)
    assert gone_back is not None
    assert gone_back.memory == ""
    assert store._places.memory is not None
    store.close()
    assert open_store(tmp_path)._places.memory is None


def test_first_message_of_a_profile_may_be_in_memory(store: Store) -> None:
    contact = add_contact(store)
    switch(store, contact, wanted=True)
    assert receive(store, contact.id, 1, LONG).id == 1
    assert receive(store, add_contact(store, "Grace", bytes([8]) * 32).id, 2).id == 2
    assert LONG.encode() not in store._database._connection.serialize("main")
    store.contacts.remove(contact.id)
    assert store.messages.held_in_memory() == 0


def test_memory_has_no_file_and_no_key(tmp_path: Path) -> None:
    memory = Database(Path(":memory:"), None)
    memory.run("CREATE TABLE words (word TEXT)")
    memory.insert("INSERT INTO words VALUES (?)", ("alone",))
    assert memory.one("SELECT word FROM words") == "alone"
    memory.close()
    assert list(tmp_path.iterdir()) == []
    assert not Path(":memory:").exists()
    with pytest.raises(ValueError, match="32 bytes"):
        Database(tmp_path / "short.db", KEY[:5])
