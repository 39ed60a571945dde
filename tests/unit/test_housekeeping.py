"""Skipped message keys do not outlive their thirty days on disk, however silent their contact is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.support.fixed_clock import START, FixedClock
from tests.support.seeded_rng import SeededRng
from tests.support.stores import add_contact, open_store
from tuichat.crypto.kem import MlKem768
from tuichat.crypto.ratchet import Ratchet, fresh_keys
from tuichat.crypto.ratchet_header import Parties
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.housekeeping import Housekeeper

PARTIES = Parties(bytes(32), bytes([1]) * 32)
SID = bytes(range(16))
MONTH = 31 * 86_400


async def _nothing() -> None:
    pass


def test_expired_skipped_keys_are_dropped_from_the_stored_session(tmp_path: Path) -> None:
    kem, rng = MlKem768(), SeededRng(b"house")
    keys = fresh_keys(rng, kem)
    theirs = Ratchet.as_answerer(bytes(32), 1, SID, keys)
    mine = Ratchet.as_dialler(bytes(32), 1, SID, keys.dh_public, keys.ek_public, kem)
    lost = theirs.seal(1, b"lost", PARTIES, rng, kem)
    mine.open(theirs.seal(2, b"came", PARTIES, rng, kem), PARTIES, START, kem)
    assert mine.copy().open(lost, PARTIES, START, kem) == (1, b"lost")

    store, clock = open_store(tmp_path), FixedClock()
    contact = add_contact(store).id
    store.sessions.put(replace(store.sessions.get(contact), gen=1, sid=SID, ratchet=mine.encode()))
    book = ContactBook(store, Presence(lambda _: "offline", lambda *_: False))
    house = Housekeeper(store, EventHub(store, clock, book.contact, book.message), clock, _nothing)
    house._forget_expired_keys()
    assert store.sessions.get(contact).ratchet == mine.encode()
    clock.advance(MONTH)
    house._forget_expired_keys()
    kept = store.sessions.get(contact).ratchet
    assert len(kept) < len(mine.encode())
    assert Ratchet.decode(kept).copy().encode() == kept
    store.close()
