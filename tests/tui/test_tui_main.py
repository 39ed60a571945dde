"""The main screen: what keys and commands do to the node, and what events do to the screen."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from textual import events
from textual.widget import Widget
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import (
    enter,
    history_text,
    interface,
    notice_text,
    resize,
    rows_text,
    running,
    seen,
    settle,
    top,
)
from tests.support.memory_node import MemoryNode, address_of
from tuichat.errors import UsageError
from tuichat.model import MAX_TEXT_BYTES
from tuichat.tui import session
from tuichat.tui.app import TuichatApp
from tuichat.tui.known import colour_of
from tuichat.tui.palette import CommandPalette
from tuichat.tui.screens.add_contact import AddContact
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.quick_switch import QuickSwitch
from tuichat.tui.screens.quit import Quit
from tuichat.tui.screens.unlock import Unlock
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.requests import Requests


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


async def test_a_typed_line_is_sent_to_the_open_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "hello")
        assert (await node.messages("bob"))[-1].text == "hello"
        assert "me   hello" in history_text(screen)
        assert screen.composer.text == ""


async def test_enter_sends_lines_in_the_order_they_were_written(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        for digit in "12345":
            await pilot.press(digit, "enter")
        await settle(pilot)
        assert [message.text for message in await node.messages("bob", limit=5)] == list("12345")


async def test_ctrl_j_writes_a_new_line_and_the_input_grows_with_it(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("a", "ctrl+j", "b")
        await settle(pilot)
        assert screen.composer.text == "a\nb"
        assert screen.composer.size.height == 2


async def test_of_two_conversations_opened_at_one_moment_the_second_is_open(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        bob, alice = (screen.shared.session.known.named(name) for name in ("bob", "alice"))
        assert bob is not None
        assert alice is not None
        assert screen.conversation.contact == bob.id
        screen.composer.take("for bob")
        screen.open(alice.id)
        screen.open(bob.id)
        await settle(pilot)
        assert screen.conversation.contact == bob.id
        assert "did the draft reach you?" in history_text(screen)
        assert screen.composer.text == "for bob"
        screen.open(alice.id)
        assert screen.composer.text == ""
        await enter(screen, pilot, "for alice")
        assert (await node.messages("alice"))[-1].text == "for alice"


async def test_an_unknown_command_is_never_sent(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        before = len(await node.messages("bob"))
        await enter(screen, pilot, "/passwort geheim")
        assert len(await node.messages("bob")) == before
        assert "no command /passwort" in notice_text(screen)
        assert screen.composer.text == "/passwort geheim"


async def test_two_slashes_send_one(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "//etc")
        assert (await node.messages("bob"))[-1].text == "/etc"


async def test_text_over_the_limit_stays_in_the_input_and_is_not_sent(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        before = len(await node.messages("bob"))
        screen.composer.take("x" * (MAX_TEXT_BYTES + 1))
        await pilot.press("enter")
        await settle(pilot)
        assert len(await node.messages("bob")) == before
        assert "48 KiB" in notice_text(screen)
        assert len(screen.composer.text) == MAX_TEXT_BYTES + 1


async def test_a_text_the_node_refuses_comes_back_into_the_input(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_words: object) -> None:
        raise UsageError("Too much waits.")

    monkeypatch.setattr(node, "send", refuse)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "hello")
        assert screen.composer.text == "hello"
        assert "Not sent" in notice_text(screen)


async def test_an_arriving_message_is_shown_and_marked_as_read(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.incoming("bob", "are you there?")
        await settle(pilot)
        assert "are you there?" in history_text(screen)
        async with asyncio.timeout(60):  # it is said as seen once it has been drawn
            while next(person for person in await node.contact_list() if person.name == "bob").unread:
                await settle(pilot)


async def test_nothing_is_marked_as_read_while_the_terminal_is_not_looked_at(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        pilot.app.app_focus = False
        node.incoming("bob", "are you there?")
        await settle(pilot)
        assert next(p for p in await node.contact_list() if p.name == "bob").unread == 1
        pilot.app.app_focus = True
        await settle(pilot)
        assert next(p for p in await node.contact_list() if p.name == "bob").unread == 0
        assert screen.history.at_end


async def test_unread_conversations_come_first_in_the_list(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.incoming("alice", "back")
        await settle(pilot)
        unread = [person.name for person in screen.shared.session.known.conversations() if person.unread]
        names = [person.name for person in screen.shared.session.known.conversations()]
        assert set(unread) == {"alice", "小明"}
        assert set(names[:2]) == set(unread)


async def test_keys_move_between_conversations(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        names = [person.name for person in screen.shared.session.known.conversations()]
        await pilot.press("alt+2")
        await settle(pilot)
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == names[1]
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert screen.conversation.person.name == names[2]
        await pilot.press("alt+up")
        await settle(pilot)
        assert screen.conversation.person.name == names[1]
        assert screen.composer.text == ""


async def test_alt_a_goes_to_the_next_unread(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("alt+a")
        await settle(pilot)
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == "小明"


async def test_a_draft_waits_in_its_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*"half a")
        await pilot.press("alt+2")
        await settle(pilot)
        assert screen.composer.text == ""
        screen.open(next(p.id for p in screen.shared.session.known.conversations() if p.name == "bob"))
        await settle(pilot)
        assert screen.composer.text == "half a"


async def test_quick_switch_finds_a_name_by_its_letters(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("ctrl+k")
        await settle(pilot)
        assert isinstance(top(pilot), QuickSwitch)
        await pilot.press(*"crl", "enter")
        await settle(pilot)
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == "carol"


def wheel(over: Widget) -> events.MouseScrollDown:
    return events.MouseScrollDown(over, 1, 1, 0, 0, 0, shift=False, meta=False, ctrl=False)


async def test_requests_stay_under_the_cursor_and_what_they_are_is_read_above_them(node: MemoryNode) -> None:
    for name in ("erin", "frank", "grace"):
        node.person(name, state="pending", suggested_name=name)
    async with running(node, size=(40, 15)) as (screen, pilot):
        await pilot.press("alt+r")
        await settle(pilot)
        requests = screen.query_one(Requests)
        assert "They asked" in requests.render_line(0).text
        await pilot.press("down", "down")
        await node.contact_reject("erin")
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        states = {person.name: person.state for person in await node.contact_list()}
        assert (states["frank"], states["grace"]) == ("accepted", "pending")


async def test_a_request_that_is_taller_than_the_view_can_be_read_to_its_end(node: MemoryNode) -> None:
    await node.contact_reject("dave")
    words = " ".join(f"word{number}" for number in range(70))
    node.person("eve", state="pending", request_text=f"{words} LASTWORD")
    node.person("frank", state="pending", request_text="hi")
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, "/requests")
        requests = screen.query_one(Requests)

        def text() -> str:
            return "\n".join(requests.render_line(y).text for y in range(requests.size.height))

        def under_the_cursor() -> str:
            return requests._requests[requests._cursor].name

        assert "word0 " in text()
        assert "LASTWORD" not in text()
        presses = 0
        while "a accept" not in text() and presses < 30:
            await pilot.press("down")
            presses += 1
        assert "LASTWORD" in text()
        assert presses > 3
        assert under_the_cursor() == "eve"
        await pilot.press("home")
        assert "word0 " in text()
        await pilot.press("pagedown")
        assert "LASTWORD" in text()
        assert under_the_cursor() == "eve"
        await pilot.press("pageup")
        assert "word0 " in text()
        for _turn in range((presses + 2) // 3):
            requests.post_message(wheel(requests))
        await settle(pilot)
        assert "LASTWORD" in text()
        assert under_the_cursor() == "eve"
        await pilot.press("end")
        assert under_the_cursor() == "frank"
        assert "hi" in text()
        await pilot.press("up")
        assert under_the_cursor() == "eve"
        assert "word0 " in text()


async def test_requests_can_be_accepted_rejected_and_blocked(node: MemoryNode) -> None:
    node.person("erin", state="pending", request_text="hi")
    node.person("mallory", state="pending", request_text="buy this")
    async with running(node) as (screen, pilot):
        await pilot.press("alt+r")
        await settle(pilot)
        await pilot.press("a")
        await settle(pilot)
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == "dave"
        await pilot.press("alt+r", "r")
        await settle(pilot)
        await pilot.press("alt+r", "b")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await pilot.press("y")
        await settle(pilot)
        states = {person.name: person.state for person in await node.contact_list()}
        assert states["dave"] == "accepted"
        assert "erin" not in states
        assert states["mallory"] == "blocked"


async def test_a_command_typed_over_the_requests_accepts_nobody(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("alt+r")
        await settle(pilot)
        await pilot.press(*"/add")
        await settle(pilot)
        assert screen.composer.text == "/add"
        assert {p.name: p.state for p in await node.contact_list()}["dave"] == "pending"


async def test_a_mistyped_address_is_explained_and_nothing_is_added(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        before = await node.contact_list()
        await enter(screen, pilot, "/add")
        assert isinstance(top(pilot), AddContact)
        top(pilot).query_one("#address", Input).value = address_of("zoe")[:-2] + "xx"
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        assert isinstance(top(pilot), AddContact)
        assert str(top(pilot).query_one(".problem", Static).render())
        assert await node.contact_list() == before
        await pilot.press("escape")
        assert top(pilot) is screen


async def test_adding_somebody_opens_their_conversation_and_says_that_it_waits(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, f"/add {address_of('zoe')} zoe")
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == "zoe"
        assert "keep tuichat running" in str(screen.query_one("#banner", Static).render())
        assert seen(screen, "#banner")
        await pilot.press("alt+l")  # messages only
        await settle(pilot)
        assert not seen(screen, "#banner")


async def test_a_person_has_the_colour_of_their_key_whatever_they_are_called(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for name in ("小明", "bob"):
            await enter(screen, pilot, f"/query {name}")
            assert screen.history._person == colour_of(address_of(name)) != colour_of(name)


async def test_a_duplicate_name_is_refused_with_a_free_one(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/rename alice bob")
        assert "bob2" in notice_text(screen)


async def test_what_waits_can_be_taken_back_and_what_left_cannot(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        screen.open(next(p.id for p in screen.shared.session.known.conversations() if p.name == "alice"))
        await settle(pilot)
        await pilot.press("escape", "x")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        assert "call me when you are back" in str(top(pilot).query(Static).first().render())
        await pilot.press("n", "x", "enter")
        await settle(pilot)
        assert (await node.messages("alice"))[-1].state == "queued"
        await pilot.press("y")
        await settle(pilot)
        assert (await node.messages("alice"))[-1].state == "cancelled"
        await pilot.press("x")
        await settle(pilot)
        assert "taken back already" in notice_text(screen)


async def test_a_queued_message_says_that_it_waits_and_a_delivered_one_does_not(node: MemoryNode) -> None:
    async with running(node, size=(100, 24)) as (screen, pilot):
        screen.open(next(p.id for p in screen.shared.session.known.conversations() if p.name == "alice"))
        await settle(pilot)
        assert "waits until you are both online; keep tuichat running" in history_text(screen)
        node.set_state((await node.messages("alice"))[-1].id, "delivered")
        await settle(pilot)
        assert "waits until" not in history_text(screen)
        assert "✓✓" in history_text(screen)


async def test_copying_hands_the_text_to_the_clipboard(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await pilot.press("escape", "up", "c")
        await settle(pilot)
        assert pilot.app.clipboard == "reading it now"


async def test_a_peers_text_is_never_read_as_markup(node: MemoryNode) -> None:
    evil = "[@click=app.quit]click[/] [red]red[/red] [/]"
    node.person("[b]eve[/b]", state="pending", request_text=evil, suggested_name=evil)
    node.incoming("bob", evil)
    async with running(node, size=(120, 30)) as (screen, pilot):
        assert evil in history_text(screen)
        await node.contact_accept("[b]eve[/b]")
        await settle(pilot)
        await enter(screen, pilot, "/card [b]eve[/b]")
        assert evil in rows_text(pilot)
        await pilot.press("escape")
        await enter(screen, pilot, "/remove [b]eve[/b]")
        assert "[b]eve[/b]" in str(top(pilot).query(Static).first().render())
        await pilot.press("y")
        node.notice(evil)
        await settle(pilot)
        assert notice_text(screen) == evil


async def test_ctrl_q_asks_while_messages_wait_and_can_keep_the_node(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert isinstance(top(pilot), Quit)
        await pilot.press("k")
        await pilot.pause()
        assert node.kept
    assert pilot.app.return_value == 0


async def test_ctrl_q_asks_while_files_are_under_way_also_of_people_not_looked_at() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob")
    node.person("carol")
    waiting = node.offer("carol", "film.mkv", 100)
    await node.file_accept(waiting.id)
    async with running(node) as (_screen, pilot):
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert isinstance(top(pilot), Quit)
        text = str(top(pilot).query(Static).first().render())
        assert text == "1 file is under way. It goes on only while tuichat runs."
        assert "k  go on in the background\nq  quit; it waits" in str(top(pilot).query_one(".keys").render())
        await pilot.press("k")
        await pilot.pause()
        assert node.kept
    assert pilot.app.return_value == 0


async def test_ctrl_q_does_not_ask_for_offers_and_what_rests() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob")
    node.offer("bob", "offered", 100)
    resting = node.offer("bob", "resting", 100)
    await node.file_accept(resting.id)
    await node.file_pause(resting.id)
    async with running(node) as (_screen, pilot):
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert pilot.app.return_value == 0
    assert not node.kept


async def test_ctrl_q_does_not_wait_for_a_node_that_says_nothing(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ANSWER_SECONDS", 0.05)
    async with running(node) as (_screen, pilot):
        monkeypatch.setattr(node, "status", asyncio.Event().wait)
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert isinstance(top(pilot), Quit)


async def test_enter_decides_nothing_about_what_waits(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await pilot.press("ctrl+q")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), Quit)
        assert not node.kept
        assert "it waits for next time" in str(top(pilot).query_one(".keys", Static).render())


async def test_a_card_is_not_seen_behind_the_question_about_it(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await pilot.press("alt+i")
        await settle(pilot)
        card = top(pilot)
        assert isinstance(card, ContactCard)
        await pilot.press("x")
        await settle(pilot)
        assert not card.query_one(".box").visible
        await pilot.press("n")
        await settle(pilot)
        assert top(pilot) is card
        assert card.query_one(".box").visible


async def test_a_card_tells_what_somebody_calls_themselves_only_if_it_is_another_name(
    node: MemoryNode,
) -> None:
    node.person("zoe", suggested_name="zoe")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/card zoe")
        assert "calls themselves" not in rows_text(pilot)
        await pilot.press("escape")
        await enter(screen, pilot, "/card 小明")
        assert "calls themselves “Xiao Ming”" in rows_text(pilot)


async def test_an_empty_conversation_says_what_its_person_calls_themselves(node: MemoryNode) -> None:
    node.person("7y5zhcev", suggested_name="Bob [red]")
    node.person("zoe", suggested_name="zoe")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query 7y5zhcev")
        assert "They call themselves “Bob [red]”. /rename" in history_text(screen)
        await enter(screen, pilot, "/query zoe")
        assert "They call themselves" not in history_text(screen)
        assert "No messages yet" in history_text(screen)


async def test_ctrl_q_does_not_ask_when_a_daemon_delivers_anyway() -> None:
    daemon = MemoryNode.sample(FixedClock(), node="daemon")
    async with running(daemon) as (_screen, pilot):
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert pilot.app.return_value == 0


async def test_ctrl_c_never_quits(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("escape", "ctrl+c")
        await settle(pilot)
        assert pilot.app.is_running
        assert "Ctrl+Q" in notice_text(screen)


async def test_history_is_there_before_the_network_is_asked_for(node: MemoryNode) -> None:
    node.set_tor(bootstrap=0, running=False)
    node.set_service(published=False, reachable=False)
    async with running(node) as (screen, _pilot):
        assert "did the draft reach you?" in history_text(screen)
        assert node.online_asked


async def test_a_wrong_clock_gets_its_own_sentence(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.set_tor(problem="clock_skew")
        await settle(pilot)
        assert "clock is wrong" in notice_text(screen)


async def test_a_lock_hides_everything_and_a_passphrase_brings_it_back(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*"secret draft")
        await node.lock()
        await settle(pilot)
        assert isinstance(top(pilot), Unlock)
        assert not screen.history.window.messages
        assert screen.composer.text == ""
        await pilot.press(*"wrong", "enter")
        await settle(pilot)
        assert "not the passphrase" in str(top(pilot).query_one("#answer", Static).render())
        await pilot.press(*"correct horse", "enter")
        await settle(pilot)
        assert top(pilot) is screen
        assert "晚上见" in history_text(screen)


async def test_a_handover_is_survived_and_nothing_is_lost(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.break_off("handover")
        await settle(pilot)
        node.incoming("bob", "after the handover")
        await settle(pilot)
        assert "after the handover" in history_text(screen)


async def test_a_stopped_node_is_not_started_again_unasked(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await node.stop()
        await settle(pilot)
        assert "was stopped" in notice_text(screen)
        assert not screen.shared.session.connected
        await enter(screen, pilot, "/connect")
        assert screen.shared.session.connected


async def test_a_narrow_window_shows_one_pane_at_a_time(node: MemoryNode) -> None:
    async with running(node, size=(40, 15)) as (screen, pilot):
        assert not seen(screen, "#list")
        await pilot.press("alt+k")
        await settle(pilot)
        assert seen(screen, "#list")
        assert not seen(screen, "#history")
        await pilot.press("up", "up", "up", "enter")
        await settle(pilot)
        assert seen(screen, "#history")
        assert screen.composer.has_focus


async def test_a_narrow_window_names_a_key_beside_an_empty_input_and_what_is_searched(
    node: MemoryNode,
) -> None:
    async with running(node, size=(40, 15)) as (screen, pilot):
        assert seen(screen, "#short-hints")
        await pilot.press(*"abc")
        await settle(pilot)
        assert not seen(screen, "#short-hints")
        await pilot.press("enter", "ctrl+r", "b")
        await settle(pilot)
        assert str(screen.query_one("#hints", KeysLine).render()) == "search: b"
        assert (screen.composer.text, seen(screen, "#hints"), seen(screen, "#short-hints")) == (
            "abc",
            True,
            False,
        )
        await pilot.press("enter")
        await settle(pilot)
        assert (seen(screen, "#hints"), seen(screen, "#short-hints")) == (False, False)
        await resize(pilot, 80, 24)
        await settle(pilot)
        assert (seen(screen, "#hints"), seen(screen, "#short-hints")) == (True, False)


async def test_in_a_narrow_window_a_name_is_whole_where_a_sign_can_say_the_rest(node: MemoryNode) -> None:
    async with running(node, size=(40, 15)) as (screen, pilot):
        screen.open(2)
        node.incoming("bob", "are you there?")
        await settle(pilot)
        top_row = screen.query_one("#top", PartsLine)
        assert top_row.render_line(0).text == " ‹ alice               ◌  2 new  1 asks "
        await enter(screen, pilot, "/requests")
        await pilot.press("r", "escape")
        await settle(pilot)
        assert top_row.render_line(0).text == " ‹ alice         ◌ not reachable  2 new "


async def test_the_input_asks_for_nobody_while_an_archived_conversation_is_open(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for name in ("bob", "小明", "carol"):
            await node.conversation_set(name, archived=True)
        screen.open(2)
        await node.conversation_set("alice", archived=True)
        await settle(pilot)
        assert (screen.person is not None, screen.composer.placeholder) == (True, "")
        await enter(screen, pilot, "/close")
        assert screen.composer.placeholder == "an address or invite, or /help"
        await resize(pilot, 40, 15)
        await settle(pilot)
        assert screen.composer.placeholder == "an address or invite"


async def test_a_long_paste_is_asked_about_and_control_characters_never_arrive(node: MemoryNode) -> None:
    from textual import events

    async with running(node) as (screen, pilot):
        screen.composer.post_message(events.Paste("one\x1b]52;c;eA==\x07two\u202e"))
        await settle(pilot)
        assert screen.composer.text == "one]52;c;eA==two"
        screen.composer.take("")
        screen.composer.post_message(events.Paste("\n".join("abcdefgh")))
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await pilot.press("n")
        await settle(pilot)
        assert screen.composer.text == ""
        screen.composer.post_message(events.Paste("\n".join("abcdefgh")))
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert screen.composer.text == "\n".join("abcdefgh")


async def test_earlier_inputs_come_back_with_the_arrow_keys_and_by_search(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for text in ("first", "second"):
            await pilot.press(*text, "enter")
        await pilot.press("x", "up", "up")
        assert screen.composer.text == "first"
        await pilot.press("down", "down")
        assert screen.composer.text == "x"
        await pilot.press("backspace", "ctrl+r", *"fir", "enter")
        assert screen.composer.text == "first"


async def test_tab_completes_what_a_command_takes(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        for line, *completed in (
            ("/theme mo", "/theme mono "),
            ("/theme bo",),
            ("/set the", "/set theme "),
            ("/set theme mo", "/set theme mono "),
            ("/set ui.keys w", "/set ui.keys weechat "),
            ("/set privacy.vis", "/set privacy.visibility "),
            (
                "/set privacy.visibility ",
                "/set privacy.visibility public ",
                "/set privacy.visibility contacts ",
            ),
            ("/set tor.brid",),
            ("/memory o", "/memory on ", "/memory off "),
            ("/timer o", "/timer off "),
        ):
            screen.composer.take("")
            await pilot.press("x")  # any key but Tab begins anew
            screen.composer.take(line)
            for wanted in completed or [line]:
                await pilot.press("tab")
                assert screen.composer.text == wanted


async def test_tab_completes_commands_and_names(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*"/que", "tab", *"al", "tab")
        assert screen.composer.text == "/query alice "


async def test_the_card_verifies_and_renames(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        screen.open(next(p.id for p in screen.shared.session.known.conversations() if p.name == "alice"))
        await settle(pilot)
        await pilot.press("alt+i")
        await settle(pilot)
        assert isinstance(top(pilot), ContactCard)
        await pilot.press("v")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert next(p for p in await node.contact_list() if p.name == "alice").verified
        await pilot.press("r", "end", *"2", "enter")
        await settle(pilot)
        assert "alice2" in {p.name for p in await node.contact_list()}


async def test_themes_are_chosen_by_command_and_the_choice_is_kept(node: MemoryNode) -> None:
    saved: list[tuple[str, str]] = []
    async with running(node, save=lambda key, value: saved.append((key, value))) as (screen, pilot):
        await enter(screen, pilot, "/set theme light")
        assert pilot.app.theme == "light"
        assert saved == [("ui.theme", "light")]
        await enter(screen, pilot, "/theme pink")
        assert "no theme called pink" in notice_text(screen)


async def test_the_palette_offers_our_commands_and_neither_screenshots_nor_a_browser() -> None:
    app = interface(MemoryNode.sample(FixedClock()))
    assert [offer() for offer in app.COMMANDS if not isinstance(offer, type)] == [CommandPalette]
    assert len(app.COMMANDS) == 1


async def test_the_palette_shows_the_keys_that_the_help_page_lists(node: MemoryNode) -> None:
    from tuichat.tui.screens.help import key_rows
    from tuichat.tui.slash import keys_of_commands, usages

    listed = " ".join(key for key, _meaning in key_rows()).split()
    assert set(keys_of_commands()) < set(usages())
    assert set(keys_of_commands().values()) <= set(listed)
    async with running(node) as (_screen, pilot):
        await pilot.press("ctrl+p")
        await settle(pilot)
        from textual.command import CommandList

        shown = [str(option.prompt) for option in top(pilot).query_one(CommandList).options]
        assert any("/requests" in each and "Alt+R" in each for each in shown)
        assert any("/add ADDRESS [NAME]" in each for each in shown)
        assert top(pilot).query_one("#--container").border_title == "Commands"
        await pilot.press(*"acce")
        while len(top(pilot).query_one(CommandList).options) == len(shown):  # sought in a task of its own
            await pilot.pause(0.02)
        found = top(pilot).query_one(CommandList).options
        assert any("/accept [NAME]" in str(option.prompt) for option in found)


async def test_bare_view_leaves_nothing_but_messages(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press("alt+l")
        await settle(pilot)
        assert screen.history.size == pilot.app.size
        await pilot.press("escape")
        await settle(pilot)
        assert screen.composer.has_focus
        assert screen.history.size.height < pilot.app.size.height


@pytest.mark.parametrize(
    ("before", "inside", "behind"), [("", "", True), ("alt+m", "", False), ("", "alt+m", True)]
)
async def test_behind_the_bare_view_the_mouse_is_as_it_was(
    node: MemoryNode, before: str, inside: str, behind: bool
) -> None:
    async with running(node) as (_screen, pilot):
        app = cast(TuichatApp, pilot.app)
        await pilot.press(*before.split(), "alt+l")
        await settle(pilot)
        assert not app.mouse
        await pilot.press(*inside.split(), "alt+l")
        await settle(pilot)
        assert app.mouse is behind


async def test_a_hint_is_shown_above_the_input_at_the_start(node: MemoryNode) -> None:
    async with running(node, hint="Three things to try: write, /help, Ctrl+Q") as (screen, _pilot):
        assert notice_text(screen).startswith("Three things")
