"""Every key of the help page and every command of the table does what is said of it there.

One interface goes through all of them. Keys come as the terminal's driver hands them over, and each is waited
for by what it brings about, not until everything is quiet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input, Static

from tests.support.fixed_clock import FixedClock
from tests.support.interface import history_text, notice_text, running
from tests.support.memory_node import PASSPHRASE, MemoryNode
from tuichat.model import Contact, Conversation
from tuichat.tui.app import TuichatApp
from tuichat.tui.palette import PaletteScreen
from tuichat.tui.screens.add_contact import AddContact
from tuichat.tui.screens.blocked import Blocked
from tuichat.tui.screens.bridges import Bridges
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.contact_card import ContactCard
from tuichat.tui.screens.help import Help, key_rows
from tuichat.tui.screens.link_question import LinkQuestion
from tuichat.tui.screens.main import MainScreen
from tuichat.tui.screens.memory import MemoryQuestion
from tuichat.tui.screens.new_invite import NewInvite
from tuichat.tui.screens.open_invites import OpenInvites
from tuichat.tui.screens.own_address import OwnAddress
from tuichat.tui.screens.picture_screen import PictureScreen
from tuichat.tui.screens.quick_switch import QuickSwitch
from tuichat.tui.screens.quit import Quit
from tuichat.tui.screens.reactions import Reactions
from tuichat.tui.screens.search import SearchScreen
from tuichat.tui.screens.secrets import Secrets
from tuichat.tui.screens.settings import SettingsScreen
from tuichat.tui.screens.status import StatusScreen
from tuichat.tui.screens.transfers import Transfers
from tuichat.tui.screens.unlock import Unlock
from tuichat.tui.screens.wipe import Wipe
from tuichat.tui.slash import usages

EDITOR = '#!/bin/sh\necho edited >"$1"\n'
PATIENCE = 20.0

Condition = Callable[[], bool]


class Desk:
    """A running interface with bob's long conversation open, and the node behind it."""

    def __init__(self, node: MemoryNode, screen: MainScreen, pilot: Pilot[int]) -> None:
        self.node = node
        self.screen = screen
        self.app = cast(TuichatApp, pilot.app)
        self.known = screen.shared.session.known

    async def until(self, condition: Condition) -> None:
        """Let the interface work until this holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():  # noqa: ASYNC110 - the interface brings it about
                    await asyncio.sleep(0.002)
        except TimeoutError:
            raise AssertionError(f"it did not come to that; said: {notice_text(self.screen)}") from None

    async def press(self, *keys: str, then: Condition) -> None:
        """Press keys, and wait for what they bring about."""
        for each in keys:
            self.app.post_message(events.Key(each, each if len(each) == 1 else None))
        await self.until(then)

    async def run(self, line: str, then: Condition) -> None:
        """Write a line, as if typed, press Enter, and wait for what it brings about."""
        self.screen.composer.take(line)
        await self.press("enter", then=then)

    async def yes(self, line: str, then: Condition) -> None:
        """As `run`, with a question in between."""
        await self.run(line, lambda: isinstance(self.shown, Confirm) and self.shown.is_mounted)
        await self.press("y", then=then)

    async def open(self, name: str) -> None:
        """Open a conversation and have its messages."""
        person = self.known.named(name)
        assert person is not None
        opening = self.screen.open(person.id)
        if opening is not None:
            await opening.wait()
        await self.until(lambda: self.screen.composer.has_focus)

    async def unread(self) -> None:
        """Bob says something while another conversation is open; then his is, from its beginning."""
        await self.open("alice")
        self.node.incoming("bob", "not seen yet")
        await self.until(lambda: bool(self.known.unread()))
        await self.open("bob")
        self.screen.history.to_start()
        await self.until(lambda: "line 1 " in self.seen and "not seen yet" not in self.seen)

    async def rest(self) -> None:
        """Back to bob, with nothing typed and nothing in front."""
        while self.shown is not self.screen:
            shown = self.shown
            await self.press("escape", then=lambda shown=shown: self.shown is not shown)  # type: ignore[misc]
        self.screen.remove_class("-bare")
        await self.open("bob")
        self.screen.history.to_end()
        self.screen.composer.take("")
        await self.until(lambda: self.screen.history.at_end)

    @property
    def shown(self) -> Screen[object]:
        return self.app.screen

    @property
    def typed(self) -> str:
        return self.screen.composer.text

    @property
    def open_name(self) -> str:
        person = self.screen.person
        return "" if person is None else person.name

    @property
    def seen(self) -> str:
        """The history as it is on screen."""
        return history_text(self.screen)

    @property
    def choosing(self) -> bool:
        return self.screen.history.choosing

    def says(self, words: str) -> bool:
        """Whether the screen in front says that something is wrong."""
        return any(words in str(each.render()) for each in self.shown.query(".problem").results(Static))

    def listed(self) -> list[str]:
        """Whom there are conversations with, in the order of the list."""
        return [person.name for person in self.known.conversations()]

    def state(self, name: str) -> str:
        """How a contact stands, "" if there is none."""
        person = self.known.named(name)
        return "" if person is None else person.state

    def person(self, name: str) -> Contact:
        person = self.known.named(name)
        assert person is not None
        return person

    def kept(self, name: str) -> Conversation:
        """How a conversation is kept, as far as the interface knows."""
        return self.person(name).conversation

    def last(self, name: str = "bob") -> str:
        """What was said last."""
        return self.node._find(name).history[-1].text

    def message_state(self, message: int) -> str:
        return next(each.state for each in self.node._messages[message].history if each.id == message)


def busy_node() -> MemoryNode:
    """Fourteen contacts, requests, somebody blocked, and much said with bob."""
    node = MemoryNode(FixedClock(), node="detached")
    node.person("bob", stage="linked", verified=True)
    node.fill("bob", 60)
    for number in range(10):
        node.person(f"p{number}")
    for name in ("alice", "小明", "carol"):
        node.person(name)
    node.person("dave", state="pending")
    node.person("erin", state="pending")
    node.person("eve", state="blocked")
    node.incoming("bob", "did the draft reach you?")
    return node


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that writes one word, and a terminal with all colours."""
    script = tmp_path / "editor"
    script.write_text(EDITOR, encoding="utf-8")
    script.chmod(0o700)
    monkeypatch.setenv("COLORTERM", "truecolor")  # pictures need it
    monkeypatch.setenv("VISUAL", str(script))


