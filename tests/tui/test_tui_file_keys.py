"""Keys on a file in the history and on its card: what they do to the node, and that they ask first."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.model import File, FileState
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.file_card import FileCard
from tuichat.tui.screens.main import MainScreen


@pytest.fixture
def node() -> MemoryNode:
    """bob's offer is the newest message."""
    node = MemoryNode.sample(FixedClock(), node="detached")
    node.offer("bob", "figures.ods", 2_097_152)
    return node


async def press(pilot: Pilot[int], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def only(node: MemoryNode) -> File:
    (file,) = await node.file_list()
    return file


def hints(screen: MainScreen) -> str:
    return str(screen.query_one("#hints", Static).render())


def card(pilot: Pilot[int], selector: str) -> str:
    return str(top(pilot).query_one(selector, Static).render())


async def test_o_fetches_an_offer_into_the_inbox(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await press(pilot, "escape")
        assert hints(screen).startswith("o fetch  O choose where  d decline")
        await press(pilot, "o")
        assert (await only(node)).state == "waiting"
        assert node._to == {1: ""}
        assert "⏳ accepted; waits for the first bytes" in history_text(screen)
        assert hints(screen).startswith("p pause  d cancel")


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (80, "o fetch  O choose where  d decline  r answer  + react  c copy  Esc write"),
        (64, "o fetch  O choose where  d decline  c copy  Esc write"),
        (40, "o fetch  d decline  Esc write"),
    ],
)
async def test_where_there_is_room_the_keys_to_answer_a_file_are_named_too(
    node: MemoryNode, columns: int, row: str
) -> None:
    async with running(node, size=(columns, 24)) as (screen, pilot):
        await press(pilot, "escape")
        assert hints(screen) == row
        assert screen.query_one("#hints").region.right <= columns
        assert screen.query_one("#hints").size.width >= len(row)


async def test_what_is_fetched_goes_by_without_a_key(node: MemoryNode) -> None:
    node.fetches = True
    async with running(node) as (screen, pilot):
        await press(pilot, "escape", "o")
        assert "✓ complete" in history_text(screen)
        assert hints(screen).startswith("o show")


async def test_of_somebody_who_is_away_it_is_said_when_the_file_comes(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        node.offer("alice", "a.txt", 10)
        await enter(screen, pilot, "/query alice")
        await press(pilot, "escape", "o")
        assert "“a.txt” comes when you are both online" in notice_text(screen)
        assert "⏳ waits until you are both online" in history_text(screen)


async def test_declining_asks_first(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "d")
        assert isinstance(top(pilot), Confirm)
        await press(pilot, "enter", "n")
        assert (await only(node)).state == "offered"
        await press(pilot, "d", "y")
        assert (await only(node)).state == "declined"


async def test_cancelling_asks_first(node: MemoryNode) -> None:
    node.progress(1, 1_000, 10, 1)
    async with running(node) as (screen, pilot):
        await press(pilot, "escape", "d", "n")
        assert (await only(node)).state == "active"
        await press(pilot, "d", "y")
        assert (await only(node)).state == "cancelled"
        assert "cancelled by you" in history_text(screen)


async def test_p_lets_a_file_rest_and_go_on(node: MemoryNode) -> None:
    node.progress(1, 1_000, 10, 1)
    async with running(node) as (screen, pilot):
        await press(pilot, "escape", "p")
        assert (await only(node)).paused_by == "me"
        assert "‖ paused by you" in history_text(screen)
        assert hints(screen).startswith("p go on")
        await press(pilot, "p")
        assert (await only(node)).state == "waiting"


async def test_what_the_other_side_paused_is_theirs_to_go_on_with(node: MemoryNode) -> None:
    node.set_file(1, state="paused", paused_by="them", accepted=True)
    async with running(node) as (screen, pilot):
        assert "paused by bob" in history_text(screen)
        await press(pilot, "escape", "p")
        assert "only bob can let it go on" in notice_text(screen)
        assert (await only(node)).paused_by == "them"


async def test_an_offer_that_its_sender_paused_can_be_fetched_and_comes_when_it_goes_on(
    node: MemoryNode,
) -> None:
    node.set_file(1, state="paused", paused_by="them")
    node.fetches = True
    async with running(node) as (screen, pilot):
        assert "offered, and paused by bob" in history_text(screen)
        await press(pilot, "escape")
        assert hints(screen).startswith("o fetch  O choose where  d decline")
        await press(pilot, "o")
        assert "“figures.ods” comes when bob lets it go on." in notice_text(screen)
        assert (await only(node)).state == "paused"
        assert "‖ paused by bob" in history_text(screen)
        node._fetch(node.set_file(1, state="waiting", paused_by="").id)
        await settle(pilot)
        assert "✓ complete" in history_text(screen)


async def test_an_offer_that_its_sender_paused_can_be_declined(node: MemoryNode) -> None:
    node.set_file(1, state="paused", paused_by="them")
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "d", "y")
        assert (await only(node)).state == "declined"


