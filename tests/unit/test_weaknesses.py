"""A known weakness of tor is told once for each of its versions, to whoever listens first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion.sentence import Sentence
from tests.support.fake_tor import VERSION, FakeNetwork
from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import person
from tests.support.house import house
from tests.support.stores import open_store
from tuichat.errors import StorageError
from tuichat.event_buffer import EventBuffer
from tuichat.model import NoticeEvent
from tuichat.network import tor_transport
from tuichat.node.events import EventHub
from tuichat.node.weaknesses import Weaknesses
from tuichat.store.settings import Settings
from tuichat.store.store import Store

SAID = ("tor has a known weakness.",)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def hub_of(store: Store) -> EventHub:
    return EventHub(store, FixedClock(), lambda _contact: None, lambda _message: None)


async def told(events: EventBuffer) -> list[str]:
    """The sentences that have come."""
    found = []
    while len(events):
        event = await anext(events)
        assert isinstance(event, NoticeEvent)
        assert event.level == "warning"
        found.append(event.text)
    return found


async def test_who_listens_is_told_at_once_and_never_again(store: Store) -> None:
    hub = hub_of(store)
    events = hub.subscribe(None)
    weaknesses = Weaknesses(store, hub)
    weaknesses.heard("0.4.9.11", SAID)
    weaknesses.heard("0.4.9.11", SAID)
    assert await told(events) == [*SAID]
    assert weaknesses.take() == []
    after_a_restart = Weaknesses(store, hub)
    after_a_restart.heard("0.4.9.11", SAID)
    assert await told(events) == []
    assert after_a_restart.take() == []


async def test_it_waits_for_the_first_who_listens(store: Store) -> None:
    hub = hub_of(store)
    gone = hub.subscribe(None)
    gone.close()
    unheard = Weaknesses(store, hub)
    unheard.heard("0.4.9.11", SAID)
    weaknesses = Weaknesses(store, hub)
    weaknesses.heard("0.4.9.11", SAID)
    assert [notice.text for notice in weaknesses.take()] == [*SAID]
    assert weaknesses.take() == []


async def test_a_bot_that_listens_first_does_not_take_it_from_the_owner(store: Store) -> None:
    hub = hub_of(store)
    bot = hub.follow(None)
    weaknesses = Weaknesses(store, hub)
    weaknesses.heard("0.4.9.11", SAID)
    assert await told(bot) == []
    assert [notice.text for notice in weaknesses.take()] == [*SAID]


async def test_another_version_is_told_of_again(store: Store) -> None:
    hub = hub_of(store)
    events = hub.subscribe(None)
    weaknesses = Weaknesses(store, hub)
    weaknesses.heard("0.4.8.1", SAID)
    weaknesses.heard("0.4.9.11", SAID)
    assert await told(events) == [*SAID, *SAID]


async def test_each_process_logs_it_once_told_or_not(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    for _process in range(2):
        weaknesses = Weaknesses(store, hub_of(store))
        with caplog.at_level(logging.WARNING):
            weaknesses.heard("0.4.9.11", SAID)
            weaknesses.heard("0.4.9.11", SAID)
    assert [record.getMessage() for record in caplog.records] == [*SAID, *SAID]


async def test_a_disk_that_fails_keeps_nobody_from_hearing_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise StorageError("The disk fails.")

    monkeypatch.setattr(Settings, "get", fail)
    monkeypatch.setattr(Settings, "put", fail)
    weaknesses = Weaknesses(store, hub_of(store))
    weaknesses.heard("0.4.9.11", SAID)
    assert [notice.text for notice in weaknesses.take()] == [*SAID]


async def test_a_node_tells_what_is_known_of_its_tor(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Sentence("tor {version} has a known weakness.", version=VERSION)
    monkeypatch.setattr(tor_transport, "advisories", lambda version: [known] if version == VERSION else [])
    async with house(person("alice"), FakeNetwork()) as home:
        bot = home.node.follow()
        assert isinstance(bot, EventBuffer)
        assert not len(bot)
        events = home.node.subscribe()
        event = await anext(events)
        while not isinstance(event, NoticeEvent):
            event = await anext(events)
        assert event.text == f"tor {VERSION} has a known weakness."
