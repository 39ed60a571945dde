"""The contact card: each row says how something stands, and its key, the cursor or a click changes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, interface, notice_text, rows_text, running, settle, top
from tests.support.memory_node import MemoryNode, address_of
from tests.support.scenery import conversation, then
from tuichat.errors import UnreachableError, UsageError
from tuichat.model import Contact, LinkEvent, SafetyNumber
from tuichat.tui.link_times import LinkTimes, short_seconds
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.memory import MemoryQuestion
from tuichat.tui.widgets.pick_list import PickList
from tuichat.tui.widgets.title import Title

SIZES = [(40, 15), (80, 24)]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def node(clock: FixedClock) -> MemoryNode:
    return MemoryNode.sample(clock, node="detached")


def bob(node: MemoryNode) -> Contact:
    return node._find("bob").shown()


def row(pilot: Pilot[int], label: str) -> str:
    return next(
        " ".join(each.split()) for each in rows_text(pilot).splitlines() if each.startswith(f" {label}")
    )


def said(pilot: Pilot[int]) -> str:
    return str(top(pilot).query_one(".problem", Static).render())


async def card(pilot: Pilot[int]) -> ContactCard:
    await pilot.press("alt+i")
    await settle(pilot)
    shown = top(pilot)
    assert isinstance(shown, ContactCard)
    return shown


async def answer(pilot: Pilot[int], key: str, words: str) -> None:
    """Press a key that asks for something, and answer."""
    await pilot.press(key)
    await settle(pilot)
    top(pilot).query_one(Input).value = words
    await pilot.press("enter")
    await settle(pilot)


class Called(MemoryNode):
    """Whose people have called, until it calls one of them back."""

    async def contact_verify(self, ref: str, digits: str | None = None) -> SafetyNumber:
        if not self._find(ref).record.confirmed:
            raise UsageError("bob cannot be verified yet.", "So far only they have called you.")
        return await super().contact_verify(ref, digits)

    def call_back(self) -> None:
        self._change(self._find("bob"), confirmed=True)


async def test_the_reason_for_no_safety_number_goes_when_there_is_one(clock: FixedClock) -> None:
    node = Called.sample(clock, node="detached")
    assert isinstance(node, Called)
    node._change(node._find("bob"), confirmed=False)
    async with running(node) as (_main, pilot):
        await card(pilot)
        assert "only they have called you" in said(pilot)
        assert row(pilot, "safety") == "safety ... v compare"
        node.call_back()
        await settle(pilot)
        assert said(pilot) == ""
        assert row(pilot, "safety").startswith("safety 41529 88013")


async def test_how_a_conversation_is_kept_is_changed_by_the_rows_keys(node: MemoryNode) -> None:
    async with running(node) as (_main, pilot):
        await card(pilot)
        assert row(pilot, "timer") == "timer off t change"
        assert row(pilot, "deleting") == "deleting as the settings say d change"
        await pilot.press("m", "p", "a")
        await settle(pilot)
        kept = bob(node).conversation
        assert (kept.muted, kept.pinned, kept.archived) == (True, True, True)
        assert row(pilot, "mute") == "mute muted m unmute"
        await pilot.press("m", "p", "a")
        await settle(pilot)
        assert row(pilot, "pinned") == "pinned off p pin"
        assert said(pilot) == "Listed again."
        await answer(pilot, "t", "7d")
        assert bob(node).conversation.timer == 7 * 86_400
        assert row(pilot, "timer") == "timer disappear after 1 week t change"
        await answer(pilot, "t", "soon")
        assert "is no length of time" in said(pilot)
        assert top(pilot).query_one(Input).has_focus
        await pilot.press("escape")
        await answer(pilot, "d", "90d")
        assert bob(node).conversation.retention == 90 * 86_400
        assert row(pilot, "deleting") == "deleting here after 90 days d change"
        await answer(pilot, "d", "off")
        assert row(pilot, "deleting") == "deleting never here d change"
        await answer(pilot, "d", "")
        assert bob(node).conversation.retention is None
        await answer(pilot, "g", "#work 家人")
        await answer(pilot, "g", "家人 garden")
        assert set(bob(node).tags) == {"家人", "garden"}
        await answer(pilot, "g", "# #")
        assert "A tag needs letters." in said(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_every_row_is_reached_by_the_cursor_and_does_what_its_key_does(
    node: MemoryNode, size: tuple[int, int]
) -> None:
    async with running(node, size=size) as (_main, pilot):
        shown = await card(pilot)
        keys = [each.key for each in shown._rows if each.key]
        assert keys == list("cqvrtdmopagbx")
        reached = []
        for _each in keys:
            reached.append(shown._rows[shown._cursor].key)
            facts = shown.query_one(PickList)
            assert any(facts.render_line(y).text.startswith("▌") for y in range(facts.size.height))
            await pilot.press("down")
        assert reached == keys
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await pilot.press("n", "home", "enter")
        await settle(pilot)
        assert pilot.app.clipboard == address_of("bob")


async def test_every_row_does_at_a_click_what_its_key_does(node: MemoryNode) -> None:
    async with running(node, size=(80, 40)) as (_main, pilot):
        shown = await card(pilot)

        async def click(key: str) -> None:
            item = next(at for at, each in enumerate(shown._rows) if each.key == key)
            facts = shown.query_one(PickList)
            line = next(y for y, each in enumerate(facts._lines) if each.item == item)
            await pilot.click(facts, offset=(20, line))
            await settle(pilot)

        await click("c")
        assert pilot.app.clipboard == address_of("bob")
        await click("q")
        assert shown.query_one("#code").display
        await pilot.click("#code")
        await settle(pilot)
        assert not shown.query_one("#code").display
        for key in "mpa":
            await click(key)
        kept = bob(node).conversation
        assert (kept.muted, kept.pinned, kept.archived) == (True, True, True)
        for key in "rtdg":
            await click(key)
            assert shown.query_one("#answer").has_focus
            await pilot.press("escape")
            await settle(pilot)
        for key, asks in (("v", Confirm), ("b", Confirm), ("x", Confirm), ("o", MemoryQuestion)):
            await click(key)
            assert isinstance(top(pilot), asks)
            await pilot.press("escape")
            await settle(pilot)
        shown.query_one(PickList).post_message(PickList.Wheeled(3))
        await settle(pilot)
        assert top(pilot) is shown


async def test_somebody_blocked_is_unblocked_from_the_card(node: MemoryNode) -> None:
    async with running(node) as (main, pilot):
        await card(pilot)
        await pilot.press("b")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert bob(node).state == "blocked"
        assert main.conversation.contact is None
        assert "/unblock bob" in notice_text(main)
        main.composer.take("/card bob")
        await pilot.press("enter")
        await settle(pilot)
        assert row(pilot, "blocked") == "blocked nothing from them gets through b unblock"
        await pilot.press("b")
        await settle(pilot)
        assert bob(node).state != "blocked"


@pytest.mark.parametrize("key", ["x", "o", "q"])
async def test_a_card_goes_with_its_person_and_so_does_the_question_before_it(
    node: MemoryNode, key: str
) -> None:
    async with running(node) as (main, pilot):
        await card(pilot)
        await pilot.press(key)
        await settle(pilot)
        await node.contact_remove("bob")
        await settle(pilot)
        assert pilot.app.screen_stack == [main]
        assert main.conversation.contact is None


async def test_link_shows_its_stages_and_for_how_long(node: MemoryNode, clock: FixedClock) -> None:
    async with running(node) as (main, pilot):
        shown = await card(pilot)
        assert row(pilot, "link") == "link ● linked"
        node.set_stage("bob", "waiting", retry_in=60)
        await settle(pilot)
        assert row(pilot, "link") == "link ◌ not reachable, next try at 14:01"
        node.set_stage("bob", "descriptor")
        main.shared.clock.advance(4)  # type: ignore[attr-defined]
        clock.advance(4)
        node.set_stage("bob", "rendezvous")
        await settle(pilot)
        assert row(pilot, "link") == "link descriptor ✓ rendezvous … 4.0 s"
        main.shared.clock.advance(10)  # type: ignore[attr-defined]
        clock.advance(10)
        shown._tick()
        assert row(pilot, "link") == "link descriptor ✓ rendezvous … 14 s"
        node.set_stage("bob", "linked")
        await settle(pilot)
        assert row(pilot, "link") == "link ● linked since 14:00 after 14 s"
        assert "linked 14 s" in main.query_one(Title).text
        main.shared.clock.advance(10)  # type: ignore[attr-defined]
        shown._tick()
        assert row(pilot, "link") == "link ● linked since 14:00 after 14 s"


def test_a_link_that_the_other_side_made_took_no_time_here(clock: FixedClock) -> None:
    times, now = LinkTimes(), MemoryNode(clock).now()
    assert times.seconds(1, now) is None
    times.take(LinkEvent(at=now, contact=1, stage="linked"))
    assert times.linked_at(1) == now
    assert times.seconds(1, now + timedelta(seconds=9)) is None
    times.take(LinkEvent(at=now, contact=1, stage="handshake"))
    assert times.linked_at(1) is None
    assert times.seconds(1, now + timedelta(seconds=9)) == 9
    times.take(LinkEvent(at=now, contact=1, stage="waiting"))
    assert times.seconds(1, now) is None
    times.take(LinkEvent(at=now, contact=1, stage="descriptor"))
    times.forget()
    assert times.seconds(1, now) is None
    assert (short_seconds(0.64), short_seconds(14.9), short_seconds(200)) == ("0.6 s", "14 s", "3 min")


def connecting() -> MemoryNode:
    """As in the sketch: 14 s on the way."""
    node = conversation()
    node.person("小红", stage="waiting", suggested_name="Xiao Hong")
    return node


def test_card_of_a_link_on_its_way(snap_compare: Callable[..., None]) -> None:
    node = connecting()
    app = interface(node)

    async def before(pilot: Pilot[int]) -> None:
        await settle(pilot)
        for stage in ("descriptor", "rendezvous", "handshake"):
            node.set_stage("小红", stage)
        clock = app.shared.clock
        assert isinstance(clock, FixedClock)
        clock.advance(node.now().timestamp() + 14 - clock.now())
        await then(*"/card 小红", "enter", "down")(pilot)

    snap_compare(app, before)


def test_card_asks_in_sixteen_colours(snap_compare: Callable[..., None]) -> None:
    app = interface(conversation(), theme="sixteen")
    snap_compare(app, then("alt+i", "d"))


async def test_the_cursor_stays_on_its_row_when_the_key_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    node = MemoryNode.sample(FixedClock())

    async def gone(_ref: str) -> None:
        raise UnreachableError("gone")

    async with running(node) as (screen, pilot):
        screen.open(1)
        await settle(pilot)
        await enter(screen, pilot, "/card")
        card = top(pilot)
        assert isinstance(card, ContactCard)
        while card._rows[card._cursor].key != "r":
            await pilot.press("down")
        node.change_key("bob")
        await settle(pilot)
        assert card._rows[card._cursor].key == "r"
        await pilot.press("escape")
        await node.contact_trust("bob", True)
        await enter(screen, pilot, "/card")
        card = top(pilot)
        assert isinstance(card, ContactCard)
        for _row in card._rows:
            await pilot.press("down")
        assert card._rows[card._cursor].key == "x"
        monkeypatch.setattr(node, "contact_verify", gone)
        node.change_key("bob")
        await settle(pilot)
        assert card._rows[card._cursor].key == "x"
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
