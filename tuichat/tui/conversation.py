"""The open conversation: brings its messages from the node into the view, and what is written to the node."""

from __future__ import annotations

import asyncio
import contextlib

from tuichat.errors import NotFoundError, TuichatError
from tuichat.model import Contact, Message
from tuichat.tui.context import Context
from tuichat.tui.known import colour_of
from tuichat.tui.message_keys import keys_of
from tuichat.tui.widgets.file_history import FileHistory
from tuichat.tui.widgets.history_rows import RowStyle
from tuichat.tui.widgets.history_said import PageName

PAGE = 200
"""How many messages are asked for at a time."""

FILES = 500
"""How many files are asked for at a time."""

_MOST_AT_FIRST = 1_500


class Conversation:
    """One contact's messages in a `FileHistory`. Every method that asks the node raises TuichatError."""

    def __init__(self, context: Context, history: FileHistory) -> None:
        self.contact: int | None = None
        self._context = context
        self._history = history
        self._sending = asyncio.Lock()
        self._style: RowStyle | None = None
        self._marked = 0
        self._was_blocked = False
        self._shown: int | None = None
        self._failed = False

    @property
    def person(self) -> Contact | None:
        """With whom it is; None if none is open."""
        people = self._context.session.known.people
        return None if self.contact is None else people.get(self.contact)

    @property
    def has_ended(self) -> bool:
        """Whether its person was removed or blocked since it was opened, here or elsewhere."""
        if self.contact is None:
            return False
        return self.person is None or (self._is_blocked() and not self._was_blocked)

    @property
    def could_not_read(self) -> bool:
        """Whether its messages could not be had from the node."""
        return self.contact is not None and self._failed

    def turn_to(self, contact: int) -> None:
        """From now on it is with this contact, though the messages come later."""
        if contact != self.contact:
            self.contact, self._failed = contact, False
            self._was_blocked = self._is_blocked()

    def _is_blocked(self) -> bool:
        return self.person is not None and self.person.state == "blocked"

    async def open(self, contact: int) -> None:
        """Show this contact's newest messages; none if the node does not give them."""
        self.turn_to(contact)
        person = self.person
        if person is None:
            return
        limit = min(PAGE + person.unread, _MOST_AT_FIRST)
        try:
            messages = await self._context.session.node.messages(person.address, limit=limit)
            await self._know_files(person, messages)
        except TuichatError:
            if self.contact == contact != self._shown:
                self._failed = True
                self._show_none()
            raise
        if self.contact != contact:
            return
        self._shown, self._failed = contact, False
        self._style = self._row_style(person)
        self._marked = (
            0 if person.unread else _newest_incoming(messages, messages[-1].id if messages else 0, contact)
        )
        first = first_unread(messages, person.unread)
        self._history.show(
            messages,
            self._style,
            colour_of(person.address),
            has_older=len(messages) == limit,
            first_unread=first,
        )
        await self._keep_place(person, first)

    async def _keep_place(self, person: Contact, first: int | None) -> None:
        """Where reading stopped: told to the node if it is another place now, else as it was."""
        before = person.conversation.unread_from
        if first is None and before is not None:
            self._history.mark_unread(before)
        elif first is not None and first != before:
            await self._context.session.node.conversation_set(person.address, unread_from=first)

    def close(self) -> None:
        """Show none."""
        self.contact = None
        self._show_none()

    def _show_none(self) -> None:
        self._shown = None
        self._history.window.replace([], has_older=False)
        self._history.restyle(self._empty_style())

    def restyle(self) -> None:
        """Take over a changed name or state of the link."""
        person = self.person
        self._was_blocked = self._was_blocked and self._is_blocked()
        if person is not None and self._style is not None:
            style = self._row_style(person)
            if style != self._style:
                self._style = style
                self._history.restyle(style)

    async def refresh(self) -> None:
        """Read the shown messages anew, without losing the place of somebody who scrolled up."""
        person, contact, window = self.person, self.contact, self._history.window
        if person is None or contact is None:
            return
        if self._history.at_end or not window.messages:
            await self.open(contact)
            return
        messages = await self._context.session.node.messages(
            person.address, limit=len(window), after=window.messages[0].id - 1
        )
        await self._know_files(person, messages)
        if self.contact == contact:
            self._history.refreshed(messages)

    async def reveal(self, message: int) -> None:
        """Choose a message of the open conversation, wherever in its history it stands."""
        person, contact, window = self.person, self.contact, self._history.window
        if person is None:
            return
        if window.index(message) is not None:
            self._history.choose(message)
            return
        node, limit = self._context.session.node, PAGE // 2
        until = await node.messages(person.address, limit=limit, before=message + 1)
        behind = await node.messages(person.address, limit=limit, after=message)
        await self._know_files(person, [*until, *behind])
        if self.contact == contact:
            more = len(until) == limit, len(behind) == limit
            self._history.show_around([*until, *behind], message, has_older=more[0], has_newer=more[1])

    async def mark_seen(self, contact: int, up_to: int) -> bool:
        """Everything of `contact` up to this message was on screen; whether the node had to be told.

        What was seen of a conversation that is no longer the open one is told when it is opened again.
        """
        if contact != self.contact:
            return False
        person = self.person
        newest = _newest_incoming(self._history.window.messages, up_to, contact)
        if person is None or newest <= self._marked:
            return False
        self._marked = newest
        await self._context.session.node.mark_read(person.address, newest)
        return True

    async def load_page(self, page: PageName, edge: int) -> None:
        """Bring the page that the view asked for."""
        person, contact = self.person, self.contact
        if person is None:
            return
        node = self._context.session.node
        if page == "older":
            messages = await node.messages(person.address, limit=PAGE, before=edge)
        elif page == "newer":
            messages = await node.messages(person.address, limit=PAGE, after=edge)
        elif page == "oldest":
            messages = await node.messages(person.address, limit=PAGE, after=0)
        else:
            messages = await node.messages(person.address, limit=PAGE)
        await self._know_files(person, messages)
        if self.contact == contact:
            self._history.page_arrived(page, messages, more=len(messages) == PAGE)

    async def send(self, contact: Contact, text: str, reply_to: int | None = None) -> Message:
        """Queue a text; texts leave in the order in which they were written."""
        async with self._sending:
            return await self._context.session.node.send(contact.address, text, reply_to)

    async def last_queued(self) -> Message | None:
        """The newest own message that waits and can be taken back."""
        person = self.person
        if person is None:
            return None
        messages = await self._context.session.node.messages(person.address, limit=PAGE)
        waiting = [each for each in messages if each.state == "queued" and "d" in keys_of(each)]
        return waiting[-1] if waiting else None

    async def _know_files(self, person: Contact, messages: list[Message]) -> None:
        """Read the files that messages are about, before those are shown."""
        node, files = self._context.session.node, self._context.session.known.files
        wanted = [message.file for message in messages if message.file is not None]
        if wanted and not files.was_read(person.id):
            files.load(person.id, await node.file_list(person.address, FILES))
        missing = [number for number in wanted if files.get(number) is None]
        if missing:
            for file in await node.file_list(person.address, FILES, max(missing) + 1):
                files.put(file)
        for number in missing:
            if files.get(number) is None:
                with contextlib.suppress(NotFoundError):
                    files.put(await node.file_get(number))

    def newest(self) -> Message | None:
        """The newest message in the view."""
        messages = self._history.window.messages
        return messages[-1] if messages else None

    def _row_style(self, person: Contact) -> RowStyle:
        context = self._context
        linked = person.stage == "linked"
        names = {context.session.known.name, person.name, person.suggested_name} - {""}
        mentions = tuple(sorted(names, key=len, reverse=True))
        in_memory = person.conversation.memory
        return RowStyle(80, person.name, linked, context.glyphs, context.calendar(), mentions, in_memory)

    def _empty_style(self) -> RowStyle:
        return RowStyle(80, "", False, self._context.glyphs, self._context.calendar())


def first_unread(messages: list[Message], unread: int) -> int | None:
    """Which of `messages` is the oldest of the `unread` newest that came in."""
    incoming = [message.id for message in messages if message.direction == "in"]
    return incoming[-min(unread, len(incoming))] if unread and incoming else None


def _newest_incoming(messages: list[Message], up_to: int, contact: int) -> int:
    """The id of the newest message that came in from `contact`, not after `up_to`; 0 if there is none."""
    incoming = (each.id for each in reversed(messages) if each.direction == "in" and each.contact == contact)
    return next((number for number in incoming if number <= up_to), 0)
