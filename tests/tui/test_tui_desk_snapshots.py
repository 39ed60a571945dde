"""How kept conversations, tags and archived ones look, each at three sizes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface
from tests.support.memory_node import MemoryNode
from tests.tui.test_tui_dialog_snapshots import command
from tests.tui.test_tui_snapshots import assert_looks, sizes, then
from tuichat.tui.glyphs import ASCII

Compare = Callable[..., bool]
Size = tuple[int, int]


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


@sizes
def test_kept_conversations_in_the_list(snap_compare: Compare, size: Size) -> None:
    before = then("alt+k") if size[0] < 60 else then()
    assert_looks(snap_compare, interface(kept()), terminal_size=size, run_before=before)


def test_kept_conversations_in_ascii(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(kept(), glyphs=ASCII), run_before=then())


@sizes
def test_card_of_somebody_with_tags(snap_compare: Compare, size: Size) -> None:
    assert_looks(snap_compare, interface(kept()), terminal_size=size, run_before=then("alt+i"))


@sizes
def test_quick_switch_by_a_tag(snap_compare: Compare, size: Size) -> None:
    before = command("switch", "#", "家", "down")
    assert_looks(snap_compare, interface(kept()), terminal_size=size, run_before=before)


def test_quick_switch_over_all(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(kept()), run_before=command("switch"))


def test_question_before_erasing(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(kept()), terminal_size=(40, 15), run_before=command("erase"))


def in_memory() -> MemoryNode:
    """The people of the sample; what is said with bob is in memory only."""
    node = MemoryNode.sample(FixedClock(), node="detached")
    asyncio.run(node.conversation_memory("bob", True))
    return node


@sizes
def test_conversation_in_memory_only(snap_compare: Compare, size: Size) -> None:
    assert_looks(snap_compare, interface(in_memory()), terminal_size=size, run_before=then())


@sizes
def test_question_before_a_conversation_is_in_memory_only(snap_compare: Compare, size: Size) -> None:
    node = MemoryNode.sample(FixedClock(), node="detached")
    assert_looks(snap_compare, interface(node), terminal_size=size, run_before=then("alt+i", "o"))
