"""How questions and dialogs look, and the terminal's own sixteen colours, each at three sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface, settle
from tests.support.memory_node import MemoryNode
from tests.tui.test_tui_snapshots import Before, assert_looks, conversation, sizes, then
from tuichat.tui.app import TuichatApp
from tuichat.tui.glyphs import ASCII

Compare = Callable[..., bool]
Size = tuple[int, int]


def command(name: str, *keys: str) -> Before:
    """Run a command of the palette once the interface is loaded, then press keys."""

    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        cast(TuichatApp, pilot.app).run_command(name)
        await settle(pilot)
        await then(*keys)(pilot)

    return before


@sizes
def test_sixteen_colours(snap_compare: Compare, size: Size) -> None:
    app = interface(conversation(), theme="sixteen")
    assert_looks(snap_compare, app, terminal_size=size, run_before=then())


@sizes
def test_question_in_sixteen_colours(snap_compare: Compare, size: Size) -> None:
    app = interface(conversation(), theme="sixteen")
    assert_looks(snap_compare, app, terminal_size=size, run_before=command("quit"))


@sizes
def test_quit(snap_compare: Compare, size: Size) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=then("ctrl+q"))


@sizes
def test_quick_switch(snap_compare: Compare, size: Size) -> None:
    before = command("switch", "a", "down")
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=before)


@sizes
def test_add_contact(snap_compare: Compare, size: Size) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=command("add"))


def test_add_contact_light(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation(), theme="light"), run_before=command("add"))


@sizes
def test_wipe(snap_compare: Compare, size: Size) -> None:
    before = command("wipe", "x", "enter")
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=before)


@sizes
def test_unlock(snap_compare: Compare, size: Size) -> None:
    app = interface(MemoryNode(FixedClock(), locked=True), sealed=True)
    assert_looks(snap_compare, app, terminal_size=size, run_before=then(*"wrong", "enter"))


@sizes
def test_own_address(snap_compare: Compare, size: Size) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=command("address"))


def test_own_address_light(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation(), theme="light"), run_before=command("address"))


def test_own_address_copied_where_no_code_can_be_drawn(snap_compare: Compare) -> None:
    assert_looks(
        snap_compare,
        interface(conversation(), glyphs=ASCII),
        terminal_size=(40, 15),
        run_before=command("address", "c"),
    )
