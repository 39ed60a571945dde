"""Waiting for a message that was sent: it ends when nothing can come of it any more."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.memory_node import MemoryNode
from tuichat.api.client import AsyncClient
from tuichat.cli.context import Context
from tuichat.cli.waiting import Waiting
from tuichat.errors import NotFoundError


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
