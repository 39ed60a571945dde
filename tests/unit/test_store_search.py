"""The index of the messages' words: always what the messages say now, and nothing that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stores import KEY, ONION, SECOND, add_contact, open_store, receive, wire_id, write
from tuichat.store import schema, search_terms
from tuichat.store.database import Database
from tuichat.store.records import FileRow
from tuichat.store.search import DAY, MANY, Wanted
from tuichat.store.search_terms import phrase
from tuichat.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def offered(contact: int, number: int, name: str, message: int | None = None) -> FileRow:
    return FileRow(
        id=0,
        contact=contact,
        message=message,
        direction="out",
        wire_id=wire_id(number),
        name=name,
        place="",
        size=1,
        media_type="",
        state="offered",
        key=bytes(32),
        root=b"",
        path=number.to_bytes(32, "big"),
        offered_at=SECOND,
        expires_at=SECOND,
    )


def wanted(*words: str, prefix: bool = False) -> tuple[search_terms.Phrase, ...]:
    found = [phrase(word, prefix=prefix) for word in words]
    return tuple(each for each in found if each is not None)


def find(store: Store, *words: str, prefix: bool = False) -> list[int]:
    return asked(store, Wanted(wanted(*words, prefix=prefix)))


def asked(store: Store, what: Wanted, limit: int = 1000) -> list[int]:
    return [row.id for row, _name in store.search.find(what, limit, *store.search.bounds(what))]


def terms(store: Store) -> set[str]:
    """Every term in the index, but for the tags."""
    store._database.run("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('main', 'search_index', 'row')")
    found = {row[0] for row in store._database.rows("SELECT term FROM temp.terms")}
    store._database.run("DROP TABLE temp.terms")
    return {term for term in found if term[0] != "\x80"}


def check(store: Store) -> None:
    store._database.run("INSERT INTO search_index (search_index) VALUES ('integrity-check')")
    assert store._database.sound()


def index_all(store: Store, most: int = 500) -> int:
    steps = 1
    while store.search.index_some(most):
        steps += 1
    return steps


def test_words_of_one_and_two_chinese_characters_are_found(store: Store) -> None:
    ada = add_contact(store).id
    first = receive(store, ada, 1, "昨天你好").id
    second = receive(store, ada, 2, "好的，第3页有图表").id
    assert find(store, "你好") == [first]
    assert find(store, "好") == [second, first]
    assert find(store, "图表", "第3页") == [second]
    assert find(store, "好你") == []


def test_all_words_must_be_there_and_the_newest_come_first(store: Store) -> None:
    ada = add_contact(store).id
    first = receive(store, ada, 1, "Crème brûlée").id
    second = write(store, ada, 2, "BRULEE without creme").id
    receive(store, ada, 3, "brûlée")
    assert find(store, "creme", "Brûlée") == [second, first]
    assert find(store, "creme brulee") == [first]
    assert find(store, "brul", prefix=True)[1:] == [second, first]
    assert find(store, "brul") == []


def test_changed_words_are_found_and_the_old_ones_leave_the_index(store: Store) -> None:
    ada = add_contact(store).id
    message = receive(store, ada, 1, "secretword stays").id
    receive(store, ada, 2, "another")
    store._database.run("UPDATE messages SET text = 'mended stays' WHERE id = ?", (message,))
    assert find(store, "secretword") == []
    assert find(store, "mended", "stays") == [message]
    assert terms(store) == {"mended", "stays", "another"}
    store._database.run("UPDATE messages SET state = 'read'")
    store._database.run("DELETE FROM messages WHERE id = ?", (message,))
    assert terms(store) == {"another"}
    check(store)


def test_deleted_words_leave_the_file(tmp_path: Path, store: Store) -> None:
    """Also from among many others, once the log is emptied."""
    ada = add_contact(store).id
    for number in range(300):
        receive(store, ada, number, f"unremarkable {number}")
    message = receive(store, ada, 300, "verysecretword").id
    for number in range(301, 600):
        receive(store, ada, number, f"unremarkable {number}")
    store._database.run("DELETE FROM messages WHERE id = ?", (message,))
    blocks = store._database.rows("SELECT block FROM search_index_data")
    assert not any(b"ecretword" in block for (block,) in blocks)
    check(store)


def test_a_rolled_back_message_is_not_in_the_index(store: Store) -> None:
    ada = add_contact(store).id

    def interrupted() -> None:
        with store.transaction():
            receive(store, ada, 1, "never")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert terms(store) == set()


def test_file_names_are_found_whenever_they_come_and_while_they_stay(store: Store) -> None:
    ada = add_contact(store).id
    message = store.messages.add(
        ada, "out", wire_id(1), "file", "as promised", sent_at=SECOND, received_at=None, state="queued"
    ).id
    file = store.transfers.add(offered(ada, 1, name="Über-Figures.ods"))
    assert find(store, "figures") == []
    store.transfers.announce(file.id, message, bytes(32))
    assert find(store, "uber", "promised") == [message]
    assert find(store, "ods promised") == [], "name and text are not one phrase"
    store._database.run("UPDATE files SET name = 'other.ods'")
    assert terms(store) == {"other", "ods", "as", "promised"}
    store.transfers.remove(file.id)
    assert terms(store) == {"as", "promised"}
    again = store.transfers.add(offered(ada, 2, name="second.txt", message=message))
    assert find(store, "second") == [message]
    store._database.run("DELETE FROM messages WHERE id = ?", (message,))
    assert terms(store) == set()
    assert store.transfers.get(again.id) is not None
    check(store)


@pytest.mark.parametrize("count", [3, MANY])
def test_nothing_of_a_removed_contact_stays_in_the_index(store: Store, count: int) -> None:
    ada, bob = add_contact(store).id, add_contact(store, "Bob", bytes([8]) * 32).id
    with store.transaction():
        for number in range(count):
            receive(store, ada, number, "gone")
        kept = receive(store, bob, 1, "stays").id
        message = store.messages.add(
            ada, "in", wire_id(9999), "file", "", sent_at=SECOND, received_at=SECOND, state="read"
        ).id
        store.transfers.add(offered(ada, 1, name="gone.txt", message=message))
    store.contacts.remove(ada)
    assert "gone" not in terms(store)
    index_all(store)
    assert terms(store) == {"stays"}
    assert find(store, "stays") == [kept]
    assert store._database.rows("SELECT messages FROM search_days") == [(1,)]
    check(store)


def test_few_long_texts_of_a_removed_contact_are_not_taken_out_word_by_word(store: Store) -> None:
    ada, bob = add_contact(store).id, add_contact(store, "Bob", bytes([8]) * 32).id
    with store.transaction():
        kept = receive(store, bob, 1, "stays").id
        for number in range(11):
            receive(store, ada, number, "gone " * 10_000)
    store.contacts.remove(ada)
    assert terms(store) == set()
    index_all(store)
    assert find(store, "stays") == [kept]
    check(store)


def test_filters_take_what_is_of_a_contact_a_direction_or_a_kind(store: Store) -> None:
    ada, bob = add_contact(store).id, add_contact(store, "Bob", bytes([8]) * 32).id
    first, second = receive(store, ada, 1).id, write(store, ada, 2).id
    third = receive(store, bob, 3).id
    fourth = store.messages.add(
        bob, "in", wire_id(4), "file", "hello", sent_at=SECOND, received_at=SECOND, state="read"
    ).id
    hello = wanted("hello")
    assert asked(store, Wanted(hello, contact=ada)) == [second, first]
    assert asked(store, Wanted(hello, direction="in")) == [fourth, third, first]
    assert asked(store, Wanted(hello, kind="file")) == [fourth]
    assert asked(store, Wanted(contact=bob, kind="text")) == [third]
    assert asked(store, Wanted(hello, contact=99)) == []
    assert asked(store, Wanted()) == [fourth, third, second, first]
    assert asked(store, Wanted(hello), limit=1) == [fourth]
    found = store.search.find(Wanted(hello), 2, 0, fourth)
    assert [row for row, _name in found] == [store.messages.get(third), store.messages.get(second)]
    assert [name for _row, name in found] == ["", ""]


def test_times_are_exact_also_where_the_clock_was_set_back(store: Store) -> None:
    ada = add_contact(store).id
    days = [5, 6, 2, 6, 7]
    ids = [
        store.messages.add(
            ada,
            "in",
            wire_id(n),
            "text",
            "hello",
            sent_at=0,
            received_at=day * DAY + 1000 * n,
            state="read",
        ).id
        for n, day in enumerate(days)
    ]
    for since in (*(day * DAY for day in days), None, 6 * DAY + 1000, 6 * DAY + 1001):
        for until in (*(day * DAY for day in days), None, 6 * DAY + 3000, 6 * DAY + 3001):
            fitting = [
                message
                for n, (message, day) in enumerate(zip(ids, days, strict=True))
                if (since or 0) <= day * DAY + 1000 * n < (until or 10**15)
            ]
            assert asked(store, Wanted(wanted("hello"), since=since, until=until)) == fitting[::-1]
            assert asked(store, Wanted(since=since, until=until)) == fitting[::-1]


def test_a_day_is_forgotten_with_its_last_message_and_moves_with_it(store: Store) -> None:
    ada = add_contact(store).id
    message = receive(store, ada, 1).id
    write(store, ada, 2)
    assert store._database.rows("SELECT * FROM search_days") == [(SECOND // DAY, 1, 2, 2)]
    store._database.run("UPDATE messages SET received_at = 7 WHERE id = ?", (message,))
    assert store._database.rows("SELECT day, messages FROM search_days") == [(0, 1), (SECOND // DAY, 1)]
    store._database.run("DELETE FROM messages WHERE id = ?", (message,))
    assert store._database.rows("SELECT day, messages FROM search_days") == [(SECOND // DAY, 1)]


def old_history(path: Path, count: int) -> None:
    """A database from before there was an index."""
    database = Database(path, KEY, "OFF")
    number = next(n for n, step in enumerate(schema.steps()) if "search_index" in step)
    schema.migrate(database, schema.steps()[:number])
    store = Store(database)
    with store.transaction():
        ada = store._database.insert(
            "INSERT INTO contacts (onion, state, petname, created_at) VALUES (?, 'accepted', 'Ada', 0)",
            (ONION,),
        )
        store._database.run("INSERT INTO conversations (contact) VALUES (?)", (ada,))
        for n in range(count):
            store._database.run(
                "INSERT INTO messages"
                " (conversation, direction, wire_id, kind, text, sent_at, received_at, state, body)"
                " VALUES (1, 'in', ?, 'text', ?, ?, ?, 'delivered', x'')",
                (wire_id(n), f"hello number{n}", SECOND + n, SECOND + n),
            )
    database.close()


def test_a_history_from_before_is_indexed_in_steps_the_newest_first(tmp_path: Path) -> None:
    old_history(tmp_path / "tuichat.db", 25)
    store = open_store(tmp_path)
    assert not store.search.is_whole()
    assert find(store, "hello") == []
    new = receive(store, 1, 100, "hello again").id
    assert find(store, "hello") == [new]
    assert store.search.index_some(10)
    assert find(store, "hello") == [new, *range(25, 15, -1)]
    store._database.run("UPDATE messages SET text = 'changed' WHERE id IN (1, 20)")
    store._database.run("DELETE FROM messages WHERE id IN (2, 21)")
    store.close()
    again = open_store(tmp_path)
    assert index_all(again, 10) == 2
    assert again.search.is_whole()
    assert not again.search.index_some(10)
    assert len(find(again, "hello")) == 22
    assert find(again, "changed") == [20, 1]
    assert again._database.one("SELECT sum(messages) FROM search_days") == 24
    check(again)
    again.close()


def segments(store: Store) -> int:
    """In how many places a term can stand."""
    return int(store._database.one("SELECT count(DISTINCT segid) FROM search_index_idx"))


def test_what_was_indexed_in_steps_is_merged_in_steps(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert not store.search.merge_some(1), "an index from the beginning has nothing to merge"
    old = tmp_path / "old.db"
    old_history(old, 3_000)
    store.close()
    store = Store.open(old, KEY, synchronous="OFF")
    index_all(store, 100)
    before = segments(store)
    assert store.search.merge_some(1)
    receive(store, 1, 9_999, "hello in between")
    store.close()
    store = Store.open(old, KEY, synchronous="OFF")
    steps = 2
    while store.search.merge_some(1):
        steps += 1
    assert steps > 3
    assert segments(store) < before
    assert len(find(store, "hello")) == 1_000
    assert len(find(store, "number2999")) == 1
    check(store)
    assert not store.search.merge_some(1)
    store.close()


def test_a_step_has_a_bounded_amount_of_text(tmp_path: Path) -> None:
    old_history(tmp_path / "tuichat.db", 1)
    store = open_store(tmp_path)
    index_all(store)
    for number in range(10, 20):
        receive(store, 1, number, "long " * 8000)
    store.search.begin_anew()
    assert index_all(store) > 5
    assert len(find(store, "long")) == 10
    store.close()


def test_an_index_of_another_form_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path)
    ada = add_contact(store).id
    first = receive(store, ada, 1, "hello").id
    store.close()
    monkeypatch.setattr("tuichat.store.search.FORM", "of a later Unicode")
    store = open_store(tmp_path)
    assert terms(store) == set()
    assert find(store, "hello") == []
    index_all(store)
    assert find(store, "hello") == [first]
    store.close()
    store = open_store(tmp_path)
    assert find(store, "hello") == [first], "it is made anew once"
    store.close()
