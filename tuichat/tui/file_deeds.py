"""What can be done with a file, wherever it is seen: questions first, then the node, then a sentence."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol

from textual.app import App

from tuichat.errors import TuichatError
from tuichat.file_words import is_open
from tuichat.i18n import _
from tuichat.model import Contact, File
from tuichat.tui import file_words
from tuichat.tui.context import Context
from tuichat.tui.pictures import is_picture
from tuichat.tui.screens.confirm import Confirm

_SHOWN = 40


class Teller(Protocol):
    """A screen that says what was done or why not."""

    @property
    def app(self) -> App[Any]:
        """Whose screens are in front of one another."""

    def say(self, text: str) -> None:
        """Say what was done."""

    def fail(self, error: TuichatError) -> None:
        """Say what went wrong."""


class FileDeeds:
    """Every deed runs in a worker; none of them raises."""

    def __init__(self, shared: Context, teller: Teller) -> None:
        self._shared = shared
        self._teller = teller

    async def press(self, key: str, file: File) -> None:
        """What a key means for a file: o fetch or show, O choose how, d end, p rest or go on, v see it."""
        if key == "o" and is_open(file):
            await self.fetch(file)
        elif key == "d":
            await self.end(file)
        elif key == "p":
            await self.rest_or_go_on(file)
        elif key == "v":
            await self.view(file)
        else:
            await self.show(file)

    async def show(self, file: File) -> None:
        """All there is to know of it, and more ways to take it."""
        from tuichat.tui.screens.file_card import FileCard

        await self._teller.app.push_screen(FileCard(self._shared, file.id))

    async def view(self, file: File) -> None:
        """See a picture as large as fits."""
        if not is_picture(file):
            self._teller.say(_("This is no picture that can be shown."))
        elif not self._shared.options.images:
            self._teller.say(
                _("Pictures are off: they need ui.images = true, and the extra tuichat[images].")
            )
        elif not self._shared.session.known.files.pictures.enabled:
            self._teller.say(_("This terminal has not the colours or the signs for pictures."))
        else:
            from tuichat.tui.screens.picture_screen import PictureScreen

            await self._teller.app.push_screen(PictureScreen(self._shared, file))

    async def fetch(self, file: File, to: str = "", *, group_to: int = 0) -> bool:
        """Fetch an offer, into the inbox or the directory `to`; whether the node took that.

        Args:
            group_to: the last file that was shown of those that are to come with it, 0 for none.
        """
        person = self._person(file)
        linked = person is not None and person.stage == "linked"
        later = _("{file} comes when you are both online.")
        if file.paused_by == "them":
            linked, later = False, _("{file} comes when {name} lets it go on.")
        said = later.format(file=self._label(file), name=self._name(file))
        deed = self._shared.session.node.file_accept(file.id, to, group_to > 0, group_to)
        return await self._do(deed, "" if linked else said)  # what moves needs no words

    async def end(self, file: File) -> None:
        """Decline an offer, stop a transfer or take an offer back, after a question."""
        node, name = self._shared.session.node, self._name(file)
        if not file_words.can_end(file):
            self._teller.say(_("There is nothing to stop any more."))
        elif is_open(file):
            question = _("Decline {file}? {name} is told.").format(file=self._label(file), name=name)
            if await self._ask(question, _("y  decline   n  no")):
                await self._do(node.file_decline(file.id), _("Declined."))
        elif await self._ask(file_words.end_question(file, self._label(file), name), _("y  stop it   n  no")):
            await self._do(node.file_cancel(file.id), _("Stopped."))

    async def rest_or_go_on(self, file: File) -> None:
        """Pause what moves or waits, and go on with what rests because of me."""
        node, name = self._shared.session.node, self._label(file)
        if file_words.can_resume(file):
            await self._do(node.file_resume(file.id), _("Going on with {file}.").format(file=name))
        elif file_words.can_pause(file):
            await self._do(
                node.file_pause(file.id), _("{file} rests until p is pressed again.").format(file=name)
            )
        elif file.state == "paused":
            who = self._name(file)
            self._teller.say(_("{name} lets it rest, so only {name} can let it go on.").format(name=who))
        else:
            self._teller.say(_("It does not move, so there is nothing to pause."))

    async def _ask(self, question: str, keys: str) -> bool:
        confirm = Confirm(question, keys, self._shared.glyphs, danger=True)
        answer: bool | None = await self._teller.app.push_screen_wait(confirm)
        return answer is True

    async def _do(self, deed: Awaitable[object], done: str) -> bool:
        try:
            await deed
        except TuichatError as error:
            self._teller.fail(error)
            return False
        self._teller.say(done)
        return True

    def _label(self, file: File) -> str:
        name = file_words.short_name(file_words.full_name(file), _SHOWN, self._shared.glyphs)
        return self._shared.glyphs.quoted(name)

    def _name(self, file: File) -> str:
        person = self._person(file)
        return "?" if person is None else person.name

    def _person(self, file: File) -> Contact | None:
        return self._shared.session.known.people.get(file.contact)
