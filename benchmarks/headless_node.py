"""`python -m benchmarks.headless_node ...` is `python -m tuichat ...`, whose node has no tor but is online.

Whom it calls is away: it goes on calling, at the pace that a node does. How often it has called is written
into the file HEADLESS_CALLS when it ends. With HEADLESS_EVENTS="RATE SECONDS" it tells so many durable events
a second, for so long, once somebody has subscribed: changes of messages, of which twenty are on disk together
at a time.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from benchmarks.joined import JoinedTransport
from tuichat.__main__ import main
from tuichat.bootstrap import building, running
from tuichat.bootstrap.building import open_node
from tuichat.network.transport import Dialled, DialStage
from tuichat.node.node import Node

AT_ONCE: Final = 20
"""Events of one transaction."""


class _Lonely(JoinedTransport):
    """In the place of a transport over tor."""

    def __init__(self, *_parts: object) -> None:
        super().__init__(b"", {})
        self._calls = 0

    async def dial(
        self, onion: bytes, message1: bytes, on_stage: Callable[[DialStage], None], reach: bytes | None = None
    ) -> Dialled:
        self._calls += 1
        return await super().dial(onion, message1, on_stage, reach)

    async def stop(self) -> None:
        await super().stop()
        if path := os.environ.get("HEADLESS_CALLS"):
            Path(path).write_text(str(self._calls), encoding="ascii")


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
    building.TorTransport = _Lonely  # type: ignore[assignment,attr-defined]
    if os.environ.get("HEADLESS_EVENTS"):
        running.open_node = _publishing  # type: ignore[attr-defined,assignment]
    sys.exit(main())
