"""The page that explains how one stands, and what stands where there is nothing yet."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, interface, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.model import LinkStage, ServiceStage, ServiceState
from tuichat.tui.link_words import service_sentence, stage_sentence
from tuichat.tui.screens.status import StatusScreen
from tuichat.tui.screens.unlock import Unlock


def told(pilot: Pilot[int]) -> str:
    """What the page says, in one line."""
    return " ".join(str(top(pilot).query_one("#standing", Static).render()).split())


@pytest.fixture
def node() -> MemoryNode:
    node = MemoryNode(FixedClock())
    node.person("bob", stage="linked")
    node.person("alice")
    return node


async def test_tor_links_and_what_waits_are_explained_and_followed(node: MemoryNode) -> None:
    node.outgoing("alice", "waits")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/status")
        assert isinstance(top(pilot), StatusScreen)
        assert "1 of 2 linked" in told(pilot)
        assert "1 message; what waits leaves when you are both online" in told(pilot)
        node.set_tor(bootstrap=45, problem="")
        node.set_stage("alice", "rendezvous")
        await settle(pilot)
        assert "45% loading the list of relays" in told(pilot)
        assert "rendezvous… alice" in told(pilot)
        node.set_tor(bootstrap=5, problem="clock_skew")
        node.set_stage("alice", "waiting", retry_in=60)
        await settle(pilot)
        assert "Set the clock" in told(pilot)
        assert "next try at" in told(pilot)
        for stage in ("descriptor", "rendezvous", "handshake"):
            assert stage_sentence(stage) in told(pilot)


async def test_without_people_or_a_node_it_says_what_to_do() -> None:
    node = MemoryNode(FixedClock())
    async with running(node, size=(40, 15)) as (screen, pilot):
        await enter(screen, pilot, "/status")
        assert "/add asks somebody" in told(pilot)
        node.break_off("stop")
        await settle(pilot)
        assert "/connect looks for it" in told(pilot)


STAGES: tuple[LinkStage, ...] = ("offline", "waiting", "descriptor", "rendezvous", "handshake", "linked")
SERVICE: tuple[ServiceStage, ...] = (
    *("offline", "tor", "publishing", "unpublished", "checking", "reachable", "no_answer"),
)


def test_every_stage_has_a_sentence_of_its_own() -> None:
    assert len({stage_sentence(stage) for stage in STAGES}) == len(STAGES)
    assert len({service_sentence(ServiceState(stage=stage)) for stage in SERVICE}) == len(SERVICE)


async def test_what_is_empty_says_what_to_do_next() -> None:
    node = MemoryNode(FixedClock())
    async with running(node) as (screen, pilot):
        assert "/add" in history_text(screen)
        assert screen.composer.placeholder == "an address or invite, or /help"
        await enter(screen, pilot, "/requests")
        assert screen.has_class("-requests")
        await pilot.press("escape")
        assert not screen.has_class("-requests")
        node.person("alice")
        await node.contact_tag("alice", ["friends"])  # which tells of her
        await settle(pilot)
        assert screen.composer.placeholder == ""
        assert "Alt+1 opens the first" in history_text(screen)
        await enter(screen, pilot, "/1")
        assert "alice is not reachable now" in history_text(screen).replace("\n", " ")
        node.set_stage("alice", "linked")
        await settle(pilot)
        assert "not reachable" not in history_text(screen)
        await enter(screen, pilot, "/close")
        assert "No conversation is open" in history_text(screen)


async def test_tor_on_its_way_is_a_word_in_the_top_row(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.set_tor(bootstrap=60, problem="")
        await settle(pilot)
        assert "tor 60%, loading descriptions of relays" in screen.query_one("#top").render_line(0).text
        assert notice_text(screen) == ""


async def test_leaving_is_a_click_away_where_a_passphrase_is_asked_for() -> None:
    app = interface(MemoryNode(FixedClock(), locked=True), sealed=True)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert isinstance(top(pilot), Unlock)
        line = top(pilot).query(".quiet").last()
        await pilot.click(line, offset=(16, 0))
        await pilot.pause()
        assert app.return_code == 0


async def test_that_somebody_asks_is_said_once_and_not_who(node: MemoryNode) -> None:
    async with running(node, size=(40, 15)) as (screen, pilot):
        node.person("dave", state="pending", suggested_name="bob")
        await node.contact_tag("dave", ["a"])
        await settle(pilot)
        assert notice_text(screen) == "Somebody asks to be your contact. Alt+R or /requests shows who."
        assert "1 asks" in screen.query_one("#top").render_line(0).text
        await enter(screen, pilot, "/clear")
        await node.contact_tag("dave", ["b"])
        await settle(pilot)
        assert notice_text(screen) == ""
