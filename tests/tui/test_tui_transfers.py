"""The list of all files: what moves stands first, and keys do there what they do in a history."""

from __future__ import annotations

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.model import File
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.file_card import FileCard
from tuichat.tui.screens.transfers import Transfers

SIZES = [(40, 15), (80, 24), (200, 50)]


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached", files=True)


def rows(pilot: Pilot[int]) -> list[str]:
    return str(top(pilot).query_one("#rows", Static).render()).splitlines()


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_all_files_are_listed_and_what_moves_stands_first(
    node: MemoryNode, size: tuple[int, int]
) -> None:
    async with running(node, size=size) as (screen, pilot):
        await enter(screen, pilot, "/files")
        assert isinstance(top(pilot), Transfers)
        shown = rows(pilot)
        assert shown[0] == "▌ ↓ figures.ods  2.1 MB  bob"
        assert "68%" in shown[1]
        assert "1.9 MB/s" in shown[1]
        assert "1 s" in shown[1]
        assert ("8 circuits" in shown[1]) is (size[0] > 40)
        assert [each[2:].split()[1] for each in shown[::2]] == ["figures.ods", "晚饭.jpg", "harbour.jpg"]
        assert all(len(each) <= size[0] - 4 for each in shown)


async def test_without_files_the_list_says_how_to_offer_one() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        await enter(screen, pilot, "/files")
        assert rows(pilot) == ["No files yet. /file PATH offers one."]
        await press(pilot, "enter", "o", "d", "p")
        assert isinstance(top(pilot), Transfers)


async def test_enter_goes_to_the_message_in_its_conversation(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/files")
        await press(pilot, "down", "enter")
        assert top(pilot) is screen
        assert screen.conversation.person is not None
        assert screen.conversation.person.name == "小明"
        chosen = screen.history.chosen_message()
        assert chosen is not None
        assert chosen.file == 3


async def test_enter_finds_a_message_that_is_far_up(node: MemoryNode) -> None:
    node.fill("bob", 900)
    async with running(node) as (screen, pilot):
        assert screen.history.window.index(6) is None
        await enter(screen, pilot, "/files")
        await press(pilot, "down", "down", "enter")
        chosen = screen.history.chosen_message()
        assert chosen is not None
        assert chosen.file == 1
        assert screen.history.window.has_newer
        text = "".join(screen.history.render_line(y).text for y in range(screen.history.size.height))
        assert "harbour.jpg" in text


async def test_keys_do_what_they_do_in_a_history(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/files")
        await press(pilot, "p")
        assert (await node.file_get(2)).paused_by == "me"
        await press(pilot, "d")
        assert isinstance(top(pilot), Confirm)
        await press(pilot, "y")
        assert (await node.file_get(2)).state == "cancelled"
        await press(pilot, "o")
        assert isinstance(top(pilot), FileCard)
        await press(pilot, "escape", *["up"] * 5, "down", "o")
        assert (await node.file_get(1)).state == "waiting"


async def test_the_cursor_stays_on_its_file_when_another_passes_it(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/files")
        await press(pilot, "down", "down")
        assert rows(pilot)[4].startswith("▌ ↓ harbour.jpg")
        node.progress(1, 1_000_000, 1_000_000, 8)
        while "41%" not in "".join(rows(pilot)):
            await pilot.pause(0.02)
        assert next(row for row in rows(pilot) if row.startswith("▌")).startswith("▌ ↓ harbour.jpg")


async def test_thousands_of_files_make_rows_of_a_few_only(node: MemoryNode) -> None:
    for number in range(3_000):
        node.offer("bob", f"{number}.txt", 10)
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/files")
        transfers = top(pilot)
        assert isinstance(transfers, Transfers)
        made: list[int] = []
        make = transfers._rows

        def noted(number: int) -> str:
            made.append(number)
            return make(number)

        transfers._rows = noted  # type: ignore[method-assign]
        await press(pilot, "down")
        assert 0 < len(made) < 30


async def test_a_long_list_is_read_in_pages_and_shows_all_of_them() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob")
    for number in range(1, 1203):
        file = node.offer("bob", f"{number}.txt", 1)
        if number > 1:
            node.end(file.id, "declined")
    asked: list[int | None] = []
    listed = node.file_list

    async def noted(ref: str | None = None, limit: int = 500, before: int | None = None) -> list[File]:
        asked.append(before)
        return await listed(ref, limit, before)

    node.file_list = noted  # type: ignore[method-assign]
    async with running(node) as (screen, pilot):
        asked.clear()
        await enter(screen, pilot, "/files")
        assert asked == [None, 703, 203, 1]
        screen_of_all = top(pilot)
        assert isinstance(screen_of_all, Transfers)
        assert len(screen_of_all.lines()) == 1202
        assert rows(pilot)[0] == "▌ ↓ 1.txt  1 B  bob"


async def test_a_file_far_up_in_a_history_is_read_with_its_neighbours() -> None:
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob")
    for number in range(1, 703):
        node.offer("bob", f"{number}.txt", 1)
    singly: list[int] = []
    get = node.file_get

    async def noted(file: int) -> File:
        singly.append(file)
        return await get(file)

    node.file_get = noted  # type: ignore[method-assign]
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/top")
        await settle(pilot)
        assert "1.txt  1 B" in history_text(screen)
        assert singly == []


async def test_a_list_of_files_is_read_anew_when_a_node_is_back(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/files")
        assert rows(pilot)[0].startswith("▌ ↓ figures.ods")
        node._files[2] = msgspec.structs.replace(node._files[2], state="failed", rate=0)
        del node._files[3]
        node.break_off("handover")
        await settle(pilot)
        assert "68%" not in "".join(rows(pilot))
        assert len(rows(pilot)) == 4
        assert screen.shared.session.known.files.get(3) is None


@pytest.mark.parametrize(
    ("keys", "pressed"),
    [("default", ("pagedown", "end", "pageup", "home")), ("vi", ("ctrl+d", "G", "ctrl+u", "g"))],
)
async def test_keys_for_pages_and_ends_go_through_a_list(
    node: MemoryNode, keys: str, pressed: tuple[str, ...]
) -> None:
    for number in range(50):
        node.offer("bob", f"{number}.txt", 10)
    async with running(node, keys=keys) as (screen, pilot):
        await enter(screen, pilot, "/files")
        transfers = top(pilot)
        assert isinstance(transfers, Transfers)
        page, seen = (24 - 8) // 2 - 1, []
        for key in pressed:
            await press(pilot, key)
            seen.append(transfers.cursor)
        assert seen == [page, 52, 52 - page, 0]