Trial = Callable[[Desk], Awaitable[None]]
KEYS: dict[str, Trial] = {}
COMMANDS: dict[str, Trial] = {}


def key(row: str) -> Callable[[Trial], Trial]:
    """Register the trial of a row of the help page."""
    return lambda trial: KEYS.setdefault(row, trial)


def command(name: str) -> Callable[[Trial], Trial]:
    """Register the trial of a command."""
    return lambda trial: COMMANDS.setdefault(name, trial)


def opens(what: str, screen: type[Screen[Any]]) -> Trial:
    """The trial of what brings a screen to the front: a line, or a key."""

    async def trial(desk: Desk) -> None:
        if what.startswith("/"):
            await desk.run(what, lambda: isinstance(desk.shown, screen))
        else:
            await desk.press(what, then=lambda: isinstance(desk.shown, screen))

    return trial


KEYS |= {
    "Alt+I": opens("alt+i", ContactCard),
    "Alt+K": opens("alt+k", QuickSwitch),
    "Ctrl+K": opens("ctrl+k", QuickSwitch),
    "Ctrl+F": opens("ctrl+f", SearchScreen),
    "Ctrl+P": opens("ctrl+p", PaletteScreen),
    "F1": opens("f1", Help),
}
COMMANDS |= {
    "help": opens("/help", Help),
    "add": opens("/add", AddContact),
    "invite": opens("/invite 30m", NewInvite),
    "invites": opens("/invites", OpenInvites),
    "blocked": opens("/blocked", Blocked),
    "card": opens("/card alice", ContactCard),
    "verify": opens("/verify", ContactCard),
    "files": opens("/files", Transfers),
    "switch": opens("/switch", QuickSwitch),
    "address": opens("/address", OwnAddress),
    "status": opens("/status", StatusScreen),
}


@key("Enter")
async def _enter(desk: Desk) -> None:
    await desk.press(*"hi", "enter", then=lambda: desk.last() == "hi")


@key("Ctrl+J")
async def _new_line(desk: Desk) -> None:
    await desk.press("a", "ctrl+j", "b", then=lambda: desk.typed == "a\nb")


