"""Alt+E and /editor: the input in the person's own editor, which here is a script that does one thing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.fixed_clock import FixedClock
from tests.support.interface import enter, notice_text, running, settle
from tests.support.memory_node import MemoryNode
from tuichat.errors import StorageError, UsageError
from tuichat.tui.editor import MOST_BYTES, edited, editor_words
from tuichat.tui.slash import Names, complete


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the editor's file is made; empty before and afterwards."""
    directory = tmp_path / "scratch"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script that VISUAL names, to be written; one that adds a line until it is."""
    path = tmp_path / "my editor"
    monkeypatch.setenv("VISUAL", f"'{path}' -w")
    become(path, 'printf "and more\\n" >>"$2"')
    return path


def become(editor: Path, line: str) -> None:
    """What the editor does from now on."""
    editor.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    editor.chmod(0o700)


async def editor_left(pilot: Pilot[int]) -> None:
    """Wait until the editor has ended and its text is back."""
    await pilot.pause()
    for worker in [each for each in pilot.app.workers if each.group == "command"]:
        await worker.wait()
    await settle(pilot)


@pytest.mark.parametrize("way", ["key", "palette"])
async def test_what_is_being_written_goes_through_the_editor_and_back(
    scratch: Path, editor: Path, way: str
) -> None:
    node = MemoryNode.sample(FixedClock())
    async with running(node, scratch=lambda: scratch) as (screen, pilot):
        screen.composer.take("dear bob,\n")
        if way == "key":
            await pilot.press("alt+e")
        else:
            pilot.app.run_command("editor")  # type: ignore[attr-defined]
        await editor_left(pilot)
        assert screen.composer.text == "dear bob,\nand more"
        assert screen.composer.has_focus
        assert not list(scratch.iterdir())
        assert [message.text for message in await node.messages("bob")][-1] != "dear bob,\nand more"


async def test_what_is_edited_goes_with_its_message_also_from_the_editor(scratch: Path, editor: Path) -> None:
    may_end = scratch.parent / "may end"
    become(editor, f'while [ ! -e "{may_end}" ]; do sleep 0.02; done')
    node = MemoryNode.sample(FixedClock())
    async with running(node, scratch=lambda: scratch) as (screen, pilot):
        mine = await node.send("bob", "burn after reading")
        node.change_message(mine.id, timer=60)
        await settle(pilot)
        await pilot.press("escape", "e")
        await settle(pilot)
        await pilot.press("alt+e")
        while not list(scratch.iterdir()):
            await pilot.pause(0.01)
        node.disappeared(mine.id)
        await pilot.pause()
        may_end.touch()
        await editor_left(pilot)
        assert screen.composer.text == ""


async def test_the_command_begins_with_an_empty_file(scratch: Path, editor: Path) -> None:
    async with running(MemoryNode.sample(FixedClock()), scratch=lambda: scratch) as (screen, pilot):
        await enter(screen, pilot, "/editor")
        await editor_left(pilot)
        assert screen.composer.text == "and more"


async def test_nothing_that_moves_a_terminal_comes_back(scratch: Path, editor: Path) -> None:
    become(editor, 'printf "a\\033[2Jb\\tc\\342\\200\\256d" >"$2"')
    async with running(MemoryNode.sample(FixedClock()), scratch=lambda: scratch) as (screen, pilot):
        await pilot.press("alt+e")
        await editor_left(pilot)
        assert screen.composer.text == "a[2Jb    cd"


async def test_a_failed_editor_changes_nothing_and_is_told(scratch: Path, editor: Path) -> None:
    become(editor, 'echo gone >"$2"; exit 3')
    async with running(MemoryNode.sample(FixedClock()), scratch=lambda: scratch) as (screen, pilot):
        screen.composer.take("kept")
        await pilot.press("alt+e")
        await editor_left(pilot)
        assert screen.composer.text == "kept"
        assert "The editor ended with 3." in notice_text(screen)
        assert not list(scratch.iterdir())


async def test_what_comes_back_to_a_locked_profile_is_dropped(scratch: Path, editor: Path) -> None:
    node = MemoryNode.sample(FixedClock())
    go = scratch.parent / "go"
    os.mkfifo(go)
    become(editor, f'cat "{go}" >/dev/null; echo secret >"$2"')
    async with running(node, scratch=lambda: scratch) as (screen, pilot):
        await pilot.press("alt+e")
        await node.lock()
        while not screen.composer.deaf:
            await pilot.pause()
        go.write_bytes(b"")
        await editor_left(pilot)
        assert screen.composer.text == ""
        assert not list(scratch.iterdir())


async def test_the_file_is_nobody_elses_and_goes_with_all_that_lies_beside_it(
    tmp_path: Path, scratch: Path
) -> None:
    script = tmp_path / "editor"
    looks = f'cd "$(dirname "$1")" && stat -c "%a %n" "$1" "$PWD" >{tmp_path}/modes'
    become(script, f'{looks}; echo old >"$1~"; echo swap >.swp')
    assert await edited("text", scratch, [str(script)]) == "text"
    file, directory = (tmp_path / "modes").read_text(encoding="utf-8").splitlines()
    assert file.startswith(f"600 {scratch}/edit-")
    assert directory.startswith(f"700 {scratch}/edit-")
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f'head -c {MOST_BYTES + 1} /dev/zero >"$1"', "longer than 1024 KiB"),
        ('printf "\\377" >"$1"', "not UTF-8"),
        ("exit 1", "ended with 1"),
        ("kill -9 $$", "ended with -9"),
    ],
)
async def test_what_is_no_text_is_not_taken(tmp_path: Path, scratch: Path, line: str, sentence: str) -> None:
    script = tmp_path / "editor"
    become(script, line)
    with pytest.raises(UsageError) as caught:
        await edited("text", scratch, [str(script)])
    assert sentence in caught.value.message
    assert not list(scratch.iterdir())


async def test_an_editor_that_cannot_be_started_and_a_lost_file_are_told(
    tmp_path: Path, scratch: Path
) -> None:
    with pytest.raises(UsageError, match="cannot be started: No such file"):
        await edited("text", scratch, [str(tmp_path / "nothing")])
    with pytest.raises(UsageError, match="cannot be started"):
        await edited("text", scratch, ["a\0b"])
    with pytest.raises(StorageError, match="No such file"):
        await edited("text", tmp_path / "nowhere", ["true"])
    become(tmp_path / "editor", 'rm "$1"')
    with pytest.raises(StorageError, match="No such file"):
        await edited("text", scratch, [str(tmp_path / "editor")])
    assert not list(scratch.iterdir())


async def test_a_terminal_that_closes_ends_the_editor_and_is_heard_of_afterwards(
    tmp_path: Path, scratch: Path
) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    interrupting = signal.getsignal(signal.SIGINT)  # ignored, where the tests run in the background
    script = tmp_path / "editor"
    become(
        script,
        f"sleep 60 & trap 'kill $!; exit 7' TERM; kill -INT {os.getpid()}; kill -TERM {os.getpid()}; wait",
    )
    try:
        with pytest.raises(UsageError, match="ended with 7"):
            await edited("text", scratch, [str(script)])
        assert heard == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGINT) == interrupting
    finally:
        signal.signal(signal.SIGTERM, before)


def test_visual_comes_before_editor_and_both_before_what_is_there(tmp_path: Path) -> None:
    nano = tmp_path / "nano"
    become(nano, "")
    path = {"PATH": str(tmp_path)}
    assert editor_words({**path, "VISUAL": "vim -u NONE", "EDITOR": "ed"}) == ["vim", "-u", "NONE"]
    assert editor_words({**path, "VISUAL": " ", "EDITOR": "ed"}) == ["ed"]
    assert editor_words(path) == [str(nano)]
    with pytest.raises(UsageError, match="There is no editor"):
        editor_words({"PATH": "/nonexistent"})
    with pytest.raises(UsageError, match="EDITOR is no command"):
        editor_words({**path, "EDITOR": "vim '"})


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        (":fire", "🔥"),
        ("it burns :FIRE:", "it burns 🔥"),
        ("/msg bob :pizza", "/msg bob 🍕"),
        (":thumbs_up", "👍"),
        (":grinning_cat", "😸"),
        ("one\ntwo :rocket", "one\ntwo 🚀"),
    ],
)
def test_a_pictures_name_becomes_the_picture(line: str, completed: str) -> None:
    assert complete(line, Names(("bob",)))[0] == completed


@pytest.mark.parametrize("line", [":D", ":)", ":", "12:30", ":no-such-picture", "a:fire", "::fire"])
def test_what_only_looks_like_one_stays(line: str) -> None:
    assert complete(line, Names(("bob",))) == []


async def test_tab_goes_on_to_the_next_picture() -> None:
    async with running(MemoryNode.sample(FixedClock())) as (screen, pilot):
        screen.composer.take("so :grinning")
        await pilot.press("tab")
        first = screen.composer.text
        await pilot.press("tab")
        assert first == "so 😀"
        assert screen.composer.text.startswith("so ")
        assert screen.composer.text not in (first, "so :grinning")
