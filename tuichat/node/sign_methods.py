"""The methods of the local API by which others learn of this person: what was seen, writing, being here."""

from __future__ import annotations

from tuichat.clock import Clock
from tuichat.node.contact_book import ContactBook
from tuichat.node.conversations import Conversations
from tuichat.node.desk import check_writer
from tuichat.node.parts import NodeParts
from tuichat.node.receipts import Receipts
from tuichat.node.signs import Signs


class SignMethods:
    """That part of `NodeApi`, for whoever has these."""

    _with: NodeParts
    _book: ContactBook
    _conversations: Conversations
    _receipts: Receipts
    _signs: Signs

    async def mark_read(self, ref: str, up_to: int) -> None:
        contact = self._conversations.mark_read(ref, up_to)
        if contact is not None and self._signs.rules.receipts:
            self._receipts.tell(contact, up_to)

    async def mark_shown(self, ref: str, first: int, last: int) -> None:
        self._conversations.mark_shown(ref, first, last)

    async def typing(self, ref: str, now: bool) -> None:
        clock: Clock = self._with.clock
        self._signs.write(self._book.find(ref).id, now=now, at=clock.monotonic())

    async def present(self, here: bool, writer: str = "") -> None:
        check_writer(writer)
        self._signs.be(here=here, front_end=writer)
