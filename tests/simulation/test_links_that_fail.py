"""Links that end as soon as they stand, because of one side's disk: both rest, and go on when all is well."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.support.invariants_contact import Pair
from tests.support.simulated_node import until
from tests.support.virtual_time import run_virtual

HOUR = 3600.0
LONG = "does not fit " * 2_000


def test_two_do_not_call_each_other_without_a_pause_while_a_disk_is_full(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await _meet(pair)
            pair.bob.disk_full = True
            await pair.alice.say(pair.bob, LONG)
            await asyncio.sleep(HOUR)
            (times,) = pair.network.calls.values()
            assert 10 < len(times) < 120
            pair.bob.disk_full = False
            assert await until(pair.alice.settled, 120.0)
            assert await pair.bob.history(pair.alice) == [LONG]

    run_virtual(story())


def test_one_link_that_ended_early_is_made_good_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with Pair(tmp_path) as pair:
            await _meet(pair)
            pair.network.cut_all()
            assert await until(pair.both_linked, 10.0)

    run_virtual(story())


async def _meet(pair: Pair) -> None:
    await pair.alice.node.contact_add(pair.bob.address, "bob")
    await pair.bob.node.contact_add(pair.alice.address, "alice")
    assert await until(pair.both_linked, HOUR)
