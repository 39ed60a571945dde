"""A timer that rings once does so however late it comes to waiting: new sizes and what is due hang on it."""

from __future__ import annotations

import asyncio
from itertools import chain, repeat

import pytest
from textual import _time

from tests.support.fixed_clock import FixedClock
from tests.support.interface import running
from tests.support.memory_node import MemoryNode


async def test_a_timer_whose_time_is_over_before_it_begins_to_wait_rings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MemoryNode.sample(FixedClock())) as (_screen, pilot):
        began, rang = _time.get_time(), asyncio.Event()
        looks = chain([began], repeat(began + 1))  # the process stood still behind the first
        monkeypatch.setattr(_time, "get_time", lambda: next(looks))
        pilot.app.set_timer(1 / 120, rang.set)
        await rang.wait()
        monkeypatch.undo()
