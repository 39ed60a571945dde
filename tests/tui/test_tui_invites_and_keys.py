"""Changed keys, invites and names that mislead, as the interface shows them."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, resize, rows_text, running, settle, top
from tests.support.memory_node import DIGITS, OTHER_DIGITS, MemoryNode, address_of
from tuichat.model import Contact
from tuichat.protocol.lookalike import mixed_scripts
from tuichat.tui.card_rows import grouped
from tuichat.tui.dates import seconds_of
from tuichat.tui.glyphs import ASCII, UNICODE, Glyphs
from tuichat.tui.screens.add_contact import AddContact
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.help import Help
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.new_invite import NewInvite
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.qr_code import QrCode
from tuichat.tui.widgets.requests import Requests
from tuichat.tui.widgets.title import Title

LOOK = "This address showed another key. Nothing is sent to it until you have looked."


INVITE = f"tuichat1:{'a' * 149}"


class WatchfulNode(MemoryNode):
    """Says which names mix scripts."""

    async def contact_list(self) -> list[Contact]:
        people = await super().contact_list()
        return [
            msgspec.structs.replace(p, mixed=mixed_scripts(p.name) or mixed_scripts(p.suggested_name))
            for p in people
        ]


class InvitedNode(MemoryNode):
    """Takes invites as well as addresses; the maker of each is zoe."""

    async def contact_add(self, address: str, name: str | None = None, message: str = "") -> Contact:
        known = address_of("zoe") if address == INVITE else address
        return await super().contact_add(known, name, message)


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


async def contact(node: MemoryNode, name: str) -> Contact:
    return next(person for person in await node.contact_list() if person.name == name)


def said(pilot: Pilot[int]) -> str:
    """Everything that the smaller screen in front says."""
    words = [str(part.render()) for part in top(pilot).query(Static) if part.display]
    return "\n".join([*words, *([rows_text(pilot)] if isinstance(top(pilot), ContactCard) else [])])


def list_text(screen: MainScreen) -> str:
    listed = screen.query_one(Conversations)
    return "\n".join(listed.render_line(y).text for y in range(listed.size.height))


async def test_nothing_is_sent_to_another_key_and_the_text_stays_in_the_input(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        before = len(await node.messages("bob"))
        node.change_key("bob")
        await settle(pilot)
        banner = screen.query_one("#banner", Static)
        assert LOOK in str(banner.render())
        assert banner.has_class("-danger")
        assert banner.is_on_screen
        await enter(screen, pilot, "the secret plan")
        assert len(await node.messages("bob")) == before
        assert screen.composer.text == "the secret plan"
        assert LOOK in notice_text(screen)
        assert "/card" in notice_text(screen)


async def test_beside_another_key_the_empty_input_says_how_to_look_at_it(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        assert screen.composer.placeholder == ""
        node.change_key("bob")
        await settle(pilot)
        assert screen.composer.placeholder == "Alt+I: look at both keys, or leave it blocked"
        await resize(pilot, 40, 15)
        await settle(pilot)
        assert len(screen.composer.placeholder) < screen.composer.size.width
        await pilot.press("alt+i")
        await settle(pilot)
        assert isinstance(top(pilot), ContactCard)
        await pilot.press("t")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert screen.composer.placeholder == ""


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
async def test_another_key_is_told_by_a_word_in_the_list_and_the_title(
    node: MemoryNode, glyphs: Glyphs
) -> None:
    async with running(node, glyphs=glyphs) as (screen, pilot):
        assert "key?" not in list_text(screen)
        node.change_key("bob")
        await settle(pilot)
        row = next(row for row in list_text(screen).splitlines() if "bob" in row)
        assert "key?" in row
        title = screen.query_one(Title).text
        assert "another key" in title
        assert "verified" not in title


async def test_the_card_shows_both_numbers_and_trusts_the_new_key_only_after_a_question(
    node: MemoryNode,
) -> None:
    node.change_key("bob")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/card")
        assert isinstance(top(pilot), ContactCard)
        assert all(row in said(pilot) for row in grouped(DIGITS, 40).splitlines())
        assert all(row in said(pilot) for row in grouped(OTHER_DIGITS, 40).splitlines())
        assert "t trust it" in said(pilot)
        await pilot.press("t")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        assert all(row in said(pilot) for row in grouped(OTHER_DIGITS, 30).splitlines())
        await pilot.press("enter", "n")
        await settle(pilot)
        assert (await contact(node, "bob")).key_changed
        await pilot.press("t")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        bob = await contact(node, "bob")
        assert not bob.key_changed
        assert not bob.verified
        assert "t trust it" not in said(pilot)
        await pilot.press("escape")
        assert not screen.query_one("#banner").display


async def test_keeping_the_old_key_leaves_the_contact_as_it_was(node: MemoryNode) -> None:
    node.change_key("bob")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/card")
        assert "s keep it" in said(pilot)
        await pilot.press("s")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        assert "Keep the old key of bob?" in said(pilot)
        await pilot.press("n")
        await settle(pilot)
        assert (await contact(node, "bob")).key_changed
        await pilot.press("s")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        bob = await contact(node, "bob")
        assert not bob.key_changed
        assert bob.verified
        await pilot.press("escape")
        await enter(screen, pilot, "hello again")
        assert (await node.messages("bob"))[-1].text == "hello again"


async def test_a_key_that_changes_while_the_card_is_open_is_shown_and_not_verified(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/card")
        await pilot.press("t", "s")  # asks for a time, into which the second is typed
        await settle(pilot)
        await pilot.press("escape", "s")
        await settle(pilot)
        node.change_key("bob")
        await settle(pilot)
        assert all(row in said(pilot) for row in grouped(OTHER_DIGITS, 40).splitlines())
        await pilot.press("v")
        await settle(pilot)
        assert isinstance(top(pilot), ContactCard)
        assert "Decide first" in said(pilot)


@pytest.mark.parametrize(
    ("line", "until"),
    [
        ("/invite", "2026-11-22 14:00"),
        ("/invite 7d", "2026-11-28 14:00"),
        ("/invite 30m", "2026-11-21 14:30"),
    ],
)
async def test_an_invite_is_shown_with_its_end_and_can_be_copied(
    node: MemoryNode, line: str, until: str
) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, line)
        assert isinstance(top(pilot), NewInvite)
        assert INVITE in said(pilot)
        assert f"works once, until {until}" in said(pilot)
        assert "by a way nobody else reads" in said(pilot)
        assert top(pilot).query("#invite-code")
        await pilot.press("c")
        await settle(pilot)
        assert pilot.app.clipboard == INVITE
        await pilot.press("escape")
        assert top(pilot) is screen


async def test_the_code_alone_fits_into_a_window_of_24_rows(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/invite")
        box = top(pilot).query_one(".box")
        assert box.max_scroll_y > 1
        await pilot.press("q")
        await settle(pilot)
        assert box.max_scroll_y == 0
        assert "▄" in str(box.query_one(QrCode).render())
        assert INVITE not in "".join(str(part.render()) for part in box.query(Static) if part.is_on_screen)
        await pilot.press("q")
        await settle(pilot)
        assert INVITE in said(pilot)


async def test_a_terminal_without_half_blocks_gets_the_invite_without_a_code(node: MemoryNode) -> None:
    async with running(node, glyphs=ASCII) as (screen, pilot):
        await enter(screen, pilot, "/invite")
        assert INVITE in said(pilot)
        assert not top(pilot).query("#invite-code")


async def test_a_time_that_is_none_makes_no_invite(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/invite tomorrow")
        assert top(pilot) is screen
        assert "/invite 24h" in notice_text(screen)
        assert await node.invite_list() == []


async def test_palette_and_help_know_invites(node: MemoryNode) -> None:
    async with running(node, size=(80, 60)) as (_screen, pilot):
        pilot.app.run_command("invite")  # type: ignore[attr-defined]
        await settle(pilot)
        assert isinstance(top(pilot), NewInvite)
        await pilot.press("escape", "f1")
        await settle(pilot)
        assert isinstance(top(pilot), Help)
        assert "/invite [TIME]" in said(pilot)


async def test_an_invite_broken_into_lines_is_added_like_an_address() -> None:
    node = InvitedNode.sample(FixedClock(), node="detached")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/add")
        assert isinstance(top(pilot), AddContact)
        assert "address or invite" in said(pilot)
        field = top(pilot).query_one("#address", Input)
        field.post_message(events.Paste(f"{INVITE[:60]}\n  {INVITE[60:]}\n"))
        await settle(pilot)
        assert field.value == INVITE
        await pilot.press("enter", *"zoe", "enter", "enter")
        await settle(pilot)
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == "zoe"
        assert screen.conversation.person.address == address_of("zoe")


async def test_the_add_command_takes_an_invite() -> None:
    node = InvitedNode.sample(FixedClock(), node="detached")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, f"/add {INVITE} zoe")
        assert screen.conversation.person is not None
        assert screen.conversation.person.address == address_of("zoe")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1_800), (" 24H ", 86_400), ("2w", 1_209_600), ("1d", 86_400)]
)
def test_lengths_of_time_are_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0d", "d", "24", "-1h", "1h30m", "tomorrow", "1234567s"])
def test_what_is_no_length_of_time_is_none(text: str) -> None:
    assert seconds_of(text) is None


MIXED = "\N{CYRILLIC SMALL LETTER A}lice"
"""Reads like alice, and is not."""


async def test_a_request_says_whom_its_name_looks_like_and_that_it_mixes_scripts() -> None:
    node = WatchfulNode.sample(FixedClock(), node="detached")
    node.person("stranger", state="pending", suggested_name=MIXED)
    async with running(node, size=(80, 30)) as (screen, pilot):
        await pilot.press("alt+r")
        await settle(pilot)
        view = screen.query_one(Requests)
        rows = [view.render_line(y).text.strip() for y in range(view.size.height)]
        named = next(index for index, row in enumerate(rows) if MIXED in row)
        assert rows[named + 1 : named + 3] == ["✗ looks like: alice", "✗ mixes scripts"]
        assert sum("looks like" in row for row in rows) == 1


async def test_the_card_says_whom_a_name_looks_like_and_that_it_mixes_scripts() -> None:
    node = WatchfulNode.sample(FixedClock(), node="detached")
    node.person("stranger", suggested_name=MIXED)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/card stranger")
        assert "looks like: alice" in said(pilot)
        assert "mixes scripts" in said(pilot)
        await pilot.press("escape")
        await enter(screen, pilot, "/card carol")
        assert "looks like" not in said(pilot)
        assert "mixes scripts" not in said(pilot)


async def test_a_name_that_looks_like_another_is_never_read_as_markup() -> None:
    node = WatchfulNode.sample(FixedClock(), node="detached")
    node.person("[red]zed[/red]")
    node.person("stranger", suggested_name="[red]zed[/red]")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/card stranger")
        assert "looks like: [red]zed[/red]" in said(pilot)


@pytest.mark.parametrize(
    ("command", "keys", "rows"), [("/card", "q", 11), ("/address", "", 11), ("/invite", "q", 15)]
)
async def test_every_qr_code_is_seen_whole_in_the_smallest_window(
    node: MemoryNode, command: str, keys: str, rows: int
) -> None:
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, command)
        await pilot.press(*keys)
        await settle(pilot)
        code = top(pilot).query_one(QrCode)
        if command == "/address":
            await pilot.press("end")
            await settle(pilot)
        assert code.size.height == rows
        assert top(pilot).query_one(".box").content_region.contains_region(code.region)
        await resize(pilot, 80, 40)
        async with asyncio.timeout(60):
            while code.size.height == rows:
                await pilot.pause()
