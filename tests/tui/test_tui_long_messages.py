"""A history whose messages are long: the node gives a few at a time, and the interface shows all."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import history_text, running, settle
from tests.support.memory_node import MemoryNode
from tests.support.served import served
from tuichat.api import AsyncClient
from tuichat.model import Message
from tuichat.tui.screens.main import MainScreen


class BriefNode(MemoryNode):
    """Gives no more than 23 messages at a time."""

    async def messages(
        self, ref: str, limit: int = 50, before: int | None = None, after: int | None = None
    ) -> list[Message]:
        return await super().messages(ref, min(limit, 23), before, after)


def shown_ids(screen: MainScreen) -> list[int]:
    return [message.id for message in screen.history.window.messages]


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Wait for answers over a socket: they take some turns of the loop more than a node in memory."""
    for _turn in range(1_000):
        if condition():
            return
        await pilot.pause()
    raise AssertionError("it never came")


async def test_reading_up_and_down_a_history_that_comes_in_short_pages_misses_nothing() -> None:
    node = BriefNode.sample(FixedClock())
    node.fill("alice", 230)
    whole = [message.id for message in node._find("alice").history]
    async with (
        served(node) as (_, path),
        AsyncClient.connect(path) as client,
        running(cast(MemoryNode, client)) as (screen, pilot),
    ):
        await until(pilot, lambda: bool(shown_ids(screen)))
        people = screen.shared.session.known.conversations()
        screen.open(next(person.id for person in people if person.name == "alice"))
        await until(pilot, lambda: shown_ids(screen)[-1] == whole[-1])
        history = screen.history
        while history.window.has_older:
            history.scroll_pages(-4)
            await settle(pilot)
            assert shown_ids(screen) == whole[-len(shown_ids(screen)) :]
        assert shown_ids(screen) == whole
        history.to_start()
        await settle(pilot)
        assert node._find("alice").history[0].text.splitlines()[0][:10] in history_text(screen)
