"""Files in the store: what is kept of an offer, and that nothing of it stays when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.stores import DAY, SECOND, add_contact, offer, open_store
from tuichat.errors import NotFoundError
from tuichat.store import transfers
from tuichat.store.database import Database
from tuichat.store.store import Store
from tuichat.store.transfers import HASHES_IN_PART


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path)
    yield made
    made.close()


def test_under_way_is_what_was_accepted_and_neither_rests_nor_is_over(store: Store) -> None:
    contact = add_contact(store).id
    offer(store, contact, 1)
    offer(store, contact, 2, accepted=True, state="waiting")
    offer(store, contact, 3, "out", accepted=True, state="waiting")
    offer(store, contact, 4, accepted=True, state="paused", paused_by="them")
    offer(store, contact, 5, accepted=True, state="failed", reason="space")
    over = offer(store, contact, 6, accepted=True, state="waiting")
    store.transfers.end(over.id, "complete", "", SECOND)
    assert store.transfers.under_way() == 2


def test_offer_is_found_by_everything_that_names_it(store: Store) -> None:
    contact = add_contact(store).id
    row = offer(store, contact, 1, "out")
    transfers = store.transfers
    assert row.message is not None
    assert transfers.get(row.id) == transfers.by_message(row.message) == transfers.by_path(row.path) == row
    assert transfers.by_wire_id(contact, "out", row.wire_id) == row
    assert transfers.by_wire_id(contact, "in", row.wire_id) is None
    assert transfers.all() == transfers.all(contact) == transfers.unfinished() == [row]
    assert transfers.all(99) == []


def test_path_of_what_others_offer_leads_to_nothing_of_mine(store: Store) -> None:
    row = offer(store, add_contact(store).id, 1, "in")
    assert store.transfers.by_path(row.path) is None


def test_files_of_one_go_have_one_number(store: Store) -> None:
    contact = add_contact(store).id
    alone = offer(store, contact, 1)
    first = offer(store, contact, 2, group_id=bytes(16))
    second = offer(store, contact, 3, group_id=bytes(16))
    assert (alone.group, first.group, second.group) == (None, first.id, first.id)
    mine = offer(store, contact, 4, "out", group_id=bytes(16))
    assert mine.group == mine.id
    assert store.transfers.in_group(first) == [first, second]
    assert store.transfers.in_group(mine) == [mine]
    assert store.transfers.in_group(alone) == [alone]


def test_unanswered_wanted_and_expired_are_told_apart(store: Store) -> None:
    contact = add_contact(store).id
    rows = [offer(store, contact, number) for number in range(1, 5)]
    mine = offer(store, contact, 5, "out")
    store.transfers.update(rows[1].id, accepted=True, state="waiting")
    store.transfers.update(rows[2].id, accepted=True, state="paused", paused_by="me")
    store.transfers.end(rows[3].id, "declined", "", SECOND)
    assert store.transfers.unanswered(contact) == [rows[0].id]
    assert [row.id for row in store.transfers.wanted(contact)] == [rows[1].id]
    assert store.transfers.expired(SECOND + DAY - 1) == []
    expired = [row.id for row in store.transfers.expired(SECOND + DAY)]
    assert expired == [rows[0].id, rows[1].id, rows[2].id, mine.id]


def test_end_erases_keys_path_and_list_and_names_what_lies_on_disk(store: Store) -> None:
    contact = add_contact(store).id
    row = offer(store, contact, 1, stored_as="/inbox/part")
    store.transfers.put_hashes(row.id, 0, bytes(32))
    ended = store.transfers.end(row.id, "cancelled", "peer", SECOND + 1)
    assert (ended.key, ended.root, ended.path, ended.stored_as) == (b"", b"", b"", "")
    assert (ended.state, ended.reason, ended.ended_at) == ("cancelled", "peer", SECOND + 1)
    assert store.transfers.hashes(row.id, 0) == b""
    assert store.transfers.remains() == ["/inbox/part"]
    store.transfers.removed("/inbox/part")
    assert store.transfers.remains() == []


def test_complete_file_stays_on_disk_and_a_cleaned_copy_does_not(store: Store) -> None:
    contact = add_contact(store).id
    received = offer(store, contact, 1, stored_as="/inbox/whole")
    assert store.transfers.end(received.id, "complete", "", SECOND).stored_as == "/inbox/whole"
    copied = offer(store, contact, 2, "out", source="/outgoing/copy", source_is_copy=True)
    own = offer(store, contact, 3, "out", source="/home/own")
    for row in (copied, own):
        store.transfers.end(row.id, "complete", "", SECOND)
    assert store.transfers.remains() == ["/outgoing/copy"]


def test_removed_contact_leaves_partial_files_and_copies_to_be_removed_and_whole_ones_alone(
    store: Store,
) -> None:
    contact = add_contact(store).id
    offer(store, contact, 1, stored_as="/inbox/part")
    whole = offer(store, contact, 2, stored_as="/inbox/whole")
    store.transfers.end(whole.id, "complete", "", SECOND)
    offer(store, contact, 3, "out", source="/outgoing/copy", source_is_copy=True)
    store.transfers.put_hashes(whole.id, 0, bytes(32))
    store.contacts.remove(contact)
    assert store.transfers.all() == []
    assert store.transfers.hashes(whole.id, 0) == b""
    assert store.transfers.remains() == ["/inbox/part", "/outgoing/copy"]


def test_list_and_map_are_kept_in_parts(store: Store) -> None:
    row = offer(store, add_contact(store).id, 1)
    first = bytes(range(256)) * (HASHES_IN_PART * 32 // 256)
    store.transfers.put_hashes(row.id, 0, first)
    store.transfers.put_hashes(row.id, 1, b"x" * 32 + b"y" * 32)
    assert store.transfers.hash_of(row.id, 1) == first[32:64]
    assert store.transfers.hash_of(row.id, HASHES_IN_PART + 1) == b"y" * 32
    assert store.transfers.hash_of(row.id, HASHES_IN_PART + 2) == b""
    assert store.transfers.hash_of(row.id, 3 * HASHES_IN_PART) == b""
    store.transfers.set_done(row.id, 1, b"\x03")
    assert (store.transfers.done(row.id, 0), store.transfers.done(row.id, 1)) == (b"", b"\x03")
    store.transfers.update(row.id, fetched=77)
    store.transfers.begin_anew(row.id)
    assert (store.transfers.done(row.id, 1), store.transfers.get(row.id).fetched) == (b"", 0)  # type: ignore[union-attr]
    store.transfers.forget_hashes(row.id)
    assert store.transfers.hashes(row.id, 1) == b""


def test_what_is_not_there_cannot_be_changed(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.transfers.update(9, reason="space")
    with pytest.raises(NotFoundError):
        store.transfers.end(9, "failed", "space", SECOND)


def test_secrets_and_paths_are_in_no_repr(store: Store) -> None:
    row = offer(
        store, add_contact(store).id, 1, source="/home/secret", stored_as="/inbox/secret", target="/secret"
    )
    assert "secret" not in repr(row)
    assert repr(row.key) not in repr(row)


def test_files_are_listed_in_pages_from_the_newest_on(store: Store) -> None:
    ada, bob = add_contact(store).id, add_contact(store, "Bob", bytes([8]) * 32).id
    ids = [offer(store, (ada, bob)[number % 2], number).id for number in range(1, 11)]
    listed = store.transfers.all
    assert [row.id for row in listed(limit=3)] == ids[-3:]
    assert [row.id for row in listed(limit=3, before=ids[-3])] == ids[4:7]
    assert [row.id for row in listed(bob, 2, ids[8])] == [ids[4], ids[6]]
    assert listed(limit=3, before=ids[0]) == []


def test_of_what_has_ended_only_the_newest_of_each_contact_are_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many there are is up to the contacts."""
    monkeypatch.setattr(transfers, "ENDED_TOLD", 2)
    ada, bob = add_contact(store).id, add_contact(store, "Bob", bytes([8]) * 32).id
    rows = [offer(store, (ada, bob)[number % 2], number) for number in range(1, 11)]
    for row in rows[:8]:
        store.transfers.end(row.id, "declined", "", SECOND)
    told = [row.id for row in store.transfers.all()]
    assert told == [row.id for row in rows[4:]]
    assert [row.id for row in store.transfers.all(ada)] == [rows[index].id for index in (5, 7, 9)]
    assert store.transfers.unfinished(ada) == [rows[9]]


def test_what_others_can_ask_and_offer_is_found_without_reading_every_file(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stranger asks for paths, and a contact may offer for years."""
    asked: list[tuple[str, Sequence[Any]]] = []
    contact = add_contact(store).id
    row = offer(store, contact, 1, group_id=bytes(16))
    for name in ("row", "rows"):
        monkeypatch.setattr(Database, name, _noted(getattr(Database, name), asked))
    found = store.transfers
    found.by_path(bytes(32))
    found.by_wire_id(contact, "in", bytes(16))
    found.unanswered(contact)
    found.wanted(contact)
    found.in_group(row)
    found.get(row.id)
    found.expired(SECOND)
    found.hash_of(row.id, 0)
    monkeypatch.undo()
    assert len(asked) >= 8
    for query, values in asked:
        plan = [step[3] for step in store._database.rows(f"EXPLAIN QUERY PLAN {query}", values)]
        assert not any(step.startswith("SCAN") for step in plan), query


def _noted(real: Callable[..., Any], asked: list[tuple[str, Sequence[Any]]]) -> Callable[..., Any]:
    def ask(self: Database, sql: str, values: Sequence[Any] = ()) -> Any:
        asked.append((sql, values))
        return real(self, sql, values)

    return ask
