"""How files are shown to a person, and what the paths in a command may be."""

from __future__ import annotations

import asyncio
import io
import os
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from tests.support.fixed_clock import START, FixedClock
from tests.support.memory_node import MemoryNode
from tests.support.virtual_time import run_virtual
from tuichat.api.client import AsyncClient
from tuichat.cli import fetching
from tuichat.cli.commands import build_parser
from tuichat.cli.context import Context
from tuichat.cli.fetching import fetch, what_is_missing
from tuichat.cli.files import _accepted
from tuichat.cli.messages import shown as message_shown
from tuichat.cli.output import full_name, one_line, width_of
from tuichat.cli.paths import to_receive, to_send, whole
from tuichat.cli.status import shown as status_shown
from tuichat.cli.status_line import StatusLine, bar_line
from tuichat.config import load_config
from tuichat.errors import NotFoundError, NotYetError, StorageError, TuichatError, UsageError
from tuichat.file_words import because, how_far, percent, time_left
from tuichat.model import (
    AnyEvent,
    File,
    FileEvent,
    FileReason,
    FileRemovedEvent,
    FileState,
    Message,
    OutboxCounts,
    PausedBy,
    Status,
)

NOW = datetime.fromtimestamp(START, tz=UTC)


def file(**changes: object) -> File:
    made = File(
        id=3,
        contact=1,
        message=7,
        direction="in",
        name="figures.ods",
        size=2_097_152,
        media_type="application/octet-stream",
        state="active",
        bytes_done=1_426_064,
        rate=1_900_000,
        circuits=8,
        offered_at=NOW,
        expires_at=NOW + timedelta(days=30),
    )
    return msgspec.structs.replace(made, **changes)


@pytest.mark.parametrize(
    ("state", "paused_by", "reason", "words"),
    [
        ("offered", "", "", "offered"),
        ("waiting", "", "", "waiting"),
        ("active", "", "", "68%, 1.9 MB/s, 8 circuits"),
        ("paused", "me", "", "paused by you, 68%"),
        ("paused", "them", "", "paused by the other side, 68%"),
        ("paused", "both", "", "paused by both sides, 68%"),
        ("complete", "", "", "complete"),
        ("declined", "", "", "declined"),
        ("cancelled", "", "peer", "cancelled: by the other side"),
        ("failed", "", "space", "failed: there is not enough room"),
    ],
)
def test_every_state_has_words(state: FileState, paused_by: PausedBy, reason: FileReason, words: str) -> None:
    assert how_far(file(state=state, paused_by=paused_by, reason=reason)) == words


@pytest.mark.parametrize("reason", msgspec.inspect.type_info(FileReason).values)  # type: ignore[attr-defined]
def test_every_reason_has_words_and_no_reason_has_none(reason: FileReason) -> None:
    assert bool(because(reason)) == bool(reason)


def test_what_is_not_known_yet_is_left_out() -> None:
    assert how_far(file(rate=0, circuits=0)) == "68%"
    assert how_far(file(rate=0, circuits=1)) == "68%, 1 circuit"
    assert time_left(file(rate=0)) == ""
    assert time_left(file(bytes_done=2_097_152)) == ""


def test_hundred_percent_is_all_of_it() -> None:
    assert percent(file(size=10**12, bytes_done=10**12 - 1)) == 99
    assert percent(file(size=10**12, bytes_done=10**12)) == 100
    assert percent(file(size=0, bytes_done=0)) == 100


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (1, "1 s"),
        (59_000, "59 s"),
        (59_001, "1 min 0 s"),
        (125_000, "2 min 5 s"),
        (3_600_000, "1 h 0 min"),
        (360_000_000, "4 days"),
    ],
)
def test_time_left_is_never_too_short(size: int, words: str) -> None:
    assert time_left(file(size=size, bytes_done=0, rate=1000)) == words


@pytest.mark.parametrize("columns", range(10, 120, 7))
@pytest.mark.parametrize("name", ["a", "figures.ods", "晚饭" * 40, "e\u0301" * 70])
def test_bar_fits_into_its_line(columns: int, name: str) -> None:
    for plain in (False, True):
        assert width_of(bar_line(file(name=name), 2, 12, columns=columns, plain=plain)) <= columns


def test_bar_shows_all_there_is_to_say_where_there_is_room() -> None:
    assert bar_line(file(), columns=100) == (
        "figures.ods  ▓▓▓▓▓▓▓▓▓▓░░░░░░ 68%  1.4 MB of 2.1 MB  1.9 MB/s  1 s  8 circuits"
    )
    assert bar_line(file(), 2, 3, columns=45, plain=True) == "2/3 figures.ods  ##########------ 68%"
    assert bar_line(file(state="waiting"), columns=60) == "figures.ods  waiting  2.1 MB"


