"""Who and what is in the pictures of the interface, and how one gets to what they show."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import settle
from tests.support.memory_node import MemoryNode
from tuichat.model import Quote
from tuichat.tui.app import TuichatApp

Before = Callable[[Pilot[Any]], Awaitable[None]]

ODS = "application/vnd.oasis.opendocument.spreadsheet"


def then(*keys: str) -> Before:
    """Press keys once the interface is loaded; letters are typed without looking up."""

    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            if len(key) > 1:
                await settle(pilot)
        await settle(pilot)

    return before


def command(name: str, *keys: str) -> Before:
    """Run a command of the palette once the interface is loaded, then press keys."""

    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        cast(TuichatApp, pilot.app).run_command(name)
        await settle(pilot)
        await then(*keys)(pilot)

    return before


def conversation() -> MemoryNode:
    """The people of the sample, and a conversation with something of everything in it."""
    clock = FixedClock()
    node = MemoryNode.sample(clock, node="detached")
    clock.advance(86_400)
    node.incoming("bob", "did you get the second draft? It is a bit longer than the first one was.")
    node.outgoing("bob", "yes\n第三页有图表，看起来不错 🇨🇳 👩‍👩‍👧", state="read")
    clock.advance(1_900)
    node.outgoing("bob", "this one left already", state="sent")
    node.outgoing("bob", "this one did not", state="failed")
    return node


def done() -> MemoryNode:
    """A conversation in which everything was done to some message."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob", stage="linked", verified=True)
    question = node.incoming("bob", "did the draft reach you, @bob?\nIt has 第三页 too.")
    answer = node.outgoing("bob", "yes, reading it now", state="delivered")
    node.change_message(
        answer.id,
        reply_to=question.id,
        quote=Quote(message=question.id, direction="in", text=question.text),
        edited=True,
        reactions=("👍", "👍", "🎉"),
    )
    late = node.incoming("bob", "that was an answer to something else")
    node.change_message(late.id, quote=Quote())
    node.change_message(node.outgoing("bob", "", state="delivered").id, unsent="asked")
    node.change_message(node.incoming("bob", "").id, unsent="done")
    node.incoming("bob", "/me puts [red]the kettle[/red] on")
    return node


def kept() -> MemoryNode:
    """The people of the sample: one pinned and tagged, one muted with something new, one archived."""
    node = MemoryNode.sample(FixedClock(), node="detached")
    node.person("eve")
    node.person("frank", state="blocked")

    async def keep() -> None:
        await node.contact_tag("alice", ["work", "家人"])
        await node.conversation_set("alice", pinned=True, muted=True)
        await node.conversation_set("小明", muted=True)
        await node.conversation_set("eve", archived=True)
        await node.contact_tag("小明", ["家人"])

    asyncio.run(keep())
    return node


def files() -> MemoryNode:
    """A conversation with bob in which files stand in as many ways as fit on a screen."""
    clock = FixedClock()
    node = MemoryNode.sample(clock, node="detached", files=True)
    clock.advance(600)
    mine = node._send(
        "bob", "/home/you/第三页 final figures of the year 2026.ods", "", 9_400_000, "", False, None
    )
    node.set_state(mine.message.id, "delivered")
    node.set_file(mine.file.id, state="waiting")
    node.progress(mine.file.id, 3_100_000, rate=410_000, circuits=4)
    done = node.offer("bob", "minutes.pdf", 184_000, media_type="application/pdf", caption="as promised")
    node.end(done.id, "complete")
    return node


def hostile() -> MemoryNode:
    """Names that would be markup, hide their kind, fill the row or turn it."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob", stage="linked", verified=True)
    trick = node.offer("bob", "[@click=app.quit]free[/] [red]holiday.jpg" + " " * 40 + ".exe", 812)
    node.end(trick.id, "complete")
    node.set_file(trick.id, media_type="image/jpeg", sniffed_type="application/x-elf")
    node.offer(
        "bob", "长" * 120 + ".tar.gz", 2**62, media_type="application/gzip", place="[b]a[/b]/" + "b" * 63
    )
    node.offer("bob", "\\[bold]ok\\[/].ods", 0, media_type=ODS, caption="[link=http://a]not a link[/link]")
    stopped = node.offer("bob", "film.mkv", 734_000_000, media_type="video/x-matroska")
    node.progress(stopped.id, 1_000_000, rate=1, circuits=12)
    return node


def talkative() -> MemoryNode:
    """The sample, with more to find."""
    node = MemoryNode.sample(FixedClock(), node="detached", files=True)
    node.incoming("小明", "图表在第三页，你看 👩‍🚀👩‍🚀 了吗？ " + "很长的一句话" * 12 + "图表")
    node.outgoing("小明", "first line\nthe [bold]figures[/] are on page 3, 图表 too")
    return node
