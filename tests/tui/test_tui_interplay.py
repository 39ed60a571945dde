"""Two things at once: what is written, chosen or looked at, while something else goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, resize, running, seen, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.slash import Command

BOB, ALICE = 1, 2


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuichat.tui.screens.desk_screen.DRAFT_SECONDS", 0.02)


async def no_room(*_words: object) -> None:
    raise UsageError("There is no room.")


async def said(node: MemoryNode, name: str) -> list[str]:
    return [message.text for message in await node.messages(name)]


async def open_(screen: MainScreen, pilot: Pilot[int], contact: int) -> None:
    screen.open(contact)
    await settle(pilot)


@asynccontextmanager
async def outage(node: MemoryNode) -> AsyncIterator[tuple[MainScreen, Pilot[int], asyncio.Event]]:
    """An interface whose node can be taken away: `node.break_off` ends it, the event brings another one."""
    there = asyncio.Event()
    there.set()
    async with running(node, started=there) as (screen, pilot):
        await open_(screen, pilot, BOB)
        there.clear()
        yield screen, pilot, there


async def back(screen: MainScreen, pilot: Pilot[int], there: asyncio.Event) -> None:
    there.set()
    while not screen.shared.session.connected:
        await pilot.pause(0.01)
    await settle(pilot)


async def drafted(node: MemoryNode, pilot: Pilot[int], text: str) -> None:
    while node.drafts.get(BOB, "") != text:
        await pilot.pause(0.01)


# What is being written.


async def test_what_is_typed_while_there_is_no_node_stays_and_is_kept_by_the_next(node: MemoryNode) -> None:
    async with outage(node) as (screen, pilot, there):
        screen.composer.take("half a")
        await drafted(node, pilot, "half a")
        node.break_off("handover")
        await settle(pilot)
        screen.composer.take("half a sentence, and more")
        await pilot.pause(0.1)
        await back(screen, pilot, there)
        assert screen.composer.text == "half a sentence, and more"
        await drafted(node, pilot, "half a sentence, and more")


async def test_a_text_that_could_not_be_sent_survives_the_coming_of_a_node(node: MemoryNode) -> None:
    async with outage(node) as (screen, pilot, there):
        node.break_off("handover")
        await settle(pilot)
        await enter(screen, pilot, "an important message")
        assert "Not sent" in notice_text(screen)
        await pilot.pause(0.1)
        await back(screen, pilot, there)
        assert screen.composer.text == "an important message"


async def test_a_node_that_has_no_draft_takes_none_away(node: MemoryNode) -> None:
    async with outage(node) as (screen, pilot, there):
        screen.composer.take("kept in its memory alone")
        await drafted(node, pilot, "kept in its memory alone")
        node.drafts.clear()  # it went with the node
        node.break_off("handover")
        await back(screen, pilot, there)
        assert screen.composer.text == "kept in its memory alone"


async def test_what_was_being_written_is_the_draft_while_an_earlier_input_is_shown(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await enter(screen, pilot, "hello")
        screen.composer.take("a long text")
        await drafted(node, pilot, "a long text")
        await pilot.press("up")
        assert screen.composer.text == "hello"
        await pilot.pause(0.1)
        assert node.drafts[BOB] == "a long text"
        await pilot.press("escape", "e", "!", "enter")
        await settle(pilot)
        assert (await said(node, "bob"))[-1] == "hello!"
        assert screen.composer.text == "a long text"
        await pilot.press("up")
    assert node.drafts[BOB] == "a long text"


async def test_a_search_among_inputs_leaves_the_draft_to_its_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await enter(screen, pilot, "hello")
        screen.composer.take("a long text")
        await pilot.press("ctrl+r", "h", "e")
        assert screen.composer.text == "hello"
        await open_(screen, pilot, ALICE)
        await open_(screen, pilot, BOB)
        assert screen.composer.text == "a long text"


async def test_an_edit_goes_on_behind_the_way_to_another_message_of_the_conversation(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("escape", "up", "e", "!")
        await settle(pilot)
        screen.go_to_message(BOB, 1)
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert screen.composer.text == "reading it now!"
        await pilot.press("enter")
        await settle(pilot)
        assert (await node.message_get(2)).text == "reading it now!"


async def test_behind_close_nothing_is_written_to_anybody(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await enter(screen, pilot, "/close")
        screen.composer.take("words for nobody")
        await pilot.pause(0.1)
        assert not any(node.drafts.values())
        await open_(screen, pilot, BOB)
        assert screen.composer.text == ""


# What is refused.


async def test_a_text_that_is_refused_while_another_is_edited_stands_behind_that_edit(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = asyncio.Event()

    async def refuse_later(*_words: object) -> None:
        await go.wait()
        raise UsageError("There is no room.")

    monkeypatch.setattr(node, "send", refuse_later)
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        screen.composer.take("new text")
        await pilot.press("enter", "escape", "up", "e")
        await settle(pilot)
        go.set()
        await settle(pilot)
        assert screen.composer.text == "reading it now"
        await pilot.press("!", "enter")
        await settle(pilot)
        assert (await node.message_get(2)).text == "reading it now!"
        assert screen.composer.text == "new text"


async def test_an_answer_that_is_refused_is_one_when_it_is_sent_again(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("escape", "r")
        await settle(pilot)
        with monkeypatch.context() as patched:
            patched.setattr(node, "send", no_room)
            await enter(screen, pilot, "yes, exactly")
        assert "Not sent: There is no room." in notice_text(screen)
        assert "You answer" in notice_text(screen)
        await pilot.press("enter")
        await settle(pilot)
        answer = (await node.messages("bob"))[-1]
        assert (answer.text, answer.reply_to) == ("yes, exactly", 3)


async def test_what_is_said_to_somebody_else_comes_back_if_it_is_refused(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.conversation_timer("alice", 60)
    monkeypatch.setattr(node, "send", no_room)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/msg alice a long explanation")
        assert screen.composer.text == "/msg alice a long explanation"


async def test_a_caption_that_disappears_is_not_called_back(node: MemoryNode, tmp_path: Path) -> None:
    (tmp_path / "figures.txt").write_text("x", encoding="utf-8")
    await node.conversation_timer("bob", 60)
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await enter(screen, pilot, f"/file {tmp_path}/figures.txt -- words that disappear")
        assert screen.composer.inputs.older("") is None
        await enter(screen, pilot, f"/file {tmp_path}/figures.txt")
        assert screen.composer.inputs.older("") is not None


# Commands about messages.


async def test_an_answer_by_command_ends_an_edit_and_an_edit_an_answer(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("escape", "up", "e")
        await settle(pilot)
        await enter(screen, pilot, "/reply hello there")
        await enter(screen, pilot, "see you tomorrow")
        assert (await said(node, "bob"))[1:] == [
            "reading it now",
            "page 3 has the figures. 第三页有图表 👩‍🚀",
            "hello there",
            "see you tomorrow",
        ]
        await pilot.press("escape", "up", "up", "r")
        await settle(pilot)
        await enter(screen, pilot, "/edit see you soon")
        await enter(screen, pilot, "unrelated")
        last = (await node.messages("bob"))[-2:]
        assert [(each.text, each.reply_to) for each in last] == [("see you soon", None), ("unrelated", None)]


async def test_me_without_words_ends_an_edit(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("escape", "up", "e")
        await settle(pilot)
        await enter(screen, pilot, "/me")
        assert screen.target is None
        assert "What do you do?" in notice_text(screen)


@pytest.mark.parametrize("slash", ["/", "／"])
async def test_a_command_that_is_typed_means_the_message_that_is_chosen(node: MemoryNode, slash: str) -> None:
    node.outgoing("bob", "first of mine", state="delivered")
    node.outgoing("bob", "second of mine", state="delivered")
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("escape", "up")
        await settle(pilot)
        for letter in f"{slash}edit corrected":
            pilot.app.post_message(Key(letter, letter))
        await settle(pilot)
        assert "A command for “first of mine”" in notice_text(screen)
        await pilot.press("enter")
        await settle(pilot)
        assert (await said(node, "bob"))[-2:] == ["corrected", "second of mine"]
        await pilot.press("escape", "up", "/", *"unsend", "enter")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await pilot.press("y")
        await settle(pilot)
        assert [each.unsent for each in await node.messages("bob")][-2:] == ["asked", ""]


async def test_a_chosen_message_is_meant_by_the_next_command_alone(node: MemoryNode) -> None:
    node.outgoing("bob", "first of mine", state="delivered")
    node.outgoing("bob", "second of mine", state="delivered")
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        for way in ("/tag friend", "plain words", "escape"):
            await pilot.press("escape", *["up"] * (2 if way == "escape" else 1), "/")
            await settle(pilot)
            if way == "escape":
                await pilot.press("escape")
            else:
                screen.composer.take(way)
                await pilot.press("enter")
            await settle(pilot)
            assert screen.target is None, way
        screen.composer.take("")
        await enter(screen, pilot, "/edit changed")
        assert (await said(node, "bob"))[-1] == "changed"


async def test_a_chosen_message_that_goes_is_meant_no_more(node: MemoryNode) -> None:
    mine = node.outgoing("bob", "burn after reading", state="delivered")
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("escape", "/")
        await settle(pilot)
        assert "burn after reading" in notice_text(screen)
        node.disappeared(mine.id)
        await settle(pilot)
        assert screen.target is None
        assert "burn" not in notice_text(screen)


async def test_words_behind_the_place_of_a_conversation_are_not_dropped(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await enter(screen, pilot, "/2 some words")
        assert screen.person is not None
        assert screen.person.id == BOB
        assert screen.composer.text == "/2 some words"
        assert "Nothing was sent" in notice_text(screen)


# What is not seen.


async def test_without_a_node_nobodys_messages_are_shown_under_another_name(node: MemoryNode) -> None:
    plan = await node.send("bob", "the plan for bob")
    async with outage(node) as (screen, pilot, there):
        node.break_off("handover")
        await settle(pilot)
        await open_(screen, pilot, ALICE)
        assert history_text(screen) == "  The messages could not be read from your node."
        await back(screen, pilot, there)
        assert "call me when you are back" in history_text(screen)
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, ALICE)
        screen.begin_edit(plan)  # a click that came while another conversation was being opened
        await pilot.press("!", "enter")
        await settle(pilot)
        assert (await said(node, "bob"))[-1] == "the plan for bob!"
        assert await said(node, "alice") == ["call me when you are back"]


@pytest.mark.parametrize(("size", "key"), [((80, 24), "alt+r"), ((40, 15), "alt+k")])
async def test_what_arrives_behind_requests_or_a_narrow_list_is_unread_until_it_is_seen(
    node: MemoryNode, size: tuple[int, int], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[int] = []
    async with running(node, size=size, notify="bell") as (screen, pilot):
        monkeypatch.setattr(pilot.app, "bell", lambda: rung.append(1))
        await open_(screen, pilot, BOB)
        await pilot.press(key)
        await settle(pilot)
        with monkeypatch.context() as alone:
            alone.setattr(
                node, "_tell_contact", lambda person: person.shown()
            )  # a node tells the message alone
            node.incoming("bob", "urgent!")
        await settle(pilot)
        bob = await node.contact_get("bob")
        assert (bob.unread, rung) == (1, [1])
        while screen.shared.session.known.people[BOB].unread != 1:
            await pilot.pause(0.01)
        await open_(screen, pilot, ALICE)
        await enter(screen, pilot, "/next")
        assert screen.person is not None
        assert screen.person.id == BOB
        while (await node.contact_get("bob")).unread:
            await pilot.pause(0.01)


async def test_nothing_is_typed_where_it_is_not_seen(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("alt+l", "alt+2", *"secret", "enter")
        await settle(pilot)
        assert screen.history.has_focus
        assert not seen(screen, "#entry")
        for name in ("alice", "bob", "小明"):
            assert "secret" not in await said(node, name)


async def test_esc_leads_from_a_list_or_from_requests_to_the_messages(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await open_(screen, pilot, BOB)
        await pilot.press("alt+r", "x", "escape")  # a letter has brought the input the keys
        await settle(pilot)
        assert seen(screen, "#history")
        assert screen.composer.has_focus
        await resize(pilot, 40, 15)
        await pilot.press("alt+k", "down", "down", "escape")
        await settle(pilot)
        assert seen(screen, "#history")
        assert screen.composer.has_focus


async def test_among_requests_a_command_touches_no_hidden_message(
    node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await node.conversation_memory("bob", True)
    monkeypatch.setenv("VISUAL", f"touch {tmp_path}/opened")
    async with running(node, scratch=lambda: tmp_path) as (screen, pilot):
        await open_(screen, pilot, BOB)
        before = await said(node, "bob")
        await pilot.press("alt+r")
        await settle(pilot)
        for command in ("edit", "unsend", "react", "reply", "earlier", "link", "copy"):
            screen.say("")
            screen.run(Command(command, "oops" if command == "edit" else ""))
            await settle(pilot)
            assert top(pilot) is screen, command
            assert notice_text(screen) in {
                "No conversation is open.",
                "There is no message here with which that could be done.",
            }, command
        assert await said(node, "bob") == before
        screen.run(Command("editor", ""))
        await settle(pilot)
        assert "in memory only" in notice_text(screen)
        assert not (tmp_path / "opened").exists()
