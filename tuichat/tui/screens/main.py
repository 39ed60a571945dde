"""The main screen: the list, the open conversation, the input, and what is said about them."""

from __future__ import annotations

from typing import ClassVar, Literal

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import (
    MAX_TEXT_BYTES,
    Contact,
    LockedEvent,
    MessageEvent,
    MissedEvent,
    NoticeEvent,
    TorEvent,
)
from tuichat.tui.context import Context
from tuichat.tui.conversation import Conversation
from tuichat.tui.screens.main_commands import Commands
from tuichat.tui.screens.main_lines import banner_text, empty_text, hint_text, title_parts, top_parts
from tuichat.tui.session import Connected, Happening, Lost
from tuichat.tui.slash import Command, Unknown, read_line
from tuichat.tui.slash import Text as MessageText
from tuichat.tui.widgets.composer import Composer
from tuichat.tui.widgets.conversations import REQUESTS, Conversations
from tuichat.tui.widgets.history import History
from tuichat.tui.widgets.history_rows import RowStyle
from tuichat.tui.widgets.parts_line import PartsLine
from tuichat.tui.widgets.requests import Requests
from tuichat.tui.widgets.rules import HorizontalRule, VerticalRule
from tuichat.tui.widgets.title import Title
from tuichat.tui.words import blocked_sentence, error_text, problem_sentence

TOR_PATIENCE_SECONDS = 30.0
"""Nothing is said about a slow tor before."""

Level = Literal["info", "warning", "error"]


