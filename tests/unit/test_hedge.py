"""A second attempt beside one that takes long: one result, one decision, nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from tuichat.network.hedge import hedged
from tuichat.network.transport import ConnectionLostError, RefusedError


class Attempts:
    """Two attempts that end when they are told how; `begun` and `ended` name them, in order."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.outcomes = {name: loop.create_future() for name in ("first", "second")}
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.undone: list[str] = []

    def attempt(self, name: str) -> Callable[[], Coroutine[None, None, str]]:
        async def run() -> str:
            self.begun.append(name)
            try:
                result: str = await asyncio.shield(self.outcomes[name])
                return result
            finally:
                self.ended.append(name)

        return run

    async def undo(self, result: str) -> None:
        self.undone.append(result)
        await asyncio.sleep(0)

    def start(self, patience: float) -> asyncio.Task[str]:
        return asyncio.ensure_future(
            hedged(self.attempt("first"), self.attempt("second"), patience, self.undo)
        )

    async def both(self) -> asyncio.Task[str]:
        """As it is when both are under way."""
        task = self.start(0)
        while len(self.begun) < 2:  # noqa: ASYNC110 - the loop's own turns bring it about
            await asyncio.sleep(0)
        return task


async def test_one_that_is_fast_enough_stays_alone() -> None:
    attempts = Attempts()
    task = attempts.start(60)
    attempts.outcomes["first"].set_result("one")
    assert await task == "one"
    assert attempts.begun == ["first"]
    assert attempts.undone == []


async def test_one_that_fails_at_once_is_not_tried_again() -> None:
    attempts = Attempts()
    task = attempts.start(60)
    attempts.outcomes["first"].set_exception(ConnectionLostError())
    with pytest.raises(ConnectionLostError):
        await task
    assert attempts.begun == ["first"]


@pytest.mark.parametrize("name", ["first", "second"])
async def test_the_faster_one_counts_and_the_other_has_ended(name: str) -> None:
    attempts = Attempts()
    task = await attempts.both()
    attempts.outcomes[name].set_result(name)
    assert await task == name
    assert sorted(attempts.ended) == ["first", "second"]
    assert attempts.undone == []


async def test_when_both_succeed_one_is_undone() -> None:
    attempts = Attempts()
    task = await attempts.both()
    for name, outcome in attempts.outcomes.items():
        outcome.set_result(name)
    assert sorted([await task, *attempts.undone]) == ["first", "second"]


@pytest.mark.parametrize("name", ["first", "second"])
async def test_one_that_fails_leaves_the_other_its_time(name: str) -> None:
    attempts = Attempts()
    task = await attempts.both()
    attempts.outcomes.pop(name).set_exception(ConnectionLostError())
    while attempts.ended != [name]:  # noqa: ASYNC110 - the loop's own turns bring it about
        await asyncio.sleep(0)
    assert not task.done()
    for outcome in attempts.outcomes.values():
        outcome.set_result("the other")
    assert await task == "the other"


async def test_when_both_fail_it_has_failed() -> None:
    attempts = Attempts()
    task = await attempts.both()
    for outcome in attempts.outcomes.values():
        outcome.set_exception(ConnectionLostError())
    with pytest.raises(ConnectionLostError):
        await task


@pytest.mark.parametrize("error", [RefusedError, ValueError])
@pytest.mark.parametrize("name", ["first", "second"])
async def test_refusals_and_mistakes_decide_at_once(name: str, error: type[Exception]) -> None:
    attempts = Attempts()
    task = await attempts.both()
    attempts.outcomes[name].set_exception(error())
    with pytest.raises(error):
        await task
    assert sorted(attempts.ended) == ["first", "second"]


async def test_cancelled_it_leaves_neither() -> None:
    attempts = Attempts()
    task = await attempts.both()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert sorted(attempts.ended) == ["first", "second"]


async def test_cancelled_while_one_is_undone_it_undoes_both() -> None:
    attempts = Attempts()
    task = await attempts.both()
    for name, outcome in attempts.outcomes.items():
        outcome.set_result(name)
    while not attempts.undone:  # noqa: ASYNC110 - the loop's own turns bring it about
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert set(attempts.undone) == {"first", "second"}
