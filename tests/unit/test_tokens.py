"""Tokens as the node keeps them: made, known again, over, and nowhere but as a hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from onion.keys import public_key
from tests.support.fixed_clock import FixedClock
from tests.support.seeded_rng import SeededRng
from tests.support.stores import KEY, add_contact, open_store
from tuichat.errors import DeniedError, NotFoundError, TuichatError, UsageError
from tuichat.model import MAX_TOKENS, METHOD_GROUPS, NEED_EVERYBODY, grantable
from tuichat.network.addresses import address_of
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.tokens import PREFIX, Tokens
from tuichat.store.backup_renewal import Restored, renew
from tuichat.store.database import Database
from tuichat.store.store import Store

ADA, BO = public_key(bytes([7]) * 32), public_key(bytes([9]) * 32)


@dataclass
class Desk:
    """A profile with Ada and Bo in it."""

    store: Store
    clock: FixedClock
    tokens: Tokens
    ada: int
    bo: int


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store, clock = open_store(tmp_path), FixedClock()
    book = ContactBook(store, Presence(lambda _: "offline", lambda *_: False))
    hub = EventHub(store, clock, book.contact, book.message)
    ada, bo = add_contact(store, "Ada", ADA).id, add_contact(store, "Bo", BO).id
    yield Desk(store, clock, Tokens(store, hub, book, SeededRng(b"tokens")), ada, bo)
    store.close()


def test_a_token_is_known_again_and_kept_as_a_hash_alone(desk: Desk, tmp_path: Path) -> None:
    made = desk.tokens.create("echo", ["Ada"], ["read", "send"], ["message"], 60)
    assert made.text.startswith(PREFIX)
    assert (made.contacts, made.events) == (("Ada",), ("message",))
    assert set(made.methods) == {*METHOD_GROUPS["read"], *METHOD_GROUPS["send"]} - NEED_EVERYBODY
    scope = desk.tokens.admit(made.text)
    assert scope.addresses == {desk.ada: address_of(ADA)}
    assert scope.methods == set(made.methods)
    (listed,) = desk.tokens.all()
    assert listed.text == ""
    secret = made.text.removeprefix(PREFIX)
    desk.store.close()
    kept = Database(tmp_path / "tuichat.db", KEY, "OFF").rows("SELECT * FROM tokens")
    assert secret not in str(kept)
    assert secret.encode() not in (tmp_path / "tuichat.db").read_bytes()


def test_everybody_is_whoever_is_a_contact_at_any_time(desk: Desk) -> None:
    made = desk.tokens.create("all", ["*"], list(METHOD_GROUPS), None, None)
    scope = desk.tokens.admit(made.text)
    assert (made.contacts, scope.addresses, scope.everybody) == (None, None, True)
    assert scope.methods == grantable()


def test_a_token_ends_with_its_time_its_withdrawal_and_a_restored_backup(desk: Desk) -> None:
    brief = desk.tokens.create("brief", ["Ada"], ["read"], None, 60)
    long = desk.tokens.create("long", ["Ada"], ["read"], None, None)
    also = desk.tokens.create("also", ["Ada"], ["read"], None, None)
    number = desk.tokens.admit(brief.text).token
    desk.clock.advance(59)
    assert desk.tokens.lives(number)
    desk.clock.advance(1)
    assert not desk.tokens.lives(number)
    desk.tokens.revoke("long")
    with pytest.raises(NotFoundError) as caught:
        desk.tokens.revoke("long")
    assert caught.value.candidates == ("brief", "also")
    desk.tokens.admit(also.text)
    renew(desk.store, Restored(0, 0))
    for token in (brief, long, also):
        with pytest.raises(DeniedError):
            desk.tokens.admit(token.text)


def test_a_contact_who_is_removed_is_gone_from_the_token_and_does_not_come_back(desk: Desk) -> None:
    made = desk.tokens.create("two", ["Ada", "Bo", "Ada"], ["read"], None, None)
    desk.store.contacts.remove(desk.ada)
    assert set(desk.tokens.admit(made.text).addresses or {}) == {desk.bo}
    add_contact(desk.store, "Ada", ADA)
    assert set(desk.tokens.admit(made.text).addresses or {}) == {desk.bo}
    desk.store.contacts.remove(desk.bo)
    assert desk.tokens.admit(made.text).addresses == {}
    assert desk.tokens.all()[0].contacts == ()


@pytest.mark.parametrize("text", ["", "x", PREFIX, PREFIX + "A" * 43, PREFIX + "é", "\ud800", "A" * 400_000])
def test_what_is_no_token_opens_nothing(desk: Desk, text: str) -> None:
    desk.tokens.create("echo", ["Ada"], ["read"], None, None)
    with pytest.raises(DeniedError):
        desk.tokens.admit(text)


@pytest.mark.parametrize(
    ("name", "contacts", "methods", "events"),
    [
        ("", ["Ada"], ["read"], None),
        ("n" * 65, ["Ada"], ["read"], None),
        ("taken", ["Ada"], ["read"], None),
        ("x", [], ["read"], None),
        ("x", ["*", "Ada"], ["read"], None),
        ("x", ["nobody"], ["read"], None),
        ("x", ["Ada"], [], None),
        ("x", ["Ada"], ["invites"], None),
        ("x", ["Ada"], ["search"], None),
        ("x", ["*"], ["wipe"], None),
        ("x", ["*"], ["file.send"], None),
        ("x", ["*"], ["read"], ["draft"]),
    ],
)
def test_what_no_token_can_allow_is_refused_with_a_sentence(
    desk: Desk, name: str, contacts: list[str], methods: list[str], events: list[str] | None
) -> None:
    desk.tokens.create("taken", ["Ada"], ["read"], None, None)
    with pytest.raises(TuichatError) as caught:
        desk.tokens.create(name, contacts, methods, events, None)
    assert caught.value.message.endswith(".")
    assert len(desk.tokens.all()) == 1


def test_there_are_at_most_so_many(desk: Desk) -> None:
    for number in range(MAX_TOKENS):
        desk.tokens.create(str(number), ["Ada"], ["read"], None, None)
    with pytest.raises(UsageError, match="already"):
        desk.tokens.create("one more", ["Ada"], ["read"], None, None)