class MainScreen(Screen[None]):
    """Listens to the session, asks the node, and moves between conversations."""

    CSS_PATH = "main.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-wide")]  # noqa: RUF012 -- as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"alt+{digit}", f"open_nth({digit or 10})", show=False) for digit in range(10)),
        Binding("alt+a", "command('next')", show=False),
        Binding("alt+up,ctrl+b", "neighbour(-1)", show=False),
        Binding("alt+down,ctrl+n", "neighbour(1)", show=False),
        Binding("alt+k,ctrl+k", "switch", show=False),
        Binding("alt+i", "command('card')", show=False),
        Binding("alt+r", "command('requests')", show=False),
        Binding("pageup", "scroll(-1)", show=False),
        Binding("pagedown", "scroll(1)", show=False),
        Binding("alt+home", "command('top')", show=False),
        Binding("alt+end", "command('bottom')", show=False),
        Binding("alt+u", "command('unread')", show=False),
        Binding("alt+c", "command('copy')", show=False),
        Binding("alt+l", "command('bare')", show=False),
        Binding("alt+m", "command('mouse')", show=False),
        Binding("f1", "command('help')", show=False),
        Binding("escape", "leave", show=False),
        Binding("slash", "begin_command", show=False),
    ]

    def __init__(self, shared: Context) -> None:
        super().__init__()
        self.shared = shared
        self._glyphs = shared.glyphs
        self._drafts: dict[int, str] = {}
        self._stale = False
        self._loaded = False
        self._ready = False
        self._banner = ""
        self._counting = False
        self._count_wanted = False
        self._commands = Commands(self)

    def compose(self) -> ComposeResult:
        """From top to bottom, as it is seen."""
        glyphs = self._glyphs
        style = RowStyle(80, "", False, glyphs, self.shared.calendar())
        yield PartsLine(id="top", ellipsis=glyphs.ellipsis)
        yield HorizontalRule(glyphs.horizontal, glyphs.tee_down, id="rule-top")
        with Horizontal(id="body"):
            yield Conversations(glyphs, id="list")
            yield VerticalRule(glyphs)
            with Vertical(id="chat"):
                yield Title(id="title", ellipsis=glyphs.ellipsis)
                yield Static("", id="banner", markup=False)
                yield History(style, id="history")
                yield Requests(glyphs, id="requests")
        yield HorizontalRule(glyphs.horizontal, glyphs.tee_up, id="rule-bottom")
        yield Static("", id="notice", markup=False)
        with Horizontal(id="entry"):
            yield Static(f" {glyphs.prompt} ", id="prompt", markup=False)
            yield Composer(blink=self.shared.options.blink, id="composer")
            yield Static(hint_text(), id="hints", markup=False)

    def on_mount(self) -> None:
        self.conversation = Conversation(self.shared, self.history)
        self._ready = True
        self.composer.focus()
        self.watch(self.app, "app_focus", self._focus_changed, init=False)
        if self.shared.options.hint:
            self.say(self.shared.options.hint)
        self.update_state()
        if self.shared.session.connected and not self.shared.session.locked:
            self._load()

    # The parts.

    @property
    def history(self) -> History:
        """The view of the open conversation."""
        return self.query_one("#history", History)

    @property
    def composer(self) -> Composer:
        """The input."""
        return self.query_one("#composer", Composer)

    @property
    def narrow(self) -> bool:
        """Whether the list and the conversation take turns."""
        return self.has_class("-narrow")

    # What happens elsewhere.

    def happened(self, happening: Happening) -> None:
        """Take in one event; drawing is put off until the events at hand are through."""
        if not self._ready:
            return
        match happening:
            case MessageEvent(message=message, new=new):
                if message.contact == self.conversation.contact:
                    self.history.put(message, new=new)
                self.recount_soon()
            case Connected(hello=hello) if not hello.locked:
                self._load()
            case LockedEvent(locked=False) | MissedEvent():
                self._load()
            case LockedEvent(locked=True):
                self._forget()
            case NoticeEvent(text=text, level=level):
                self.say(text, level)
            case TorEvent(tor=tor) if problem_sentence(tor.problem):
                self.say(problem_sentence(tor.problem), "warning")
            case Lost():
                self._lost(happening)
        if not self._stale:
            self._stale = True
            self.call_later(self.update_state)

    def _focus_changed(self, focused: bool) -> None:
        if focused:
            self.history.look_again()

    def _lost(self, lost: Lost) -> None:
        if lost.reason == "handover":
            self.say(_("Another node takes over; looking for it..."))
        elif lost.reason == "stop":
            self.say(
                _("Your node was stopped. What waits stays queued. /connect starts it again."), "warning"
            )
        elif lost.error is not None:
            self.say(error_text(lost.error), "error")

    def _forget(self) -> None:
        """The profile was locked: nothing of it stays on screen or in the input."""
        self.shared.session.known.forget()
        self.conversation.close()
        self.composer.take("")
        self._drafts.clear()
        self._loaded = False

    @work(exclusive=True, group="load")
    async def _load(self) -> None:
        """Read everything anew, open a conversation, and only then ask for the network."""
        session = self.shared.session
        try:
            await session.load()
            if self.conversation.person is not None:
                await self.conversation.refresh()
            else:
                people = session.known.conversations()
                if people:
                    self.open(people[0].id)
            self.update_state()
            if not self._loaded:
                self._loaded = True
                self.set_timer(TOR_PATIENCE_SECONDS, self._patience_over)
            await session.node.go_online()
        except TuichatError as error:
            self.fail(error)

    def recount_soon(self) -> None:
        """Read the counts anew; what arrives while that is under way is counted by one more reading."""
        self._count_wanted = True
        if not self._counting:
            self._counting = True
            self._recount()

    @work(group="recount")
    async def _recount(self) -> None:
        session = self.shared.session
        while self._count_wanted and session.connected and not session.locked:
            self._count_wanted = False
            try:
                await session.recount()
            except TuichatError as error:
                self.fail(error)
        self._counting = False
        self.update_state()

    def _patience_over(self) -> None:
        tor = self.shared.session.known.tor
        if self._loaded and tor.bootstrap < 100 and not tor.problem:
            self.say(blocked_sentence(), "warning")

    # What is shown.

    def update_state(self) -> None:
        """Draw everything but the messages from what is known now."""
        self._stale = False
        known, person = self.shared.session.known, self.conversation.person
        showing = REQUESTS if self.has_class("-requests") else self.conversation.contact
        self.query_one(Conversations).show(known.conversations(), len(known.requests()), showing)
        self.query_one(Requests).show(known.requests())
        in_chat = self.narrow and not self.has_class("-list")
        top = top_parts(known, person if in_chat else None, self._glyphs)
        self.query_one("#top", PartsLine).show(*top)
        requests = self.has_class("-requests")
        self.query_one(Title).show(*title_parts(None if requests else person, self._glyphs, requests))
        self._show_banner("" if person is None or requests else banner_text(person, self._glyphs))
        self.history.placeholder = empty_text(known, person)
        self.conversation.restyle()
        self.composer.names = [contact.name for contact in known.conversations()]
        tee = None if self.narrow else 18
        for rule in self.query(HorizontalRule):
            rule.meet(tee)

    def _show_banner(self, text: str) -> None:
        if text != self._banner:
            self._banner = text
            banner = self.query_one("#banner", Static)
            banner.display = bool(text)
            banner.update(Text(text))

    def on_resize(self) -> None:
        self.call_after_refresh(self.update_state)

    def say(self, text: str, level: Level = "info") -> None:
        """Say a sentence above the input; it stays until the next one, or until something is sent."""
        notice = self.query_one("#notice", Static)
        notice.set_classes(f"-{level}")
        notice.display = bool(text)
        notice.update(Text(text))

    def fail(self, error: TuichatError) -> None:
        """Say what went wrong and what to do."""
        self.say(error_text(error), "error")

    # Moving between conversations.

    def open(self, contact: int) -> None:
        """Open a conversation, or the requests."""
        if self.history.choosing:
            self.history.action_end_choosing()
        self.set_class(contact == REQUESTS, "-requests")
        self.remove_class("-list")
        if contact == REQUESTS:
            self.query_one(Requests).focus()
            self.update_state()
            return
        if contact != self.conversation.contact:
            if self.conversation.contact is not None:
                self._drafts[self.conversation.contact] = self.composer.text
            self.composer.take(self._drafts.pop(contact, ""))
        self.composer.focus()
        self._open(contact)

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

    def action_neighbour(self, step: int) -> None:
        """The conversation above or below."""
        entries = self.query_one(Conversations).entries()
        here = REQUESTS if self.has_class("-requests") else self.conversation.contact
        if entries:
            at = entries.index(here) + step if here in entries else 0
            self.open(entries[at % len(entries)])

    def action_switch(self) -> None:
        """In a narrow window the other pane, else the quick switch."""
        if not self.narrow:
            self.run(Command("switch", ""))
            return
        self.toggle_class("-list")
        self.query_one(Conversations).focus() if self.has_class("-list") else self.composer.focus()
        self.update_state()

    def action_scroll(self, pages: int) -> None:
        """Move the history."""
        self.history.scroll_pages(pages)

    def action_leave(self) -> None:
        """Esc outside the input: back to writing."""
        if self.has_class("-bare"):
            self.run(Command("bare", ""))
        elif self.has_class("-requests") and self.conversation.contact is not None:
            self.open(self.conversation.contact)
        self.composer.focus()

    def action_begin_command(self) -> None:
        """A slash outside the input begins a command all the same."""
        self.composer.focus()
        self.composer.insert("/")

    def action_command(self, name: str) -> None:
        """A key that stands for a command."""
        self.run(Command(name, ""))

    def run(self, command: Command) -> None:
        """Run a command that was typed, chosen or meant by a key."""
        self._commands.run(command)

    # What the widgets say.

    @on(Conversations.Opened)
    def _opened(self, event: Conversations.Opened) -> None:
        self.open(event.contact)

    @on(Title.Pressed)
    def _title_pressed(self) -> None:
        self.run(Command("card", ""))

    @on(Requests.Typed)
    def _typed(self, event: Requests.Typed) -> None:
        self.composer.focus()
        self.composer.insert(event.text)

    @on(Requests.Decided)
    def _decided(self, event: Requests.Decided) -> None:
        self.run(Command(event.decision, event.contact.address))

    @on(History.PageWanted)
    @work(group="page")
    async def _page_wanted(self, event: History.PageWanted) -> None:
        try:
            await self.conversation.load_page(event.page, event.edge)
        except TuichatError as error:
            self.fail(error)

    @on(History.Seen)
    @work(group="seen")
    async def _seen(self, event: History.Seen) -> None:
        if self.app.app_focus:
            try:
                if await self.conversation.mark_seen(event.up_to):
                    self.recount_soon()
            except TuichatError as error:
                self.fail(error)

    @on(History.Act)
    def _act(self, event: History.Act) -> None:
        if event.deed == "copy":
            self.copy(event.message.text)
        else:
            self._commands.cancel(event.message)

    @on(History.ChoosingEnded)
    def _choosing_ended(self) -> None:
        self.query_one("#hints", Static).update(hint_text())
        if self.has_class("-bare"):
            self.run(Command("bare", ""))
        elif self.history.has_focus:
            self.composer.focus()

    @on(Composer.ChoosingAsked)
    def _choosing_asked(self) -> None:
        self.say("")
        self.history.begin_choosing()
        if self.history.choosing:
            self.query_one("#hints", Static).update(_("c copy  x take back  Esc write"))

    @on(Composer.SwitchAsked)
    def _switch_asked(self) -> None:
        self.action_switch()

    @on(Composer.Scrolled)
    def _scrolled(self, event: Composer.Scrolled) -> None:
        self.history.scroll_pages(event.pages)

    @on(Composer.Searching)
    def _searching(self, event: Composer.Searching) -> None:
        hints = self.query_one("#hints", Static)
        hints.update(hint_text() if event.part is None else Text(_("search: {part}").format(part=event.part)))

    @on(Composer.PasteAsked)
    @work(group="paste")
    async def _paste_asked(self, event: Composer.PasteAsked) -> None:
        if await self._commands.confirm_paste(event.text):
            self.composer.insert_paste(event.text)

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        if not event.text.strip():
            return
        line = read_line(event.text)
        match line:
            case Unknown(name=name):
                self.say(
                    _("Nothing was sent: there is no command /{name}. /help lists them.").format(name=name),
                    "error",
                )
            case Command():
                self._accepted(event.text)
                self.run(line)
            case MessageText(text=text):
                self._send(event.text, text)

    def _send(self, typed: str, text: str) -> None:
        person = self.conversation.person
        if self.has_class("-requests") or person is None:
            self.say(_("No conversation is open, so nothing was sent. /add ADDRESS asks somebody."), "error")
        elif len(text.encode()) > MAX_TEXT_BYTES:
            self.say(
                _("The text is longer than 48 KiB, so it was not sent. Files cannot be sent yet."),
                "error",
            )
        else:
            self._accepted(typed)
            self.deliver(person, text)

    def _accepted(self, typed: str) -> None:
        self.composer.inputs.add(typed)
        self.composer.take("")
        self.say("")

    @work(group="send")
    async def deliver(self, person: Contact, text: str) -> None:
        """Queue a text; one that the node does not take goes back into the empty input."""
        try:
            message = await self.conversation.send(person, text)
        except TuichatError as error:
            self.say(_("Not sent: {reason}").format(reason=error_text(error)), "error")
            if not self.composer.text:
                self.composer.take(text)
            return
        if message.contact == self.conversation.contact:
            self.history.put(message, new=True)
            self.history.to_end()

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard."""
        self.app.copy_to_clipboard(text)
        self.say(_("Copied, if your terminal allows that (OSC 52)."))
