"""What is being written and was typed: the node keeps it, and every front end of the profile has the same.

Nothing can be put into the line that somebody types. So a draft is shown when its conversation is opened, or
was changed elsewhere, and the arrow keys bring it back to be gone on with. It is over when what is sent here
begins with it, or was made of it by an editor.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tuichat.errors import TuichatError, UnreachableError
from tuichat.model import (
    MAX_INPUT_BYTES,
    Contact,
    ContactRemovedEvent,
    ConversationErasedEvent,
    Draft,
    DraftEvent,
    InputEvent,
    MissedEvent,
)
from tuichat.plain.wording import draft_text

if TYPE_CHECKING:
    from tuichat.plain.chat import Chat
    from tuichat.tui.session import Happening

_QUIET_SECONDS: Final = 2.0
"""A draft is told when it was not changed for so long: whoever writes it changes it all the time."""


class Writing:
    """One for the whole program.

    Attributes:
        writer: the name by which it knows its own events.
    """

    def __init__(self, chat: Chat) -> None:
        self.writer = f"{os.getpid()}-plain"
        self._chat = chat
        self._drafts: dict[int, str] = {}
        self._due: asyncio.TimerHandle | None = None
        self._offered = ""
        self._untold: list[tuple[str, Contact | None]] = []

    async def load(self) -> None:
        """Read everything anew, with what was typed while there was no node. Raises TuichatError."""
        node = self._chat.node
        await self._tell_typed()
        self._drafts = {draft.contact: draft.text for draft in await node.draft_list()}
        self._recall(await node.input_list())

    def forget(self) -> None:
        """Nothing is known of a locked profile."""
        self._drafts.clear()
        self._untold.clear()
        self._recall(())

    def _recall(self, texts: Sequence[str]) -> None:
        """Let these be called back, and no draft that was offered before."""
        self._offered = ""
        self._chat.lines.recall(texts)

    def happened(self, event: Happening) -> None:
        """Take in what concerns any of this."""
        match event:
            case DraftEvent(draft=draft, writer=writer) if writer != self.writer:
                self._changed(draft)
            case InputEvent(text=text, writer=writer) if writer != self.writer:
                self._chat.lines.remember(text)
            case ConversationErasedEvent() | ContactRemovedEvent() | MissedEvent():
                self._chat.spawn(self.load())

    def show(self, person: Contact) -> None:
        """Say what is being written to somebody, and let it be called back where nothing disappears."""
        text = self.draft(person)
        if not text or not self._chat.lines.interactive:
            return
        self._chat.say(draft_text(text))
        passes = person.conversation.timer or person.conversation.memory
        if not passes and text != self._offered:
            self._offered = text
            self._chat.lines.remember(text)

    def draft(self, person: Contact) -> str:
        """What is being written to somebody."""
        return self._drafts.get(person.id, "")

    async def typed(self, line: str, person: Contact | None) -> None:
        """Let a line be called back: here at once, elsewhere and later when a node has it."""
        self._chat.lines.remember(line)
        if len(line.encode()) <= MAX_INPUT_BYTES:
            self._untold.append((line, person))
            await self._tell_typed()

    async def _tell_typed(self) -> None:
        while self._untold and self._chat.session.connected:
            line, person = self._untold.pop(0)
            try:
                await self._chat.node.input_add(line, None if person is None else person.address, self.writer)
            except UnreachableError:
                self._untold.insert(0, (line, person))
                return  # the next node is told
            except TuichatError:
                continue  # it can be called back here all the same

    async def sent(self, person: Contact, text: str) -> None:
        """A text was sent: a draft that it begins with is no draft any more."""
        draft = self.draft(person)
        if text.strip().startswith(draft.strip()):
            await self.over(person, draft)

    async def over(self, person: Contact, draft: str) -> None:
        """This draft was sent; one that was gone on with elsewhere meanwhile is another."""
        if draft.strip() and draft == self.draft(person):
            del self._drafts[person.id]
            with suppress(TuichatError):  # the text is sent all the same
                await self._chat.node.draft_set(person.address, "", self.writer)

    def _changed(self, draft: Draft) -> None:
        self._drafts[draft.contact] = draft.text
        if draft.contact == self._chat.contact:
            if self._due is not None:
                self._due.cancel()
            self._due = asyncio.get_running_loop().call_later(_QUIET_SECONDS, self._tell, draft.contact)

    def _tell(self, contact: int) -> None:
        person = self._chat.person
        if person is not None and person.id == contact:
            self.show(person)
