"""Who looks elsewhere is told, once, of what is worth it, and no more than they want others to see."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import msgspec
import pytest

from tests.support.interface import enter, notice_text, running, settle
from tests.support.scenery import conversation
from tuichat.model import ContactEvent
from tuichat.tui.app import TuichatApp
from tuichat.tui.context import Way
from tuichat.tui.notification_ways import message_words
from tuichat.tui.notifications import REST_SECONDS, Notifications


class Told:
    """Stands where the terminal is and keeps what reaches it."""

    def __init__(self, app: TuichatApp, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bells = 0
        self.written: list[str] = []
        self.now = 1000.0
        notifications = app.notifications
        monkeypatch.setattr(app, "bell", self._bell)
        monkeypatch.setattr(notifications, "_write", self.written.append)
        monkeypatch.setattr(notifications, "_monotonic", lambda: self.now)

    def _bell(self) -> None:
        self.bells += 1


async def test_the_bell_rings_for_another_conversation_and_once_for_what_comes_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = conversation()
    async with running(node, notify="bell") as (main, pilot):
        told = Told(cast(TuichatApp, pilot.app), monkeypatch)
        node.incoming("bob", "seen at once")  # the conversation that is open
        await settle(pilot)
        assert told.bells == 0
        for _each in range(3):
            node.incoming("alice", "elsewhere")
        await settle(pilot)
        assert told.bells == 1
        told.now += REST_SECONDS
        await node.conversation_set("alice", True, None, None)
        await settle(pilot)
        node.incoming("alice", "muted")
        await settle(pilot)
        assert told.bells == 1
        pilot.app.app_focus = False
        node.incoming("bob", "nobody looks")
        await settle(pilot)
        assert told.bells == 2
        assert main.is_mounted


@pytest.mark.parametrize(
    ("way", "content", "sequence"),
    [
        ("osc9", False, "\x1b]9;tuichat: A new message.\x07"),
        ("osc9", True, "\x1b]9;tuichat: alice: 4;3;50 and a line\x07"),
        ("osc777", True, "\x1b]777;notify;tuichat;alice: 4;3;50 and a line\x07"),
    ],
)
async def test_terminals_are_told_in_their_way_and_nothing_else_by_it(
    monkeypatch: pytest.MonkeyPatch, way: Way, content: bool, sequence: str
) -> None:
    node = conversation()
    async with running(node, notify=way, notify_content=content) as (_main, pilot):
        told = Told(cast(TuichatApp, pilot.app), monkeypatch)
        node.incoming("alice", "4;3;50\nand a line")
        await settle(pilot)
        assert told.written == [sequence]


@pytest.mark.parametrize("in_memory", [False, True], ids=["timer", "memory only"])
async def test_what_is_to_disappear_is_not_shown_where_it_would_stay(
    monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    node = conversation()
    if in_memory:
        await node.conversation_memory("alice", True)
    else:
        await node.conversation_timer("alice", 3600)
    async with running(node, notify="osc9", notify_content=True) as (_main, pilot):
        told = Told(cast(TuichatApp, pilot.app), monkeypatch)
        node.incoming("alice", "for an hour")
        await settle(pilot)
        assert told.written == ["\x1b]9;tuichat: A new message.\x07"]


async def test_what_came_with_a_timer_is_not_shown_either_once_that_is_off() -> None:
    node = conversation()
    message = node.incoming("alice", "for an hour")
    person = next(each for each in await node.contact_list() if each.id == message.contact)
    assert message_words(person, message, content=True) == "alice: for an hour"
    passing = msgspec.structs.replace(message, timer=3600)
    assert message_words(person, passing, content=True) == "A new message."


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - another process brings it about
            await asyncio.sleep(0.01)


def program(directory: Path, script: str) -> None:
    path = directory / "notify-send"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


async def test_the_desktop_gets_text_and_no_markup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/shown')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    node = conversation()
    async with running(node, notify="desktop", notify_content=True) as (_main, pilot):
        node.incoming("alice", "<b>--help</b> & $(id)")
        await settle(pilot)
        await until((tmp_path / "shown").exists)
    shown = (tmp_path / "shown").read_text(encoding="utf-8").splitlines()
    assert shown == ["--app-name=tuichat", "--", "tuichat", "alice: &lt;b&gt;--help&lt;/b&gt; &amp; $(id)"]


async def test_without_the_desktops_program_the_bell_rings_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    node = conversation()
    async with running(node, notify="desktop") as (main, pilot):
        told = Told(cast(TuichatApp, pilot.app), monkeypatch)
        node.incoming("alice", "x")
        await until(lambda: told.bells == 1)
        await settle(pilot)
        assert "libnotify-bin" in notice_text(main)


async def test_a_program_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program(tmp_path, f"echo $$ > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/pid; exec sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("tuichat.tui.notification_ways._PROGRAM_SECONDS", 0.2)
    node = conversation()
    async with running(node, notify="desktop") as (_main, _pilot):
        node.incoming("alice", "x")
        await until((tmp_path / "pid").exists)
        pid = int((tmp_path / "pid").read_text())
        await until(lambda: not Path(f"/proc/{pid}").exists())


async def test_a_request_is_told_once_and_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    node = conversation()
    async with running(node, notify="osc9", notify_content=True) as (_main, pilot):
        told = Told(cast(TuichatApp, pilot.app), monkeypatch)
        app = cast(TuichatApp, pilot.app)
        asking = next(person for person in app.session.known.people.values() if person.state == "pending")
        for _each in range(2):
            app._happened(ContactEvent(contact=asking, at=datetime(2026, 11, 21, tzinfo=UTC)))
            told.now += REST_SECONDS
        assert told.written == ["\x1b]9;tuichat: Somebody asks to be a contact.\x07"]


async def test_the_way_is_changed_while_it_runs() -> None:
    kept: list[tuple[str, str]] = []
    async with running(conversation(), save=lambda key, value: kept.append((key, value))) as (main, pilot):
        await enter(main, pilot, "/set notify bell")
        notifications: Notifications = cast(TuichatApp, pilot.app).notifications
        assert notifications.way == "bell"
        await enter(main, pilot, "/set notify smoke")
        assert notifications.way == "bell"
        assert "smoke" in notice_text(main)
    assert kept == [("ui.notify", "bell")]
