"""A passphrase is never seen: nothing that is typed before the profile is open gets near the input."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, interface, notice_text, running, settle, top
from tests.support.memory_node import PASSPHRASE, MemoryNode
from tuichat.errors import LockedError, UnreachableError
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import Options
from tuichat.tui.node_client import NodeClient
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.unlock import Unlock


def locked_node() -> MemoryNode:
    node = MemoryNode.sample(FixedClock(), node="detached")
    node._locked = True
    return node


def main_of(app: TuichatApp) -> MainScreen:
    main = app.main_screen()
    assert main is not None
    return main


def unlock_text(pilot: Pilot[int]) -> str:
    return "\n".join(str(each.render()) for each in top(pilot).query(Static))


async def test_what_is_typed_before_the_node_answers_is_the_passphrase_of_a_profile_that_has_one() -> None:
    started = asyncio.Event()
    app = interface(locked_node(), sealed=True, started=started)
    async with app.run_test() as pilot:
        assert isinstance(top(pilot), Unlock)
        assert top(pilot).query_one(Input).password
        await pilot.press(*PASSPHRASE, "enter")
        assert main_of(app).composer.text == ""
        started.set()
        await settle(pilot)
        assert top(pilot) is main_of(app)
        assert main_of(app).composer.text == ""
        assert "第三页有图表" in history_text(main_of(app))


async def test_half_a_passphrase_typed_before_the_node_answers_is_completed_afterwards() -> None:
    started = asyncio.Event()
    app = interface(locked_node(), sealed=True, started=started)
    async with app.run_test() as pilot:
        await pilot.press(*PASSPHRASE[:5])
        started.set()
        await settle(pilot)
        await pilot.press(*PASSPHRASE[5:], "enter")
        await settle(pilot)
        assert top(pilot) is main_of(app)


async def test_a_sealed_profile_that_is_open_already_shows_its_messages() -> None:
    app = interface(MemoryNode.sample(FixedClock()), sealed=True)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert top(pilot) is main_of(app)
        assert "第三页有图表" in history_text(main_of(app))
        await pilot.press("a")
        assert main_of(app).composer.text == "a"


@pytest.mark.parametrize("sealed", [False, True])
async def test_nothing_typed_or_pasted_before_the_profile_is_open_reaches_the_input(sealed: bool) -> None:
    started = asyncio.Event()
    node = MemoryNode.sample(FixedClock())
    app = interface(node, sealed=sealed, started=started)
    async with app.run_test() as pilot:
        await pilot.press(*"pw/1", "enter", "tab", "escape", "slash")
        main_of(app).composer.post_message(events.Paste("pasted"))
        pilot.app.post_message(events.Paste("pasted"))
        await pilot.pause()
        for place in main_of(app).focus_chain:
            place.focus()
            await pilot.press(*"pw/1", "enter")
        assert main_of(app).composer.text == ""
        before = len(await node.messages("bob"))
        started.set()
        await settle(pilot)
        assert main_of(app).composer.text == ""
        assert len(await node.messages("bob")) == before


async def test_a_node_that_is_slow_to_start_is_said_to_be_looked_for() -> None:
    started = asyncio.Event()
    app = interface(MemoryNode.sample(FixedClock()), started=started)
    async with app.run_test() as pilot:
        await pilot.pause()
        assert "Looking for your node" in history_text(main_of(app))
        started.set()
        await settle(pilot)
        assert "Looking for your node" not in history_text(main_of(app))


async def test_a_stopped_node_of_a_sealed_profile_asks_for_the_passphrase_before_it_is_started_again() -> (
    None
):
    node = MemoryNode.sample(FixedClock())
    async with running(node, sealed=True) as (screen, pilot):
        await node.stop()
        await settle(pilot)
        node._locked = True
        await enter(screen, pilot, "/connect")
        assert isinstance(top(pilot), Unlock)
        await pilot.press(*PASSPHRASE, "enter")
        await settle(pilot)
        assert top(pilot) is screen


async def test_a_node_that_cannot_be_had_is_said_beside_the_question_and_tried_again() -> None:
    node, tries = locked_node(), 0

    async def attach() -> NodeClient:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise UnreachableError("The node did not start.", "tuichat doctor")
        return node

    app = TuichatApp(attach, Options(theme="dark", blink=False, sealed=True), FixedClock())
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(top(pilot), Unlock)
        assert "The node did not start." in unlock_text(pilot)
        await pilot.press(*PASSPHRASE, "enter")
        await settle(pilot)
        assert top(pilot) is main_of(app)


async def test_a_node_that_nobody_takes_over_from_is_looked_for_again_with_the_passphrase(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tuichat.tui.session.FIND_AGAIN_SECONDS", 0.01)
    node, there = locked_node(), asyncio.Event()
    there.set()
    async with running(node, sealed=True, started=there) as (screen, pilot):
        there.clear()
        node.break_off("handover")
        for _turn in range(100):
            await pilot.pause(0.01)
            if "cannot be found" in unlock_text(pilot):
                break
        assert "Your node cannot be found. The passphrase and Enter start it again." in unlock_text(pilot)
        await pilot.press(*PASSPHRASE, "enter")
        there.set()
        await settle(pilot)
        assert top(pilot) is screen


async def test_a_node_that_takes_over_locked_leaves_nothing_in_the_input() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node, sealed=True) as (screen, pilot):
        await pilot.press(*"draft")
        node._locked = True
        node.break_off("handover")
        await settle(pilot)
        assert isinstance(top(pilot), Unlock)
        assert screen.composer.text == ""


async def test_a_profile_without_passphrase_is_not_locked_and_says_why() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/lock")
        assert top(pilot) is screen
        assert "no passphrase" in notice_text(screen)
        assert not (await node.hello()).locked


class OpenedByAnything(MemoryNode):
    """A locked profile whose key lies beside it."""

    async def unlock(self, passphrase: str, key_file: bytes | None = None) -> None:
        await super().unlock(PASSPHRASE)


async def test_a_profile_without_passphrase_that_was_locked_elsewhere_opens_with_enter() -> None:
    node = OpenedByAnything(FixedClock())
    async with running(node) as (screen, pilot):
        await node.lock()
        await settle(pilot)
        assert "no passphrase: Enter opens it" in unlock_text(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert top(pilot) is screen


async def test_the_palette_stays_shut_over_a_locked_profile() -> None:
    app = interface(locked_node(), sealed=True)
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert isinstance(top(pilot), Unlock)


async def test_a_profile_that_needs_a_key_file_says_so_and_takes_it_when_it_is_there() -> None:
    node, there = locked_node(), [False, True]

    def key_file() -> bytes:
        if not there.pop(0):
            raise LockedError("It cannot be read.", "Put it there.")
        return b"k" * 64

    async def attach() -> NodeClient:
        return node

    app = TuichatApp(attach, Options(blink=False, sealed=True, key_file=key_file), FixedClock())
    async with app.run_test() as pilot:
        await settle(pilot)
        await pilot.press(*PASSPHRASE, "enter")
        await settle(pilot)
        assert "It cannot be read. Put it there." in unlock_text(pilot)
        await pilot.press(*PASSPHRASE, "enter")
        await settle(pilot)
        assert top(pilot) is main_of(app)
        assert node.key_files == [b"k" * 64]


async def test_keys_tell_the_node_that_somebody_is_at_work() -> None:
    node, clock = MemoryNode.sample(FixedClock()), FixedClock()

    async def attach() -> NodeClient:
        return node

    app = TuichatApp(attach, Options(blink=False), clock)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert node.activity == 0
        for _ in range(3):
            await pilot.press(*"abc")
            await settle(pilot)
            clock.advance(60)
        assert node.activity == 3


async def test_a_passphrase_is_removed_only_directly_behind_the_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = MemoryNode.sample(FixedClock())
    asked: list[str] = []

    async def passphrase(current: str, _new: str | None, *_key_files: bytes | None) -> None:
        asked.append(current)
        if current == "typo":
            raise LockedError("The passphrase is wrong.", "Try again.")

    monkeypatch.setattr(node, "passphrase", passphrase)
    async with running(node, sealed=True) as (screen, pilot):
        await enter(screen, pilot, "/passphrase")
        dialog = top(pilot)

        async def without() -> str:
            """Two empty new ones; gives what is said then."""
            for name in ("new", "again"):
                field = dialog.query_one(f"#{name}", Input)
                field.value = ""
                field.focus()
                await pilot.press("enter")
            await settle(pilot)
            return said()

        def said() -> str:
            return str(dialog.query_one(".problem", Static).render())

        dialog.query_one("#current", Input).value = "typo"
        warning = await without()
        assert "disk" in warning
        dialog.query_one("#new", Input).value = "new"
        await pilot.press("enter")
        await settle(pilot)
        assert "not the same" in said()
        assert (await without(), asked) == (warning, [])
        assert "is wrong" in await without()
        assert asked == ["typo"]
        dialog.query_one("#current", Input).value = PASSPHRASE
        assert (await without(), asked) == (warning, ["typo"])
        await pilot.press("enter")
        await settle(pilot)
        assert asked == ["typo", PASSPHRASE]
        assert top(pilot) is screen
