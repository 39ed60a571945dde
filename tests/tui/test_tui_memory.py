"""Conversations in memory only, in the interface: nobody takes one for a lasting conversation."""

from __future__ import annotations

from typing import cast

import pytest
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle
from tests.support.memory_node import MemoryNode
from tuichat.model import Contact
from tuichat.tui.app import TuichatApp
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.memory import MemoryQuestion
from tuichat.tui.screens.quit import Quit
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.title import Title


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def title(screen: MainScreen) -> str:
    return screen.query_one(Title).render_line(0).text


def listed(screen: MainScreen) -> str:
    rows = screen.query_one(Conversations)
    return "\n".join(rows.render_line(y).text for y in range(rows.size.height))


def asked(app: TuichatApp) -> str:
    return "\n".join(str(part.content) for part in app.screen.query(Static))


def bob(node: MemoryNode) -> Contact:
    return node._find("bob").record


async def test_turning_it_on_asks_what_becomes_of_the_history_and_shows_everywhere(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        app = cast(TuichatApp, pilot.app)
        await enter(screen, pilot, "/memory")
        assert "kept on disk" in notice_text(screen)
        await enter(screen, pilot, "/memory on")
        assert isinstance(app.screen, MemoryQuestion)
        assert "gone when tuichat ends or locks" in asked(app)
        assert "and erase it" in asked(app)
        await pilot.press("escape")
        await settle(pilot)
        assert not bob(node).conversation.memory
        before = history_text(screen)
        await enter(screen, pilot, "/memory on")
        await pilot.press("y")
        await settle(pilot)
        assert bob(node).conversation.memory
        assert history_text(screen) == before
        assert "memory only" in title(screen)
        assert "▿" in listed(screen)
        await enter(screen, pilot, "/memory")
        assert "In memory only" in notice_text(screen)
        await enter(screen, pilot, "/editor")
        assert "would be on disk" in notice_text(screen)
        line = node.incoming("bob", "take this")
        node.change_message(line.id, kind="file")
        await settle(pilot)
        assert "a file that was declined" in history_text(screen)
        await enter(screen, pilot, "/memory off")
        assert "kept on disk from now on" in notice_text(screen)
        assert "memory only" not in title(screen)
        assert "▿" not in listed(screen)
        await enter(screen, pilot, "/memory perhaps")
        assert "/memory on|off" in notice_text(screen)


async def test_card_turns_it_on_and_what_was_said_can_be_erased(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        app = cast(TuichatApp, pilot.app)
        await enter(screen, pilot, "/card")
        assert isinstance(app.screen, ContactCard)
        await pilot.press("o", "e")
        await settle(pilot)
        assert bob(node).conversation.memory
        assert node._find("bob").history == []
        assert "in memory only" in asked(app)
        await pilot.press("escape")
        await settle(pilot)
        assert "In memory only: nothing said here is kept" in history_text(screen)
        await enter(screen, pilot, "/memory off")
        await enter(screen, pilot, "/memory on")
        assert "erase" not in asked(app)  # there is nothing to be erased
        await pilot.press("e", "y")
        await settle(pilot)
        assert bob(node).conversation.memory


async def test_quitting_says_what_is_lost(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        app = cast(TuichatApp, pilot.app)
        app.push_screen(Quit(0, 0, 2, app.shared.glyphs))
        await settle(pilot)
        assert "2 messages are in memory only" in asked(app)
        assert "background" not in asked(app)
        await pilot.press("k")
        await settle(pilot)
        assert isinstance(app.screen, Quit)
        await pilot.press("escape")
        await settle(pilot)
        app.push_screen(Quit(1, 0, 1, app.shared.glyphs))
        await settle(pilot)
        assert "background" in asked(app)
        assert "what is in memory only is lost" in asked(app)