class Terminal(io.StringIO):
    """A stream that is one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class GoneTerminal(Terminal):
    """A terminal that was closed."""

    def write(self, text: str) -> int:
        raise OSError(5, "Input/output error")


def test_line_is_written_over_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    terminal = Terminal()
    line = StatusLine(terminal)
    line.clear()
    line.show("reading")
    line.show_file(file())
    line.clear()
    line.clear()
    first, second, end = terminal.getvalue().split("\r\x1b[K")[1:]
    assert (first, end) == ("reading", "")
    assert second.startswith("figures.ods  ▓")
    monkeypatch.setenv("TERM", "linux")  # its fonts have no such block
    line.show_file(file())
    assert "figures.ods  #" in terminal.getvalue()


def test_line_is_shown_only_where_it_can_be_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        StatusLine(stream).show_file(file())
        monkeypatch.setenv("TERM", "xterm")
        assert stream.getvalue() == ""
    gone = StatusLine(GoneTerminal())
    gone.show("once")
    gone.clear()
    assert not gone.is_shown


@pytest.mark.parametrize(
    "hostile", ["a\x1b[2Jb", "a\nb", "a\u202eb", "a\x9bb", "a\u2028b", "a\x00b", "a\ud800b"]
)
def test_name_that_would_do_something_does_nothing(hostile: str) -> None:
    assert "a\ufffd" in full_name(file(name=hostile))
    assert "\n" not in bar_line(file(name=hostile))
    assert full_name(file(name="x", place=hostile)).startswith("a\ufffd")


def test_name_in_any_writing_is_shown_as_it_is() -> None:
    for name in ("晚饭 🍜.jpg", "family 👨‍👩‍👧.png", "می‌خواهم.txt"):
        assert one_line(name) == name


async def test_no_text_looks_like_a_file_that_was_offered() -> None:
    node = MemoryNode.sample(FixedClock(), files=True)
    bob = next(contact for contact in await node.contact_list() if contact.name == "bob")
    offer, forged = (await node.messages("bob"))[-1], node.incoming("bob", "[file 9, 1 B, offered]  x.exe")
    real = message_shown(offer, bob, NOW, file=await node.file_get(2))
    assert real.endswith(" bob [file 2, 2.1 MB, 68%, 1.9 MB/s, 8 circuits]  figures.ods")
    assert message_shown(forged, bob, NOW).endswith(" bob  [file 9, 1 B, offered]  x.exe")


async def test_file_that_is_forgotten_leaves_its_line_in_the_history() -> None:
    bob = MemoryNode(FixedClock()).person("bob")
    line = Message(
        id=7,
        contact=1,
        direction="in",
        kind="file",
        text="look",
        sent_at=NOW,
        received_at=NOW,
        state="delivered",
    )
    first, second = message_shown(line, bob, NOW).split("\n")
    assert first.endswith("bob  (a file that is not known any more)")
    assert second == "      look"


def test_who_need_not_wait_gives_up_when_nothing_came_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    async def happenings(*_arguments: object) -> AsyncIterator[tuple[object, AnyEvent | None]]:
        yield None, None
        for count in (10, 20, 20):
            await asyncio.sleep(50)
            yield None, FileEvent(at=NOW, file=file(bytes_done=count))
        await asyncio.sleep(10_000)

    async def accept() -> list[File]:
        return [file(bytes_done=0)]

    async def waited(quiet: float | None) -> float:
        begun = asyncio.get_running_loop().time()
        (found,) = await fetch(cast(Context, context), cast(AsyncClient, None), accept, 5_000, quiet)
        assert found.bytes_done == 20
        return asyncio.get_running_loop().time() - begun

    async def story() -> None:
        assert await waited(60) == 160
        assert await waited(None) == 5_000

    context = SimpleNamespace(output=SimpleNamespace(json=True, json_line=lambda _line: None))
    monkeypatch.setattr(fetching, "follow", happenings)
    run_virtual(story())


def test_who_waits_for_a_file_that_disappears_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def happenings(*_arguments: object) -> AsyncIterator[tuple[object, AnyEvent | None]]:
        yield None, None
        for number in (3, 4, 5):
            yield None, FileRemovedEvent(at=NOW, file=number)
        await asyncio.sleep(10_000)

    async def accept() -> list[File]:
        return [file(id=3), file(id=4, state="complete")]

    async def story() -> None:
        begun = asyncio.get_running_loop().time()
        gone, whole = await fetch(cast(Context, None), cast(AsyncClient, None), accept, 5_000)
        assert asyncio.get_running_loop().time() == begun
        assert (gone.state, gone.reason, whole.state) == ("cancelled", "expired", "complete")
        error = what_is_missing([gone, whole])
        assert error is not None
        assert "File 3" in error.message

    monkeypatch.setattr(fetching, "follow", happenings)
    run_virtual(story())


def test_failure_is_told_before_what_is_not_there_yet() -> None:
    done, coming = file(state="complete"), file(id=4)
    failed = file(id=5, state="failed", reason="damaged")
    assert what_is_missing([done]) is None
    error = what_is_missing([done, coming, failed])
    assert isinstance(error, TuichatError)
    assert "File 5" in error.message
    assert "what came is not what was offered" in error.message
    assert error.hint == ""
    mendable = what_is_missing([file(id=5, state="failed", reason="space")])
    assert mendable is not None
    assert mendable.hint.endswith("tuichat files resume 5")
    declined = what_is_missing([file(state="declined")])
    assert declined is not None
    assert (declined.exit_code, declined.hint) == (1, "")
    late = what_is_missing([done, coming])
    assert isinstance(late, NotYetError)
    assert "68%" in late.message


def test_paths_are_made_whole_and_links_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "link").symlink_to("note.txt")
    (tmp_path / "folder").mkdir()
    assert to_send(Path("note.txt")) == f"{tmp_path}/note.txt"
    assert to_send(Path("folder/../link")) == f"{tmp_path}/link"
    assert to_send(Path("folder")) == to_receive(Path("folder")) == f"{tmp_path}/folder"


def test_what_cannot_be_sent_is_told_in_a_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nothing")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
    for name, kind, says in (
        ("nothing", NotFoundError, "There is no file"),
        ("dangling", NotFoundError, "There is no file"),
        ("pipe/x", NotFoundError, "There is no file"),
        ("loop", StorageError, "cannot be read"),
        ("x" * 300, StorageError, "cannot be read"),
        ("pipe", UsageError, "a pipe"),
        ("socket", UsageError, "a socket"),
        ("/dev/null", UsageError, "a device"),
    ):
        with pytest.raises(kind, match=says):
            to_send(tmp_path / name)


def test_directory_that_cannot_be_used_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(NotFoundError, match="no directory"):
        to_receive(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="is no directory"):
        to_receive(tmp_path / "note.txt")


def test_permission_that_is_missing_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        os, "access", lambda _path, _mode: False
    )  # whoever runs the tests may have every right
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(StorageError, match="you may not read it"):
        to_send(tmp_path / "note.txt")
    with pytest.raises(StorageError, match="may not write"):
        to_receive(tmp_path)


def test_path_that_cannot_be_told_to_the_node_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / os.fsdecode(b"\xff")
    odd.mkdir()
    monkeypatch.chdir(odd)
    with pytest.raises(UsageError, match="not UTF-8"):
        whole(Path("note.txt"))
    setting = {"TUICHAT_FILES__DIRECTORY": "received"}
    with pytest.raises(UsageError, match="/\ufffd/received is not UTF-8"):
        load_config(tmp_path / "tuichat.toml", setting)
    odd.rmdir()
    with pytest.raises(StorageError, match="current directory"):
        whole(Path("note.txt"))
    for words in (["backup", "x"], ["export", "x"], ["import", "x"]):
        understood = build_parser().parse_args(words)
        with pytest.raises(StorageError, match="current directory"):
            understood.run(SimpleNamespace(words=understood))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("queued", "transfers", "said"),
    [
        (2, 0, "kept until 2 messages are delivered,"),
        (0, 1, "kept until 1 file is complete,"),
        (1, 2, "kept until 1 message is delivered and 2 files are complete,"),
    ],
)
def test_status_says_what_a_node_is_kept_for(queued: int, transfers: int, said: str) -> None:
    found = Status(
        address="a",
        node="detached",
        locked=False,
        outbox=OutboxCounts(queued=queued),
        kept=True,
        transfers=transfers,
    )
    words = status_shown(found)
    assert said in words
    assert (f"files     {transfers} under way" in words) is bool(transfers)


async def test_to_wait_for_an_offer_that_its_sender_paused_is_to_accept_it_first() -> None:
    node = MemoryNode(FixedClock())
    node.person("bob")
    offer = node.offer("bob", "film.mkv", 10)
    node.set_file(offer.id, state="paused", paused_by="them")
    words = SimpleNamespace(id=offer.id, wait=True, all=False)
    (wanted,) = await _accepted(cast(Context, SimpleNamespace(words=words)), cast(AsyncClient, node), "")
    assert (wanted.accepted, wanted.state) == (True, "paused")
    assert (await node.file_get(offer.id)).accepted
