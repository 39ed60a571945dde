"""What all commands of the plain mode share: the node, the open conversation, and whom to ask."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Final

from tuichat.api.node_api import NodeApi
from tuichat.clock import Clock
from tuichat.deed_words import state_word
from tuichat.errors import NotFoundError, TuichatError, UsageError
from tuichat.i18n import _, ngettext
from tuichat.model import Contact, File, Message
from tuichat.plain.lines import Lines
from tuichat.plain.options import Options
from tuichat.plain.wording import day_line, day_of, file_text, message_text, person_line
from tuichat.plain.writing import Writing
from tuichat.running_text import enumerated
from tuichat.settings import SETTINGS
from tuichat.tui.choices import Choice, Choices, Keeping
from tuichat.tui.dates import Calendar
from tuichat.tui.known import Known
from tuichat.tui.screens.main_lines import banner_text, empty_text
from tuichat.tui.session import Session
from tuichat.tui.words import error_text, stage_word

_SHOWN: Final = 10
"""So many messages are shown of a conversation that is opened; more if more are unread."""

_MOST_SHOWN: Final = 50

_LOOKED_AT: Final = 10_000
"""Among so many of the newest messages the first unread one is looked for."""

_KEPT: Final = 500
"""So many messages are remembered as they were shown, to tell what changes of them."""

_CLAIMED: Final = 100
"""So many numbers of new messages are remembered: one is shown once, by who sent it or by what happens."""

_SETTLE_SECONDS: Final = 2.0


class Chat:
    """One for the whole program.

    Attributes:
        contact: whose conversation is open, None if none is.
        newest: the number of the newest of its messages that was shown.
        failure: of the first command that failed, its exit code; 0 if none did.
        listed: the contacts in the order in which they were listed last: the numbers that somebody has seen.
        notify: in which way one is told of what comes.
        notify_content: whether that says from whom, and what.
        away: whether contacts are to see this person as away, though somebody writes here.
        choices: the settings; what comes is told of in the chosen way at once.
        sealed: it takes a passphrase to open the profile.
        writing: what is being written to whom, and was typed.
    """

    def __init__(self, session: Session, lines: Lines, options: Options, clock: Clock) -> None:
        self.session = session
        self.lines = lines
        self.options = options
        self.clock = clock
        self.contact: int | None = None
        self.newest = 0
        self.failure = 0
        self.notify = options.notify
        self.notify_content = options.notify_content
        self.choices = Choices(
            {
                "ui.notify": Choice(_ways, self._use_notify, "bell"),
                "ui.notify_content": Choice(lambda: ["false", "true"], self._use_content, "false"),
            },
            Keeping(options.save, options.reset, options.standings),
            kept=lambda: self.spawn(session.have_settings_read()),
        )
        self.sealed = options.sealed
        self.away = False
        self.writing = Writing(self)
        self.listed: list[int] = []
        self._day: date | None = None
        self._shown: dict[int, Message] = {}
        self._claimed: deque[int] = deque(maxlen=_CLAIMED)
        self._tasks: set[asyncio.Task[None]] = set()

    def _use_notify(self, way: str) -> None:
        self.notify = way

    def _use_content(self, wanted: str) -> None:
        self.notify_content = wanted == "true"

    @property
    def node(self) -> NodeApi:
        """The node to ask. Raises UnreachableError while there is none."""
        return self.session.node

    @property
    def known(self) -> Known:
        """What is known between two questions."""
        return self.session.known

    @property
    def person(self) -> Contact | None:
        """The open conversation's person."""
        return None if self.contact is None else self.known.people.get(self.contact)

    def calendar(self) -> Calendar:
        """The reader's calendar, as of now."""
        now = datetime.fromtimestamp(self.clock.now(), tz=UTC)
        return Calendar(self.options.zone, now.astimezone(self.options.zone).date(), self.options.hours)

    # Saying and asking.

    def say(self, text: str) -> None:
        """Show lines, if there are any."""
        if text:
            self.lines.write(text)

    def fail(self, error: TuichatError) -> None:
        """Say what went wrong and what to do."""
        self.failure = self.failure or error.exit_code
        self.say(error_text(error))

    async def ask(self, question: str, choices: Sequence[str] = ("yes",)) -> str:
        """One of `choices` as it was typed, or "" for anything else; none of them is translated.

        Args:
            question: what follows from the first choice.
        """
        self.say(question)
        typed = _("Type {choices}; Enter alone means no.").format(choices=", ".join(choices))
        answer = await self.lines.read(f"{typed} ")
        word = (answer or "").strip().lower()
        if word in choices:
            return word
        self.say(_("Nothing was done."))
        return ""

    async def ask_words(self, prompt: str) -> str:
        """What is typed behind a prompt; "" for nothing."""
        return (await self.lines.read(prompt) or "").strip()

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Do something on the side; what goes wrong with it is said."""
        task = asyncio.get_running_loop().create_task(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """End what runs on the side; where nobody waits it comes to its own end first."""
        if self._tasks and not self.lines.interactive:
            await asyncio.wait(self._tasks, timeout=_SETTLE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except TuichatError as error:
            self.say(error_text(error))

    # Whom and what is meant.

    def one(self, name: str) -> Contact:
        """The contact of this name, or of the open conversation if none is given. Raises TuichatError."""
        if not name:
            if self.person is None:
                raise UsageError(
                    _("No conversation is open."), _("/1 or /query NAME opens one; or give a name.")
                )
            return self.person
        person = self.known.named(name)
        if person is None:
            what = _("There is no contact called {name}.").format(name=name)
            names = sorted(contact.name for contact in self.known.people.values())
            raise NotFoundError(what, _("Nothing was changed."), tuple(names[:10]))
        return person

    def learn(self, person: Contact) -> None:
        """How a contact is now: the next command may be there before the node has told it."""
        self.known.people[person.id] = person

    def name_of(self, contact: int) -> str:
        """The petname of a contact."""
        person = self.known.people.get(contact)
        return "?" if person is None else person.name

    # Conversations.

    def prompt(self) -> str:
        """What stands before what is typed: with whom one talks."""
        return "> " if self.person is None else f"{self.person.name}> "

    def close(self) -> None:
        """No conversation is open any more."""
        self.contact = None

    async def open(self, contact: int) -> None:
        """Open a conversation and show what was said last. Raises TuichatError."""
        person = self.known.people[contact]
        self.contact, self.newest, self._day = contact, 0, None
        self.say(f"== {person_line(person, 0)} ==")
        self.say(banner_text(person, self.options.glyphs))
        count = min(max(_SHOWN, person.unread), _MOST_SHOWN)
        messages = await self.node.messages(person.address, count)
        await self._tell_older(person, messages)
        if not messages:
            self.say(empty_text(self.known, person, self.options.glyphs))
        await self.show(messages)
        self.writing.show(person)
        if person.unread:
            await self.session.recount()

    async def _tell_older(self, person: Contact, messages: Sequence[Message]) -> None:
        """Say that more is unread than these, and have its beginning kept: they are read in a moment, and
        all before them with them."""
        older = person.unread - len(messages)
        if older > 0:
            text = ngettext("{count} more is unread: /unread", "{count} more are unread: /unread", older)
            self.say(text.format(count=f"{older:,}"))
            unread = await self.node.messages(person.address, min(person.unread, _LOOKED_AT))
            first = next((message.id for message in unread if message.direction == "in"), None)
            if first is not None:
                self.learn(await self.node.conversation_set(person.address, unread_from=first))

    async def unseen(self, since: int) -> list[Message]:
        """What is still to be shown of the open conversation behind message `since`, the newest of it if it
        is much. Raises TuichatError."""
        person = self.person
        messages = [] if person is None else await self.node.messages(person.address, _MOST_SHOWN)
        if person is None or person.id != self.contact:  # another was opened meanwhile
            return []
        newer = [message for message in messages if message.id > since]
        if len(newer) == len(messages):
            await self._tell_older(person, newer)
        return [message for message in newer if self.claim(message.id)]

    async def show(self, messages: Sequence[Message], *, numbered: bool = False) -> None:
        """Messages of one conversation as lines; from then on they are read."""
        if not messages:
            return
        for message in messages:
            await self.learn_file(message)
            self.show_one(message, numbered=numbered)
        person = self.known.people.get(messages[-1].contact)
        if person is not None:
            await self.node.mark_read(person.address, messages[-1].id)

    async def send(self, person: Contact, text: str, reply_to: int | None = None) -> None:
        """Queue a message, and show it where its conversation is open. Raises TuichatError."""
        message = await self.node.send(person.address, text, reply_to)
        if person.id == self.contact and self.claim(message.id):
            self.show_one(message)
        await self.writing.sent(person, text)

    def claim(self, number: int) -> bool:
        """Whether a new message is still to be shown; from then on it is not."""
        if number in self._claimed or number in self._shown:
            return False
        self._claimed.append(number)
        return True

    def show_one(self, message: Message, *, numbered: bool = False) -> None:
        """One message, after the name of its day if that is another than before."""
        self._shown[message.id] = message
        if message.contact == self.contact:
            self.newest = max(self.newest, message.id)
        if len(self._shown) > _KEPT:
            del self._shown[next(iter(self._shown))]
        calendar = self.calendar()
        day = day_of(message, calendar)
        if day != self._day:
            self._day = day
            self.say(day_line(day, calendar))
        file = self.known.files.get(message.file) if message.file is not None else None
        shown = "" if file is None else self.file_line(file)
        name = self.name_of(message.contact)
        self.say(message_text(message, name, calendar, shown, numbered=numbered))

    def changed(self, now: Message, *, asked: bool = False) -> None:
        """Say what is another way with a message of the open conversation that was shown, each change once.

        Args:
            asked: somebody here has changed it, so that it is shown whether it was before or not.
        """
        before = self._shown.get(now.id)
        if now == before or now.contact != self.contact or (before is None and not asked):
            return
        self._shown[now.id] = now
        other = before is None or (now.text, now.unsent, now.reactions) != (
            before.text,
            before.unsent,
            before.reactions,
        )
        if other:
            self.say(_("Message {number} is now:").format(number=now.id))
            self.show_one(now, numbered=True)
        elif before is not None and now.state != before.state and now.state != "sent":
            self.say(_("{state}: message {number}").format(state=state_word(now.state), number=now.id))

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self.close()
        self.known.forget()
        self.writing.forget()
        self._shown.clear()

    def forget_message(self, number: int) -> None:
        """It disappeared."""
        self._shown.pop(number, None)

    def file_line(self, file: File) -> str:
        """A file as a line."""
        person = self.known.people.get(file.contact)
        linked = person is not None and person.stage == "linked"
        name = self.name_of(file.contact)
        return file_text(file, name, self.options.glyphs, self.calendar(), linked=linked)

    def link_text(self, person: Contact) -> str:
        """Where the link to somebody stands, and when it is tried again."""
        words = [_("another key") if person.key_changed else stage_word(person.stage)]
        retry_at = self.known.retry_at.get(person.id)
        if person.stage == "waiting" and retry_at is not None:
            words.append(_("next try at {time}").format(time=self.calendar().time(retry_at)))
        return enumerated(words)

    async def learn_file(self, message: Message) -> None:
        """Read the record of a message's file if it is not known yet."""
        if message.file is not None and self.known.files.get(message.file) is None:
            with suppress(NotFoundError):
                self.known.files.put(await self.node.file_get(message.file))


def _ways() -> list[str]:
    choices = SETTINGS["ui.notify"].choices
    return list(choices()) if choices is not None else []
