"""Budgets of callers: strangers share one, everybody else has one of their own."""

from __future__ import annotations

from tests.support.fixed_clock import FixedClock
from tuichat.node.budget import (
    MAX_CALLS_EACH,
    MAX_STRANGERS,
    STRANGERS,
    STRANGERS_AT_ONCE,
    STRANGERS_PER_SECOND,
    Budget,
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


def test_each_contact_and_invite_has_its_own() -> None:
    budget = Budget(FixedClock().monotonic)
    for _ in range(MAX_CALLS_EACH):
        assert budget.allows(1)
        budget.enter(1)
    assert not budget.allows(1)
    assert budget.allows(2)
    assert budget.allows(-1)
