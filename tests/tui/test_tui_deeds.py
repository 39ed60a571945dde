"""Answering, editing, taking back and reacting in the interface, and how the two people's words look."""

from __future__ import annotations

from typing import cast

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.model import Quote
from tuichat.tui.app import TuichatApp
from tuichat.tui.message_keys import key_hints
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.slash import Command


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


async def test_an_answer_quotes_what_was_chosen(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "up", "up", "r")
        await settle(pilot)
        assert "did the draft reach you?" in notice_text(screen)
        await enter(screen, pilot, "it did")
        last = (await node.messages("bob"))[-1]
        assert (last.text, last.reply_to) == ("it did", 1)
        assert "│ bob: did the draft reach you?" in history_text(screen)
        await enter(screen, pilot, "and more")
        assert (await node.messages("bob"))[-1].reply_to is None


async def test_escape_forgets_what_the_next_text_was_to_be(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        screen.composer.take("half a thought")
        await pilot.press("escape", "up", "e")
        await settle(pilot)
        assert screen.composer.text == "reading it now"
        await pilot.press("escape")
        await settle(pilot)
        assert screen.composer.text == "half a thought"
        assert not screen.history.choosing
        await pilot.press("enter")
        await settle(pilot)
        last = (await node.messages("bob"))[-1]
        assert (last.text, last.reply_to, last.edited) == ("half a thought", None, False)


async def test_another_conversation_is_never_answered_or_edited_by_mistake(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "up", "e")
        await settle(pilot)
        await enter(screen, pilot, "/query alice")
        await enter(screen, pilot, "hello alice")
        assert (await node.messages("alice"))[-1].text == "hello alice"
        await enter(screen, pilot, "/query bob")
        await enter(screen, pilot, "hello bob")
        assert [message.edited for message in await node.messages("bob")] == [False] * 4


@pytest.mark.parametrize("key", ["e", "r"])
async def test_behind_a_command_the_next_text_is_one_like_any_other(node: MemoryNode, key: str) -> None:
    async with running(node) as (screen, pilot):
        mine = await node.send("bob", "first words")
        await settle(pilot)
        screen.composer.take("half a thought")
        await pilot.press("escape", key)
        await settle(pilot)
        await enter(screen, pilot, "/tag friend")
        assert screen.composer.text == ("half a thought" if key == "e" else "")
        await enter(screen, pilot, "hello")
        last = (await node.messages("bob"))[-1]
        assert (last.text, last.reply_to) == ("hello", None)
        assert (await node.message_get(mine.id)).text == "first words"


async def test_an_edit_puts_the_text_into_the_input_and_takes_its_place(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        screen.composer.take("later")
        await pilot.press("escape", "up", "e")
        await settle(pilot)
        screen.composer.take("reading it today")
        await pilot.press("enter")
        await settle(pilot)
        assert (await node.message_get(2)).text == "reading it today"
        assert "edited" in history_text(screen)
        assert screen.composer.text == "later"
        screen.composer.take("")
        await enter(screen, pilot, "/earlier")
        assert "reading it now" in notice_text(screen)


async def test_of_a_chosen_message_the_earlier_texts_are_its_own(node: MemoryNode) -> None:
    node.edited_by_them(1, "did the second draft reach you?")
    await node.edit(2, "reading it today")
    async with running(node) as (screen, pilot):
        for ups, said in ((2, "did the draft reach you?"), (1, "reading it now"), (0, "was not edited")):
            await pilot.press("escape", *["up"] * ups)
            screen.run(Command("earlier", ""))  # from the palette, say: what is typed chooses no more
            await settle(pilot)
            assert said in notice_text(screen)
            await pilot.press("escape")
        await enter(screen, pilot, "/earlier")
        assert "reading it now" in notice_text(screen)


async def test_an_answer_to_what_is_edited_or_taken_back_meanwhile_quotes_no_more_than_it_says(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "up", "up", "r", *"yes")
        await settle(pilot)
        node.edited_by_them(1, "did it reach you?")
        await settle(pilot)
        assert "did it reach you?" in notice_text(screen)
        node.change_message(1, text="", unsent="done")
        await settle(pilot)
        assert notice_text(screen) == "The message was taken back meanwhile."
        assert screen.composer.text == "yes"
        await pilot.press("enter", "escape", "up", "up", "e", "!")
        await settle(pilot)
        last = (await node.messages("bob"))[-1]
        assert (last.text, last.reply_to) == ("yes", None)
        await node.unsend(2)
        await settle(pilot)
        assert notice_text(screen) == "The message was taken back meanwhile."
        assert "reading it now" not in screen.composer.text


async def test_taking_back_asks_first(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "up", "d")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await pilot.press("n")
        await settle(pilot)
        assert (await node.message_get(2)).unsent == ""
        await enter(screen, pilot, "/unsend")
        await pilot.press("y")
        await settle(pilot)
        assert (await node.message_get(2)).unsent == "asked"
        assert "contact's node was" in history_text(screen)
        node.change_message(2, unsent="done")
        await settle(pilot)
        assert "node was" not in history_text(screen)


async def test_what_waits_and_may_have_left_already_is_taken_back_all_the_same(node: MemoryNode) -> None:
    waiting = (await node.messages("alice"))[-1]
    node.given.add(waiting.id)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query alice")
        await pilot.press("escape", "d")
        await settle(pilot)
        assert "if it may have left" in " ".join(str(top(pilot).query(Static).first().render()).split())
        await pilot.press("y")
        await settle(pilot)
        assert (await node.message_get(waiting.id)).unsent == "asked"
        assert notice_text(screen) == ""


async def test_keys_are_named_for_what_can_still_be_done(node: MemoryNode) -> None:
    waiting = (await node.messages("alice"))[-1]
    for changes, named in (
        ({}, "e edit  c copy  x take back"),
        ({"kind": "file"}, "c copy  x take back"),
        ({"text": "", "unsent": "asked"}, "c copy  Esc write"),
        ({"kind": "timer"}, "c copy  Esc write"),
    ):
        assert key_hints(replace(waiting, **changes), narrow=False).startswith(named)


async def test_cancel_passes_over_what_waits_and_is_taken_back_already(node: MemoryNode) -> None:
    waiting = (await node.messages("alice"))[-1]
    asked = node.outgoing("alice", "perhaps on its way")
    node.given.add(asked.id)
    await node.unsend(asked.id)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query alice")
        await enter(screen, pilot, "/cancel")
        await pilot.press("y")
        await settle(pilot)
        assert (await node.message_get(waiting.id)).state == "cancelled"
        await enter(screen, pilot, "/cancel")
        assert "Nothing waits" in notice_text(screen)


async def test_keys_that_do_nothing_with_a_message_say_why_and_write_nothing(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape")
        for key, said in (("e", "Only texts of your own"), ("d", "Only your own"), ("x", "Only your own")):
            await pilot.press(key)
            await settle(pilot)
            assert said in notice_text(screen)
            assert "-error" not in screen.query_one("#notice").classes
        node.change_message(2, text="", unsent="done")
        await settle(pilot)
        await pilot.press("up")
        for key in "r+ed":
            await pilot.press(key)
            await settle(pilot)
            assert "taken back already" in notice_text(screen)
        await pilot.press("c")
        await settle(pilot)
        assert "no words" in notice_text(screen)
        assert (screen.composer.text, screen.history.choosing, top(pilot)) == ("", True, screen)


async def test_a_reaction_is_chosen_by_number_by_name_or_written_as_it_is(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "+")
        await settle(pilot)
        await pilot.press(*"party popper")
        assert "party popper" in str(top(pilot).query_one("#found", Static).render())
        await pilot.press("enter")
        await settle(pilot)
        assert (await node.message_get(3)).my_reactions == ("🎉",)
        node.reacted_by_them(3, "🎉")
        await settle(pilot)
        assert "🎉 2" in history_text(screen)
        await enter(screen, pilot, "/react 🎉")
        assert (await node.message_get(3)).reactions == ("🎉",)
        await enter(screen, pilot, "/react")
        await pilot.press(*"no such thing", "enter")
        assert "No emoji fits." in str(top(pilot).query_one("#found", Static).render())
        await pilot.press(*["backspace"] * 13, "2")
        await settle(pilot)
        assert (await node.message_get(3)).my_reactions == ("❤",)


async def test_a_refusal_gives_the_text_back(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/react thumbs")
        assert "one emoji" in notice_text(screen)
        await pilot.press("escape", "up", "e")
        await settle(pilot)
        node._locked = True
        screen.composer.take("in vain")
        await pilot.press("enter")
        await settle(pilot)
        assert screen.composer.text == "in vain"
        assert "Not edited" in notice_text(screen)
        node._locked = False
        await pilot.press("enter")
        await settle(pilot)
        assert [message.text for message in await node.messages("bob")].count("in vain") == 1
        assert [message.edited for message in await node.messages("bob")].count(True) == 1


async def test_what_one_does_is_said_in_the_third_person(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/me waves")
        assert (await node.messages("bob"))[-1].text == "/me waves"
        node.incoming("bob", "/me waves back")
        await settle(pilot)
        shown = history_text(screen)
        assert "* me waves" in shown
        assert "* bob waves back" in shown


async def test_what_one_does_is_edited_and_answers_as_any_text_does(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/me waves")
        mine = (await node.messages("bob"))[-1]
        await pilot.press("escape", "e")
        await settle(pilot)
        assert screen.composer.text == "/me waves"
        await pilot.press("!", "enter")
        await settle(pilot)
        changed = (await node.messages("bob"))[-1]
        assert (changed.id, changed.text) == (mine.id, "/me waves!")
        await pilot.press("escape", "up", "up", "up", "r")
        await settle(pilot)
        await enter(screen, pilot, "/me nods")
        last = (await node.messages("bob"))[-1]
        assert (last.text, last.reply_to) == ("/me nods", 1)


@pytest.mark.parametrize("text", ["/usr/bin", "/quit", "／喂"])
async def test_a_text_that_begins_with_a_slash_stays_one_when_it_is_edited(
    node: MemoryNode, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, f"/{text}")
        mine = (await node.messages("bob"))[-1]
        assert mine.text == text
        await pilot.press("escape", "e", "!")
        await settle(pilot)
        assert screen.composer.text == f"/{text}!"

        async def refuse(_message: int, _text: str) -> None:
            raise UsageError("not now")

        with monkeypatch.context() as patched:
            patched.setattr(node, "edit", refuse)
            await pilot.press("enter")
            await settle(pilot)
        assert screen.composer.text == f"/{text}!"
        await pilot.press("enter")
        await settle(pilot)
        changed = (await node.messages("bob"))[-1]
        assert (changed.id, changed.text) == (mine.id, f"{text}!")


async def test_only_names_of_the_two_stand_out_and_nothing_is_markup(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.incoming("bob", "ask @Bob, not @bobby or [red]@bob[/red] a@bob.onion")
        await settle(pilot)
        rows = [
            row for row, _message in screen.history._layout() if any("ask " in text for _part, text in row)
        ]
        named = [text for part, text in rows[0] if part == "mention"]
        assert named == ["@Bob", "@bob"]
        assert "[red]@bob[/red]" in history_text(screen)


async def test_a_quote_follows_its_message_and_says_when_there_is_none(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await node.send("bob", "my answer", 1)
        node.edited_by_them(1, "did the second draft reach you?")
        await settle(pilot)
        assert "│ bob: did the second draft reach you?" in history_text(screen)
        node.change_message(1, text="", unsent="done")
        await settle(pilot)
        assert "│ bob: taken back" in history_text(screen)
        node.change_message(3, quote=Quote())
        await settle(pilot)
        assert "│ answers a message you do not have" in history_text(screen)


async def by_palette(pilot: Pilot[int], command: str) -> None:
    cast(TuichatApp, pilot.app).run_command(command)
    await settle(pilot)


async def test_commands_of_the_palette_mean_the_chosen_message(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for command, said in (
            ("reply", "You answer “reading it now”"),
            ("edit", "You edit “reading it now”"),
        ):
            screen.history.choose(2)
            await by_palette(pilot, command)
            assert said in notice_text(screen)
            assert (screen.composer.has_focus, screen.history.choosing) == (True, False)
            await pilot.press("escape")
            await settle(pilot)
        node.outgoing("bob", "and more", state="delivered")
        for command in ("unsend", "cancel"):
            screen.history.choose(2)
            await by_palette(pilot, command)
            assert "“reading it now”" in str(top(pilot).query(Static).first().render())
            await pilot.press("n")
            await settle(pilot)
        node.edited_by_them(2, "reading it today")
        screen.history.choose(1)
        for command, said in (
            ("unsend", "Only your own"),
            ("edit", "Only texts of"),
            ("earlier", "not edited"),
        ):
            await by_palette(pilot, command)
            assert said in notice_text(screen)
        screen.history.choose(2)
        await by_palette(pilot, "earlier")
        assert "reading it now" in notice_text(screen)


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
async def test_a_command_of_the_palette_that_needs_words_waits_in_the_input_and_nothing_there_is_lost(
    node: MemoryNode, size: tuple[int, int]
) -> None:
    async with running(node, size=size) as (screen, pilot):
        for command in ("rename", "msg"):
            screen.composer.take("half a thought")
            await pilot.press("escape")
            await by_palette(pilot, command)
            assert (screen.composer.text, screen.composer.has_focus) == (f"/{command} ", True)
            assert screen.composer.is_on_screen
            assert not screen.history.choosing
            await pilot.press("up")
            assert screen.composer.text == "half a thought"