@pytest.mark.parametrize(
    ("state", "said"), [("declined", "nothing to stop"), ("complete", "nothing to stop")]
)
async def test_a_key_that_does_nothing_says_why(node: MemoryNode, state: FileState, said: str) -> None:
    node.end(1, state)
    async with running(node) as (screen, pilot):
        await press(pilot, "escape", "d")
        assert said in notice_text(screen)
        await press(pilot, "p")
        assert "nothing to pause" in notice_text(screen)


async def test_a_key_for_files_says_so_where_there_is_no_file(node: MemoryNode) -> None:
    node.incoming("bob", "look at that")
    async with running(node) as (screen, pilot):
        await press(pilot, "escape")
        for key, said in (
            ("o", "neither a link nor a file"),
            ("O", "no file"),
            ("p", "no file"),
            ("v", "no file"),
        ):
            await press(pilot, key)
            assert said in notice_text(screen)
            assert (screen.composer.text, screen.history.choosing) == ("", True)
            assert top(pilot) is screen
        assert (await only(node)).state == "offered"


async def test_c_copies_the_name_of_a_file_without_words(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "c")
        assert pilot.app.clipboard == "figures.ods"


async def test_a_file_that_has_not_left_is_taken_back_under_its_name(node: MemoryNode) -> None:
    node.sizes["/home/you/plan.odt"] = 10
    await node.file_send("alice", ["/home/you/plan.odt"])
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/query alice")
        await enter(screen, pilot, "/cancel")
        assert "“plan.odt”" in str(top(pilot).query(Static).first().render())
        await press(pilot, "y")
        assert (await node.messages("alice"))[-1].state == "cancelled"


# The card.


async def test_the_card_of_an_offer_fetches_into_a_directory(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "O")
        assert isinstance(top(pilot), FileCard)
        await press(pilot, "s", *"/srv/in box", "enter")
        assert node._to == {1: "/srv/in box"}
        assert not top(pilot).query_one(Input).display
        await press(pilot, "escape")
        assert (await only(node)).state == "waiting"


async def test_a_directory_may_be_written_with_a_tilde(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "O", "s", *"~/in", "enter")
        assert node._to == {1: str(Path.home() / "in")}


async def test_escape_leaves_the_input_before_the_card(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await press(pilot, "escape", "O", "s", *"/srv", "escape")
        assert isinstance(top(pilot), FileCard)
        await press(pilot, "escape")
        assert top(pilot) is screen
        assert (await only(node)).state == "offered"


async def test_the_card_takes_along_what_was_offered_in_one_go(node: MemoryNode) -> None:
    first = node.offer("bob", "a.txt", 10, place="notes")
    for name in ("b.txt", "c.txt"):
        node.offer("bob", name, 10, group=first.id, place="notes")
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "O")
        assert "a with the 2 others" in card(pilot, ".keys")
        await press(pilot, "a")
        assert "o fetch all 3 files (" in card(pilot, ".keys")
        await press(pilot, "o")
        states = [file.state for file in await node.file_list()]
        assert states == ["offered", "waiting", "waiting", "waiting"]


@pytest.fixture
def received(node: MemoryNode, tmp_path: Path) -> Path:
    """bob's file has come into this folder, whose name is not for a shell."""
    folder = tmp_path / "in $(touch x); box"
    folder.mkdir()
    (folder / "7f3a").write_bytes(b"a")
    node.set_file(1, state="complete", path=str(folder / "7f3a"))
    return folder


def program(directory: Path, code: int = 0) -> None:
    """An xdg-open that notes what it was told, and where it stands."""
    script = directory / "xdg-open"
    script.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$#" "$1" > "{directory}/told.new"\n'
        f'mv "{directory}/told.new" "{directory}/told"\nexit {code}\n',
        encoding="utf-8",
    )
    script.chmod(0o700)


async def test_f_shows_the_folder_alone_in_the_file_manager(
    node: MemoryNode, received: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("DISPLAY", ":7")
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "o")
        assert "F folder in your file manager" in card(pilot, ".keys")
        await press(pilot, "F")
        await until_so(lambda: "Your file manager shows the folder" in card(pilot, ".problem"))
        assert (tmp_path / "told").read_text(encoding="utf-8").splitlines() == ["1", str(received)]


async def test_file_manager_that_fails_is_told(
    node: MemoryNode, received: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, code=3)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "o", "F")
        await until_so(lambda: "it ended with 3" in card(pilot, ".problem"))
        received.rename(tmp_path / "elsewhere")
        await press(pilot, "F")
        await until_so(lambda: "not there any more" in card(pilot, ".problem"))


