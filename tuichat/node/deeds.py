"""What a person does to messages after they were written: edits, takes back, reacts."""

from __future__ import annotations

from tuichat.clock import Rng
from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Message
from tuichat.node.conversations import Conversations, checked_text, no_message
from tuichat.node.events import EventHub
from tuichat.node.links import Links
from tuichat.node.message_deeds import MOST_REACTIONS, MessageDeeds
from tuichat.protocol.bodies import ID_LENGTH, THE_TWO_OF_US, Deed, Edit, Reaction, Unsend
from tuichat.protocol.emoji import one_emoji
from tuichat.store.records import ContactRow, MessageRow
from tuichat.store.store import Store


class Deeds:
    """This person's. Each is done here at once, and queued for the other node in the same commit."""

    def __init__(
        self, store: Store, hub: EventHub, conversations: Conversations, links: Links, rng: Rng
    ) -> None:
        self._store = store
        self._hub = hub
        self._conversations = conversations
        self._links = links
        self._rng = rng
        self._done = MessageDeeds(store)

    def edit(self, message: int, text: str) -> Message:
        """Put another text in the place of one's own; of one that no link ever had nobody hears."""
        row, contact = self._own(message)
        self._check_not_frozen(row)
        if row.kind != "text":
            raise UsageError(_("Only a text can be edited."), _("Nothing was changed."))
        clean = checked_text(text)
        if clean == row.text:
            raise UsageError(_("Message {id} says that already.").format(id=message))
        queued = self._store.outbox.by_message(message)
        with self._hub.change() as changes:
            if queued is not None and not queued.given and not row.edited:
                self._conversations.outbox(contact).correct(queued, clean)
                self._done.correct(row, clean, changes)
            else:
                self._done.edit(row, [clean], changes)
                body = Edit(THE_TWO_OF_US, self._new_id(), self._hub.now(), row.wire_id, clean)
                self._queue(contact, row, body)
        self._links.queued(contact.id)
        return self._conversations.get(message)

    def unsend(self, message: int) -> Message:
        """Take back what was sent; what no link ever had is cancelled, and nobody hears of it."""
        row, contact = self._own(message)
        queued = self._store.outbox.by_message(message)
        if queued is not None and not queued.given:
            return self._conversations.cancel(message)
        with self._hub.change() as changes:
            outbox = self._conversations.outbox(contact)
            for other in self._store.outbox.about(message):
                if not other.given:
                    outbox.cancel(other, self._new_id())
            self._done.unsend(row, "asked", self._hub.now(), changes)
            self._queue(contact, row, Unsend(THE_TWO_OF_US, self._new_id(), row.wire_id))
        self._links.queued(contact.id)
        return self._conversations.get(message)

    def react(self, message: int, emoji: str) -> Message:
        """Put an emoji to a message of either, or take it away if it is there."""
        clean = one_emoji(emoji.strip())
        if not clean:
            raise UsageError(_("A reaction is one emoji."), _("For example: 👍"))
        row, contact = self._present(message)
        self._check_not_frozen(row)
        mine = [each for by, each in self._store.deeds.reactions(message) if by == "out"]
        given = clean not in mine
        if given and len(mine) >= MOST_REACTIONS:
            raise UsageError(
                _("You have put {most} emoji to this message, and more are not taken.").format(
                    most=MOST_REACTIONS
                )
            )
        body = Reaction(THE_TWO_OF_US, self._new_id(), row.wire_id, clean, 1 if given else 0)
        with self._hub.change() as changes:
            self._done.react(row, "out", clean, changes, given=given)
            self._queue(contact, row, body)
        self._links.queued(contact.id)
        return self._conversations.get(message)

    def earlier(self, message: int) -> list[str]:
        """The earlier texts of an edited message, oldest first."""
        self._conversations.get(message)
        return self._store.deeds.earlier(message)

    def expire(self) -> None:
        """Drop what waited for its message too long."""
        self._store.deeds.expire(self._hub.now())

    def _queue(self, contact: ContactRow, row: MessageRow, body: Deed) -> None:
        at_once = self._links.takes_at_once(contact.id)
        self._conversations.outbox(contact).queue_deed(row.id, body, self._hub.now(), given=at_once)

    def _own(self, message: int) -> tuple[MessageRow, ContactRow]:
        row, contact = self._present(message)
        if row.direction == "in":
            raise UsageError(_("Only your own messages can be edited or taken back."))
        return row, contact

    def _present(self, message: int) -> tuple[MessageRow, ContactRow]:
        """A message that something can be done to, and whose conversation it stands in."""
        row = self._store.messages.get(message)
        contact = None if row is None else self._store.contacts.get(row.contact)
        if row is None or contact is None:
            raise no_message(message)
        if row.unsent or row.state == "cancelled":
            raise UsageError(_("Message {id} was taken back.").format(id=message))
        if row.kind == "timer":
            raise UsageError(
                _("A timer is not taken back but set anew."), _("For example: tuichat timer REF off")
            )
        if row.kind == "unsupported":
            raise UsageError(_("Message {id} needs a newer tuichat.").format(id=message))
        self._conversations.check_may_send(contact)
        return row, contact

    def _check_not_frozen(self, row: MessageRow) -> None:
        if self._store.messages.is_frozen(row):
            raise UsageError(
                _("Message {id} is on disk, and this conversation is in memory only now.").format(id=row.id),
                _("It can be taken back, but not edited or given an emoji: that would be on disk, too."),
            )

    def _new_id(self) -> bytes:
        return self._rng.bytes(ID_LENGTH)
