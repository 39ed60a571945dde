"""A clock that jumps, either way, is noticed once; one that is set right by little is not."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.node.clock_watch import JUMP_SECONDS, LOOK_SECONDS, ClockWatch


def noticed(*offsets: float) -> list[int]:
    """How many jumps were noticed after each of these settings of the clock."""

    async def whole() -> list[int]:
        clock, jumps = VirtualClock(), list[None]()
        task = asyncio.create_task(ClockWatch(clock, lambda: jumps.append(None)).keep())
        await asyncio.sleep(LOOK_SECONDS / 2)
        counts = []
        for offset in offsets:
            clock.offset = offset
            await asyncio.sleep(LOOK_SECONDS)
            counts.append(len(jumps))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return counts

    counts: list[int] = run_virtual(whole())
    return counts


@pytest.mark.parametrize("offset", [JUMP_SECONDS, 8 * 3600.0, -86_400.0])
def test_a_jump_is_noticed_once_at_the_next_look(offset: float) -> None:
    assert noticed(0.0, offset, offset, offset, 0.0) == [0, 1, 1, 1, 2]


def test_a_clock_that_is_set_right_by_little_did_not_jump() -> None:
    assert noticed(0.9 * JUMP_SECONDS, 1.8 * JUMP_SECONDS, 0.9 * JUMP_SECONDS) == [0, 0, 0]