async def test_without_a_display_the_path_of_the_folder_is_copied(
    node: MemoryNode, received: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "o", "F")
        assert pilot.app.clipboard == str(received)
        assert not (tmp_path / "told").exists()


async def until_so(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - another program brings it about
            await asyncio.sleep(0.05)


async def test_the_card_follows_the_file(node: MemoryNode) -> None:
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "O")
        node.progress(1, 1_048_576, 1_000_000, 4)
        while "50%" not in card(pilot, "#facts"):
            await pilot.pause(0.02)
        await node.contact_remove("bob")
        while isinstance(top(pilot), FileCard):
            await pilot.pause(0.02)


async def test_the_card_of_a_complete_file_copies_its_path_and_its_folder(node: MemoryNode) -> None:
    node.end(1, "complete")
    path = (await only(node)).path
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "o")
        assert path in card(pilot, "#facts").replace("\n", "")
        await press(pilot, "c")
        assert pilot.app.clipboard == path
        await press(pilot, "f")
        assert pilot.app.clipboard == str(Path(path).parent)


async def test_a_copy_is_saved_under_the_files_own_name_and_over_nothing(
    node: MemoryNode, tmp_path: Path
) -> None:
    received = tmp_path / "inbox" / "7f3a"
    received.parent.mkdir()
    received.write_bytes(b"figures")
    there = tmp_path / "figures.ods"
    there.write_bytes(b"older")
    node.end(1, "complete")
    node.set_file(1, path=str(received))
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "o", "s")
        top(pilot).query_one(Input).value = str(tmp_path)
        await press(pilot, "enter")
        while "Copied to" not in card(pilot, ".problem"):
            await pilot.pause(0.02)
    assert there.read_bytes() == b"older"
    assert (tmp_path / "figures (2).ods").read_bytes() == b"figures"
    assert received.read_bytes() == b"figures"


async def test_a_directory_that_is_not_there_is_said_to_be_so(node: MemoryNode, tmp_path: Path) -> None:
    node.end(1, "complete")
    node.set_file(1, path=str(tmp_path / "7f3a"))
    async with running(node) as (_screen, pilot):
        await press(pilot, "escape", "o", "s")
        top(pilot).query_one(Input).value = str(tmp_path / "nowhere")
        await press(pilot, "enter")
        while "no directory" not in card(pilot, ".problem").replace("\n", " "):
            await pilot.pause(0.02)
        assert top(pilot).query_one(Input).display


async def test_an_error_of_the_node_is_told(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await press(pilot, "escape")
        await node.file_decline(1)
        screen.history.post_message(screen.history.ActOnFile("o", (await only(node))))
        await settle(pilot)
        assert isinstance(top(pilot), FileCard)  # there is nothing to fetch any more
        await press(pilot, "escape")
        node.offer("bob", "b.txt", 1)
        stale = (await node.file_list())[-1]
        await node.file_decline(stale.id)
        screen.history.post_message(screen.history.ActOnFile("o", stale))
        await settle(pilot)
        assert "not something to do with the file" in notice_text(screen)


async def test_a_copy_goes_on_behind_the_next_key(
    node: MemoryNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "figures.ods"
    source.write_bytes(b"1")
    node.end(1, "complete")
    node.set_file(1, path=str(source))
    go_on = threading.Event()

    def slow(source: Path, label: str, directory: Path, stopped: Callable[[], bool]) -> Path | None:
        go_on.wait(10)
        return None if stopped() else directory / label

    monkeypatch.setattr("tuichat.bootstrap.save_copy", slow)
    async with running(node) as (screen, pilot):
        await pilot.app.push_screen(FileCard(screen.shared, 1))
        await settle(pilot)
        await press(pilot, "s")
        top(pilot).query_one(Input).value = str(tmp_path)
        await press(pilot, "enter")
        assert "Copying" in card(pilot, ".problem")
        await press(pilot, "escape", *"vopd")
        go_on.set()
        await pilot.app.workers.wait_for_complete(
            [each for each in pilot.app.workers if each.group in {"deed", "directory"}]
        )
        await settle(pilot)
        assert card(pilot, ".problem") == f"Copied to {source}."


async def test_a_card_whose_file_goes_behind_a_question_closes_when_that_is_answered(
    node: MemoryNode,
) -> None:
    async with running(node) as (screen, pilot):
        await pilot.app.push_screen(FileCard(screen.shared, 1))
        await settle(pilot)
        await press(pilot, "d")
        assert isinstance(top(pilot), Confirm)
        await node.contact_remove("bob")
        await pilot.pause(0.3)
        await settle(pilot)
        assert isinstance(top(pilot), Confirm)
        await press(pilot, "n")
        assert top(pilot) is screen
