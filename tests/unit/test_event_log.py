"""The log of durable events: it can be taken up again anywhere, and is honest about what it no longer has."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import person
from tests.support.house import house
from tests.support.stores import open_store
from tuichat.clock import SystemClock
from tuichat.crypto.passphrase import Secret
from tuichat.event_buffer import DEFAULT_LIMIT, EventBuffer
from tuichat.model import AnyEvent, MissedEvent
from tuichat.node.events import EventHub
from tuichat.node.gate import Gate
from tuichat.node.node import Node
from tuichat.node.replay import PAGE, Replay
from tuichat.store import events as journal
from tuichat.store.backup_renewal import Restored, renew
from tuichat.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


def hub_of(store: Store) -> EventHub:
    return EventHub(store, FixedClock(), lambda _contact: None, lambda _message: None)


def happen(hub: EventHub, count: int) -> None:
    for number in range(count):
        with hub.change() as changes:
            changes.contact_removed(number)


async def all_of(events: EventBuffer) -> list[AnyEvent]:
    return [await anext(events) for _ in range(len(events))]


async def test_the_past_is_told_whole_and_read_only_as_far_as_its_reader_is(store: Store) -> None:
    hub = hub_of(store)
    happen(hub, 3 * PAGE + 7)
    events = hub.subscribe(0)
    happen(hub, 2)
    assert (await anext(events)).seq == 1
    assert isinstance(events, Replay)
    assert events._since == PAGE
    assert [event.seq for event in await all_of(events)] == list(range(2, 3 * PAGE + 10))
    assert not events.replaying


async def test_a_page_of_the_past_lets_others_have_their_turn(store: Store) -> None:
    hub = hub_of(store)
    happen(hub, 2 * PAGE)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(others())
    await all_of(hub.subscribe(0))
    beside.cancel()
    assert turns >= 2


async def test_what_was_dropped_is_told_as_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 100)
    hub = hub_of(store)
    happen(hub, 500)
    first, *others = await all_of(hub.subscribe(3))
    assert isinstance(first, MissedEvent)
    assert (first.first, first.last, first.reason) == (4, 400, "pruned")
    assert [event.seq for event in others[:-1]] == list(range(401, 500))
    assert not [event for event in await all_of(hub.subscribe(400)) if isinstance(event, MissedEvent)]


async def test_what_is_dropped_while_a_slow_reader_is_on_its_way_is_told_as_missed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "KEPT", 100)
    hub = hub_of(store)
    happen(hub, 499)
    events = hub.subscribe(0)
    assert (await anext(events)).seq == 1
    happen(hub, 1)
    told = [await anext(events) for _ in range(PAGE)]
    assert [event.seq for event in told[:-1]] == list(range(2, PAGE + 1))
    gap = told[-1]
    assert isinstance(gap, MissedEvent)
    assert (gap.first, gap.last, gap.reason) == (PAGE + 1, 400, "pruned")
    assert [(await anext(events)).seq for _ in range(100)] == list(range(401, 501))


@pytest.mark.parametrize(("since", "of_another"), [(5, False), (2**63 - 1, False), (2, True), (0, True)])
async def test_a_number_that_is_not_of_this_log_is_answered_with_all_that_was_missed(
    store: Store, since: int, of_another: bool
) -> None:
    hub = hub_of(store)
    happen(hub, 4)
    events = hub.subscribe(since, log="0123456789abcdef" if of_another else hub.log().log)
    happen(hub, 1)
    missed, live = await anext(events), await anext(events)
    assert isinstance(missed, MissedEvent)
    assert (missed.first, missed.last, missed.reason) == (1, 4, "other_log")
    assert live.seq == 5


async def test_the_log_goes_on_over_a_restart_and_not_over_a_restored_backup(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    hub = hub_of(store)
    before = hub.log()
    assert (before.first, before.last) == (0, 0)
    happen(hub, 4)
    store.close()
    again = open_store(tmp_path)
    hub = hub_of(again)
    assert (hub.log().log, hub.log().first, hub.log().last) == (before.log, 1, 4)
    assert [event.seq for event in await all_of(hub.subscribe(2, log=before.log))] == [3, 4]
    renew(again, Restored(0, 0))
    assert hub.log().log != before.log
    (missed,) = [await anext(hub.subscribe(2, log=before.log))]
    assert isinstance(missed, MissedEvent)
    assert missed.reason == "other_log"
    again.close()


async def test_the_past_ends_with_the_node_and_is_not_read_of_a_closed_journal(store: Store) -> None:
    hub = hub_of(store)
    happen(hub, 2 * PAGE)
    events = hub.subscribe(0)
    assert (await anext(events)).seq == 1
    hub.close()
    store.close()
    assert [event.seq async for event in events] == list(range(2, PAGE + 1))


async def test_a_reader_who_takes_its_time_gets_the_whole_past_and_little_of_it_waits_meanwhile() -> None:
    async with house(person("me")) as home:

        async def opened(_secret: Secret) -> Node:
            return home.node

        gate = Gate(opened, kind="daemon", clock=SystemClock())
        await gate.unlock("")
        happen(home.node._hub, 4 * DEFAULT_LIMIT)
        events = gate.subscribe(0)
        for _ in range(500):
            await asyncio.sleep(0)
        assert DEFAULT_LIMIT // 4 < len(events) <= DEFAULT_LIMIT
        happen(home.node._hub, 3)
        last, numbers = 4 * DEFAULT_LIMIT + 3, list[int]()
        while last not in numbers[-1:]:
            if (number := (await anext(events)).seq) is not None:
                numbers.append(number)
        assert numbers == list(range(1, last + 1))
        await gate.close("stop")
