"""A person is told that a session could not go on; not of the first, nor of one that was lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.delivery_ends import End, Ends
from tests.support.fixed_clock import FixedClock
from tests.support.handshakes import flip
from tuichat.event_buffer import EventBuffer
from tuichat.model import NoticeEvent
from tuichat.protocol.frames import Env, New

HOUR = 3600.0
Heard = dict[str, EventBuffer]


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    ends = Ends(tmp_path)
    yield ends
    ends.dialler.store.close()
    ends.answerer.store.close()


@pytest.fixture
def heard(ends: Ends) -> Heard:
    return {"dialler": ends.dialler.hub.subscribe(None), "answerer": ends.answerer.hub.subscribe(None)}


async def told(heard: Heard) -> dict[str, int]:
    """How often each side was told since the last time."""
    found = dict.fromkeys(heard, 0)
    for side, events in heard.items():
        while len(events):
            event = await anext(events)
            found[side] += isinstance(event, NoticeEvent) and "begun anew" in event.text
    return found


def break_off(ends: Ends) -> None:
    """The dialler gets an envelope that does not open."""
    broken = flip(ends.answerer.forge(ends.answerer.session.sealed + 1, b"x"), 3000)
    ends.dialler.give(Env(ends.dialler.session.sid, broken))
    ends.carry()


def later(end: End, seconds: float) -> None:
    clock = end.hub._clock
    assert isinstance(clock, FixedClock)
    clock.advance(seconds)
    end.seconds += seconds


async def test_first_session_and_one_that_was_lost_on_the_way_are_nobodys_business(
    ends: Ends, heard: Heard
) -> None:
    ends.connect()
    ends.answerer.handle(ends.dialler.leaving.popleft())
    assert any(isinstance(frame, New) for frame in ends.answerer.leaving)
    for _ in range(2):  # the first link is lost with what it had to carry
        ends.connect()
        ends.carry()
    ends.dialler.write("arrives")
    ends.carry()
    assert ends.answerer.read() == ["arrives"]
    assert await told(heard) == {"dialler": 0, "answerer": 0}


async def test_envelope_that_does_not_open_is_told_on_both_sides(ends: Ends, heard: Heard) -> None:
    ends.connect()
    ends.carry()
    break_off(ends)
    assert await told(heard) == {"dialler": 1, "answerer": 1}


async def test_counts_that_differ_are_told_by_who_compares_them(ends: Ends, heard: Heard) -> None:
    ends.connect()
    ends.carry()
    old = ends.dialler.session
    ends.answerer.write("one")
    ends.carry()
    ends.dialler.store.sessions.put(old)
    ends.connect()
    ends.carry()
    assert await told(heard) == {"dialler": 0, "answerer": 1}


async def test_it_is_told_once_a_day(ends: Ends, heard: Heard) -> None:
    ends.connect()
    ends.carry()
    for hours, times in ((0, 1), (1, 0), (22, 0), (2, 1)):
        for end in (ends.dialler, ends.answerer):
            later(end, hours * HOUR)
        break_off(ends)
        assert await told(heard) == {"dialler": times, "answerer": times}, hours
