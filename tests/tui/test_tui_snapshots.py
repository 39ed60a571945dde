"""How the screens look, as pictures: three sizes, both themes, the terminal's own colours, ASCII signs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import interface, settle
from tests.support.memory_node import MemoryNode
from tuichat.tui.app import TuichatApp
from tuichat.tui.glyphs import ASCII

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]

SIZES = {"small": (40, 15), "usual": (80, 24), "large": (200, 50)}
sizes = pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))


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


def assert_looks(compare: Compare, app: TuichatApp, **options: Any) -> None:
    """The app looks as it did, and it did not look so by falling over."""
    assert compare(app, **options)
    assert not app.return_code


@sizes
def test_main(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=then())


def test_main_light(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation(), theme="light"), run_before=then())


def test_main_ascii(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation(), glyphs=ASCII), run_before=then())


def test_main_without_colour(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert_looks(snap_compare, interface(conversation()), run_before=then())


def test_main_choosing(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation()), run_before=then("escape", "up", "up"))


def test_main_waiting_for_tor(snap_compare: Compare) -> None:
    node = conversation()
    node.set_service(published=False, reachable=False)
    node.set_tor(bootstrap=45, summary="")
    node.set_stage("bob", "rendezvous")
    assert_looks(
        snap_compare, interface(node, hint="Three things to try: write, /help, Ctrl+Q."), run_before=then()
    )


def test_main_when_no_answer_came(snap_compare: Compare) -> None:
    node = conversation()
    node.set_service(published=True, reachable=False, missed=3)
    assert_looks(snap_compare, interface(node), run_before=then())


def test_main_without_anybody(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(MemoryNode(FixedClock())), run_before=then())


def test_main_small_list(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=(40, 15), run_before=then("alt+k"))


def test_asked_but_not_answered(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation()), run_before=then("alt+4"))


@sizes
def test_requests(snap_compare: Compare, size: tuple[int, int]) -> None:
    node = conversation()
    node.person(
        "erin",
        state="pending",
        suggested_name="Erin 🌻",
        request_text="你好！ We talked about the garden on Sunday, here is my address as promised.",
    )
    assert_looks(snap_compare, interface(node), terminal_size=size, run_before=then("alt+r", "down"))


@sizes
def test_help(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=then("f1"))


def test_help_light(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation(), theme="light"), run_before=then("f1"))


@sizes
def test_card(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=then("alt+i"))


def test_card_with_code(snap_compare: Compare) -> None:
    assert_looks(snap_compare, interface(conversation()), run_before=then("alt+i", "q"))


@sizes
def test_palette(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=then("ctrl+p"))


@sizes
def test_unlock_before_there_is_a_node(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = interface(conversation(), sealed=True, started=asyncio.Event())
    assert_looks(snap_compare, app, terminal_size=size, run_before=then(*"correct horse"))


def test_unlock_without_a_passphrase(snap_compare: Compare) -> None:
    node = MemoryNode(FixedClock(), locked=True)
    assert_looks(snap_compare, interface(node), terminal_size=(40, 15), run_before=then())


@sizes
def test_choosing_what_waits(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then(*"/query alice", "enter", "escape")
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=before)


def test_take_back(snap_compare: Compare) -> None:
    before = then(*"/query alice", "enter", "escape", "x")
    assert_looks(snap_compare, interface(conversation()), terminal_size=(40, 15), run_before=before)


@sizes
def test_open_invites(snap_compare: Compare, size: tuple[int, int]) -> None:
    node = conversation()
    for hours in (24, 1, 168):
        asyncio.run(node.invite_create(hours * 3600))
    before = then(*"/invites", "enter", "down")
    assert_looks(snap_compare, interface(node), terminal_size=size, run_before=before)


@sizes
def test_blocked(snap_compare: Compare, size: tuple[int, int]) -> None:
    node = conversation()
    node.person("eve", state="blocked")
    node.person("mallory 👍🏽", state="blocked")
    before = then(*"/blocked", "enter", "down")
    assert_looks(snap_compare, interface(node), terminal_size=size, run_before=before)


def test_blocked_in_the_list(snap_compare: Compare) -> None:
    node = conversation()
    node.person("eve", state="blocked")
    assert_looks(snap_compare, interface(node), run_before=then())


@sizes
def test_question_over_a_card(snap_compare: Compare, size: tuple[int, int]) -> None:
    before = then("alt+i", "x")
    assert_looks(snap_compare, interface(conversation()), terminal_size=size, run_before=before)


@sizes
def test_first_run_begins_with_a_passphrase(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(snap_compare, _first_run(), terminal_size=size, run_before=then("enter"))


@sizes
def test_first_run_ends_with_the_address(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert_looks(
        snap_compare, _first_run(), terminal_size=size, run_before=then("enter", "enter", "m", "e", "enter")
    )


def test_first_run_where_tor_is_blocked(snap_compare: Compare) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await then("enter", "enter", "m", "e", "enter")(pilot)
        pilot.app.screen._patience_over()  # type: ignore[attr-defined]
        await settle(pilot)

    assert_looks(snap_compare, _first_run(), terminal_size=(40, 15), run_before=before)


def test_first_run_light(snap_compare: Compare) -> None:
    app = _first_run("light")
    assert_looks(snap_compare, app, run_before=then("enter", "enter", "m", "e", "enter"))


def _first_run(theme: str = "dark") -> Any:
    node = MemoryNode(FixedClock(), node="detached")
    node.set_tor(bootstrap=75, running=True)

    async def create(name: str | None, passphrase: str | None) -> None:
        assert (name, passphrase) == ("me", None)

    return interface(node, theme=theme, create_profile=create)