@key("Esc")
async def _choose(desk: Desk) -> None:
    before = desk.last()
    waiting = desk.node.outgoing("bob", "not yet")
    await desk.until(lambda: "not yet" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("up", "c", then=lambda: desk.app.clipboard == before)
    await desk.press("down", "x", then=lambda: isinstance(desk.shown, Confirm))
    await desk.press("y", then=lambda: desk.message_state(waiting.id) == "cancelled")


@key("Esc r, Esc e")
async def _answer_and_edit(desk: Desk) -> None:
    question = desk.node.incoming("bob", "which one?")
    await desk.until(lambda: "which one?" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("r", then=lambda: not desk.choosing)
    await desk.press(*"this", "enter", then=lambda: desk.last() == "this")
    assert desk.node._find("bob").history[-1].reply_to == question.id
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("e", then=lambda: desk.typed == "this")
    await desk.press("!", "enter", then=lambda: desk.last() == "this!")


@key("Esc +, Esc d")
async def _react_and_take_back(desk: Desk) -> None:
    mine = desk.node.outgoing("bob", "a slip", state="delivered")
    await desk.until(lambda: "a slip" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    desk.app.post_message(events.Key("plus", "+"))
    await desk.until(lambda: isinstance(desk.shown, Reactions) and bool(desk.shown.focused))
    await desk.press("1", then=lambda: desk.node._message(mine.id).my_reactions == ("👍",))
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("d", then=lambda: isinstance(desk.shown, Confirm))
    await desk.press("y", then=lambda: desk.node._message(mine.id).unsent == "asked")


@key("Esc o")
async def _fetch(desk: Desk) -> None:
    file = desk.node.offer("bob", "a.txt", 10)
    await desk.until(lambda: "a.txt" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("O", then=lambda: desk.shown is not desk.screen)
    await desk.press("escape", then=lambda: desk.shown is desk.screen)
    await desk.press("o", then=lambda: desk.node._file(file.id).state != "offered")


@key("Esc o, on a link")
async def _look_at_link(desk: Desk) -> None:
    desk.node.incoming("bob", "here: http://example.org")
    await desk.until(lambda: "example.org" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("o", then=lambda: isinstance(desk.shown, LinkQuestion))
    await desk.press("c", then=lambda: desk.app.clipboard == "http://example.org")


@key("Esc o, then F")
async def _show_folder(desk: Desk) -> None:
    file = desk.node.set_file(desk.node.offer("bob", "e.txt", 10).id, state="complete", path="/inbox/e.txt")
    await desk.until(lambda: "e.txt" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("o", then=lambda: desk.shown is not desk.screen)
    await desk.press("F", then=lambda: desk.app.clipboard == str(Path(file.path).parent))


@key("Esc d, Esc p")
async def _decline_and_pause(desk: Desk) -> None:
    moving = desk.node.progress(desk.node.offer("bob", "b.txt", 10).id, 5)
    await desk.until(lambda: "b.txt" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("p", then=lambda: desk.node._file(moving.id).paused_by == "me")
    await desk.press("escape", then=lambda: not desk.choosing)
    unwanted = desk.node.offer("bob", "c.txt", 10)
    await desk.until(lambda: "c.txt" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("d", then=lambda: desk.shown is not desk.screen)
    await desk.press("y", then=lambda: desk.node._file(unwanted.id).state == "declined")


@key("Esc v")
async def _view(desk: Desk) -> None:
    picture = desk.node.offer("bob", "d.png", 10, media_type="image/png")
    desk.node.end(picture.id, "complete")
    await desk.until(lambda: "d.png" in desk.seen)
    await desk.press("escape", then=lambda: desk.choosing)
    await desk.press("v", then=lambda: isinstance(desk.shown, PictureScreen))
    await desk.press("escape", then=lambda: desk.shown is desk.screen)


@key("Up Down")
async def _earlier_inputs(desk: Desk) -> None:
    await desk.run("said before", lambda: desk.last() == "said before")
    await desk.press("up", then=lambda: desk.typed == "said before")
    await desk.press("down", then=lambda: desk.typed == "")


@key("Ctrl+R")
async def _search_inputs(desk: Desk) -> None:
    await desk.press("ctrl+r", *"id bef", then=lambda: desk.typed == "said before")
    await desk.press("escape", then=lambda: desk.typed == "")


@key("Tab")
async def _complete(desk: Desk) -> None:
    await desk.press(*"/que", "tab", then=lambda: desk.typed == "/query ")
    await desk.press("tab", then=lambda: desk.typed.removeprefix("/query ").rstrip() in desk.listed())
    desk.screen.composer.take("/query ali")
    await desk.press("tab", then=lambda: desk.typed == "/query alice ")


@key("PgUp PgDn")
async def _pages(desk: Desk) -> None:
    await desk.press("pageup", then=lambda: not desk.screen.history.at_end)
    await desk.press("pagedown", then=lambda: desk.screen.history.at_end)


@key("Alt+Home Alt+End")
async def _both_ends(desk: Desk) -> None:
    await desk.press("alt+home", then=lambda: "line 1 " in desk.seen)
    await desk.press("alt+end", then=lambda: desk.screen.history.at_end)


@key("Alt+U")
async def _first_unread(desk: Desk) -> None:
    await desk.unread()
    await desk.press("alt+u", then=lambda: "not seen yet" in desk.seen)


@key("Alt+1 ... Alt+0")
async def _places(desk: Desk) -> None:
    for place, name in enumerate(desk.listed()[:10], 1):
        await desk.press(f"alt+{place % 10}", then=lambda name=name: desk.open_name == name)  # type: ignore[misc]


@key("Alt+Up Alt+Down")
async def _neighbours(desk: Desk) -> None:
    for forth, back in (("alt+down", "alt+up"), ("ctrl+n", "ctrl+b")):
        await desk.press(forth, then=lambda: desk.open_name not in ("", "bob"))
        await desk.press(back, then=lambda: desk.open_name == "bob")


@key("Alt+A")
async def _next_unread(desk: Desk) -> None:
    desk.node.incoming("carol", "psst")
    await desk.until(lambda: bool(desk.known.unread()))
    await desk.press("alt+a", then=lambda: desk.open_name == "carol")


@key("Alt+R")
async def _requests(desk: Desk) -> None:
    await desk.press("alt+r", then=lambda: desk.screen.has_class("-requests"))


@key("Alt+C")
async def _copy(desk: Desk) -> None:
    desk.node.incoming("bob", "copy me")
    await desk.until(lambda: "copy me" in desk.seen)
    await desk.press("alt+c", then=lambda: desk.app.clipboard == "copy me")


@key("Alt+E")
async def _edit(desk: Desk) -> None:
    await desk.press("alt+e", then=lambda: desk.typed == "edited")


@key("Alt+L")
async def _bare(desk: Desk) -> None:
    await desk.press("alt+l", then=lambda: desk.screen.has_class("-bare"))
    await desk.press("alt+l", then=lambda: not desk.screen.has_class("-bare"))


@key("Alt+M")
async def _mouse(desk: Desk) -> None:
    await desk.press("alt+m", then=lambda: not desk.app.mouse)
    await desk.press("alt+m", then=lambda: desk.app.mouse)


@key("Ctrl+L")
async def _draw_anew(desk: Desk) -> None:
    drawn: list[object] = []  # each cell of it is looked at on a terminal, among the tests of processes
    desk.screen.screen_layout_refresh_signal.subscribe(desk.screen.history, drawn.append, immediate=True)
    await desk.press("ctrl+l", then=lambda: bool(drawn))
    desk.screen.screen_layout_refresh_signal.unsubscribe(desk.screen.history)


@key("Ctrl+Q")
async def _quit(desk: Desk) -> None:
    desk.node.outgoing("alice", "waits")
    await desk.until(lambda: desk.known.queued() > 0)
    await desk.press("ctrl+q", then=lambda: isinstance(desk.shown, Quit))


@command("accept")
async def _accept(desk: Desk) -> None:
    await desk.run("/accept dave", lambda: (desk.state("dave"), desk.open_name) == ("accepted", "dave"))


@command("reject")
async def _reject(desk: Desk) -> None:
    await desk.run("/reject erin", lambda: desk.state("erin") == "")


@command("block")
async def _block(desk: Desk) -> None:
    await desk.yes("/block p1", lambda: desk.state("p1") == "blocked")


@command("unblock")
async def _unblock(desk: Desk) -> None:
    await desk.run("/unblock eve", lambda: desk.state("eve") == "requested")


@command("rename")
async def _rename(desk: Desk) -> None:
    await desk.run("/rename p2 second", lambda: desk.state("second") == "accepted")


@command("remove")
async def _remove(desk: Desk) -> None:
    await desk.yes("/remove p3", lambda: desk.state("p3") == "")


@command("erase")
async def _erase(desk: Desk) -> None:
    desk.node.incoming("carol", "not for long")
    await desk.open("carol")
    await desk.until(lambda: "not for long" in desk.seen)
    await desk.yes("/erase", lambda: "not for long" not in desk.seen)
    assert desk.state("carol") == "accepted"


@command("mute")
async def _mute_conversation(desk: Desk) -> None:
    await desk.run("/mute alice", lambda: desk.kept("alice").muted)


@command("unmute")
async def _unmute(desk: Desk) -> None:
    await desk.run("/unmute alice", lambda: not desk.kept("alice").muted)


@command("pin")
async def _pin(desk: Desk) -> None:
    await desk.run("/pin p9", lambda: desk.listed()[0] == "p9")


@command("unpin")
async def _unpin(desk: Desk) -> None:
    await desk.run("/unpin p9", lambda: desk.listed()[0] != "p9")


@command("archive")
async def _archive(desk: Desk) -> None:
    await desk.run("/archive p9", lambda: "p9" not in desk.listed())


@command("archived")
async def _archived(desk: Desk) -> None:
    await desk.node.conversation_set("p8", archived=True)
    await desk.until(lambda: desk.kept("p8").archived)
    await desk.run("/archived", lambda: isinstance(desk.shown, QuickSwitch))
    await desk.press(*"p8", "enter", then=lambda: desk.open_name == "p8")


@command("unarchive")
async def _unarchive(desk: Desk) -> None:
    await desk.node.conversation_set("p7", archived=True)
    await desk.until(lambda: "p7" not in desk.listed())
    await desk.run("/unarchive p7", lambda: "p7" in desk.listed())


@command("tag")
async def _tag(desk: Desk) -> None:
    await desk.run("/tag Work", lambda: desk.known.people[1].tags == ("work",))


@command("untag")
async def _untag(desk: Desk) -> None:
    await desk.node.contact_tag("alice", ["work"])
    await desk.run("/untag alice work", lambda: desk.person("alice").tags == ())


@command("msg")
async def _msg(desk: Desk) -> None:
    await desk.run("/msg alice over here", lambda: "Queued for alice" in notice_text(desk.screen))
    assert (desk.last("alice"), desk.open_name) == ("over here", "bob")


@command("file")
async def _file(desk: Desk) -> None:
    desk.node.sizes["/minutes.pdf"] = 7
    await desk.run("/file /minutes.pdf -- as promised", lambda: "minutes.pdf" in desk.seen)
    assert desk.last() == "as promised"


@command("export")
async def _export(desk: Desk) -> None:
    await desk.run("/export /tmp/out", lambda: "not encrypted" in notice_text(desk.screen))
    assert desk.node.exports == [("/tmp/out", None, False)]


@command("query")
async def _query(desk: Desk) -> None:
    await desk.run("/query carol", lambda: desk.open_name == "carol")


@command("search")
async def _search(desk: Desk) -> None:
    await desk.run("/search line 30 in:bob", lambda: isinstance(desk.shown, SearchScreen))
    await desk.press("enter", then=lambda: desk.shown is desk.screen and "line 30 " in desk.seen)
    assert desk.choosing


@command("close")
async def _close(desk: Desk) -> None:
    await desk.run("/close", lambda: desk.open_name == "")


@command("requests")
async def _see_requests(desk: Desk) -> None:
    await desk.run("/requests", lambda: desk.screen.has_class("-requests"))


@command("next")
async def _next(desk: Desk) -> None:
    desk.node.incoming("小明", "psst")
    await desk.until(lambda: bool(desk.known.unread()))
    await desk.run("/next", lambda: desk.open_name == "小明")


@command("unread")
async def _unread(desk: Desk) -> None:
    await desk.unread()
    await desk.run("/unread", lambda: "not seen yet" in desk.seen)


@command("bottom")
async def _bottom(desk: Desk) -> None:
    await desk.press("pageup", then=lambda: not desk.screen.history.at_end)
    await desk.run("/bottom", lambda: desk.screen.history.at_end)


@command("top")
async def _top(desk: Desk) -> None:
    await desk.run("/top", lambda: "line 1 " in desk.seen)


@command("reply")
async def _reply(desk: Desk) -> None:
    question = desk.node.incoming("bob", "when?")
    await desk.until(lambda: "when?" in desk.seen)
    await desk.run("/reply at six", lambda: desk.last() == "at six")
    assert desk.node._find("bob").history[-1].reply_to == question.id


@command("edit")
async def _edit_newest(desk: Desk) -> None:
    desk.node.outgoing("bob", "at five", state="delivered")
    await desk.until(lambda: "at five" in desk.seen)
    await desk.run("/edit at seven", lambda: desk.last() == "at seven")


@command("unsend")
async def _unsend(desk: Desk) -> None:
    mine = desk.node.outgoing("bob", "not that", state="delivered")
    await desk.until(lambda: "not that" in desk.seen)
    await desk.yes("/unsend", lambda: desk.node._message(mine.id).unsent == "asked")


@command("react")
async def _react(desk: Desk) -> None:
    message = desk.node.incoming("bob", "good news")
    await desk.until(lambda: "good news" in desk.seen)
    await desk.run("/react 🎉", lambda: desk.node._message(message.id).my_reactions == ("🎉",))


@command("retention")
async def _retention(desk: Desk) -> None:
    kept = desk.node._find("bob").record.conversation
    await desk.run("/retention 90d", lambda: "deleted here after 90 days" in notice_text(desk.screen))
    assert desk.node._find("bob").record.conversation.retention == 90 * 86_400
    await desk.run("/retention off", lambda: "not deleted by their age" in notice_text(desk.screen))
    await desk.run("/retention default", lambda: "privacy.retention says" in notice_text(desk.screen))
    assert desk.node._find("bob").record.conversation.retention == kept.retention


@command("timer")
async def _timer(desk: Desk) -> None:
    await desk.run("/timer 1h", lambda: desk.node._find("bob").record.conversation.timer == 3600)
    await desk.run("/timer", lambda: "after 1 hour" in notice_text(desk.screen))
    await desk.run("/timer off", lambda: desk.node._find("bob").record.conversation.timer == 0)
    await desk.run("/timer", lambda: "Messages stay" in notice_text(desk.screen))
    await desk.run("/timer soon", lambda: "no length of time" in notice_text(desk.screen))


@command("memory")
async def _memory(desk: Desk) -> None:
    await desk.run("/memory on", lambda: isinstance(desk.shown, MemoryQuestion))
    await desk.press("y", then=lambda: desk.node._find("bob").record.conversation.memory)
    await desk.run("/memory off", lambda: not desk.node._find("bob").record.conversation.memory)


@command("earlier")
async def _earlier(desk: Desk) -> None:
    desk.node.edited_by_them(desk.node.incoming("bob", "the first version").id, "the second version")
    await desk.until(lambda: "the second version" in desk.seen)
    await desk.run("/earlier", lambda: "the first version" in notice_text(desk.screen))


@command("me")
async def _me(desk: Desk) -> None:
    await desk.run("/me waves", lambda: desk.last() == "/me waves")


@command("cancel")
async def _cancel(desk: Desk) -> None:
    waiting = desk.node.outgoing("bob", "not yet")
    await desk.yes("/cancel", lambda: desk.message_state(waiting.id) == "cancelled")


@command("copy")
async def _copy_newest(desk: Desk) -> None:
    desk.node.incoming("bob", "copy me, too")
    await desk.until(lambda: "copy me, too" in desk.seen)
    await desk.run("/copy", lambda: desk.app.clipboard == "copy me, too")


@command("link")
async def _link(desk: Desk) -> None:
    desk.node.incoming("bob", "see https://example.org/a and https://例子.example")
    await desk.until(lambda: "example.org" in desk.seen)
    await desk.run("/link", lambda: isinstance(desk.shown, LinkQuestion))
    await desk.press("n", "c", then=lambda: desk.app.clipboard == "https://例子.example")


@command("away")
async def _away(desk: Desk) -> None:
    await desk.run("/away", lambda: desk.node.presences[-1:] == [False])
    await desk.until(lambda: "not told" in notice_text(desk.screen))


@command("back")
async def _back(desk: Desk) -> None:
    await desk.run("/back", lambda: desk.node.presences[-1:] == [True])


@command("ignore")
async def _ignore(desk: Desk) -> None:
    await desk.yes("/ignore p6", lambda: desk.state("p6") == "blocked")


@command("backup")
async def _backup(desk: Desk) -> None:
    await desk.run("/backup /nowhere/b.sealed", lambda: "/nowhere/b.sealed" in desk.node.backups)
    await desk.until(lambda: "has your identity" in notice_text(desk.screen))


@command("import")
async def _import(desk: Desk) -> None:
    await desk.run("/import /nowhere", lambda: "Not imported: /nowhere" in notice_text(desk.screen))


async def fill_in(desk: Desk, *answers: str) -> None:
    """Write into one field after the other; the last Enter hands all of them over."""
    for answer in answers:
        field = desk.shown.focused
        await desk.press(*answer, "enter", then=lambda field=field: desk.shown.focused is not field)  # type: ignore[misc]


@command("passphrase")
async def _passphrase(desk: Desk) -> None:
    await desk.run("/passphrase", lambda: isinstance(desk.shown, Secrets) and bool(desk.shown.focused))
    await fill_in(desk, PASSPHRASE, "one", "two")
    await desk.until(lambda: desk.says("not the same"))
    await fill_in(desk, PASSPHRASE, PASSPHRASE)
    await desk.until(lambda: "opens the profile" in notice_text(desk.screen))


@command("duress")
async def _duress(desk: Desk) -> None:
    await desk.run("/duress", lambda: isinstance(desk.shown, Secrets) and bool(desk.shown.focused))
    await fill_in(desk, "wrong", "x", "x")
    await desk.until(lambda: desk.says("passphrase is wrong."))


@command("editor")
async def _editor(desk: Desk) -> None:
    await desk.run("/editor", lambda: desk.typed == "edited")


@command("clear")
async def _clear(desk: Desk) -> None:
    desk.node.notice("something", "warning")
    await desk.until(lambda: "something" in notice_text(desk.screen))
    await desk.run("/clear", lambda: notice_text(desk.screen) == "")


@command("bare")
async def _bare_command(desk: Desk) -> None:
    await desk.run("/bare", lambda: desk.screen.has_class("-bare"))
    await desk.press("escape", then=lambda: not desk.screen.has_class("-bare"))


@command("mouse")
async def _mouse_command(desk: Desk) -> None:
    await desk.run("/mouse", lambda: not desk.app.mouse)
    await desk.run("/mouse", lambda: desk.app.mouse)


@command("theme")
async def _theme(desk: Desk) -> None:
    await desk.run("/theme light", lambda: desk.app.theme == "light")


@command("set")
async def _set(desk: Desk) -> None:
    await desk.run("/set theme dark", lambda: desk.app.theme == "dark")


@command("settings")
async def _settings(desk: Desk) -> None:
    await desk.run("/settings", lambda: isinstance(desk.shown, SettingsScreen))


@command("bridges")
async def _bridges(desk: Desk) -> None:
    await desk.run("/bridges", lambda: isinstance(desk.shown, Bridges))


@command("connect")
async def _connect(desk: Desk) -> None:
    await desk.run("/connect", lambda: "Your node is connected." in notice_text(desk.screen))


@command("open")
async def _open(desk: Desk) -> None:
    second = desk.listed()[1]
    await desk.run("/2", lambda: desk.open_name == second)


@command("lock")
async def _lock(desk: Desk) -> None:
    await desk.run("/lock", lambda: isinstance(desk.shown, Unlock))
    await desk.until(lambda: not desk.known.people and isinstance(desk.shown.focused, Input))
    await desk.press(*PASSPHRASE, "enter", then=lambda: desk.shown is desk.screen and bool(desk.listed()))


@command("wipe")
async def _wipe(desk: Desk) -> None:
    await desk.run("/wipe", lambda: isinstance(desk.shown, Wipe))
    await desk.press("escape", then=lambda: desk.shown is desk.screen and not desk.node.wiped)


@command("quit")
async def _quit_command(desk: Desk) -> None:
    desk.node.outgoing("alice", "waits")
    await desk.until(lambda: desk.known.queued() > 0)
    await desk.run("/quit", lambda: isinstance(desk.shown, Quit))


async def try_all(trials: dict[str, Trial], order: list[str]) -> None:
    """Try one after the other in an interface that goes on."""
    node = busy_node()
    async with running(node, sealed=True, images=True) as (screen, pilot):
        desk = Desk(node, screen, pilot)
        for name in order:
            try:
                await desk.rest()
                await trials[name](desk)
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error


@pytest.mark.usefixtures("editor")
async def test_every_key_of_the_help_page_does_what_it_says() -> None:
    order = [row for row, _meaning in key_rows()]
    assert set(order) == set(KEYS)
    await try_all(KEYS, order)


@pytest.mark.usefixtures("editor")
async def test_every_command_does_what_it_says() -> None:
    order = [*usages(), "open"]
    assert set(order) == set(COMMANDS)
    await try_all(COMMANDS, order)
