"""Offering files: what is typed, completed with Tab, pasted or dragged into the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, history_text, notice_text, running, settle, top
from tests.support.memory_node import MemoryNode
from tuichat.errors import UsageError
from tuichat.tui.paths import complete_path, existing_paths, may_be_paths, read_wanted
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.main import MainScreen


@pytest.fixture
def node() -> MemoryNode:
    return MemoryNode.sample(FixedClock(), node="detached")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files whose names shells have to quote; it is the current directory and the home."""
    for name in ("my file.jpg", "my photo.png", "a'b", "zed", "$x.txt", ".hidden", "第三页.ods"):
        (tmp_path / name).write_bytes(b"x" * 10)
    (tmp_path / "sub dir").mkdir()
    (tmp_path / "sub dir" / "in.txt").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


async def looked(pilot: Pilot[int]) -> None:
    """Wait until the disk was looked at, and no longer if then something is asked."""
    await settle(pilot)
    while not _asks(pilot) and any(
        worker.group in {"paste", "complete"} and not worker.is_finished for worker in pilot.app.workers
    ):
        await pilot.pause(0.01)
    await settle(pilot)


async def paste(screen: MainScreen, pilot: Pilot[int], text: str) -> None:
    screen.composer.post_message(events.Paste(text))
    await looked(pilot)


def _asks(pilot: Pilot[int]) -> bool:
    return isinstance(top(pilot), Confirm)


def question(pilot: Pilot[int]) -> str:
    return str(top(pilot).query(Static).first().render())


# What is typed.


@pytest.mark.parametrize(
    ("typed", "paths", "caption", "as_is"),
    [
        ("zed", ["zed"], "", False),
        ("'my file.jpg' zed", ["my file.jpg", "zed"], "", False),
        (r"my\ file.jpg", ["my file.jpg"], "", False),
        ("~/zed", ["zed"], "", False),
        ("\"a'b\" -- it's for you -- really", ["a'b"], "it's for you -- really", False),
        ("'x -- y' -- z", ["x -- y"], "z", False),
        ("zed --", ["zed"], "", False),
        ("--as-is zed -- as it was", ["zed"], "as it was", True),
        ("./--as-is", ["--as-is"], "", False),
    ],
)
def test_paths_are_read_as_shells_write_them(
    folder: Path, typed: str, paths: list[str], caption: str, as_is: bool
) -> None:
    wanted = read_wanted(typed)
    assert wanted.paths == tuple(str(folder / path) for path in paths)
    assert (wanted.caption, wanted.as_is) == (caption, as_is)


@pytest.mark.parametrize("typed", ["", "  ", "--as-is", "-- only words", "'open", "zed\\"])
def test_what_names_no_file_is_said_to_do_so(folder: Path, typed: str) -> None:
    with pytest.raises(UsageError):
        read_wanted(typed)


async def test_a_typed_file_is_offered_and_what_was_cleaned_is_told(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/file 'my file.jpg' -- from the ferry")
        (file,) = await node.file_list()
        assert file.path == str(folder / "my file.jpg")
        assert (await node.messages("bob"))[-1].text == "from the ferry"
        assert "“my file.jpg” is offered to bob." in notice_text(screen)
        assert "Taken out of what is sent: place, camera." in notice_text(screen)
        assert "my file.jpg" in history_text(screen)


async def test_what_a_file_may_still_tell_is_a_warning(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/file 第三页.ods")
        assert "It may" in notice_text(screen)
        assert screen.query_one("#notice").has_class("-warning")
        await enter(screen, pilot, "/file --as-is 'my file.jpg'")
        assert "Taken out" not in notice_text(screen)
        assert screen.query_one("#notice").has_class("-warning")


async def test_several_files_are_told_as_one(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/file zed 'sub dir'")
        assert "2 files are offered to bob." in notice_text(screen)
        assert len(await node.file_list()) == 2


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/file", "Which file is to be sent?"),
        ("/file nowhere", "There is no file"),
        ("/file 'open", "has nothing behind it"),
    ],
)
async def test_what_cannot_be_offered_is_said(node: MemoryNode, folder: Path, line: str, answer: str) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, line)
        assert answer in notice_text(screen)
        assert await node.file_list() == []


async def test_nothing_of_a_path_in_an_error_reaches_the_terminal_as_a_command(
    node: MemoryNode, folder: Path
) -> None:
    async with running(node) as (screen, pilot):
        screen.fail(UsageError("There is no file /home/you/\x1b]52;c;eA==\x07\u202e."))
        await settle(pilot)
        assert notice_text(screen) == "There is no file /home/you/\ufffd]52;c;eA==\ufffd\ufffd."


async def test_without_an_open_conversation_nothing_is_offered(folder: Path) -> None:
    node = MemoryNode(FixedClock())
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "/file zed")
        assert "No conversation is open, so nothing was sent." in notice_text(screen)


