"""How answers, edits, reactions and what was taken back look."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface
from tests.support.memory_node import MemoryNode
from tests.tui.test_tui_snapshots import assert_looks, sizes, then
from tuichat.model import Quote
from tuichat.tui.glyphs import ASCII

Compare = Callable[..., bool]


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


@sizes
def test_what_was_done_to_messages(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(done()), terminal_size=size, run_before=then())


def test_what_was_done_to_messages_ascii(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(done(), glyphs=ASCII), run_before=then())


@sizes
def test_an_answer_is_being_written(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then("escape", "r", *"tea")
    assert_looks(snap_compare, interface(done()), terminal_size=size, run_before=before)


@sizes
def test_a_message_of_mine_is_chosen(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then("escape", "up", "up", "up", "up")
    assert_looks(snap_compare, interface(done()), terminal_size=size, run_before=before)
