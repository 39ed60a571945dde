"""Keys that come in a heap go where they would have gone one by one."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, interface, running, settle, top
from tests.support.memory_node import MemoryNode, address_of
from tuichat.model import Contact
from tuichat.tui import typed_ahead
from tuichat.tui.screens.add_contact import AddContact


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order of keys is told apart from how slow the machine is."""
    monkeypatch.setattr(typed_ahead, "PATIENCE_SECONDS", 60.0)


def heap(pilot: Pilot[int], text: str) -> None:
    """Keys as a slow network brings them: all at once. A line break is Enter, \x1b Esc, and ^ goes up."""
    named = {"\n": ("enter", "\r"), "\x1b": ("escape", "\x1b"), "^": ("up", None)}
    for letter in text:
        pilot.app.post_message(events.Key(*named.get(letter, (letter, letter))))


@pytest.mark.usefixtures("patient")
async def test_a_passphrase_typed_behind_enter_is_taken_as_its_repetition() -> None:
    made: list[tuple[str | None, str | None]] = []

    async def create(name: str | None, passphrase: str | None) -> None:
        made.append((name, passphrase))

    async with interface(MemoryNode(FixedClock()), create_profile=create).run_test() as pilot:
        await settle(pilot)
        heap(pilot, "secret\nsecret\nme\n")
        while not made:
            await pilot.pause(0.01)
        assert made == [("me", "secret")]


@pytest.mark.usefixtures("patient")
async def test_each_field_of_a_dialog_gets_its_own_and_the_last_enter_asks() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (main, pilot):
        await enter(main, pilot, "/add")
        assert isinstance(top(pilot), AddContact)
        heap(pilot, f"{address_of('erin')}\nerin\nhello there\nand on")
        while top(pilot) is not main:
            await pilot.pause(0.01)
        await settle(pilot)
        erin = await node.contact_get("erin")
        assert erin.request_text == "hello there"
        assert main.composer.text == "and on"


@pytest.mark.usefixtures("patient")
async def test_what_is_typed_while_the_node_answers_goes_where_its_answer_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = MemoryNode.sample(FixedClock())
    asked, answering = asyncio.Event(), asyncio.Event()

    async def slow(address: str, name: str | None, message: str) -> Contact:
        asked.set()
        await answering.wait()
        return await MemoryNode.contact_add(node, address, name, message)

    monkeypatch.setattr(node, "contact_add", slow)
    async with running(node) as (main, pilot):
        await enter(main, pilot, "/add")
        heap(pilot, f"{address_of('erin')}\nerin\nhello\nand on")
        await asked.wait()
        await pilot.pause(4 * typed_ahead.LOOK_SECONDS)
        answering.set()
        while main.composer.text != "and on":
            await pilot.pause(0.01)
        assert (await node.contact_get("erin")).request_text == "hello"


async def test_a_node_that_does_not_answer_holds_no_key_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    node = MemoryNode.sample(FixedClock())

    async def never(_address: str, _name: str | None, _message: str) -> Contact:
        return await asyncio.Future()

    monkeypatch.setattr(node, "contact_add", never)
    monkeypatch.setattr(typed_ahead, "PATIENCE_SECONDS", 0.1)
    async with running(node) as (main, pilot):
        await enter(main, pilot, "/add")
        heap(pilot, f"{address_of('erin')}\n\nhello\n")
        pilot.app.post_message(events.Key("escape", None))
        while top(pilot) is not main:
            await pilot.pause(0.01)


async def test_who_entered_in_a_field_that_is_gone_waits_a_moment_and_no_longer() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (main, pilot):
        await enter(main, pilot, "/add")
        app = pilot.app
        assert isinstance(app, typed_ahead.TypedAhead)
        app._wait_for(typed_ahead.Before(app))
        await top(pilot).dismiss()
        heap(pilot, "still here")
        while main.composer.text != "still here":
            await pilot.pause(0.01)


@pytest.mark.usefixtures("patient")
async def test_keys_behind_esc_are_for_the_messages_and_letters_behind_an_answer_for_the_input() -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node) as (main, pilot):
        before = await node.messages("bob")
        main.composer.inputs.add("said before")
        heap(pilot, "\x1b^")
        await settle(pilot)
        assert main.composer.text == ""
        assert main.history.chosen_message() == before[-2]
        heap(pilot, "recede\n")
        await settle(pilot)
        said = (await node.messages("bob"))[-1]
        assert (said.text, said.reply_to) == ("ecede", before[-2].id)
        heap(pilot, "\x1be!\n")
        await settle(pilot)
        said = await node.message_get(said.id)
        assert (said.text, main.composer.text) == ("ecede!", "")


def keys_at_once(pilot: Pilot[int], keys: str) -> None:
    """The same with keys by their names, blanks between them; a word of letters is typed."""
    for key in keys.split():
        named = {"/": "slash", "+": "plus"}
        for each in [key] if key in {"enter", "escape", "down", "f1"} or "+" in key[1:] else key:
            pilot.app.post_message(events.Key(named.get(each, each), each if len(each) == 1 else None))


async def taken(pilot: Pilot[int]) -> None:
    """All that was typed has gone where it goes."""
    app = pilot.app
    assert isinstance(app, typed_ahead.TypedAhead)
    await settle(pilot)
    while app._waiting or app._entered is not None:
        await pilot.pause(0.01)
    await settle(pilot)


@pytest.mark.usefixtures("patient")
async def test_what_is_typed_behind_the_way_to_somebody_goes_to_nobody_else() -> None:
    node = MemoryNode.sample(FixedClock())
    bob = await node.contact_get("bob")
    async with running(node) as (main, pilot):
        for way in ("alt+down", "ctrl+n", "/1 enter", "alt+k alice enter"):
            main.open(bob.id)
            await settle(pilot)
            before = await node.messages("bob")
            keys_at_once(pilot, f"{way} hi enter")
            await taken(pilot)
            assert main.person not in (None, bob), way
            assert await node.messages("bob") == before, way


@pytest.mark.usefixtures("patient")
async def test_letters_behind_a_key_for_another_screen_are_written_there() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (main, pilot):
        for way in ("ctrl+f", "/search enter", "alt+i escape ctrl+f"):
            keys_at_once(pilot, f"{way} draft")
            await taken(pilot)
            assert top(pilot).query_one(Input).value == "draft", way
            assert main.composer.text == "", way
            await pilot.press("escape")


@pytest.mark.usefixtures("patient")
async def test_a_key_that_is_held_down_brings_one_screen() -> None:
    async with running(MemoryNode.sample(FixedClock(), node="detached")) as (_main, pilot):
        for key in ("f1", "alt+i", "alt+k", "ctrl+f", "ctrl+p", "ctrl+q"):
            keys_at_once(pilot, f"{key} " * 3)
            await taken(pilot)
            assert len(pilot.app.screen_stack) == 2, key
            await pilot.press("escape")


@pytest.mark.usefixtures("patient")
async def test_a_letter_of_an_input_method_at_once_behind_esc_is_typed() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (main, pilot):
        pilot.app.post_message(events.Key("alt+半", "半"))
        pilot.app.post_message(events.Key("句", "句"))
        await taken(pilot)
        assert main.composer.text == "半句"
        await pilot.press("ctrl+f")
        pilot.app.post_message(events.Key("alt+半", "半"))
        await taken(pilot)
        assert (top(pilot), main.composer.text) == (main, "半句半")
