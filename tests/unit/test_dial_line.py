"""Who dials when: what was just written first, then what is queued, and nobody is left behind for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.support.virtual_time import VirtualClock, run_virtual
from tuichat.node.dial_line import EVERY, IN_VAIN_SECONDS, KEPT_PLACES, PLACES, DialLine, Turn

HANGING = 120.0


class Street:
    """People who dial through one line.

    Attributes:
        began: who got a place, in order, each with the time.
        most: how many dialled at once.
    """

    def __init__(self) -> None:
        self.line = DialLine(VirtualClock())
        self.began: list[tuple[str, float]] = []
        self.turns: dict[str, Turn] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.dialling = self.most = 0

    def comes(
        self,
        name: str,
        *,
        fresh: bool = False,
        queued: bool = False,
        failures: int = 0,
        met_at: int = 0,
        takes: float = HANGING,
    ) -> None:
        """Somebody wants to dial, which takes so many seconds."""
        turn = Turn(fresh, queued, failures, met_at, lambda: self.leaves(name))
        self.turns[name] = turn
        self.tasks[name] = asyncio.create_task(self._dial(name, turn, takes))

    def leaves(self, name: str) -> None:
        """Somebody gives up, waiting or dialling."""
        self.tasks[name].cancel()

    async def _dial(self, name: str, turn: Turn, takes: float) -> None:
        async with self.line.turn(turn):
            self.began.append((name, asyncio.get_running_loop().time()))
            self.dialling += 1
            self.most = max(self.most, self.dialling)
            try:
                await asyncio.sleep(takes)
            finally:
                self.dialling -= 1

    @property
    def order(self) -> list[str]:
        """Who has begun, in order."""
        return [name for name, _time in self.began]

    def since(self, name: str) -> float:
        """When somebody began."""
        return dict(self.began)[name]


def played(story: Callable[[Street], Awaitable[None]]) -> Street:
    async def whole() -> Street:
        street = Street()
        await story(street)
        await asyncio.gather(*street.tasks.values(), return_exceptions=True)
        return street

    street: Street = run_virtual(whole())
    assert street.most <= PLACES
    return street


def test_queued_comes_before_the_rest_then_fewer_failures_then_who_was_met_last() -> None:
    async def story(street: Street) -> None:
        street.comes("never met")
        street.comes("met", met_at=5)
        street.comes("queued, failed", queued=True, failures=1, met_at=9)
        street.comes("queued", queued=True, met_at=1)
        street.comes("queued, met later", queued=True, met_at=2)

    order = played(story).order
    assert order[:3] == ["queued, met later", "queued", "queued, failed"]
    assert order[3:] == ["met", "never met"]


def test_who_has_nothing_queued_is_not_left_behind_for_ever() -> None:
    async def story(street: Street) -> None:
        for number in range(40):
            street.comes(f"queued {number}", queued=True, takes=1.0)
        street.comes("patient", takes=1.0)

    assert "patient" in played(story).order[:EVERY]


def test_contact_for_whom_something_is_queued_does_not_pass_everybody_by_failing_again() -> None:
    async def story(street: Street) -> None:
        street.comes("fails on and on", queued=True, failures=1)
        for number in range(PLACES - KEPT_PLACES):
            street.comes(f"first time {number}", queued=True)

    assert played(story).order[-1] == "fails on and on"


def test_what_was_just_written_does_not_wait_for_dials_that_hang() -> None:
    async def story(street: Street) -> None:
        for number in range(40):
            street.comes(f"away {number}", queued=True)
        await asyncio.sleep(1.0)
        assert street.dialling == PLACES - KEPT_PLACES
        for number in range(KEPT_PLACES):
            street.comes(f"fresh {number}", fresh=True, takes=1.0)
        await asyncio.sleep(0.1)

    street = played(story)
    assert [street.since(f"fresh {number}") for number in range(KEPT_PLACES)] == [1.0, 1.0]


def test_somebody_who_waits_is_hurried_when_something_is_written() -> None:
    async def story(street: Street) -> None:
        for number in range(40):
            street.comes(f"away {number}", met_at=1)
        street.comes("friend", takes=1.0)
        await asyncio.sleep(5.0)
        street.line.hurry(street.turns["friend"])

    assert played(story).since("friend") == 5.0


def test_more_of_what_was_just_written_waits_until_one_has_dialled_in_vain_for_long() -> None:
    async def story(street: Street) -> None:
        for number in range(40):
            street.comes(f"away {number}")
        await asyncio.sleep(1.0)
        for number in range(KEPT_PLACES):
            street.comes(f"fresh, away {number}", fresh=True)
        await asyncio.sleep(1.0)
        street.comes("fresh 1", fresh=True, takes=1.0)
        street.comes("fresh 2", fresh=True, takes=1.0)

    street = played(story)
    assert street.since("fresh 1") == street.since("fresh 2") == IN_VAIN_SECONDS
    gave_way = [name for name, task in street.tasks.items() if task.cancelled()]
    assert len(gave_way) == 2
    assert all(name.startswith("away") for name in gave_way)


def test_who_has_dialled_long_may_go_on_while_nobody_needs_the_place() -> None:
    async def story(street: Street) -> None:
        for number in range(PLACES):
            street.comes(f"away {number}")
        await asyncio.sleep(2 * IN_VAIN_SECONDS)
        street.comes("fresh", fresh=True)

    assert not any(task.cancelled() for task in played(story).tasks.values())


def test_who_leaves_while_waiting_takes_no_place() -> None:
    async def story(street: Street) -> None:
        for number in range(PLACES):
            street.comes(f"fresh {number}", fresh=True)
        street.comes("gone", fresh=True)
        await asyncio.sleep(1.0)
        street.leaves("gone")

    street = played(story)
    assert "gone" not in street.order
    assert sum(task.cancelled() for task in street.tasks.values()) == 1
