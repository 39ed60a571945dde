"""The commands that are about one person."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from tuichat.api.node_api import NodeApi
from tuichat.errors import NotFoundError, TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.dates import seconds_of
from tuichat.tui.known import Known
from tuichat.tui.slash import Command, usage
from tuichat.tui.wrapping import fit

if TYPE_CHECKING:
    from tuichat.tui.screens.main import MainScreen

_INVITE_TIME = "24h"

Deed = Callable[[Command], Awaitable[None]]


class Ask(Protocol):
    """Asks one question, yes or no."""

    async def __call__(self, question: str, keys: str, *, danger: bool = True) -> bool: ...


class PeopleCommands:
    """Whom a command means is its argument, or else the open conversation's person."""

    def __init__(self, screen: MainScreen, ask: Ask) -> None:
        self._screen = screen
        self._ask = ask

    def deeds(self) -> dict[str, Deed]:
        """The commands by name."""
        return {
            "add": self._add,
            "invite": self._invite,
            "invites": self._invites,
            "blocked": self._blocked,
            "accept": self._accept,
            "reject": self._reject,
            "block": self._block,
            "ignore": self._block,
            "unblock": self._unblock,
            "rename": self._rename,
            "remove": self._remove,
            "erase": self._erase,
            "card": self._card,
            "verify": self._card,
            "msg": self._msg,
        }

    @property
    def _known(self) -> Known:
        return self._screen.shared.session.known

    @property
    def _node(self) -> NodeApi:
        return self._screen.shared.session.node

    def one(self, name: str) -> Contact:
        """The contact of this name, or of the open conversation if none is given."""
        person = self._known.named(name) if name else self._screen.person
        if person is None and not name:
            raise UsageError(_("No conversation is open."), _("Alt+1 or Alt+K goes to one; or give a name."))
        if person is None:
            what = _("There is no contact called {name}.").format(name=name)
            names = sorted(contact.name for contact in self._known.people.values())
            raise NotFoundError(what, _("Nothing was changed."), tuple(names[:10]))
        return person

    def _request(self, name: str) -> Contact:
        """The request of this name, or the only one there is."""
        requests = self._known.requests()
        if name:
            return self.one(name)
        if len(requests) == 1:
            return requests[0]
        names = tuple(person.name for person in requests)
        raise UsageError(_("Whose request?"), _("Alt+R or /requests lists them."), names)

    async def _add(self, command: Command) -> None:
        address, _separator, name = command.argument.partition(" ")
        if not address:
            self._screen.add_somebody()
            return
        contact = await self._node.contact_add(address, name.strip() or None)
        self._known.people[contact.id] = contact
        self._screen.open(contact.id)

    async def _invite(self, command: Command) -> None:
        from tuichat.tui.screens.new_invite import NewInvite

        seconds = seconds_of(command.argument or _INVITE_TIME)
        if seconds is None:
            raise UsageError(_("How long is the invite good for?"), "/invite 30m, /invite 24h, /invite 7d")
        invite = await self._node.invite_create(seconds)
        await self._screen.app.push_screen(NewInvite(self._screen.shared, invite))

    async def _invites(self, command: Command) -> None:
        from tuichat.tui.screens.open_invites import OpenInvites

        await self._screen.app.push_screen(OpenInvites(self._screen.shared))

    async def _blocked(self, command: Command) -> None:
        from tuichat.tui.screens.blocked import Blocked

        await self._screen.app.push_screen(Blocked(self._screen.shared))

    async def _accept(self, command: Command) -> None:
        contact = await self._node.contact_accept(self._request(command.argument).address)
        self._known.people[contact.id] = contact
        self._screen.open(contact.id)
        if contact.suggested_name not in ("", contact.name):
            called = _(
                "They call themselves {name}; nobody has checked that. /rename NEW gives a name of yours."
            )
            self._screen.say(called.format(name=self._screen.shared.glyphs.quoted(contact.suggested_name)))

    async def _reject(self, command: Command) -> None:
        person = self._request(command.argument)
        await self._node.contact_reject(person.address)
        self._screen.say(_("The request was forgotten; they learn nothing."))

    async def _block(self, command: Command) -> None:
        asked = not command.argument and self._screen.person is None
        person = self._request("") if asked else self.one(command.argument)
        question = _("Block {name}? They learn nothing; messages that wait for them are not sent.")
        if await self._ask(question.format(name=_label(person)), _("y  block   n  no")):
            await self._node.contact_block(person.address)
            self._leave(person)
            self._screen.say(_("Blocked. /unblock {name} undoes it.").format(name=_label(person)))

    async def _unblock(self, command: Command) -> None:
        if not command.argument:
            blocked = tuple(p.name for p in self._known.people.values() if p.state == "blocked")
            raise UsageError(_("Who is to be unblocked?"), usage("unblock"), blocked)
        await self._node.contact_unblock(self.one(command.argument).address)
        self._screen.say(_("No longer blocked."))

    async def _rename(self, command: Command) -> None:
        person, name = self._rename_words(command.argument)
        if not name:
            raise UsageError(_("What is the new name?"), "/rename " + _("[NAME] NEW"))
        await self._node.contact_rename(person.address, name)

    def _rename_words(self, argument: str) -> tuple[Contact, str]:
        """`OLD NEW` if OLD is a contact, else the whole is the open conversation's new name."""
        named, new = self._known.named_first(argument)
        if new and named is not None:
            return named, new
        return self.one(""), argument.strip()

    async def _remove(self, command: Command) -> None:
        person = self.one(command.argument)
        question = _("Remove {name}? Their keys, the whole history and what waits are deleted here for good.")
        if await self._ask(question.format(name=_label(person)), _("y  remove   n  no")):
            await self._node.contact_remove(person.address)
            self._leave(person)

    async def _erase(self, command: Command) -> None:
        person = self.one(command.argument)
        question = _(
            "Erase all that was said with {name}? History, files on their way, drafts and what waits are "
            "deleted here for good; what they have is theirs."
        )
        if await self._ask(question.format(name=_label(person)), _("y  erase   n  no")):
            await self._node.contact_erase(person.address)
            self._screen.say(_("Erased. {name} is still a contact.").format(name=_label(person)))

    async def _card(self, command: Command) -> None:
        from tuichat.tui.screens.contact_card import ContactCard

        card = ContactCard(self._screen.shared, self.one(command.argument).id)
        await self._screen.app.push_screen(card)

    async def _msg(self, command: Command) -> None:
        named, text = self._known.named_first(command.argument)
        name, *words = command.argument.split(maxsplit=1)[:2] or [""]
        if not text or (named is None and not words):
            raise UsageError(_("To whom, and what?"), usage("msg"))
        person = named or self.one(name)
        try:
            await self._screen.conversation.send(person, text)
        except TuichatError:
            self._screen.composer.give_back(f"/msg {command.argument}")
            raise
        self._screen.say(_("Queued for {name}.").format(name=person.name))

    def _leave(self, person: Contact) -> None:
        """Close the conversation of somebody who is no contact any more."""
        if self._screen.conversation.contact == person.id:
            self._screen.leave()
            self._screen.update_state()


def _label(person: Contact) -> str:
    return fit(person.name, 40)
