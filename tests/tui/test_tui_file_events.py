"""What happens to files while somebody looks: bars move, offers are prepared, counts are right."""

from __future__ import annotations

import pytest
from textual.strip import Strip

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.model import File
from tuichat.tui.glyphs import ASCII
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.widgets.conversations import Conversations
from tuichat.tui.widgets.parts_line import PartsLine


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


def top_text(screen: MainScreen) -> str:
    return screen.query_one("#top", PartsLine).text


async def test_an_offer_comes_into_the_open_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.offer("bob", "figures.ods", 2_097_152)
        await settle(pilot)
        assert "figures.ods  2.1 MB  spreadsheet" in history_text(screen)


async def test_progress_draws_the_files_rows_and_no_other(node: MemoryNode) -> None:
    file = node.offer("bob", "figures.ods", 2_097_152)
    node.progress(file.id, 1, 1_900_000, 8)
    node.incoming("bob", "a line below")
    async with running(node) as (screen, pilot):
        history = screen.history
        drawn: list[int] = []
        draw = history.render_line

        def noted(y: int) -> Strip:
            drawn.append(y)
            return draw(y)

        history.render_line = noted  # type: ignore[method-assign]
        node.progress(file.id, 1_048_576, 1_900_000, 8)
        await settle(pilot)
        assert drawn == [y for y in range(history.size.height) if "50%" in draw(y).text]


async def test_progress_makes_rows_of_its_own_message_only(node: MemoryNode) -> None:
    file = node.offer("bob", "figures.ods", 2_097_152)
    node.progress(file.id, 1, 1_900_000, 8)
    async with running(node) as (screen, pilot):
        before = dict(screen.history._pages._blocks)
        node.progress(file.id, 1_048_576, 1_900_000, 8)
        await settle(pilot)
        after = screen.history._pages._blocks
        remade = [message for message in before if after[message] is not before[message]]
        assert remade == [file.message]
        assert "50%" in history_text(screen)


async def test_a_flood_of_progress_is_a_few_pictures(node: MemoryNode) -> None:
    file = node.offer("bob", "figures.ods", 2_000_000)
    async with running(node) as (screen, pilot):
        pictures = 0
        update = screen.update_state

        def counted() -> None:
            nonlocal pictures
            pictures += 1
            update()

        screen.update_state = counted  # type: ignore[method-assign]
        for number in range(2_000):
            node.progress(file.id, number * 1_000, 1_000_000, 8)
        await settle(pilot)
        assert "99%" in history_text(screen)
        assert pictures < 100


async def test_a_file_of_another_conversation_draws_nothing_here(node: MemoryNode) -> None:
    file = node.offer("alice", "a.txt", 10)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query bob")
        before = history_text(screen)
        node.progress(file.id, 5, 1, 1)
        await settle(pilot)
        assert history_text(screen) == before
        await enter(screen, pilot, "/query alice")
        assert "50%" in history_text(screen)


async def test_the_status_line_counts_running_transfers_and_their_rates(node: MemoryNode) -> None:
    one, other = node.offer("bob", "a.txt", 1_000), node.offer("alice", "b.txt", 1_000)
    async with running(node) as (screen, pilot):
        assert "⇅" not in top_text(screen)
        node.progress(one.id, 1, 1_500_000, 8)
        node.progress(other.id, 1, 400_000, 2)
        await settle(pilot)
        assert "⇅ 2  1.9 MB/s" in top_text(screen)
        node.end(one.id, "complete")
        node.end(other.id, "failed", "space")
        await settle(pilot)
        assert "⇅" not in top_text(screen)


async def test_the_status_line_is_short_in_a_narrow_window_and_has_an_ascii_twin(node: MemoryNode) -> None:
    file = node.offer("bob", "a.txt", 1_000)
    node.progress(file.id, 1, 1_500_000, 8)
    async with running(node, size=(40, 15), glyphs=ASCII) as (screen, _pilot):
        assert "v^ 1" in top_text(screen)
        assert "MB/s" not in top_text(screen)
        assert len(top_text(screen)) <= 40


