"""What the interface tells the node of its person, and shows of others."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, running, settle
from tests.support.memory_node import MemoryNode, address_of
from tuichat.tui import session
from tuichat.tui.screens import sign_screen
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.title import Title

BOB = address_of("bob")


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def title(screen: MainScreen) -> str:
    return screen.query_one(Title).render_line(0).text


async def test_writing_is_told_once_in_a_while_and_its_end_at_once(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*"hello")
        await settle(pilot)
        assert node.typed == [(BOB, True)]
        screen._may_say_again()
        await pilot.press("!")
        await settle(pilot)
        assert node.typed == [(BOB, True)] * 2
        await pilot.press("enter")
        await settle(pilot)
        assert node.typed[2:] == [(BOB, False)]


async def test_a_draft_that_is_opened_or_changed_elsewhere_is_not_being_written(node: MemoryNode) -> None:
    await node.draft_set("bob", "half a sentence")
    async with running(node) as (screen, pilot):
        await settle(pilot)
        assert screen.composer.text == "half a sentence"
        await node.draft_set("bob", "half a sentence, and more", "another")
        await settle(pilot)
        assert screen.composer.text == "half a sentence, and more"
        assert node.typed == []
        await pilot.press("!")
        await settle(pilot)
        assert node.typed == [(BOB, True)]


async def test_commands_are_nobodys_business(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await pilot.press(*"/hel")
        await settle(pilot)
        assert node.typed == []


async def test_who_goes_to_another_conversation_writes_no_more(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*"hel")
        await settle(pilot)
        screen.open(next(p.id for p in screen.shared.session.known.people.values() if p.name == "alice"))
        await settle(pilot)
        assert node.typed == [(BOB, True), (BOB, False)]


async def test_who_opens_a_profile_is_here_at_once(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await settle(pilot)
        assert node.presences == [True]
        await node.lock()
        await settle(pilot)
        assert node.presences == [True]


async def test_who_leaves_is_away_at_once_unless_the_node_keeps_silent(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(node) as (_screen, pilot):
        await settle(pilot)
    assert node.presences == [True, False]
    monkeypatch.setattr(session, "ANSWER_SECONDS", 0.01)
    async with running(node) as (_screen, pilot):
        await settle(pilot)
        monkeypatch.setattr(node, "present", silent)
    assert node.presences == [True, False, True]


async def silent(_here: bool, _writer: str) -> None:
    await asyncio.sleep(3600)


async def test_being_here_follows_the_terminals_focus(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        pilot.app.app_focus = False
        await settle(pilot)
        pilot.app.app_focus = True
        await settle(pilot)
        assert node.presences[-2:] == [False, True]
        assert sign_screen.HERE_AGAIN_SECONDS < 150


async def test_what_others_let_us_know_stands_beside_their_link(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        assert "here" not in title(screen)
        node.signs("bob", presence="here")
        await settle(pilot)
        assert "here" in title(screen)
        node.signs("bob", typing=True, presence="here")
        await settle(pilot)
        assert "writing" in title(screen)
        node.signs("bob", presence="away")
        await settle(pilot)
        assert "away" in title(screen)
        assert "writing" not in title(screen)
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, "/query bob")
        node.signs("bob", typing=True)
        await settle(pilot)
        assert "writing" in screen.query_one("#top", PartsLine).render_line(0).text
