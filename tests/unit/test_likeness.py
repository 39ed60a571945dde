"""Contacts that can be mistaken for each other are shown as such, and their names are taken all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stores import SECOND, open_store
from tuichat.crypto.curve25519 import ed25519_public
from tuichat.errors import UsageError
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def book(store: Store) -> ContactBook:
    return ContactBook(store, Presence(lambda _contact: "offline", lambda _contact, _message: False))


def add(store: Store, petname: str, suggested: str = "") -> int:
    onion = ed25519_public(len(store.contacts.all()).to_bytes(32, "big"))
    row = store.contacts.add(onion, "accepted", petname, created_at=SECOND, suggested_name=suggested)
    return row.id


def alike(book: ContactBook) -> dict[str, tuple[str, ...]]:
    listed = {contact.name: contact.alike for contact in book.all()}
    for contact in book.all():
        assert book.contact(contact.id) == contact
    return listed


def test_petnames_that_look_alike_are_shown_on_both(store: Store, book: ContactBook) -> None:
    for name in ("paypal", "раураl", "carol"):
        add(store, name)
    assert alike(book) == {"paypal": ("раураl",), "раураl": ("paypal",), "carol": ()}


def test_stranger_who_takes_a_friends_name_is_shown_and_the_friend_is_not(
    store: Store, book: ContactBook
) -> None:
    add(store, "bob", "Bob")
    add(store, "q5abcdef", "B0B")
    assert alike(book) == {"bob": (), "q5abcdef": ("bob",)}


def test_mixed_scripts_are_shown_in_either_name(store: Store, book: ContactBook) -> None:
    add(store, "pаypal")
    add(store, "eve", "Βob")
    add(store, "Дмитрий", "Dmitri")
    assert {contact.name: contact.mixed for contact in book.all()} == {
        "pаypal": True,
        "eve": True,
        "Дмитрий": False,
    }


def test_lookalike_petname_is_taken_and_the_same_one_refused(store: Store, book: ContactBook) -> None:
    add(store, "bob")
    assert book.check_petname("b0b") == "b0b"
    with pytest.raises(UsageError, match="bob"):
        book.check_petname("bob")


def test_those_whose_record_changes_with_a_name_are_found(store: Store, book: ContactBook) -> None:
    bob, carol = add(store, "bob"), add(store, "carol", "ALICE")
    add(store, "dave")
    assert book.mistakable(bob, "b0b", "alice") == [carol]
    assert book.mistakable(carol, "B o b") == [bob]


def test_many_alike_are_not_all_named(store: Store, book: ContactBook) -> None:
    for number in range(30):
        add(store, "b" + "." * number + "ob")
    assert {len(names) for names in alike(book).values()} == {8}


def test_a_new_look_alike_shows_on_who_was_there_before(store: Store, book: ContactBook) -> None:
    bob = add(store, "bob")
    shown = book.contact(bob)
    assert shown is not None
    assert shown.alike == ()
    other = add(store, "b0b")
    assert alike(book) == {"bob": ("b0b",), "b0b": ("bob",)}
    store.contacts.update(other, petname="carol")
    assert alike(book) == {"bob": (), "carol": ()}