async def test_an_offer_counts_as_unread_like_any_message(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.offer("alice", "a.txt", 10)
        await settle(pilot)
        listed = screen.query_one(Conversations)
        rows = [listed.render_line(y).text for y in range(6)]
        assert any("alice" in row and row.rstrip().endswith("1") for row in rows)


async def test_an_offer_of_somebody_verified_that_comes_into_sight_is_prepared_once(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        file = node.offer("bob", "a.txt", 10)
        await settle(pilot)
        assert node.prepared == [file.id]
        await enter(screen, pilot, "/query alice")
        await enter(screen, pilot, "/query bob")
        node.incoming("bob", "have you seen it?")
        await settle(pilot)
        assert node.prepared == [file.id]


async def test_nothing_is_prepared_for_somebody_who_is_not_verified_or_unless_it_is_seen(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        node.offer("alice", "a.txt", 10)
        await enter(screen, pilot, "/query alice")
        assert "a.txt" in history_text(screen)
        assert node.prepared == []
        later = node.offer("bob", "b.txt", 10)
        await settle(pilot)
        assert node.prepared == []
        await enter(screen, pilot, "/query bob")
        assert node.prepared == [later.id]


async def test_nothing_is_prepared_while_the_terminal_is_not_looked_at(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        pilot.app.app_focus = False
        file = node.offer("bob", "a.txt", 10)
        await settle(pilot)
        assert node.prepared == []
        pilot.app.app_focus = True
        await settle(pilot)
        assert node.prepared == [file.id]


async def test_a_node_that_cannot_prepare_is_not_talked_about(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(file: int) -> None:
        raise UsageError("Not now.")

    monkeypatch.setattr(node, "file_prepare", refuse)
    async with running(node) as (screen, pilot):
        node.offer("bob", "a.txt", 10)
        await settle(pilot)
        assert not screen.query_one("#notice").display


async def test_files_are_known_again_after_events_were_missed(node: MemoryNode) -> None:
    file = node.offer("bob", "a.txt", 10)
    async with running(node) as (screen, pilot):
        readers, node.readers = node.readers, []
        node.progress(file.id, 5, 1, 1)
        node.readers = readers
        node.break_off("handover")
        await settle(pilot)
        assert "50%" in history_text(screen)


async def test_files_of_a_removed_contact_are_forgotten_and_those_of_a_locked_profile(
    node: MemoryNode,
) -> None:
    file, other = node.offer("bob", "a.txt", 10), node.offer("alice", "b.txt", 10)
    async with running(node) as (screen, pilot):
        known = screen.shared.session.known.files
        await node.contact_remove("bob")
        await settle(pilot)
        assert known.get(file.id) is None
        assert known.get(other.id) is not None
        await node.lock()
        await settle(pilot)
        assert known.get(other.id) is None


async def test_files_are_read_only_for_a_conversation_that_has_some(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []
    listed = node.file_list

    async def noted(ref: str | None = None, limit: int = 500, before: int | None = None) -> list[File]:
        asked.append(ref)
        return await listed(ref, limit, before)

    monkeypatch.setattr(node, "file_list", noted)
    node.offer("alice", "a.txt", 10)
    async with running(node) as (screen, pilot):
        for name in ("bob", "alice", "bob", "alice"):
            await enter(screen, pilot, f"/query {name}")
        assert "a.txt" in history_text(screen)
        people = {person.name: person.address for person in await node.contact_list()}
        assert asked == [people["alice"]]


async def test_a_file_that_the_list_has_no_more_is_asked_for_by_itself(
    node: MemoryNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(ref: str | None = None, limit: int = 500, before: int | None = None) -> list[File]:
        return []

    monkeypatch.setattr(node, "file_list", none)
    node.offer("bob", "a.txt", 10)
    gone = node.offer("bob", "b.txt", 10)
    del node._files[gone.id]
    async with running(node) as (screen, _pilot):
        assert "a.txt  10 B" in history_text(screen)
        assert "a file that is not known here any more" in history_text(screen)


async def test_a_file_of_another_conversation_that_has_come_is_told_without_its_name() -> None:
    node = MemoryNode.sample(FixedClock(), node="detached")
    file = node.offer("alice", "[red]secret[/].pdf", 10)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query bob")
        node.progress(file.id, 5)
        await settle(pilot)
        assert notice_text(screen) == ""
        node.end(file.id, "complete")
        await settle(pilot)
        assert notice_text(screen) == "A file from alice has come. /files shows it."


async def test_a_file_that_is_seen_or_mine_or_did_not_come_is_not_told() -> None:
    node = MemoryNode.sample(FixedClock(), node="detached")
    seen, mine, failed = node.offer("bob", "a", 1), node.offer("alice", "b", 1), node.offer("alice", "c", 1)
    node.set_file(mine.id, direction="out", state="waiting")
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query bob")
        node.end(seen.id, "complete")
        node.end(mine.id, "complete")
        node.end(failed.id, "failed", "peer")
        await settle(pilot)
        assert notice_text(screen) == ""
