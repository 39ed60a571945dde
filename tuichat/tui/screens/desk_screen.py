"""What the main screen does about what is being written, was written, and where reading stopped."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from textual import work

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import (
    MAX_INPUT_BYTES,
    Contact,
    ContactEvent,
    ContactRemovedEvent,
    ConversationErasedEvent,
    Draft,
    DraftEvent,
    InputEvent,
    Message,
    MessageRemovedEvent,
)
from tuichat.tui.context import Context
from tuichat.tui.drafts import Drafts
from tuichat.tui.pace import Pace
from tuichat.tui.remembered import addressee, disappears, may_outlast
from tuichat.tui.screens.file_screen import FileScreen
from tuichat.tui.session import Happening
from tuichat.tui.widgets.deed_history import DeedHistory

if TYPE_CHECKING:
    from tuichat.tui.widgets.composer import Composer

DRAFT_SECONDS = 1.0
"""What is being written is kept at most so often."""


class DeskScreen(FileScreen):
    """Keeps drafts and inputs with the node, and shows what of them comes from elsewhere."""

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._writer = f"{os.getpid()}-{id(self):x}"
        self.drafts = Drafts(self._writer)
        self._draft_pace = Pace(self, DRAFT_SECONDS, self._keep_due)
        self.arrived: list[tuple[Message, bool]] = []
        """What is to be drawn soon, and which of it is new."""

    def desk_happened(self, event: Happening) -> None:
        """Take in what concerns any of this."""
        match event:
            case DraftEvent(draft=draft, writer=writer):
                taken, both = self.drafts.elsewhere(draft, writer)
                self._put(taken)
                if both:
                    self.say(_("What you were writing was changed elsewhere."))
            case InputEvent(text=text, writer=writer) if writer != self._writer:
                self.composer.inputs.learn(text)
            case ContactEvent(contact=person) if person.id == self.conversation.contact:
                if person.conversation.unread_from is not None:
                    self.history.mark_unread(person.conversation.unread_from)
            case MessageRemovedEvent(message=message):
                self.put_arrived()
                self.query_one("#history", DeedHistory).take_away(message)
            case ConversationErasedEvent(contact=contact):
                self.put_arrived()
                self._erased(contact)
            case ContactRemovedEvent(contact=contact):
                self.drafts.erased(contact)
                self.load_desk()

    def put_arrived(self) -> None:
        """Bring what arrived into the history, in its order: what goes may be among it."""
        arrived, self.arrived = self.arrived, []
        for message, new in arrived:
            if message.contact == self.conversation.contact:
                self.history.put(message, new=new)

    def _erased(self, contact: int) -> None:
        self.shared.session.known.files.forget_contact(contact)
        self.drafts.erased(contact)
        self.load_desk()
        if contact == self.conversation.contact:
            self.reload_conversation()

    @work(exclusive=True, group="reload")
    async def reload_conversation(self) -> None:
        """Show the open conversation's messages anew."""
        contact = self.conversation.contact
        try:
            if contact is not None:
                await self.conversation.open(contact)
        except TuichatError as error:
            self.fail(error)

    @work(exclusive=True, group="desk")
    async def load_desk(self) -> None:
        """As `read_desk`, beside everything else."""
        try:
            await self.read_desk()
        except TuichatError as error:
            self.fail(error)

    async def read_desk(self) -> None:
        """Read anew what the node keeps of what is and was written. Raises TuichatError."""
        node = self.shared.session.node
        self.composer.inputs.load(await node.input_list())
        self._put(self.drafts.load(await node.draft_list()))
        self._draft_pace.ask()  # what was typed while there was no node

    def forget_desk(self) -> None:
        """The profile was locked: nothing of it stays in the input or can be called back."""
        self.drafts.forget()
        self.composer.begin("")
        self.composer.inputs.load([])

    def write_to(self, contact: int | None) -> None:
        """Bring a conversation's draft into the input, or close it for None; the one before it is kept.

        From now on it is the open one, though its messages come later: input and addressee are never of two,
        and the way back at the same moment is a change, too.
        """
        self.drafts.written(self.composer.in_progress)
        self._keep_due()
        self.conversation.close() if contact is None else self.conversation.turn_to(contact)
        self.composer.begin(self.drafts.open(contact))

    def _put(self, text: str | None) -> None:
        if text is not None:
            self.composer.take(text) if text else self.composer.begin(text)

    def begin_command(self, name: str) -> None:
        """A command that needs words stands in the input; Up calls back what stood there, if that may be."""
        if self.history.choosing:
            self.history.action_end_choosing()
        written = self.composer.text
        if written.strip() and self.may_be_kept():
            self.composer.inputs.add(written)
            if self.person is not None and self.person.conversation.timer:
                self.set_timer(self.person.conversation.timer, partial(self.composer.inputs.forget, written))
        self.composer.take(f"/{name} ")
        self.composer.focus()

    def give_back_to(self, contact: int, text: str) -> None:
        if contact == self.conversation.contact:
            self.composer.give_back(text)
        elif not self.shared.session.locked:
            self._keep(self.drafts.give_back(contact, text))

    def on_text_area_changed(self, event: Composer.Changed) -> None:
        super().on_text_area_changed(event)
        event.prevent_default()  # that was it
        self.drafts.written(self.composer.in_progress)
        self._draft_pace.ask()

    def is_draft(self) -> bool:
        """Whether what is in the input is a text that could be sent."""
        return True

    def may_be_kept(self) -> bool:
        """Whether what is in the input may be kept."""
        return True

    def _keep_due(self) -> None:
        """Let the node have what is in the input."""
        draft = self._due()
        if draft is not None:
            self._keep(draft)

    def _due(self) -> Draft | None:
        session = self.shared.session
        return self.drafts.due() if self.is_draft() and session.connected and not session.locked else None

    @work(group="draft")
    async def _keep(self, draft: Draft) -> None:
        await self._tell_draft(draft)

    async def _tell_draft(self, draft: Draft) -> None:
        session = self.shared.session
        person = session.known.people.get(draft.contact)
        if person is not None and session.connected and not session.locked:
            try:
                await session.node.draft_set(person.address, draft.text, self._writer)
            except TuichatError:  # it stays in the input
                self.drafts.not_told(draft)

    async def on_unmount(self) -> None:
        draft = self._due()
        if draft is not None:
            await self._tell_draft(draft)

    def _accepted(self, typed: str) -> None:
        super()._accepted(typed)
        self.drafts.written(self.composer.text)
        self._keep_due()
        person = addressee(typed, self.person, self.shared.session.known)
        if not self.may_be_kept() or disappears(typed, person):
            self.composer.inputs.to_end()
            return
        self.composer.inputs.add(typed)
        if may_outlast(typed, person) and len(typed.encode()) <= MAX_INPUT_BYTES:
            self._remember(typed, person)

    @work(group="remember")
    async def _remember(self, typed: str, person: Contact | None) -> None:
        try:
            await self.shared.session.node.input_add(
                typed, None if person is None else person.address, self._writer
            )
        except TuichatError:
            return  # it can be called back here all the same
