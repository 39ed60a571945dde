"""The bounded queue between events and a reader who may be slow."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.errors import UnreachableError
from tuichat.event_buffer import EventBuffer
from tuichat.model import AnyEvent, ContactRemovedEvent, LinkEvent, MissedEvent

AT = datetime(2026, 11, 21, 14, tzinfo=UTC)


def durable(seq: int) -> ContactRemovedEvent:
    return ContactRemovedEvent(at=AT, seq=seq, contact=1)


async def rest(buffer: EventBuffer) -> list[AnyEvent]:
    buffer.close()
    return [event async for event in buffer]


async def test_a_reader_who_keeps_up_gets_every_event_in_order() -> None:
    buffer = EventBuffer(limit=3)
    for seq in range(1, 4):
        buffer.put(durable(seq))
    assert await rest(buffer) == [durable(1), durable(2), durable(3)]


async def test_a_slow_reader_is_told_which_durable_events_were_dropped() -> None:
    buffer = EventBuffer(limit=3)
    for seq in range(5, 9):
        buffer.put(durable(seq))
    assert await rest(buffer) == [MissedEvent(at=AT, first=5, last=7), durable(8)]


async def test_an_overflow_on_top_of_an_overflow_widens_what_was_missed() -> None:
    buffer = EventBuffer(limit=3)
    for seq in range(1, 1001):
        buffer.put(durable(seq))
        assert len(buffer) <= 3
    first, *others = await rest(buffer)
    assert isinstance(first, MissedEvent)
    assert (first.first, others[0].seq) == (1, first.last + 1)


async def test_dropped_passing_events_count_as_missed_without_a_number() -> None:
    buffer = EventBuffer(limit=2)
    for _ in range(3):
        buffer.put(LinkEvent(at=AT, contact=1, stage="linked"))
    assert (await rest(buffer))[0] == MissedEvent(at=AT, first=0, last=0)


async def test_the_error_of_a_closed_buffer_comes_after_what_waited() -> None:
    buffer = EventBuffer()
    buffer.put(durable(1))
    buffer.close(UnreachableError("gone"))
    buffer.put(durable(2))
    assert await anext(buffer) == durable(1)
    with pytest.raises(UnreachableError):
        await anext(buffer)
    with pytest.raises(StopAsyncIteration):
        await anext(buffer)


async def test_a_waiting_reader_wakes_for_an_event_and_for_the_end() -> None:
    buffer = EventBuffer()
    waiting = asyncio.ensure_future(anext(buffer))
    await asyncio.sleep(0)
    buffer.put(durable(1))
    assert await waiting == durable(1)
    waiting = asyncio.ensure_future(anext(buffer))
    await asyncio.sleep(0)
    await buffer.aclose()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_the_memory_node_replays_and_says_what_it_forgot() -> None:
    node = MemoryNode.sample(FixedClock())
    sent = await node.send("bob", "hello")
    last = len(await rest(node.subscribe(since=0)))
    node.forget_events()
    node.set_state(sent.id, "delivered")
    first, *_others = await rest(node.subscribe(since=2))
    assert isinstance(first, MissedEvent)
    assert (first.first, first.last) == (3, last)
