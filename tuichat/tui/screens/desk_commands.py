"""The commands about how the person keeps conversations and contacts."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.tui.slash import Command, usage
from tuichat.tui.wrapping import fit

if TYPE_CHECKING:
    from tuichat.tui.screens.main import MainScreen

Deed = Callable[[Command], Awaitable[None]]


class DeskCommands:
    """`one` gives the contact of a name, or of the open conversation for none."""

    def __init__(self, screen: MainScreen, one: Callable[[str], Contact]) -> None:
        self._screen = screen
        self._one = one

    def deeds(self) -> dict[str, Deed]:
        """The commands by name."""
        return {
            "mute": partial(self._keep, muted=True),
            "unmute": partial(self._keep, muted=False),
            "pin": partial(self._keep, pinned=True),
            "unpin": partial(self._keep, pinned=False),
            "archive": self._archive,
            "unarchive": partial(self._keep, archived=False),
            "tag": self._tag,
            "untag": self._untag,
            "export": self._export,
        }

    async def _keep(
        self,
        command: Command,
        *,
        muted: bool | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
    ) -> None:
        node, person = self._screen.shared.session.node, self._one(command.argument)
        await node.conversation_set(person.address, muted, pinned, archived)
        done = {
            "mute": _("{name} neither rings nor counts now. /unmute undoes it."),
            "unmute": _("{name} rings and counts again."),
            "pin": _("{name} stands before the others now. /unpin undoes it."),
            "unpin": _("{name} stands in its place again."),
            "unarchive": _("{name} is listed again."),
        }
        self._screen.say(done[command.name].format(name=_label(person)))

    async def _archive(self, command: Command) -> None:
        person = self._one(command.argument)
        await self._screen.shared.session.node.conversation_set(person.address, archived=True)
        if self._screen.conversation.contact == person.id:
            self._screen.conversation.close()
            self._screen.update_state()
        self._screen.say(
            _("{name} is archived until something comes in. /archived lists it.").format(name=_label(person))
        )

    async def _tag(self, command: Command) -> None:
        person, tags = self._words(command)
        await self._screen.shared.session.node.contact_tag(person.address, tags)

    async def _untag(self, command: Command) -> None:
        person, tags = self._words(command)
        await self._screen.shared.session.node.contact_untag(person.address, tags)

    async def _export(self, command: Command) -> None:
        if not command.argument:
            raise UsageError(_("Into which directory?"), usage("export"))
        self._screen.say(_("Writing what was said..."), lasting=True)
        path = os.path.abspath(os.path.expanduser(command.argument))  # noqa: PTH100, PTH111 - links stay
        made = await self._screen.shared.session.node.export_to(path)
        self._screen.say(
            _("Written to {path}. It is not encrypted: whoever can read it can read all of it.").format(
                path=made.path
            )
        )

    def _words(self, command: Command) -> tuple[Contact, list[str]]:
        """`NAME TAG...` if NAME is a contact, else all are tags of the open conversation's person."""
        named, rest = self._screen.shared.session.known.named_first(command.argument)
        if named is not None and rest:
            return named, rest.split()
        if not command.argument:
            raise UsageError(_("Which tags?"), f"/{command.name} " + _("[NAME] TAG..."))
        return self._one(""), command.words()


def _label(person: Contact) -> str:
    return fit(person.name, 40)
