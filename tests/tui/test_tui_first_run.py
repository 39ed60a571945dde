"""The first start: what is asked, what is made of the answers, and what is said when something fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, interface, notice_text, running, settle, top
from tests.support.memory_node import PASSPHRASE, MemoryNode
from tuichat.errors import StorageError, UnreachableError
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import Options
from tuichat.tui.node_client import NodeClient
from tuichat.tui.screens.add_contact import AddContact
from tuichat.tui.screens.first_run import FirstRun
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.new_invite import NewInvite
from tuichat.tui.screens.unlock import Unlock


class Maker:
    """Stands for the making of a profile; remembers what it was asked for."""

    def __init__(self, *, fails: int = 0) -> None:
        self.asked: list[tuple[str | None, str | None]] = []
        self._fails = fails

    async def __call__(self, name: str | None, passphrase: str | None) -> None:
        self.asked.append((name, passphrase))
        if len(self.asked) <= self._fails:
            raise StorageError("The disk is full.", "Make room, then try again.")


def said(pilot: Pilot[int]) -> str:
    return str(top(pilot).query_one("#remark", Static).render())


async def test_a_passphrase_is_asked_twice_and_opens_the_new_profile() -> None:
    maker, node = Maker(), MemoryNode(FixedClock(), node="detached", locked=True)
    app = interface(node, create_profile=maker)
    async with app.run_test() as pilot:
        await pilot.press(*PASSPHRASE, "enter", *PASSPHRASE, "enter", *"me", "enter")
        await settle(pilot)
        assert maker.asked == [("me", PASSPHRASE)]
        assert node.address in str(top(pilot).query_one("#address", Static).render())
        assert node.online_asked
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), MainScreen)


async def test_two_different_passphrases_are_asked_for_anew() -> None:
    maker = Maker()
    app = interface(MemoryNode(FixedClock()), create_profile=maker)
    async with app.run_test() as pilot:
        await pilot.press(*"one", "enter", *"two", "enter")
        await settle(pilot)
        assert "not the same" in said(pilot)
        assert maker.asked == []


async def test_enter_behind_two_different_passphrases_is_warned_of_first() -> None:
    app = interface(MemoryNode(FixedClock()), create_profile=Maker())
    async with app.run_test() as pilot:
        await pilot.press("enter", *"one", "enter", *"two", "enter")
        assert "not the same" in said(pilot)
        await pilot.press("enter")
        assert "lie open on this disk" in said(pilot)
        assert "step 1 of 3" in str(top(pilot).query_one("#heading", Static).render())


async def test_skipping_the_passphrase_says_what_that_means_before_it_is_done() -> None:
    maker = Maker()
    app = interface(MemoryNode(FixedClock()), create_profile=maker)
    async with app.run_test() as pilot:
        asked = str(top(pilot).query_one("#question", Static).render())
        assert "whoever gets at this disk reads it" in asked
        assert "Nothing brings a forgotten one back" in asked
        await pilot.press("enter")
        assert "lie open on this disk" in said(pilot)
        await pilot.press("enter", "enter")
        await settle(pilot)
        assert maker.asked == [(None, None)]


async def test_a_failure_is_said_and_can_be_tried_again() -> None:
    maker, node = Maker(fails=1), MemoryNode(FixedClock())
    app = interface(node, create_profile=maker)
    async with app.run_test() as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        assert "The disk is full" in said(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert len(maker.asked) == 2
        assert node.address in str(top(pilot).query_one("#address", Static).render())


async def test_the_address_can_be_copied_and_somebody_added_at_once() -> None:
    node = MemoryNode(FixedClock())
    app = interface(node, create_profile=Maker())
    async with app.run_test() as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        await pilot.press("c")
        assert app.clipboard == node.address
        await pilot.press("a")
        await settle(pilot)
        assert isinstance(top(pilot), AddContact)


async def test_trouble_with_tor_is_told_in_words() -> None:
    node = MemoryNode(FixedClock())
    app = interface(node, create_profile=Maker())
    async with app.run_test() as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        first = top(pilot)
        assert isinstance(first, FirstRun)
        tor = first.query_one("#tor", Static)
        first._patience_over()
        assert "Tor may be blocked here" in str(tor.render())
        node.set_tor(problem="clock_skew", bootstrap=5)
        await settle(pilot)
        assert "clock is wrong" in str(tor.render())
        for why in ("", "The configured tor, /opt/tor, is not an executable file."):
            node.set_tor(problem="missing", detail=why, bootstrap=0)
            await settle(pilot)
            said = str(tor.render())
            assert said.startswith(why.removesuffix(".") or "tor is not installed")
            assert "Messages wait here. `tuichat doctor` says" in said
            assert "%" not in said
            assert "starting" not in said
        node.set_tor(problem="", detail="", bootstrap=100)
        await settle(pilot)
        assert "blocked" not in str(tor.render())


async def test_nothing_is_said_of_a_slow_tor_for_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the first run and later; of one that is connected by then nothing is said at all."""
    waiting: list[tuple[float, Callable[[], None]]] = []

    def set_timer(screen: Screen[Any], delay: float, callback: Callable[[], None], **more: Any) -> Any:
        if getattr(callback, "__name__", "") != "_patience_over":
            return kept(screen, delay, callback, **more)
        waiting.append((delay, callback))
        return None

    kept = Screen.set_timer
    monkeypatch.setattr(Screen, "set_timer", set_timer)
    node = MemoryNode(FixedClock())
    node.set_tor(bootstrap=40, running=True)
    async with interface(node, create_profile=Maker()).run_test() as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        tor = top(pilot).query_one("#tor", Static)
        assert "blocked" not in str(tor.render())
        assert [delay for delay, _over in waiting] == [30.0] * len(waiting)
        for _delay, over in waiting:
            over()
        assert "blocked" in str(tor.render())
    for bootstrap in (40, 100):
        waiting.clear()
        node.set_tor(bootstrap=bootstrap)
        async with running(node) as (screen, _pilot):
            assert [delay for delay, _over in waiting] == [30.0]
            assert "blocked" not in notice_text(screen)
            waiting[0][1]()
            assert ("blocked" in notice_text(screen)) is (bootstrap < 100)


