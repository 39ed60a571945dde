"""How often a contact's keys may call for the person's attention."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import person
from tests.support.stores import SECOND, open_store
from tuichat.crypto.identity import Identity, parse_certificate
from tuichat.errors import PeerError
from tuichat.model import NoticeEvent
from tuichat.node.contact_book import ContactBook, Presence
from tuichat.node.events import EventHub
from tuichat.node.keys import Keys

HOUR = 3600.0


class Watched:
    """The judge of two contacts' keys, and what it told."""

    def __init__(self, directory: Path) -> None:
        self.clock = FixedClock()
        self.store = open_store(directory)
        book = ContactBook(self.store, Presence(lambda _: "offline", lambda *_: False))
        hub = EventHub(self.store, self.clock, book.contact, book.message)
        self._keys = Keys(self.store, hub)
        self._told = hub.subscribe(None)
        self._rows = {name: self._pinned(name) for name in ("alice", "bob")}

    def _pinned(self, name: str) -> int:
        who = person(name)
        row = self.store.contacts.add(who.onion, "accepted", name, created_at=SECOND)
        self.store.contacts.update(row.id, sig=who.sig, ik=who.ik, epoch=who.epoch, version=2)
        return row.id

    def shown(self, name: str, *, older: int = 0, version: int = 2) -> None:
        """A link on which the contact shows its key, or one so many epochs older."""
        who: Identity = dataclasses.replace(person(name), epoch=person(name).epoch - older)
        row = self.store.contacts.get(self._rows[name])
        assert row is not None
        self._keys.check(row, parse_certificate(who.certificate), version)

    def refused(self, name: str, *, older: int = 0, version: int = 2) -> None:
        """Likewise, on a link that must close."""
        with pytest.raises(PeerError):
            self.shown(name, older=older, version=version)

    async def notices(self) -> int:
        """How many there were since the last look."""
        count = 0
        while len(self._told):
            count += isinstance(await anext(self._told), NoticeEvent)
        return count


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.store.close()


async def test_good_and_old_keys_in_turn_are_one_notice_a_day(watched: Watched) -> None:
    for link in range(1, 100):
        watched.shown("alice")
        watched.refused("alice", older=link)
    assert await watched.notices() == 1
    watched.clock.advance(23 * HOUR)
    watched.refused("alice", older=1)
    assert await watched.notices() == 0
    watched.clock.advance(2 * HOUR)
    watched.refused("alice", older=1)
    assert await watched.notices() == 1


async def test_each_contact_and_each_reason_has_a_notice_of_its_own(watched: Watched) -> None:
    for _ in range(3):
        for name in ("alice", "bob"):
            watched.refused(name, older=1)
            watched.refused(name, version=1)
    assert await watched.notices() == 4


async def test_clock_that_was_set_back_keeps_no_notice_from_the_person(watched: Watched) -> None:
    watched.refused("alice", older=1)
    watched.clock.advance(-48 * HOUR)
    watched.refused("alice", older=1)
    assert await watched.notices() == 2