async def test_a_file_is_offered_to_nobody_whose_key_changed(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        node.change_key("bob")
        await settle(pilot)
        await enter(screen, pilot, "/file zed")
        assert "key has changed" in notice_text(screen)
        assert await node.file_list() == []


# Completion.


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("/file z", ["/file zed "]),
        ("/file m", [r"/file my\ "]),
        (r"/file my\ ", [r"/file my\ file.jpg", r"/file my\ photo.png"]),
        (r"/file my\ f", [r"/file my\ file.jpg "]),
        ("/file 'my f", ["/file 'my file.jpg' "]),
        ('/file "sub dir/', ['/file "sub dir/in.txt" ']),
        ("/file su", [r"/file sub\ dir/"]),
        (r"/file sub\ dir/", [r"/file sub\ dir/in.txt "]),
        ("/file a", [r"/file a\'b "]),
        ("/file 第", ["/file 第三页.ods "]),
        ("/file .h", ["/file .hidden "]),
        ("/file ~/z", ["/file ~/zed "]),
        ("/file zed $", [r"/file zed \$x.txt "]),
        ("/file nowhere/", []),
        ("/file zed -- z", []),
    ],
)
def test_tab_completes_paths_as_shells_write_them(folder: Path, line: str, lines: list[str]) -> None:
    assert complete_path(line) == lines


def test_tab_offers_neither_hidden_files_unasked_nor_names_that_cannot_be_typed(folder: Path) -> None:
    (folder / "bell\x07").write_bytes(b"")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"")
    assert len(complete_path("/file ")) == 7
    assert not any(".hidden" in line for line in complete_path("/file "))


async def test_tab_goes_on_through_folders(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*"/file su")
        for _tab in range(2):
            await pilot.press("tab")
            await looked(pilot)
        assert screen.composer.text == r"/file sub\ dir/in.txt "


async def test_tab_again_is_the_next_of_those_that_fit(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await pilot.press(*r"/file my\ ")
        seen = []
        for _tab in range(3):
            await pilot.press("tab")
            await looked(pilot)
            seen.append(screen.composer.text)
        assert seen == [r"/file my\ file.jpg", r"/file my\ photo.png", r"/file my\ file.jpg"]


# Pastes.


def test_only_absolute_paths_of_what_is_there_count(folder: Path) -> None:
    one, other = str(folder / "my file.jpg"), str(folder / "zed")
    assert existing_paths(f"'{one}' ") == (one,)
    assert existing_paths(one.replace(" ", r"\ ") + f" {other}") == (one, other)
    assert existing_paths(f"{one}\n{other}\n") == (one, other)
    assert existing_paths(f"file://{one.replace(' ', '%20')}") == (one,)
    for text in (
        f"{other} please",
        "zed",
        "~/zed",
        "/",
        "/nowhere",
        "/help",
        "",
        f"see {other}",
        "'" + other,
    ):
        assert existing_paths(text) == ()
    assert not may_be_paths("hello")
    assert not may_be_paths("/" * 100_000)


async def test_a_dragged_file_is_offered_after_a_question(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await paste(screen, pilot, f"'{folder}/my file.jpg' ")
        assert question(pilot) == "Send “my file.jpg” as a file to bob?"
        assert screen.composer.text == ""
        await pilot.press("enter")
        assert _asks(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert [file.name for file in await node.file_list()] == ["my file.jpg"]
        assert screen.composer.text == ""


async def test_a_no_pastes_the_path_as_text(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        await paste(screen, pilot, f"{folder}/zed")
        await pilot.press("n")
        await settle(pilot)
        assert screen.composer.text == f"{folder}/zed"
        assert await node.file_list() == []


async def test_several_dragged_files_are_listed_in_the_question(node: MemoryNode, folder: Path) -> None:
    names = [f"{number}.txt" for number in range(8)]
    for name in names:
        (folder / name).write_bytes(b"x")
    async with running(node) as (screen, pilot):
        await paste(screen, pilot, "\n".join(str(folder / name) for name in names))
        assert question(pilot).startswith("Send 8 files to bob?")
        assert "“4.txt”\n…" in question(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert len(await node.file_list()) == 8


async def test_a_path_behind_the_command_and_other_text_are_pasted(node: MemoryNode, folder: Path) -> None:
    async with running(node) as (screen, pilot):
        screen.composer.take("/file ")
        await paste(screen, pilot, f"'{folder}/my file.jpg'")
        assert screen.composer.text == f"/file '{folder}/my file.jpg'"
        screen.composer.take("")
        await paste(screen, pilot, f"{folder}/nowhere")
        assert screen.composer.text == f"{folder}/nowhere"
        assert top(pilot) is screen


async def test_a_pasted_name_is_no_markup_and_no_command(node: MemoryNode, folder: Path) -> None:
    name = "[@click=app.quit]x[red] \u200bfree.ods"
    (folder / name).write_bytes(b"x")
    async with running(node) as (screen, pilot):
        await paste(screen, pilot, f"'{folder}/{name}'")
        assert "[@click=app.quit]x[red] \ufffdfree.ods" in question(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert "[@click=app.quit]x[red]" in notice_text(screen)


async def test_a_text_longer_than_a_message_is_pointed_to_files(node: MemoryNode) -> None:
    async with running(node) as (screen, pilot):
        await enter(screen, pilot, "x" * 50_000)
        assert "/file PATH" in notice_text(screen)