async def test_ctrl_p_at_the_address_leaves_its_keys_alone() -> None:
    node = MemoryNode(FixedClock())
    app = interface(node, create_profile=Maker())
    async with app.run_test(size=(40, 15)) as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        await pilot.press("ctrl+p")
        await settle(pilot)
        assert isinstance(top(pilot), FirstRun)
        await pilot.press("escape", "enter")
        await settle(pilot)
        assert isinstance(top(pilot), MainScreen)


async def test_the_keys_stay_in_sight_whatever_is_told_about_tor() -> None:
    app = interface(MemoryNode(FixedClock()), create_profile=Maker())
    async with app.run_test(size=(40, 15)) as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        first = top(pilot)
        assert isinstance(first, FirstRun)
        first._patience_over()
        await settle(pilot)
        keys = first.query_one("#next-row")
        assert keys.region.bottom == 15
        assert "a add someone" in str(first.query_one("#next-row", Static).render())


async def test_a_profile_made_with_a_passphrase_is_known_to_have_one() -> None:
    node = MemoryNode(FixedClock(), locked=True)
    app = interface(node, create_profile=Maker())
    async with app.run_test() as pilot:
        await pilot.press(*PASSPHRASE, "enter", *PASSPHRASE, "enter", "enter")
        await settle(pilot)
        assert app.sealed


FRIEND = "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid"


async def test_each_step_says_what_to_do_and_its_keys_are_clicked() -> None:
    node = MemoryNode(FixedClock())
    app = interface(node, create_profile=Maker())
    async with app.run_test(size=(40, 15)) as pilot:
        intro = top(pilot).query_one("#intro", Static)
        assert "No server and no account" in str(intro.render())
        assert "step 1 of 3" in str(top(pilot).query_one("#heading", Static).render())
        for step in ("1", "1", "2"):
            assert f"step {step} of 3" in str(top(pilot).query_one("#heading", Static).render())
            await pilot.click("#next-row", offset=(1, 0))
            await settle(pilot)
        assert "step 3 of 3" in str(top(pilot).query_one("#heading", Static).render())
        assert "i invite" in str(top(pilot).query_one("#next-row", Static).render())
        await pilot.press("i")
        await settle(pilot)
        assert isinstance(top(pilot), NewInvite)


async def test_a_pasted_address_is_asked_at_once_and_anything_else_is_not() -> None:
    node = MemoryNode(FixedClock())
    app = interface(node, create_profile=Maker())
    async with app.run_test() as pilot:
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        app.post_message(events.Paste("hello"))
        await settle(pilot)
        assert "neither an address nor an invite" in said(pilot)
        app.post_message(events.Paste(f" http://{FRIEND[:30]}\n{FRIEND[30:]}.onion/ "))
        await settle(pilot)
        dialog = top(pilot)
        assert isinstance(dialog, AddContact)
        await pilot.press(*"dora", "enter", "enter")
        await settle(pilot)
        asked = await node.contact_list()
        assert [(person.name, person.state) for person in asked] == [("dora", "requested")]


async def test_an_address_alone_is_enough_while_nobody_is_there() -> None:
    node = MemoryNode(FixedClock())
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, FRIEND)
        assert isinstance(top(pilot), AddContact)
        await pilot.press("escape")
        await enter(screen, pilot, "hello")
        assert "No conversation is open" in notice_text(screen)


async def test_a_node_that_does_not_start_is_tried_again_with_enter() -> None:
    node, tries = MemoryNode(FixedClock(), node="detached", locked=True), 0

    async def attach() -> NodeClient:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise UnreachableError("The node did not start.")
        return node

    app = TuichatApp(attach, Options(blink=False, create_profile=Maker()), FixedClock())
    async with app.run_test() as pilot:
        await pilot.press(*PASSPHRASE, "enter", *PASSPHRASE, "enter", "enter")
        await settle(pilot)
        assert said(pilot) == "The node did not start. Enter tries it again."
        await pilot.press("enter")
        await settle(pilot)
        assert node.address in str(top(pilot).query_one("#address", Static).render())


async def test_a_profile_that_is_locked_elsewhere_shows_no_address_and_asks_for_its_passphrase() -> None:
    node = MemoryNode(FixedClock(), node="detached", locked=True)
    app = interface(node, create_profile=Maker())
    async with app.run_test() as pilot:
        await pilot.press(*PASSPHRASE, "enter", *PASSPHRASE, "enter", "enter")
        await settle(pilot)
        assert node.address in str(top(pilot).query_one("#address", Static).render())
        await node.lock()
        await settle(pilot)
        assert isinstance(top(pilot), Unlock)
        assert not any(isinstance(each, FirstRun) for each in app.screen_stack)
        await pilot.press(*PASSPHRASE, "enter")
        await settle(pilot)
        main = top(pilot)
        assert isinstance(main, MainScreen)
        await pilot.press(*"hi")
        assert main.composer.text == "hi"
