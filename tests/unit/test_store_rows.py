"""Each aggregate keeps its promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import apsw
import pytest

from tests.support.stores import ONION, SECOND, add_contact, open_store, receive, wire_id, write
from tuichat.errors import NotFoundError
from tuichat.model import from_milliseconds
from tuichat.store import deeds, events, messages, outbox
from tuichat.store.database import Database
from tuichat.store.records import EventRow, OutboxRow, SessionRow
from tuichat.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def test_contact_is_found_by_id_onion_and_petname(store: Store) -> None:
    row = store.contacts.add(
        ONION,
        "pending",
        "Ada",
        created_at=SECOND,
        suggested_name="ada",
        request_text="hi",
        pair_sent=bytes(32),
        pair_received=b"p" * 32,
    )
    assert store.contacts.get(row.id) == row
    assert store.contacts.by_onion(ONION) == row
    assert store.contacts.by_petname("Ada") == row
    assert store.contacts.by_petname("ada") is None
    assert store.contacts.by_onion(bytes(32)) is None
    assert store.contacts.get(row.id + 1) is None
    assert (row.pair_sent, row.pair_received, row.confirmed) == (bytes(32), b"p" * 32, False)


def test_petnames_are_always_those_of_now(store: Store) -> None:
    ada = add_contact(store).id
    assert store.contacts.petnames() == store.contacts.petnames() == [(ada, "Ada")]
    bob = add_contact(store, "Bob", bytes(32)).id
    assert store.contacts.petnames() == [(ada, "Ada"), (bob, "Bob")]
    store.contacts.update(bob, petname="Robert")
    store.contacts.update(bob, verified=True)
    assert store.contacts.petnames() == [(ada, "Ada"), (bob, "Robert")]
    store.contacts.remove(ada)
    assert store.contacts.petnames() == [(bob, "Robert")]


def test_petnames_that_were_rolled_back_are_not_remembered(store: Store) -> None:
    ada = add_contact(store).id

    def renamed_in_vain() -> None:
        with store.transaction():
            store.contacts.update(ada, petname="Grace")
            assert store.contacts.petnames() == [(ada, "Grace")]
            raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        renamed_in_vain()
    assert store.contacts.petnames() == [(ada, "Ada")]


def test_pair_secrets_are_those_of_accepted_and_asked_contacts(store: Store) -> None:
    found = []
    for number, state in enumerate(("accepted", "requested", "pending", "blocked")):
        onion, pair = bytes([number]) * 32, bytes([number + 100]) * 32
        row = store.contacts.add(onion, state, state, created_at=SECOND, pair_received=pair)  # type: ignore[arg-type]
        found.append((row.id, onion, None, pair))
    assert store.contacts.pairs() == found[:2]


def test_contact_update_changes_only_the_named_fields(store: Store) -> None:
    row = add_contact(store)
    changed = store.contacts.update(row.id, confirmed=True, sig=b"s" * 32, last_pair="sent", epoch=2**32 - 1)
    assert (changed.confirmed, changed.sig, changed.last_pair, changed.epoch) == (
        True,
        b"s" * 32,
        "sent",
        2**32 - 1,
    )
    assert (changed.petname, changed.onion, changed.verified) == ("Ada", ONION, False)
    assert store.contacts.update(row.id, sig=None).sig is None
    assert store.contacts.update(row.id) == store.contacts.get(row.id)


def test_update_of_nobody_is_said(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.contacts.update(1, verified=True)


def test_contacts_come_in_the_order_of_petnames_without_regard_to_case(store: Store) -> None:
    for number, name in enumerate(["bob", "Zoë", "Ada", "Émile", "carol"]):
        add_contact(store, name, bytes([number]) * 32)
    assert [row.petname for row in store.contacts.all()] == ["Ada", "bob", "carol", "Zoë", "Émile"]


def test_pending_requests_are_counted_and_the_oldest_is_known(store: Store) -> None:
    add_contact(store)
    for number in (3, 1, 2):
        store.contacts.add(bytes([number]) * 32, "pending", f"p{number}", created_at=SECOND)
    oldest = store.contacts.get(store.contacts.oldest_pending())
    assert oldest is not None
    assert oldest.petname == "p3"
    assert store.contacts.count("pending") == 3
    assert store.contacts.count("blocked") == 0


def test_removal_erases_everything_of_that_contact_and_nothing_of_others(
    store: Store, tmp_path: Path
) -> None:
    gone, kept = add_contact(store), add_contact(store, "Bob", b"b" * 32)
    for contact in (gone.id, kept.id):
        message = write(store, contact, contact)
        store.outbox.add(contact, message=message.id, wire_id=message.wire_id, body=b"", queued_at=SECOND)
        store.sessions.put(SessionRow(contact, gen=1))
        store.sessions.remember_opened(contact, b"h", 1)
        store.sessions.hold(contact, 2, b"held")
        assert store.sessions.know(contact, wire_id(9))
    store.contacts.remove(gone.id)
    store.close()
    with_tables = open_store(tmp_path)
    assert [row.id for row in with_tables.contacts.all()] == [kept.id]
    assert with_tables.messages.page(gone.id, 10) == []
    assert len(with_tables.messages.page(kept.id, 10)) == 1
    assert with_tables.outbox.unacked(gone.id) == []
    assert with_tables.outbox.totals() == (1, SECOND)
    assert with_tables.sessions.get(gone.id) == SessionRow(gone.id)
    assert with_tables.sessions.get(kept.id).gen == 1
    assert with_tables.sessions.opened_seq(kept.id, b"h") == 1
    assert with_tables.sessions.held(gone.id, 2) is None
    with_tables.close()


def test_ids_are_never_used_again(store: Store) -> None:
    first = add_contact(store)
    message = receive(store, first.id, 1)
    store.contacts.remove(first.id)
    second = add_contact(store)
    assert second.id > first.id
    assert receive(store, second.id, 1).id > message.id


def test_message_is_found_by_id_and_wire_id(store: Store) -> None:
    contact = add_contact(store).id
    row = store.messages.add(
        contact,
        "in",
        wire_id(1),
        "unsupported",
        "",
        sent_at=SECOND,
        received_at=SECOND,
        state="delivered",
        body=b"\x00opaque",
    )
    assert store.messages.get(row.id) == row
    assert store.messages.by_wire_id(contact, "in", wire_id(1)) == row
    assert store.messages.by_wire_id(contact, "out", wire_id(1)) is None
    store.messages.set_state(row.id, "failed")
    changed = store.messages.get(row.id)
    assert changed is not None
    assert changed.state == "failed"


@pytest.mark.parametrize(("claimed", "kept"), [(-1, 0), (2**63, 253_402_214_399_999), (SECOND, SECOND)])
def test_a_senders_clock_cannot_leave_the_calendar(store: Store, claimed: int, kept: int) -> None:
    contact = add_contact(store).id
    row = store.messages.add(
        contact, "in", wire_id(1), "text", "x", sent_at=claimed, received_at=SECOND, state="delivered"
    )
    assert row.sent_at == kept
    assert store.messages.get(row.id) == row
    for hours in (-23, 23):
        local = from_milliseconds(row.sent_at).astimezone(timezone(timedelta(hours=hours)))
        assert local == from_milliseconds(kept)


def test_pages_come_oldest_first_from_either_end(store: Store) -> None:
    contact, other = add_contact(store).id, add_contact(store, "Bob", b"b" * 32).id
    ids = []
    for number in range(10):
        ids.append(receive(store, contact, number).id)
        receive(store, other, 100 + number)

    def page(limit: int, before: int | None = None, after: int | None = None) -> list[int]:
        return [row.id for row in store.messages.page(contact, limit, before, after)]

    assert page(3) == ids[7:]
    assert page(3, before=ids[7]) == ids[4:7]
    assert page(3, after=ids[2]) == ids[3:6]
    assert page(10, before=ids[5], after=ids[2]) == ids[3:5]
    assert page(3, before=ids[0]) == []
    assert page(100) == ids
    assert page(0) == []


def test_a_page_ends_before_its_texts_have_too_many_bytes(store: Store) -> None:
    contact = add_contact(store).id
    ids = [receive(store, contact, number, "\u00e9" * 50).id for number in range(200)]

    def page(most: int, **bounds: int) -> list[int]:
        return [row.id for row in store.messages.page(contact, 150, **bounds, most_bytes=most)]

    assert page(1_099) == ids[-10:]
    assert page(1_099, before=ids[50]) == ids[40:50]
    assert page(1_100, after=ids[50]) == ids[51:62]
    assert page(15_000) == ids[-150:]
    assert page(99) == ids[-1:], "a page of none would be the end of the history"
    assert page(0, after=ids[198]) == ids[-1:]
    assert page(1_000, after=ids[-1]) == []


def test_only_received_messages_are_unread_until_marked(store: Store) -> None:
    contact = add_contact(store).id
    ids = [receive(store, contact, number).id for number in range(3)]
    write(store, contact, 9)
    assert store.messages.unread(contact) == 3
    assert store.messages.mark_read(contact, ids[1], 0) == 2
    assert store.messages.mark_read(contact, ids[1], 0) == 0
    assert store.messages.unread(contact) == 1
    assert [row.state for row in store.messages.page(contact, 9)] == ["read", "read", "delivered", "queued"]


def test_summaries_tell_last_time_unread_and_queued_of_each_contact(store: Store) -> None:
    ada, bob, eve = (add_contact(store, name, name.encode() * 8).id for name in ("Ada_", "Bob_", "Eve_"))
    receive(store, ada, 5)
    message = write(store, bob, 1)
    store.outbox.add(bob, message=message.id, wire_id=wire_id(1), body=b"", queued_at=SECOND)
    store.outbox.add(bob, message=None, wire_id=wire_id(2), body=b"", queued_at=SECOND)
    assert store.messages.summaries() == {ada: (SECOND + 5, 1, 0), bob: (SECOND, 0, 1), eve: (None, 0, 0)}


@pytest.mark.parametrize(
    ("query", "values", "plan"),
    [
        (messages.NEWEST, (1, 0, 2**60, 50), {"messages_in_order"}),
        (messages.OLDEST, (1, 0, 2**60, 50), {"messages_in_order"}),
        (messages.COUNT_UNREAD, (1,), {"messages_unread"}),
        (messages.MARK_READ, (0, 1, 1), {"messages_unread"}),
        (messages.SUMMARIES, (), {"messages_in_order", "messages_unread", "outbox_messages"}),
        (outbox.TOTALS, (), {"outbox_messages"}),
        (messages.NEWEST_SEEN, (1, 2**60), {"messages_in_order"}),
        (messages.MINE_BEFORE, (1, 2**60, 200), {"messages_in_order"}),
        (messages.UNREADABLE, (0, 100), {"messages_unreadable"}),
        (deeds.REPLIES, (bytes(16), 1, 100), {"messages_by_reply"}),
    ],
    ids=[
        *("newest", "oldest", "unread", "mark read", "summaries", "totals"),
        *("newest seen", "mine before", "unreadable", "replies"),
    ],
)
def test_no_query_reads_or_sorts_all_of_the_history_or_the_envelopes(
    tmp_path: Path, query: str, values: tuple[int | bytes, ...], plan: set[str]
) -> None:
    open_store(tmp_path).close()
    database = Database(tmp_path / "tuichat.db", bytes(range(32)))
    details = [row[3] for row in database.rows(f"EXPLAIN QUERY PLAN {query}", values)]
    database.close()
    assert not [line for line in details if line.startswith("SCAN m") or "TEMP B-TREE" in line]
    assert plan <= {word for line in details for word in line.split()}


def test_query_whose_limit_is_bound_is_compiled_once(store: Store) -> None:
    contact = add_contact(store).id
    receive(store, contact, 1)
    compiled: list[int] = []

    def heard(operation: int, *_: str | None) -> int:
        compiled.append(operation)
        return apsw.SQLITE_OK

    store._database._connection.authorizer = heard
    store.messages.page(contact, 50)
    assert compiled
    compiled.clear()
    for limit in (50, 20, 50):
        store.messages.page(contact, limit)
    assert not compiled


def test_outbox_keeps_order_and_finds_rows_by_hash_and_message(store: Store) -> None:
    contact = add_contact(store).id
    rows = []
    for number in range(5):
        message = write(store, contact, number)
        rows.append(
            store.outbox.add(
                contact, message=message.id, wire_id=wire_id(number), body=b"body", queued_at=SECOND + number
            )
        )
    assert store.outbox.unacked(contact) == rows
    assert store.outbox.unacked(contact, after_id=rows[1].id, limit=2) == rows[2:4]
    store.outbox.seal(rows[0].id, 7, b"sealed", b"hash")
    sealed = store.outbox.by_hash(contact, b"hash")
    assert sealed is not None
    assert (sealed.id, sealed.seq, sealed.envelope, sealed.given) == (rows[0].id, 7, b"sealed", False)
    assert rows[3].message is not None
    assert store.outbox.by_message(rows[3].message) == rows[3]
    assert store.outbox.totals() == (5, SECOND)
    store.outbox.remove(rows[0].id)
    assert store.outbox.totals() == (4, SECOND + 1)
    assert store.outbox.count(contact) == 4


def test_given_is_remembered(store: Store) -> None:
    contact = add_contact(store).id
    rows: list[OutboxRow] = [
        store.outbox.add(contact, message=None, wire_id=wire_id(n), body=b"", queued_at=SECOND)
        for n in range(3)
    ]
    store.outbox.mark_given([rows[0].id, rows[2].id])
    assert [row.given for row in store.outbox.unacked(contact)] == [True, False, True]


def test_a_cancelled_message_becomes_a_void_in_its_place(store: Store) -> None:
    contact = add_contact(store).id
    message = write(store, contact, 1)
    row = store.outbox.add(
        contact, message=message.id, wire_id=wire_id(1), body=b"x", queued_at=SECOND, seq=4, envelope=b"a"
    )
    store.outbox.replace(row.id, wire_id=wire_id(2), body=b"void", envelope=b"b", envelope_hash=b"h")
    (void,) = store.outbox.unacked(contact)
    assert (void.id, void.seq, void.message, void.wire_id) == (row.id, 4, None, wire_id(2))
    assert (void.body, void.envelope, void.envelope_hash) == (b"void", b"b", b"h")
    assert store.outbox.by_message(message.id) is None
    assert store.outbox.totals() == (0, None)
    store.outbox.remove_voids(contact)
    assert store.outbox.unacked(contact) == []


def test_session_is_zero_until_put_and_then_as_put(store: Store) -> None:
    contact = add_contact(store).id
    assert store.sessions.get(contact) == SessionRow(contact)
    row = SessionRow(contact, gen=2**32 - 1, sid=b"s" * 16, sealed=3, delivered=2, acked=1)
    store.sessions.put(SessionRow(contact, gen=1))
    store.sessions.put(row)
    assert store.sessions.get(contact) == row


def test_a_new_session_forgets_envelopes_but_not_known_messages(store: Store) -> None:
    contact = add_contact(store).id
    store.sessions.remember_opened(contact, b"one", 1)
    store.sessions.remember_opened(contact, b"three", 3)
    store.sessions.hold(contact, 3, b"later")
    assert (store.sessions.opened_seq(contact, b"three"), store.sessions.opened_seq(contact, b"two")) == (
        3,
        None,
    )
    assert (store.sessions.seq_taken(contact, 1), store.sessions.seq_taken(contact, 2)) == (True, False)
    assert store.sessions.held(contact, 3) == b"later"
    store.sessions.prune_opened(contact, 3)
    assert (store.sessions.seq_taken(contact, 1), store.sessions.seq_taken(contact, 3)) == (False, True)
    store.sessions.release(contact, 3)
    assert store.sessions.held(contact, 3) is None
    assert store.sessions.know(contact, wire_id(1))
    store.sessions.forget(contact)
    assert not store.sessions.seq_taken(contact, 3)
    assert not store.sessions.know(contact, wire_id(1))


def test_event_numbers_have_no_gaps_even_after_a_rollback(store: Store) -> None:
    assert store.events.bounds() == (0, 0)
    assert store.events.append(SECOND, "contact", 1) == 1

    def interrupted() -> None:
        with store.transaction():
            store.events.append(SECOND, "message", 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert store.events.append(SECOND, "message", 2) == 2
    assert store.events.since(0) == [EventRow(1, SECOND, "contact", 1), EventRow(2, SECOND, "message", 2)]
    assert store.events.since(0, limit=1) == [EventRow(1, SECOND, "contact", 1)]
    assert store.events.since(2) == []


def test_the_newest_ten_thousand_events_are_kept(store: Store) -> None:
    with store.transaction():
        for number in range(events.KEPT + 1700):
            store.events.append(SECOND, "message", number)
    first, last = store.events.bounds()
    assert last == events.KEPT + 1700
    assert events.KEPT <= last - first + 1 < events.KEPT + 500
    assert store.events.since(0, limit=1)[0].seq == first


def test_settings_are_kept_replaced_and_deleted(store: Store) -> None:
    assert store.settings.get("draft") is None
    store.settings.put("draft", b"one")
    store.settings.put("draft", b"")
    assert store.settings.get("draft") == b""
    store.settings.delete("draft")
    store.settings.delete("draft")
    assert store.settings.get("draft") is None
