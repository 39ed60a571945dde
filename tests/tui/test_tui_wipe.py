"""Wiping from the interface: by a typed name, or by a key that is pressed three times."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.errors import StorageError
from tuichat.tui import typed_ahead
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import Options
from tuichat.tui.node_client import NodeClient
from tuichat.tui.panic import PanicKey
from tuichat.tui.screens.unlock import Unlock
from tuichat.tui.screens.wipe import Wipe


def app_of(node: MemoryNode, options: Options, clock: FixedClock | None = None) -> TuichatApp:
    async def attach() -> NodeClient:
        return node

    return TuichatApp(attach, options, clock or FixedClock())


async def name(pilot: Pilot[int], text: str) -> None:
    top(pilot).query_one(Input).value = text
    await pilot.press("enter")
    await settle(pilot)


async def test_wiping_asks_for_the_name_and_takes_no_other() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/wipe")
        assert isinstance(top(pilot), Wipe)
        for wrong in ("", "y", "Default"):
            await name(pilot, wrong)
            assert "That is not its name" in str(top(pilot).query_one(".problem", Static).render())
        await pilot.press("escape")
        await settle(pilot)
        assert top(pilot) is screen
        await enter(screen, pilot, "/wipe everything")
        assert "not understood" in notice_text(screen)
        assert node.wiped == ""


@pytest.mark.parametrize(("typed", "wiped"), [("/wipe", "all"), ("/wipe --keep-files", "files kept")])
async def test_the_typed_name_wipes_and_leaves(typed: str, wiped: str) -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, typed)
        assert ("Received files stay" in text_of(pilot)) == (wiped != "all")
        await name(pilot, "default")
        assert node.wiped == wiped
        assert pilot.app.return_value == 0
        assert len(pilot.app._exit_renderables) == 1  # it is said once


def text_of(pilot: Pilot[int]) -> str:
    return "\n".join(str(each.render()) for each in top(pilot).query(Static))


async def test_a_profile_that_was_wiped_elsewhere_is_not_shown_any_more() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (_screen, pilot):
        await node.wipe()
        await settle(pilot)
        assert pilot.app.return_value == 0


@pytest.mark.parametrize("locked", [False, True])
async def test_the_panic_key_wipes_also_what_is_locked(locked: bool) -> None:
    node, clock = MemoryNode.sample(FixedClock()), FixedClock()
    node._locked = locked
    asked: list[bool] = []

    async def wipe(keep_files: bool) -> None:
        asked.append(keep_files)

    app = app_of(node, Options(blink=False, sealed=True, panic_key="f9", wipe=wipe), clock)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(top(pilot), Unlock) == locked
        for _ in range(3):
            assert asked == []
            await pilot.press("f9")
            clock.advance(0.3)
        await settle(pilot)
        assert asked == [False]
        assert app.return_value == 0


async def test_a_wipe_that_fails_says_so_when_the_screen_is_gone() -> None:
    async def wipe(_keep_files: bool) -> None:
        raise StorageError("The keys are destroyed, but something is left.")

    clock = FixedClock()
    app = app_of(MemoryNode.sample(FixedClock()), Options(blink=False, panic_key="f9", wipe=wipe), clock)
    async with app.run_test() as pilot:
        await settle(pilot)
        for _ in range(3):
            await pilot.press("f9")
            clock.advance(0.3)
        await settle(pilot)
        assert app.return_value == 1


async def test_without_the_setting_no_key_wipes() -> None:
    node, clock = MemoryNode.sample(FixedClock()), FixedClock()
    app = app_of(node, Options(blink=False), clock)
    async with app.run_test() as pilot:
        await settle(pilot)
        for key in ("f2", "f9", "f12"):
            for _ in range(4):
                await pilot.press(key)
                clock.advance(0.3)
        await settle(pilot)
        assert node.wiped == ""


@pytest.mark.parametrize(
    ("presses", "wipes"),
    [
        ([("f9", 0.0), ("f9", 0.3), ("f9", 0.6)], True),
        ([("f9", 0.0), ("f9", 0.9), ("f9", 1.9)], True),
        ([("f9", 0.0), ("f9", 1.0), ("f9", 2.1)], False),
        ([("f9", 0.0), ("f9", 1.5), ("f9", 2.1), ("f9", 2.4)], True),
        ([("f9", 0.0), ("f9", 0.3), ("a", 0.4), ("f9", 0.6)], False),
        ([("f9", 0.0), *(("f9", 0.5 + 0.03 * n) for n in range(200))], False),
        ([("f9", 0.0), *(("f9", 0.25 + 0.092 * n) for n in range(200))], False),
    ],
)
def test_a_key_is_meant_when_it_is_pressed_three_times_and_not_held(
    presses: list[tuple[str, float]], wipes: bool
) -> None:
    times = iter([at for key, at in presses if key == "f9"])
    panic = PanicKey("f9", lambda: next(times))
    assert (True in [panic.pressed(key) for key, _at in presses]) == wipes


async def test_the_panic_key_is_heard_while_other_keys_wait_for_the_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node, clock = MemoryNode.sample(FixedClock()), FixedClock()
    asked: list[bool] = []

    async def wipe(keep_files: bool) -> None:
        asked.append(keep_files)

    async def never(_seconds: int = 0) -> None:
        await asyncio.Future()

    monkeypatch.setattr(node, "invite_create", never)
    monkeypatch.setattr(typed_ahead, "PATIENCE_SECONDS", 600.0)
    app = app_of(node, Options(blink=False, panic_key="f9", wipe=wipe), clock)
    async with app.run_test() as pilot:
        await settle(pilot)
        main = app.main_screen()
        assert main is not None
        main.composer.take("/invite")
        await pilot.press("enter")
        for _ in range(3):
            app.post_message(Key("f9", None))
            await pilot.pause()
            clock.advance(0.3)
        await settle(pilot)
        assert asked == [False]
