"""Open invites and those who were blocked: seen, and taken back."""

from __future__ import annotations

import pytest
from textual._time import get_time
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, resize, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.tui.screens.blocked import Blocked
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.open_invites import OpenInvites
from tuichat.tui.slash import Names, complete
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.rules import HorizontalRule

SIZES = [(40, 15), (80, 24)]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def node(clock: FixedClock) -> MemoryNode:
    return MemoryNode.sample(clock, node="detached")


def rows(pilot: Pilot[int]) -> list[str]:
    return str(top(pilot).query_one("#rows", Static).render()).splitlines()


def list_text(screen: MainScreen) -> str:
    listed = screen.query_one(Conversations)
    return "\n".join(listed.render_line(y).text for y in range(listed.size.height))


@pytest.mark.parametrize("size", SIZES)
async def test_open_invites_are_listed_with_their_ends_the_first_to_end_first(
    node: MemoryNode, clock: FixedClock, size: tuple[int, int]
) -> None:
    clock.advance(-120)
    await node.invite_create(60)
    clock.advance(120)
    for seconds in (86_400, 3600, 7200):
        await node.invite_create(seconds)
    await node.invite_revoke(4)
    async with running(node, size=size) as (screen, pilot):
        await enter(screen, pilot, "/invites")
        assert isinstance(top(pilot), OpenInvites)
        shown = rows(pilot)
        assert len(shown) == 2
        assert "open until 2026-11-21 15:00:00" in shown[0]
        assert "open until 2026-11-22 14:00:00" in shown[1]


async def test_a_broad_window_has_room_for_long_names_in_its_list(node: MemoryNode) -> None:
    name = "Alexandra 王小明 of the"
    node.person(name)
    async with running(node, size=(200, 50)) as (screen, pilot):
        assert name in list_text(screen)
        for columns, room in ((119, 18), (120, 30), (80, 18), (200, 30)):
            await resize(pilot, columns, 24)
            await settle(pilot)
            assert screen.query_one(Conversations).size.width == room
            assert [rule.tee_at for rule in screen.query(HorizontalRule)] == [room, room]


async def test_an_invite_is_revoked_after_a_question(node: MemoryNode) -> None:
    await node.invite_create(3600)
    await node.invite_create(7200)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/invites")
        await pilot.press("down", "x")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await pilot.press("n")
        await settle(pilot)
        assert [invite.state for invite in await node.invite_list()] == ["open", "open"]
        await pilot.press("x")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert [invite.state for invite in await node.invite_list()] == ["open", "revoked"]
        assert len(rows(pilot)) == 1
        await pilot.press("escape")
        assert top(pilot) is screen


async def test_without_an_open_invite_the_list_says_how_to_make_one(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/invites")
        assert rows(pilot) == ["No invite is open. /invite makes one."]
        await pilot.press("x")
        await settle(pilot)
        assert isinstance(top(pilot), OpenInvites)


async def test_a_list_longer_than_the_window_keeps_the_cursor_in_sight(node: MemoryNode) -> None:
    for hours in range(1, 31):
        await node.invite_create(hours * 3600)
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, "/invites")
        assert len(rows(pilot)) < 10
        await pilot.press(*["down"] * 40)
        assert rows(pilot)[-1].startswith("▌ open until 2026-11-22 20:00:00")


async def test_the_blocked_stand_in_the_list_and_can_be_unblocked(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        assert "blocked" not in list_text(screen)
        await node.contact_block("bob")
        await settle(pilot)
        assert "blocked (1)" in list_text(screen)
        screen.query_one(Conversations).focus()
        await pilot.press(*["down"] * 9, "enter")
        await settle(pilot)
        assert isinstance(top(pilot), Blocked)
        assert "bob" in rows(pilot)[0]
        await pilot.press("u")
        await settle(pilot)
        assert rows(pilot) == ["Nobody is blocked."]
        assert {p.name: p.state for p in await node.contact_list()}["bob"] != "blocked"
        await pilot.press("escape")
        await settle(pilot)
        assert "blocked" not in list_text(screen)


async def test_who_is_blocked_elsewhere_does_not_come_under_the_cursor(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for name in ("bob", "小明"):
            await node.contact_block(name)
        await enter(screen, pilot, "/blocked")
        await pilot.press("down", "up", "down")
        await node.contact_block("alice")
        await settle(pilot)
        await pilot.press("u")
        await settle(pilot)
        states = {person.name: person.state for person in await node.contact_list()}
        assert states["小明"] != "blocked"
        assert (states["alice"], states["bob"]) == ("blocked", "blocked")


async def test_walking_through_the_conversations_passes_the_blocked_by(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await node.contact_block("bob")
        await settle(pilot)
        for _step in range(6):
            await pilot.press("ctrl+n")
            await settle(pilot)
            assert top(pilot) is screen


async def test_where_everybody_is_blocked_it_is_said_how_to_see_them() -> None:
    node = MemoryNode(FixedClock())
    node.person("eve", state="blocked")
    async with running(node, size=(40, 15)) as (screen, _pilot):
        assert "/blocked" in history_text(screen)


async def test_tab_behind_unblock_offers_the_blocked(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await node.contact_block("bob")
        await settle(pilot)
        await pilot.press(*"/unblock ", "tab")
        assert screen.composer.text == "/unblock bob "


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("/unblock ", ["/unblock eve ", "/unblock erin "]),
        ("/unblock er", ["/unblock erin "]),
        ("/accept ", ["/accept dave "]),
        ("/query ", ["/query bob ", "/query alice "]),
        ("/query a", ["/query alice "]),
        ("/msg bob ", []),
        ("/mouse ", []),
        ("", []),
        ("hello ", []),
        ("hello @al", ["hello alice "]),
        ("bo", ["bob: "]),
    ],
)
def test_tab_offers_whom_the_words_can_mean(line: str, lines: list[str]) -> None:
    assert complete(line, Names(("bob", "alice"), ("dave",), ("eve", "erin"))) == lines


async def test_a_key_that_is_held_down_decides_about_one_request() -> None:
    node = MemoryNode.sample(FixedClock())
    for number in range(5):
        node.person(f"q{number}", state="pending")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/requests")
        before = len(screen.shared.session.known.requests())
        came = get_time()
        for number in range(30):
            key = Key("r", "r")
            key.time = came + number / 30
            pilot.app.post_message(key)
            await settle(pilot)
        assert len(screen.shared.session.known.requests()) == before - 1
        later = Key("r", "r")
        later.time = came + 10
        pilot.app.post_message(later)
        await settle(pilot)
        assert len(screen.shared.session.known.requests()) == before - 2
