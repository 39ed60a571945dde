"""Bridges in the interface: pasted, judged at once, used at once and kept; or why not."""

from __future__ import annotations

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, interface, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tests.support.scenes import FINGERPRINT, OBFS4
from tests.tui.test_tui_first_run import Maker
from tuichat.errors import StorageError, UsageError
from tuichat.tui.screens.bridges import Bridges, Lines
from tuichat.tui.screens.first_run import FirstRun
from tuichat.tui.screens.main import MainScreen


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def verdict(pilot: Pilot[int]) -> str:
    return str(top(pilot).query_one("#verdict", Static).render())


async def paste(pilot: Pilot[int], text: str) -> None:
    top(pilot).query_one(Lines).post_message(events.Paste(text))
    await settle(pilot)


def keeping(main: MainScreen, kept: list[str], *before: str) -> None:
    """Let the interface keep bridges in `kept`."""
    shared = main.shared
    options = msgspec.structs.replace(shared.options, bridges=lambda: before, save_bridges=kept.append)
    main.shared = msgspec.structs.replace(shared, options=options)


async def test_pasted_lines_are_judged_at_once_then_used_and_kept(node: MemoryNode) -> None:
    kept: list[str] = []
    async with running(node) as (main, pilot):
        keeping(main, kept)
        await enter(main, pilot, "/bridges")
        assert "No bridges" in verdict(pilot)
        await paste(pilot, f"# a friend's\r\nBridge {OBFS4}\r\nobfs4 192.0.2.43:1 {FINGERPRINT}\r\n")
        assert "Line 3 is no bridge line: an obfs4 bridge needs cert=" in verdict(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert isinstance(top(pilot), Bridges)
        assert (node.bridges, kept) == (None, [])
        top(pilot).query_one(Lines).text = f"{OBFS4}\n192.0.2.44:443\n"
        await settle(pilot)
        assert verdict(pilot) == "2 bridges: obfs4, without transport"
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert top(pilot) is main
        assert node.bridges == [OBFS4, "192.0.2.44:443"]
        assert kept == [f"{OBFS4}\n192.0.2.44:443\n"]
        assert "takes the new way now" in notice_text(main)


async def test_snowflake_is_one_key_and_those_before_are_shown(node: MemoryNode) -> None:
    kept: list[str] = []
    async with running(node) as (main, pilot):
        keeping(main, kept, OBFS4)
        await enter(main, pilot, "/bridges")
        assert verdict(pilot) == "1 bridge: obfs4"
        await pilot.press("ctrl+t")
        await settle(pilot)
        assert verdict(pilot) == "2 bridges: snowflake"
        await pilot.press("escape")
        await settle(pilot)
        assert (node.bridges, kept) == (None, [])


async def test_what_keeps_them_from_being_used_or_kept_is_said(node: MemoryNode) -> None:
    node.bridges_fail = UsageError(
        "The program for snowflake bridges is not installed.",
        "Install it: sudo apt-get install snowflake-client, or use other bridges.",
    )

    def full(_lines: str) -> None:
        raise StorageError("The disk is full.")

    async with running(node) as (main, pilot):
        keeping(main, [])
        options = msgspec.structs.replace(main.shared.options, save_bridges=full)
        main.shared = msgspec.structs.replace(main.shared, options=options)
        await enter(main, pilot, "/bridges")
        await pilot.press("ctrl+t", "ctrl+s")
        await settle(pilot)
        assert "sudo apt-get install snowflake-client" in verdict(pilot)
        node.bridges_fail = None
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "The disk is full." in verdict(pilot)
        assert isinstance(top(pilot), Bridges)


async def test_first_run_leads_there_once_tor_seems_blocked_and_says_what_became_of_them() -> None:
    node = MemoryNode(FixedClock())
    app = interface(node, create_profile=Maker())
    async with app.run_test(size=(40, 15)) as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        first = top(pilot)
        assert isinstance(first, FirstRun)
        tor = first.query_one("#tor", Static)
        node.set_tor(bootstrap=2)
        await settle(pilot)
        assert "blocked" not in str(tor.render())
        first._patience_over()
        assert "Bridges lead around a block: b" in str(tor.render())
        await pilot.press("b")
        await settle(pilot)
        await pilot.press("ctrl+t", "ctrl+s")
        await settle(pilot)
        assert top(pilot) is first
        assert node.bridges == ["snowflake"]
        assert "blocked" not in str(tor.render())
        node.set_tor(problem="bridge", detail="snowflake-client says: broker failure", bootstrap=2)
        await settle(pilot)
        said = str(tor.render())
        assert "can be reached: snowflake-client says: broker failure. Messages wait" in said
        assert said.endswith("Look at your bridges: b")


async def test_first_run_goes_on_after_its_bridges_were_looked_at() -> None:
    app = interface(MemoryNode(FixedClock()), create_profile=Maker())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        await pilot.press("b")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert top(pilot) is app.main_screen()


async def test_main_screen_names_the_command(node: MemoryNode) -> None:
    async with running(node) as (main, pilot):
        node.set_tor(problem="blocked", bootstrap=5)
        await settle(pilot)
        assert "Bridges lead around a block: /bridges" in notice_text(main)
        node.set_tor(problem="bridge", bootstrap=5)
        await settle(pilot)
        assert "Look at your bridges: /bridges" in notice_text(main)
