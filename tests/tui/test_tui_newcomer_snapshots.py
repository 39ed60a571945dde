"""How the pages look that explain how one stands, where a link leads, and what is asked for unseen."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.interface import interface
from tests.support.memory_node import MemoryNode
from tests.tui.test_tui_dialog_snapshots import command
from tests.tui.test_tui_snapshots import assert_looks, conversation, sizes, then

Compare = Callable[..., bool]
Size = tuple[int, int]


def linked() -> MemoryNode:
    """The sample, with a link in its newest message."""
    node = conversation()
    node.incoming("bob", "the pictures: https://例子.example/plan and http://bob@example.org/")
    return node


@sizes
def test_status(snap_compare: Compare, size: Size) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=command("status"))


@sizes
def test_link_before_it_is_opened(snap_compare: Compare, size: Size) -> None:
    app = interface(linked())
    assert_looks(snap_compare, app, terminal_size=size, run_before=then("alt+end", "escape", "o"))


def test_link_in_a_message(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(linked()), run_before=then())


@sizes
def test_reactions_to_choose_from(snap_compare: Compare, size: Size) -> None:
    app = interface(linked())
    assert_looks(snap_compare, app, terminal_size=size, run_before=then("alt+end", "escape", "+"))


@sizes
def test_passphrase_of_the_profile(snap_compare: Compare, size: Size) -> None:
    app = interface(conversation())
    before = command("passphrase", "x", "enter", "y", "enter")
    assert_looks(snap_compare, app, terminal_size=size, run_before=before)
