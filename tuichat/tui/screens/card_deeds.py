"""What can be done about a person from their card: their key, blocking and removing them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable

from textual import work

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Contact, SafetyNumber
from tuichat.tui.card_rows import grouped
from tuichat.tui.context import Context
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.dialog import Dialog
from tuichat.tui.words import error_text


class CardDeeds(Dialog[None]):
    """The ground of the card: asks, does, and has it said and shown."""

    def __init__(self, shared: Context, contact: int) -> None:
        super().__init__(shared.glyphs)
        self._shared = shared
        self._contact = contact
        self._number: SafetyNumber | None = None
        self._said_why = False

    @property
    def person(self) -> Contact | None:
        """Whose card it is; None after they were removed."""
        return self._shared.session.known.people.get(self._contact)

    @abstractmethod
    def show(self) -> None:
        """Draw what is known now."""

    @abstractmethod
    def say(self, text: str) -> None:
        """Say what was done or why not."""

    @work(exclusive=True)
    async def action_verify(self) -> None:
        """Ask whether both see the same number."""
        person, number = self.person, self._number
        if person is None or number is None:
            return
        if person.key_changed:
            self.say(_("Decide first which key is the right one: t or s."))
            return
        question = _(
            "Compare this number with {name}, face to face or by voice, never in writing:\n\n{number}\n\n"
            "Do both of you see the same?"
        )
        text = question.format(name=person.name, number=grouped(number.digits, 30))
        keys = _("y  yes, mark as verified   n  no")
        if await self.app.push_screen_wait(Confirm(text, keys, self.glyphs, danger=True)):
            await self._try(_("Verified."), person, number.digits)

    @work(exclusive=True)
    async def action_trust(self) -> None:
        """Put the other key in place of the one known here, after a question that shows its number."""
        person, number = self.person, self._number
        if person is None or not person.key_changed or number is None or not number.changed_digits:
            return
        question = _(
            "Trust the new key of {name}? Ask them first, face to face or by voice, whether they see:\n\n"
            "{number}\n\nThe old key is forgotten, and the new one is not verified yet."
        )
        text = question.format(name=person.name, number=grouped(number.changed_digits, 30))
        keys = _("y  trust the new key   n  no")
        if await self.app.push_screen_wait(Confirm(text, keys, self.glyphs, danger=True)):
            done = _("The new key is trusted. v verifies it.")
            await self._decide(person, number.changed_digits, done, accept=True)

    @work(exclusive=True)
    async def action_keep(self) -> None:
        """Leave the key known here in its place, after a question, and refuse the other from now on."""
        person, number = self.person, self._number
        if person is None or not person.key_changed or number is None:
            return
        question = _(
            "Keep the old key of {name}? The other one is refused from now on and not asked about again, "
            "also if it is their new one."
        )
        text, keys = question.format(name=person.name), _("y  keep the old key   n  no")
        if await self.app.push_screen_wait(Confirm(text, keys, self.glyphs, danger=True)):
            done = _("The old key stays. The other one is refused from now on.")
            await self._decide(person, number.changed_digits, done, accept=False)

    async def _decide(self, person: Contact, shown: str, done: str, *, accept: bool) -> None:
        """Only about the key whose number was shown: yet another one may have come meanwhile."""
        node = self._shared.session.node
        try:
            self._number = await node.contact_verify(person.address)
            if self._number.changed_digits == shown:
                await node.contact_trust(person.address, accept=accept)
                self._number = await node.contact_verify(person.address)
            else:
                done = _("The key changed meanwhile. Nothing was done; look again.")
        except TuichatError as error:
            done = error_text(error)
        self.say(done)
        self.show()

    @work(exclusive=True)
    async def action_block(self) -> None:
        """Block after a question, or undo a block."""
        person = self.person
        if person is None:
            return
        if person.state == "blocked":
            await self.attempt(
                self._shared.session.node.contact_unblock(person.address), _("No longer blocked.")
            )
            return
        question = _("Block {name}? They learn nothing; messages that wait for them are not sent.")
        keys = _("y  block   n  no")
        confirm = Confirm(question.format(name=person.name), keys, self.glyphs, danger=True)
        if await self.app.push_screen_wait(confirm):
            try:
                await self._shared.session.node.contact_block(person.address)
            except TuichatError as error:
                self.say(error_text(error))
            else:
                self.dismiss(None)

    @work(exclusive=True)
    async def action_remove(self) -> None:
        """Remove after a question."""
        person = self.person
        if person is None:
            return
        question = _("Remove {name}? Their keys, the whole history and what waits are deleted here for good.")
        keys = _("y  remove   n  no")
        confirm = Confirm(question.format(name=person.name), keys, self.glyphs, danger=True)
        if await self.app.push_screen_wait(confirm):
            try:
                await self._shared.session.node.contact_remove(person.address)
            except TuichatError as error:
                self.say(error_text(error))

    async def attempt(self, deed: Awaitable[object], done: str) -> None:
        """Do something, and say that it is done or what went wrong."""
        try:
            await deed
        except TuichatError as error:
            self.say(error_text(error))
        else:
            self.say(done)

    async def _try(self, done: str, person: Contact, digits: str) -> None:
        try:
            self._number = await self._shared.session.node.contact_verify(person.address, digits)
        except TuichatError as error:
            self.say(error_text(error))
        else:
            self.say(done)
            self.show()

    @work(exclusive=True, group="number")
    async def load_number(self) -> None:
        """Read the safety number anew."""
        if self.person is not None:
            try:
                self._number = await self._shared.session.node.contact_verify(self.person.address)
            except TuichatError as error:
                self._said_why = True
                self.say(error_text(error))
            else:
                if self._said_why:  # there was none, and the reason stands there still
                    self._said_why = False
                    self.say("")
            self.show()
