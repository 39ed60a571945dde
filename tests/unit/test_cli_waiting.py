"""Waiting for a message that was sent: it ends when nothing can come of it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.api.client import AsyncClient
from tuichat.cli import output, send_files
from tuichat.cli.commands import build_parser
from tuichat.cli.context import Context
from tuichat.cli.output import Output
from tuichat.cli.waiting import Waiting
from tuichat.errors import NotFoundError, NotYetError


@pytest.mark.parametrize("goes", ["disappears", "is erased", "contact removed"])
async def test_message_that_is_gone_is_waited_for_no_more(goes: str) -> None:
    node = MemoryNode(FixedClock())
    node.person("bob")
    other, mine = node.outgoing("bob", "other"), node.outgoing("bob", "brief")
    client = cast(AsyncClient, node)
    waiting = Waiting(cast(Context, None), "read", 3600)
    waits = asyncio.create_task(waiting.until_there(client, mine))
    await asyncio.sleep(0)
    node.disappeared(other.id)
    await asyncio.sleep(0)
    assert not waits.done()
    if goes == "disappears":
        node.disappeared(mine.id)
    else:
        await (node.contact_erase if goes == "is erased" else node.contact_remove)("bob")
    async with asyncio.timeout(5):
        message = await waits
    with pytest.raises(NotFoundError, match=f"Message {mine.id} is gone"):
        await waiting.check(client, message)


@pytest.mark.parametrize(
    "words",
    [
        ("send", "bob", "hi", "--wait", "sent", "--timeout", "0"),
        ("send", "bob", "--file", __file__, "--wait", "sent", "--timeout", "0"),
        ("files", "accept", "1", "--wait", "--timeout", "0"),
        ("files", "accept", "1", "--wait", "--timeout", "0", "--json"),
    ],
)
def test_what_did_not_come_about_in_time_is_told_though_nobody_reads_the_result(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """As behind `| true`."""
    silenced: list[int] = []

    class Unread(Output):
        def json_line(self, record: msgspec.Struct | dict[str, Any]) -> None:
            raise BrokenPipeError

        line = json_line  # type: ignore[assignment]

    def with_node(work: Callable[[AsyncClient], Awaitable[int]]) -> int:
        async def alone() -> int:
            node = MemoryNode(FixedClock())
            node.person("bob")
            node.offer("bob", "film.mkv", 10)
            return await work(cast(AsyncClient, node))

        return asyncio.run(alone())

    monkeypatch.setattr(output, "silence_stdout", lambda: silenced.append(1))
    monkeypatch.setattr(send_files, "ends_with_this_command", never)
    understood = build_parser().parse_args(words)
    with pytest.raises(NotYetError):
        understood.run(
            SimpleNamespace(
                words=understood, output=Unread(understood.json), with_node=with_node, clock=FixedClock()
            )
        )
    assert silenced


async def never(_node: AsyncClient) -> bool:
    return False
