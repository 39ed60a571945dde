"""`python -m benchmarks.headless_node ...` is `python -m tuichat ...`, whose node has no tor but is online.

Whom it calls is away: it goes on calling, at the pace that a node does. With HEADLESS_EVENTS="RATE SECONDS"
it tells so many durable events a second, for so long, once somebody has subscribed: changes of messages, of
which twenty are on disk together at a time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import cycle, islice
from typing import Any, Final

from benchmarks.joined import JoinedTransport
from tuichat.__main__ import main
from tuichat.bootstrap import building, running
from tuichat.bootstrap.building import open_node
from tuichat.node.node import Node

AT_ONCE: Final = 20
"""Events of one transaction."""


def _online(*_parts: Any) -> JoinedTransport:
    """In the place of a transport over tor."""
    return JoinedTransport(b"", {})


async def _publishing(*parts: Any) -> Node:
    node = await open_node(*parts)
    rate, seconds = map(int, os.environ["HEADLESS_EVENTS"].split())
    _tasks.add(asyncio.ensure_future(_publish(node, rate, seconds)))
    return node


_tasks: set[asyncio.Future[None]] = set()


async def _publish(node: Node, rate: int, seconds: int) -> None:
    """At an even pace, not in haste after a pause: what comes late is told late."""
    hub, loop = node._hub, asyncio.get_running_loop()
    while not hub.has_listeners:  # noqa: ASYNC110 - nobody tells when the first one comes
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    messages = cycle(message.id for message in await node.messages("Ada", AT_ONCE * 5))
    due = loop.time()
    for _ in range(rate * seconds // AT_ONCE):
        with hub.change() as changes:
            for message in islice(messages, AT_ONCE):
                changes.message(message)
        due += AT_ONCE / rate
        await asyncio.sleep(max(due - loop.time(), 0))


if __name__ == "__main__":
    building.TorTransport = _online  # type: ignore[assignment,attr-defined]
    if os.environ.get("HEADLESS_EVENTS"):
        running.open_node = _publishing  # type: ignore[attr-defined,assignment]
    sys.exit(main())
