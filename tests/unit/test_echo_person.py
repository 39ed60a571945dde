"""The demo's second person: what it says, and that it says it once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.served import served
from tuichat.api import AsyncClient
from tuichat.bootstrap.echo_person import EchoPerson, answer_to
from tuichat.model import MAX_TEXT_BYTES, MessageEvent

SECONDS = 20.0


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("hello", "Hello!"),
        ("  Hi, Robin!! ", "Hello!"),
        ("How are you?", "Fine"),
        ("What's this?", "A small Tor network"),
        ("WHAT IS THIS", "A small Tor network"),
        ("help", "Write anything"),
        ("bye...", "Bye!"),
        ("你好", "你好！"),
        ("你好吗？", "我很好"),
        ("这是什么？", "这是你电脑上"),
        ("帮助", "随便写点什么"),
        ("再见！", "再见！"),
    ],
)
def test_known_phrases_are_answered_in_their_language(asked: str, said: str) -> None:
    assert answer_to(asked, "robin").startswith(said)


@pytest.mark.parametrize("text", ["page 3 has the figures", "hello world", "two\nlines", "?!", "👩‍🚀"])
def test_anything_else_comes_back_as_it_was(text: str) -> None:
    assert answer_to(text, "robin") == f"You wrote: {text}"


def test_chinese_comes_back_in_chinese() -> None:
    assert answer_to("第三页有图表", "robin") == "你写道：第三页有图表"


@pytest.mark.parametrize("text", ["x" * MAX_TEXT_BYTES, "图" * (MAX_TEXT_BYTES // 3)])
def test_the_longest_message_has_an_answer_that_fits(text: str) -> None:
    assert 0 < len(answer_to(text).encode()) <= MAX_TEXT_BYTES


@pytest.fixture
def node() -> MemoryNode:
    made = MemoryNode(FixedClock())
    made.person("you")
    return made


@pytest.fixture
async def attached(node: MemoryNode) -> AsyncIterator[list[AsyncClient]]:
    """The clients that a running echo person has asked for so far; the last one is in use."""
    clients: list[AsyncClient] = []
    async with served(node) as (_server, path):

        async def attach() -> AsyncClient:
            clients.append(await AsyncClient.open(path))
            return clients[-1]

        running = asyncio.ensure_future(EchoPerson(attach, "you", "robin").run())
        yield clients
        running.cancel()
        await asyncio.wait({running})


async def until(node: MemoryNode, reached: Callable[[list[str]], bool]) -> list[str]:
    """Wait until what it has said is as wanted; gives that."""
    async with asyncio.timeout(SECONDS):
        events = node.subscribe()
        while not reached(said := [m.text for m in await node.messages("you") if m.direction == "out"]):
            while not isinstance(await anext(events), MessageEvent):
                pass
    return said


async def test_it_says_hello_once_and_answers_each_message_once(
    node: MemoryNode, attached: list[AsyncClient]
) -> None:
    await until(node, lambda said: len(said) == 1)
    node.incoming("you", "one")
    node.incoming("you", "two")
    said = await until(node, lambda said: len(said) == 3)
    assert "robin" in said[0]
    assert said[1:] == ["You wrote: one", "You wrote: two"]


async def test_it_offers_a_file_once_and_takes_those_that_it_is_offered(
    node: MemoryNode, tmp_path: Path
) -> None:
    gift = tmp_path / "gift"
    gift.write_bytes(bytes(10))
    node.incoming("you", "before it began")
    async with served(node) as (_server, path):
        for heard in (3, 4):  # the second time it has to find out what it said already
            running = asyncio.ensure_future(
                EchoPerson(lambda: AsyncClient.open(path), "you", "robin", gift).run()
            )
            await until(node, lambda said, heard=heard: len(said) == heard)  # type: ignore[misc]
            if heard == 3:
                offered = node.offer("you", "plan.txt", 5)
                await until(node, lambda said: len(said) == 4)
            running.cancel()
            await asyncio.wait({running})
    kinds = [m.kind for m in await node.messages("you") if m.direction == "out"]
    assert kinds == ["text", "file", "text", "text"]
    assert (await node.file_get(offered.id)).state in ("waiting", "active", "complete")
    assert "plan.txt (5 bytes)" in (await node.messages("you"))[-1].text


async def test_after_a_broken_connection_it_answers_what_came_meanwhile_and_nothing_twice(
    node: MemoryNode, attached: list[AsyncClient]
) -> None:
    await until(node, lambda said: len(said) == 1)
    node.incoming("you", "before")
    await until(node, lambda said: len(said) == 2)
    await attached[-1].close()
    node.incoming("you", "meanwhile")
    await until(node, lambda said: len(said) == 3)
    node.break_off("handover")
    node.incoming("you", "after")
    said = await until(node, lambda said: len(said) == 4)
    assert said[1:] == ["You wrote: before", "You wrote: meanwhile", "You wrote: after"]
    assert len(attached) == 3
