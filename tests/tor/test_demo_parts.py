"""The demo's network and its two people: what is answered travels over tor, and only there."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tuichat.api import AsyncClient
from tuichat.bootstrap.demo import ROBIN, Demo
from tuichat.bootstrap.echo_person import GREETING
from tuichat.model import Message

pytestmark = pytest.mark.tor

SECONDS = 120.0


async def until(you: AsyncClient, reached: Callable[[list[Message]], object]) -> list[Message]:
    """Wait until the conversation with robin is as wanted; gives it."""
    async with asyncio.timeout(SECONDS):
        events = you.subscribe()
        while not reached(history := await you.messages(ROBIN)):
            await anext(events)
    return history


async def until_cut_off(you: AsyncClient) -> None:
    async with asyncio.timeout(SECONDS):
        events = you.subscribe()
        while (await you.contact_list())[0].stage == "linked":
            await anext(events)


async def test_robin_answers_each_line_once_and_not_while_the_relays_stand_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TUICHAT_TOR__BINARY")  # by which tests find no tor; the demo has a network of its own
    told: list[str] = []
    async with Demo(told.append) as demo:
        await demo.build()
        directory = demo.you.paths.home.parent
        async with await demo.you.attach() as you, await demo.robin.attach() as robin:
            assert [(person.name, person.state) for person in await you.contact_list()] == [
                (ROBIN, "accepted")
            ]
            await you.send(ROBIN, "first")
            await until(you, lambda history: history[-1].text == "You wrote: first")

            os.kill((await robin.hello()).pid, signal.SIGKILL)
            await you.send(ROBIN, "second")
            await until(you, lambda history: history[-1].text == "You wrote: second")

            await demo.network.stop_relays()
            await until_cut_off(you)
            sent = await you.send(ROBIN, "third")
            assert (await you.message_get(sent.id)).state == "queued"
            assert (await you.messages(ROBIN))[-1].id == sent.id

            await demo.network.start_relays()
            history = await until(you, lambda history: history[-1].text == "You wrote: third")
            assert sum(message.kind == "file" for message in history) == 1
            assert [message.text for message in history if message.kind == "text"] == [
                GREETING.format(name=ROBIN),
                *("first", "You wrote: first"),
                *("second", "You wrote: second"),
                *("third", "You wrote: third"),
            ]
    assert len(told) > 5
    assert not directory.exists()


async def test_cancelled_in_the_middle_it_leaves_nothing() -> None:
    starting = asyncio.Event()

    def tell(text: str) -> None:
        if "nodes" in text:
            starting.set()

    async with Demo(tell) as demo:
        directory = demo.you.paths.home.parent
        building = asyncio.ensure_future(demo.build())
        async with asyncio.timeout(SECONDS):
            await starting.wait()
        building.cancel()
        await asyncio.wait({building})
        assert building.cancelled()
    assert not directory.exists()
    assert not [entry for entry in Path("/proc").glob("[0-9]*") if str(directory) in command(entry)]


def command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(errors="replace")
    except OSError:
        return ""
