"""Budgets of callers: strangers share one, everybody else has one of their own."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

import pytest

from tests.support.fixed_clock import FixedClock
from tuichat.errors import PeerError
from tuichat.node.budget import (
    EACH_AT_ONCE,
    EACH_PER_SECOND,
    MAX_CALLS_EACH,
    MAX_STRANGERS,
    STRANGERS,
    STRANGERS_AT_ONCE,
    STRANGERS_PER_SECOND,
    Budget,
    Turns,
)


def test_strangers_are_bounded_in_number_and_contacts_are_not_touched() -> None:
    clock = FixedClock()
    budget = Budget(clock.monotonic)
    leaving = []
    while budget.allows(STRANGERS):
        leaving.append(budget.enter(STRANGERS))
    assert len(leaving) == MAX_STRANGERS
    clock.advance(3600)
    assert not budget.allows(STRANGERS)
    assert budget.allows(7)
    assert budget.allows(-7)
    leaving[0]()
    leaving[0]()
    assert budget.allows(STRANGERS)
    budget.enter(STRANGERS)
    assert not budget.allows(STRANGERS)


def test_one_more_stranger_takes_the_place_of_who_lets_us_wait_longest() -> None:
    clock = FixedClock()
    budget = Budget(clock.monotonic)
    given_up: list[int] = []
    with contextlib.ExitStack() as calls:
        for number in range(MAX_STRANGERS):
            assert budget.allows(STRANGERS)
            budget.enter(STRANGERS)
            if number > 1:  # of the first two message 3 has come
                calls.enter_context(budget.awaiting(STRANGERS, partial(given_up.append, number)))
        calls.enter_context(budget.awaiting(7, partial(given_up.append, 7)))
        assert not budget.allows(STRANGERS), "nobody is given up for who cannot come in anyway"
        assert given_up == []
        clock.advance(3600)
        for _ in range(MAX_STRANGERS - 2):
            assert budget.allows(STRANGERS)
        assert given_up == list(range(2, MAX_STRANGERS))
        clock.advance(3600)
        assert not budget.allows(STRANGERS)


def test_handshakes_with_strangers_are_bounded_in_time() -> None:
    clock = FixedClock()
    budget = Budget(clock.monotonic)
    begun = 0
    for _tenth in range(100):
        while budget.allows(STRANGERS):
            begun += 1
            budget.enter(STRANGERS)()
        clock.advance(0.1)
    assert begun <= STRANGERS_AT_ONCE + 10 * STRANGERS_PER_SECOND
    assert begun >= 10 * STRANGERS_PER_SECOND


@pytest.mark.parametrize("whose", [7, -7])
def test_handshakes_under_one_secret_are_bounded_in_time_too(whose: int) -> None:
    clock = FixedClock()
    budget = Budget(clock.monotonic)
    begun = sum(budget.allows(whose) for _ in range(1000))
    assert begun == EACH_AT_ONCE
    assert budget.allows(whose + 1)
    clock.advance(3)
    assert sum(budget.allows(whose) for _ in range(1000)) == 3 * EACH_PER_SECOND


def test_each_contact_and_invite_has_its_own() -> None:
    budget = Budget(FixedClock().monotonic)
    for _ in range(MAX_CALLS_EACH):
        assert budget.allows(1)
        budget.enter(1)
    assert not budget.allows(1)
    assert budget.allows(2)
    assert budget.allows(-1)


async def test_requests_are_heard_one_by_one_with_time_for_others_between() -> None:
    clock = FixedClock()
    turns = Turns(clock.monotonic)
    heard: list[str] = []

    async def ask(name: str) -> None:
        async with turns.turn():
            heard.append(name)
            if name == "first":
                asyncio.get_running_loop().call_soon(heard.append, "a contact")

    await asyncio.gather(ask("first"), ask("second"))
    assert heard == ["first", "a contact", "second"]


async def test_a_request_that_fails_ends_its_turn() -> None:
    turns = Turns(FixedClock().monotonic)
    with pytest.raises(PeerError):
        async with turns.turn():
            raise PeerError("no request")
    async with turns.turn():
        pass
