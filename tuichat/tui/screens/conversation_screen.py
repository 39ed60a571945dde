"""The middle of the main screen: the open conversation and the input, without anything around them."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Literal

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.message import Message as WidgetMessage
from textual.widgets import Static

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import MAX_TEXT_BYTES, Contact, Message
from tuichat.tui.addresses import looks_like_address
from tuichat.tui.clipboard import copied_words
from tuichat.tui.context import Context
from tuichat.tui.conversation import Conversation
from tuichat.tui.harmless import harmless
from tuichat.tui.pace import Pace
from tuichat.tui.screens.main_lines import banner_text, choosing_text, hint_text, short_hint_text
from tuichat.tui.screens.prompt_screen import PromptScreen
from tuichat.tui.slash import Command, Unknown, as_typed, read_line
from tuichat.tui.slash import Text as MessageText
from tuichat.tui.widgets import history_said
from tuichat.tui.widgets.history import History
from tuichat.tui.widgets.keys_line import KeysLine
from tuichat.tui.words import error_text, key_sentence

if TYPE_CHECKING:
    from tuichat.tui.widgets.composer import Composer

NOTICE_SECONDS = 10.0
"""What is only told goes by itself after so long."""

READING_SECONDS = 2.0
"""A warning or an error is not taken away by a key that comes sooner: it may have been on its way."""

TELL_SECONDS = 0.2
"""Counts are asked for, and the node is told what was seen, at most so often."""

Level = Literal["info", "warning", "error"]


class ConversationScreen(PromptScreen):
    """Answers the history and the input; what they mean beyond the conversation it posts as messages."""

    conversation: Conversation

    class Ready(WidgetMessage):
        """All of the screen is there."""

    class Run(WidgetMessage):
        """A command was typed or pressed."""

        def __init__(self, command: Command) -> None:
            super().__init__()
            self.command = command

    class TakeBack(WidgetMessage):
        """A message is to be taken back."""

        def __init__(self, message: Message) -> None:
            super().__init__()
            self.message = message

    class AddWanted(WidgetMessage):
        """An address or invite was given where nothing else was meant."""

        def __init__(self, address: str) -> None:
            super().__init__()
            self.address = "".join(address.split())

    class Counted(WidgetMessage):
        """The people were read anew."""

    def __init__(self, shared: Context) -> None:
        super().__init__()
        self.shared = shared
        self._composer: Composer | None = None
        self._last_seen = (0, 0)
        self._to_count: set[int] = set()
        self._notice = 0
        self._notice_read = False
        self._trouble = ""
        self._banner = ""
        self._count_pace = Pace(self, TELL_SECONDS, self._start_recount)
        self._seen_pace = Pace(self, TELL_SECONDS, self._start_mark_seen)

    @property
    def history(self) -> History:
        """The view of the open conversation."""
        return self.query_one("#history", History)

    @property
    def ready(self) -> bool:
        """Whether there is an input."""
        return self._composer is not None

    @property
    def composer(self) -> Composer:
        """The input; there is one once this is `ready`."""
        assert self._composer is not None
        return self._composer

    async def bring_input(self) -> None:
        """The input takes long to make: it comes behind the first picture."""
        from tuichat.tui.widgets.composer import Composer

        composer = Composer(blink=self.shared.options.blink, id="composer")
        composer.deaf = True  # until the profile is known to be open: a passphrase may be typed ahead
        await self.query_one("#entry").mount(composer, after="#prompt")
        if composer.is_attached:  # else a signal ends the interface while it opens
            composer.focus()
            self._composer = composer

    @property
    def narrow(self) -> bool:
        """Whether the list and the conversation take turns."""
        return self.has_class("-narrow")

    @property
    def hides_messages(self) -> bool:
        """Whether requests, or the list of a narrow window, stand where they were."""
        return self.has_class("-requests") or (self.narrow and self.has_class("-list"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Nothing can be done before there is an input."""
        return self.ready

    def say(self, text: str, level: Level = "info", *, lasting: bool = False) -> None:
        """Say a sentence above the input.

        The next key takes it away: at once if it only tells, else when there was time to read it. What is
        only told goes by itself, too. Something `lasting` stays until another sentence or until Enter.
        """
        notice = self.query_one("#notice", Static)
        notice.set_classes(f"-{level} -shown" if text else "")
        notice.update(Text("\n".join(map(harmless, text.split("\n")))))
        self._notice += 1
        self._notice_read = level == "info" and not lasting
        if text and not lasting:
            gone = level == "info"
            seconds = NOTICE_SECONDS if gone else READING_SECONDS
            self.set_timer(seconds, partial(self._notice_old, self._notice, gone=gone))

    def _notice_old(self, number: int, *, gone: bool) -> None:
        if number == self._notice:
            if gone:
                self.say("")
            else:
                self._notice_read = True

    def notice_read(self) -> None:
        """A key came: what was said for a moment goes."""
        if self._notice_read and self.query("#notice") and self.query_one("#notice").display:
            self.say("")

    def tell_trouble(self, trouble: str) -> None:
        """What hinders tor, when that has changed; the top row goes on saying it in a word."""
        if trouble != self._trouble:
            before, self._trouble = self._trouble, trouble
            if trouble or str(self.query_one("#notice", Static).render()) == before:
                self.say(trouble, "warning")

    def show_banner(self, person: Contact | None) -> None:
        """Say above the messages what there is to know of the conversation's person first."""
        text = "" if person is None else banner_text(person, self.shared.glyphs)
        if text != self._banner:
            self._banner = text
            banner = self.query_one("#banner", Static)
            banner.set_class(person is not None and person.key_changed, "-danger")
            banner.set_class(bool(text), "-shown")
            banner.update(Text(text))

    def fail(self, error: TuichatError) -> None:
        """Say what went wrong and what to do."""
        self.say(error_text(error), "error")

    def _start_recount(self) -> None:
        self._recount()

    def _start_mark_seen(self) -> None:
        self._mark_seen()

    @property
    def catching_up(self) -> bool:
        """Whether something that happened is not on screen yet."""
        return self._count_pace.wanted or self._seen_pace.wanted

    def recount_soon(self, contact: int) -> None:
        """Read a person's counts anew."""
        self._to_count.add(contact)
        self._count_pace.ask()

    @work(group="recount")
    async def _recount(self) -> None:
        session = self.shared.session
        contacts, self._to_count = self._to_count, set()
        if session.connected and not session.locked:
            try:
                await session.recount(contacts)
            except TuichatError as error:
                self.fail(error)
            self.post_message(self.Counted())

    def action_scroll(self, pages: int) -> None:
        """Move the history."""
        self.history.scroll_pages(pages)

    def action_begin_command(self) -> None:
        """A slash outside the input begins a command all the same."""
        self.set_focus(self.composer)
        if not self.composer.deaf:
            self.composer.insert("/")

    # What the widgets say.

    @on(history_said.PageWanted)
    @work(group="page")
    async def _page_wanted(self, event: history_said.PageWanted) -> None:
        try:
            await self.conversation.load_page(event.page, event.edge)
        except TuichatError as error:
            self.fail(error)

    @on(history_said.Seen)
    def _seen(self, event: history_said.Seen) -> None:
        self._last_seen = event.contact, event.up_to
        self._seen_pace.ask()

    @work(group="seen")
    async def _mark_seen(self) -> None:
        if self.app.app_focus:
            try:
                if await self.conversation.mark_seen(*self._last_seen):
                    self.recount_soon(self._last_seen[0])
            except TuichatError as error:
                self.fail(error)

    @on(history_said.Act)
    def _act(self, event: history_said.Act) -> None:
        if event.deed == "cancel":
            self.post_message(self.TakeBack(event.message))
        elif words := self.words_of(event.message):
            self.copy(words)
        else:
            self.say(_("There are no words in it to copy."))

    @on(history_said.Refused)
    def _refused(self, event: history_said.Refused) -> None:
        self.say(event.reason)

    @on(history_said.Chose)
    def _chose(self) -> None:
        self.set_class(self.history.chosen_message() is not None, "-choosing")
        self.name_keys()

    def compose_hints(self) -> ComposeResult:
        """The keys at the right of the input: all, and what is left of them in a narrow window."""
        yield KeysLine(hint_text(), id="hints")
        yield KeysLine(short_hint_text(), id="short-hints")

    def name_keys(self) -> None:
        """Say which keys do something with the chosen message, as far as there is room."""
        message = self.history.chosen_message()
        if message is not None:
            files = self.shared.session.known.files
            hints = choosing_text(
                message, files.get(message.file), columns=self.size.width, pictures=files.pictures.enabled
            )
            self.query_one("#hints", KeysLine).update(hints)

    @on(history_said.ChoosingEnded)
    def _choosing_ended(self) -> None:
        self.remove_class("-choosing")
        self.query_one("#hints", KeysLine).update(hint_text())
        if self.has_class("-bare"):
            self.post_message(self.Run(Command("bare", "")))
        elif self.history.has_focus:
            self.composer.focus()

    def on_composer_choosing_asked(self) -> None:
        self.choosing_asked()

    def choosing_asked(self) -> None:
        """Esc in the input: a message is to be chosen."""
        self.say("")
        self.history.begin_choosing()

    def on_text_area_changed(self, event: Composer.Changed) -> None:
        self.query_one("#short-hints").set_class(bool(event.text_area.text), "-aside")
        if not event.text_area.text.isascii():
            self.query_one("#hints", KeysLine).refresh()  # a wide picture at the input's edge may cover them

    def on_composer_find_asked(self) -> None:
        self.post_message(self.Run(Command("search", "")))

    def on_composer_scrolled(self, event: Composer.Scrolled) -> None:
        self.history.scroll_pages(event.pages)

    def on_composer_searching(self, event: Composer.Searching) -> None:
        self.set_class(event.part is not None, "-searching")
        hints = self.query_one("#hints", KeysLine)
        hints.update(hint_text() if event.part is None else Text(_("search: {part}").format(part=event.part)))

    def on_composer_submitted(self, event: Composer.Submitted) -> None:
        if not event.text.strip() or self.is_over(event.meant):
            return
        line = read_line(event.text)
        match line:
            case Unknown(name=name):
                self.say(
                    _("Nothing was sent: there is no command /{name}. /help lists them.").format(name=name),
                    "error",
                )
                self.composer.give_back(event.text)
            case Command(name="me", argument=doing) if doing:
                self._send(event.text, f"/me {doing}")
            case Command():
                self._accepted(event.text)
                self.post_message(self.Run(line))
            case MessageText(text=text):
                self._send(event.text, text)

    def _send(self, typed: str, text: str) -> None:
        person = self.conversation.person
        if self.has_class("-requests"):
            self.say(
                _("These are requests, so nothing was sent. Alt+1 or Alt+K goes to a conversation."), "error"
            )
            self.composer.give_back(typed)
        elif person is None and looks_like_address(text):
            self.post_message(self.AddWanted(text))
        elif person is None:
            self.say(_("No conversation is open, so nothing was sent. /add ADDRESS asks somebody."), "error")
            self.composer.give_back(typed)
        elif person.key_changed:
            self.say(f"{key_sentence()} {_('/card shows both keys and lets you decide.')}", "error")
            self.composer.give_back(typed)
        elif len(text.encode()) > MAX_TEXT_BYTES:
            self.say(
                _("The text is longer than 48 KiB, so it was not sent. In a file it can be: /file PATH."),
                "error",
            )
            self.composer.give_back(typed)
        else:
            self._accepted(typed)
            self.pass_on(person, text)

    def pass_on(self, person: Contact, text: str) -> None:
        """Have a text sent."""
        self.deliver(person, text)

    def _accepted(self, typed: str) -> None:
        """The line was taken from the input."""
        self.say("")

    @abstractmethod
    def is_over(self, meant: object) -> bool:
        """Whether what a text was meant for has gone since it was entered, and the text with it."""

    @abstractmethod
    def answer_again(self, message: int) -> list[str]:
        """The text that is given back is to answer this message once more; what to say of that."""

    @abstractmethod
    def give_back_to(self, contact: int, text: str) -> None:
        """A text that was not taken is being written again, to whom it was meant for."""

    @work(group="send")
    async def deliver(self, person: Contact, text: str, reply_to: int | None = None) -> None:
        """Queue a text; one that the node does not take goes back into the input."""
        try:
            message = await self.conversation.send(person, text, reply_to)
        except TuichatError as error:
            said = [_("Not sent: {reason}").format(reason=error_text(error))]
            self.give_back_to(person.id, as_typed(text))
            said += [] if reply_to is None else self.answer_again(reply_to)
            self.say("\n".join(said), "error", lasting=len(said) > 1)
            return
        if message.contact == self.conversation.contact:
            if self.history.window.index(message.id) is None:
                self.history.put(message, new=True)
            self.history.to_end()

    def words_of(self, message: Message) -> str:
        """What a message says; one without words has the name of its file."""
        file = self.shared.session.known.files.get(message.file)
        return message.text or ("" if file is None else file.name)

    def copy(self, text: str) -> None:
        """Hand a text to the terminal's clipboard."""
        self.app.copy_to_clipboard(text)
        self.say(copied_words())
