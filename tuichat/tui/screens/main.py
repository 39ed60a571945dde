"""The main screen: the list, the open conversation, the input, and what is said about them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static
from textual.worker import Worker

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import (
    Contact,
    FileEvent,
    LockedEvent,
    MessageEvent,
    MissedEvent,
    NoticeEvent,
    TorEvent,
)
from tuichat.tui.context import Context
from tuichat.tui.conversation import Conversation
from tuichat.tui.pace import Pace
from tuichat.tui.screens.conversation_screen import ConversationScreen
from tuichat.tui.screens.main_lines import (
    empty_text,
    lost_text,
    placeholder_text,
    title_parts,
    top_parts,
)
from tuichat.tui.screens.pointing_screen import PointingScreen
from tuichat.tui.session import Connected, Happening, Lost
from tuichat.tui.slash import Command
from tuichat.tui.typed_here import typed_here
from tuichat.tui.widgets.conversations import ARCHIVED, BLOCKED, REQUESTS, Aside, Conversations
from tuichat.tui.widgets.history_rows import RowStyle
from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.pointed_history import PointedHistory
from tuichat.tui.widgets.requests import Requests
from tuichat.tui.widgets.rules import HorizontalRule, VerticalRule
from tuichat.tui.widgets.title import Title
from tuichat.tui.widths import BREAKPOINTS, LIST_COLUMNS
from tuichat.tui.words import blocked_sentence, problem_sentence

if TYPE_CHECKING:
    from tuichat.tui.app import TuichatApp
    from tuichat.tui.screens.main_commands import Commands

PICTURE_SECONDS = 0.1
"""What happens in the node is drawn at most so often."""

_ASIDE = {BLOCKED: "blocked", ARCHIVED: "archived"}

TOR_PATIENCE_SECONDS = 30.0
"""Nothing is said about a slow tor before."""


class MainScreen(PointingScreen):
    """Listens to the session, asks the node, and moves between conversations."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"alt+{digit}", f"open_nth({digit or 10})", show=False) for digit in range(10)),
        Binding("alt+a", "command('next')", show=False),
        Binding("alt+up,ctrl+b", "neighbour(-1)", show=False),
        Binding("alt+down,ctrl+n", "neighbour(1)", show=False),
        Binding("alt+k,ctrl+k", "switch", show=False),
        Binding("ctrl+f", "command('search')", show=False),
        Binding("alt+i", "command('card')", show=False),
        Binding("alt+r", "command('requests')", show=False),
        Binding("pageup", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(1)", show=False),
        Binding("alt+home", "command('top')", show=False),
        Binding("alt+end", "command('bottom')", show=False),
        Binding("alt+u", "command('unread')", show=False),
        Binding("alt+c", "command('copy')", show=False),
        Binding("alt+e", "command('editor')", show=False),
        Binding("alt+l", "command('bare')", show=False),
        Binding("alt+m", "command('mouse')", show=False),
        Binding("f1", "command('help')", show=False),
        Binding("escape", "leave", show=False),
        Binding("slash", "begin_command", show=False),
    ]

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._glyphs = shared.glyphs
        style = RowStyle(80, "", False, shared.glyphs, shared.calendar())
        self._history = PointedHistory(style, shared.session.known.files, id="history")
        self._pace = Pace(self, PICTURE_SECONDS, self._catch_up)
        self._loaded = False

    def compose(self) -> ComposeResult:
        """From top to bottom, as it is seen."""
        glyphs = self._glyphs
        yield PartsLine(id="top", ellipsis=glyphs.ellipsis)
        yield HorizontalRule(glyphs.horizontal, glyphs.tee_down, id="rule-top")
        with Horizontal(id="body"):
            yield Conversations(glyphs, id="list")
            yield VerticalRule(glyphs)
            with Vertical(id="chat"):
                yield Title(id="title", ellipsis=glyphs.ellipsis)
                yield Static("", id="banner", markup=False)
                yield self._history
                yield Requests(glyphs, id="requests")
        yield HorizontalRule(glyphs.horizontal, glyphs.tee_up, id="rule-bottom")
        yield Static("", id="notice", markup=False)
        with Horizontal(id="entry"):
            yield Static(f" {glyphs.prompt} ", id="prompt", markup=False)
            yield from self.compose_hints()

    def on_mount(self) -> None:
        self.conversation = Conversation(self.shared, self.history)
        self.watch(self.app, "app_focus", self._focus_changed, init=False)
        if self.shared.options.hint:
            self.say(self.shared.options.hint, lasting=True)
        self.update_state()
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        await self.bring_input()
        if not self.ready:
            return
        self.composer.words = cast("TuichatApp", self.app).choices.completions
        self.update_state()
        if self.shared.session.connected and not self.shared.session.locked:
            self._opened_profile()
        self.post_message(self.Ready())

    # The parts.

    @property
    def person(self) -> Contact | None:
        """Whose conversation is seen; None if requests are, or nothing is open."""
        return None if self.has_class("-requests") else self.conversation.person

    # What happens elsewhere.

    def happened(self, happening: Happening) -> None:
        """Take in one event; drawing is put off until the events at hand are through."""
        if not self.ready:
            return
        match happening:
            case MessageEvent(message=message, new=new):
                if message.contact == self.conversation.contact:
                    self.arrived.append((message, new))
                    self.desk_happened(happening)
                if not (new and message.direction == "in" and message.contact == self.looked_at):
                    self.recount_soon(message.contact)  # else that comes after it is marked as seen
            case FileEvent():
                self.file_changed(happening)
            case Connected(hello=hello):
                self._forget() if hello.locked else self._opened_profile()
            case LockedEvent(locked=locked):
                self._forget() if locked else self._opened_profile()
            case MissedEvent():
                self.load()
            case NoticeEvent(text=text, level=level):
                self.say(typed_here(text), level)
            case TorEvent(tor=tor):
                self.tell_trouble(problem_sentence(tor))
            case Lost():
                self._lost(happening)
            case _:
                self.desk_happened(happening)
        self._pace.ask()

    @property
    def looked_at(self) -> int | None:
        """Whose messages are seen at once when they arrive."""
        looks = self.app.app_focus and self._history.at_end and not self.hides_messages
        return self.conversation.contact if looks else None

    def _people_shown(self) -> list[Contact]:
        """The list's people; nothing counts as unread while it is being looked at."""
        people, seen = self.shared.session.known.conversations(self.conversation.contact), self.looked_at
        return [
            msgspec.structs.replace(each, unread=0) if each.unread and each.id == seen else each
            for each in people
        ]

    @property
    def catching_up(self) -> bool:
        """Whether something that happened is not on screen yet."""
        return self._pace.wanted or super().catching_up

    def _catch_up(self) -> None:
        """Draw what happened since the last time."""
        self.put_arrived()
        self.draw_files()
        self.update_state()

    def _focus_changed(self, focused: bool) -> None:
        if focused:
            self.history.look_again()

    def _lost(self, lost: Lost) -> None:
        if lost.reason != "handover":
            self.composer.deaf = False  # /connect; a profile with a passphrase has its question in front
        self.say(*lost_text(lost, self.shared.session.known))

    def _forget(self) -> None:
        """The profile was locked: nothing of it stays on screen or in the input."""
        self.shared.session.known.forget()
        self.conversation.close()
        self.drop_target()
        self.say("")
        self.composer.deaf = True
        self.forget_desk()
        self._loaded = False

    def _opened_profile(self) -> None:
        self.composer.deaf = False
        self.load()

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        """Read everything anew, open a conversation, and only then ask for the network."""
        session = self.shared.session
        try:
            await session.load()
            await self.read_desk()
            if self.conversation.person is not None:
                await self.conversation.refresh()
            else:
                people = session.known.conversations()
                if people:
                    self.open(people[0].id)
            self.update_state()
            self.tell_trouble(problem_sentence(session.known.tor))
            if not self._loaded:
                self._loaded = True
                self.set_timer(TOR_PATIENCE_SECONDS, self._patience_over)
            await self.go_online()
        except TuichatError as error:
            self.fail(error)

    def _patience_over(self) -> None:
        tor = self.shared.session.known.tor
        if self._loaded and tor.bootstrap < 100 and not tor.problem:
            self.tell_trouble(blocked_sentence())

    # What is shown.

    def update_state(self) -> None:
        """Draw everything but the messages from what is known now."""
        if not self.query(Conversations):
            return  # a signal ends the interface while it opens
        if self.conversation.has_ended:
            self.leave()
        known, person = self.shared.session.known, self.conversation.person
        requests = self.has_class("-requests")
        showing = REQUESTS if requests else self.conversation.contact
        aside = Aside(len(known.requests()), len(known.archived()), len(known.blocked()))
        self.query_one(Conversations).show(self._people_shown(), aside, showing)
        self.query_one(Requests).show(known.requests())
        shown = person if self.narrow and not requests and not self.has_class("-list") else None
        top = top_parts(known, shown, self._glyphs, narrow=self.narrow, requests=requests)
        self.query_one("#top", PartsLine).show(*top)
        self.query_one(Title).show(*title_parts(known, None if requests else person, self._glyphs, requests))
        self.show_banner(None if requests else person)
        looking = not self.shared.session.connected and (not self.ready or self.composer.deaf)
        empty = _("Looking for your node...") if looking else empty_text(known, person, self._glyphs)
        if self.conversation.could_not_read:
            empty = _("The messages could not be read from your node.")
        self.history.say_instead(empty)
        self.conversation.restyle()
        if self.ready:
            self.composer.names = known.names()
            self.composer.placeholder = placeholder_text(known, person, narrow=self.narrow)
        for rule in self.query(HorizontalRule):
            rule.meet(next(columns for name, columns in LIST_COLUMNS.items() if self.has_class(name)))

    def other_classes(self) -> None:
        """In a narrow window other things are said."""
        self.update_state()

    def on_resize(self) -> None:
        """In a wider one more keys have room."""
        self.call_after_refresh(self.name_keys)

    # Moving between conversations.

    def open(self, contact: int) -> Worker[None] | None:
        """Open a conversation, or the requests; what brings the messages, unless they are there."""
        if self.history.choosing:
            self.history.action_end_choosing()
        if contact != self.conversation.contact:
            self.drop_target()
        self.set_class(contact == REQUESTS, "-requests")
        self.remove_class("-list")
        if contact == REQUESTS:
            self.query_one(Requests).focus()
            self.update_state()
            return None
        opening = None
        if contact != self.conversation.contact:
            self.write_to(contact)
            opening = self._open(contact)
        (self.history if self.has_class("-bare") else self.composer).focus()
        self.update_state()
        return opening

    @work(exclusive=True, group="open")
    async def _open(self, contact: int) -> None:
        try:
            await self.conversation.open(contact)
        except TuichatError as error:
            self.fail(error)
        self.update_state()

    def action_open_nth(self, number: int) -> None:
        """The conversation at this place of the list."""
        entries = self.query_one(Conversations).entries()
        if 0 < number <= len(entries):
            self.open(entries[number - 1])
        else:
            self.say(_("There is no conversation {number} in the list.").format(number=number))

    def action_neighbour(self, step: int) -> None:
        """The conversation above or below."""
        entries = self.query_one(Conversations).entries()
        if entries:
            here = REQUESTS if self.has_class("-requests") else self.conversation.contact
            self.open(entries[(entries.index(here) + step if here in entries else 0) % len(entries)])

    def action_switch(self) -> None:
        """In a narrow window the other pane, else the quick switch."""
        if not self.narrow:
            self.run(Command("switch", ""))
            return
        self.toggle_class("-list")
        self.query_one(Conversations).focus() if self.has_class("-list") else self.composer.focus()
        self.update_state()

    def action_leave(self) -> None:
        """Esc outside the input: back to writing."""
        if self.has_class("-bare"):
            self.run(Command("bare", ""))
        elif self.has_class("-requests") and self.conversation.contact is not None:
            self.open(self.conversation.contact)
        elif self.hides_messages:
            self.remove_class("-requests", "-list")
            self.update_state()
        self.composer.focus()

    def choosing_asked(self) -> None:
        """Esc in the input: first the messages are to be seen."""
        self.action_leave() if self.hides_messages else super().choosing_asked()

    def action_command(self, name: str) -> None:
        """A key that stands for a command."""
        self.run(Command(name, ""))

    @cached_property
    def _commands(self) -> Commands:
        """Imported when the first is given: the screen is seen sooner."""
        from tuichat.tui.screens.main_commands import Commands

        return Commands(self)

    def run(self, command: Command) -> None:
        """Run a command that was typed, chosen or meant by a key."""
        self._commands.run(command)

    # What the widgets say.

    @on(Conversations.Opened)
    def _opened(self, event: Conversations.Opened) -> None:
        if event.contact in _ASIDE:
            self.run(Command(_ASIDE[event.contact], ""))
        else:
            self.open(event.contact)

    @on(Requests.Decided)
    def _decided(self, event: Requests.Decided) -> None:
        self.run(Command(event.decision, event.contact.address))

    def on_composer_switch_asked(self) -> None:
        self.action_switch()

    @on(ConversationScreen.Run)
    def _run_asked(self, event: ConversationScreen.Run) -> None:
        self.run(event.command)

    @on(ConversationScreen.TakeBack)
    def _take_back_asked(self, event: ConversationScreen.TakeBack) -> None:
        self._commands.cancel(event.message)

    @on(ConversationScreen.Counted)
    def _counted(self) -> None:
        self.update_state()
