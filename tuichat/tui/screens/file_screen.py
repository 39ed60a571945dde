"""What the main screen does about files, and about pastes, which may be the paths of some."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from textual import on, work
from textual.worker import Worker, WorkerError

from tuichat.errors import TuichatError
from tuichat.i18n import _, ngettext
from tuichat.model import Contact, File, FileEvent
from tuichat.tui.context import Context
from tuichat.tui.pictures import can_show
from tuichat.tui.screens.conversation_screen import ConversationScreen
from tuichat.tui.widgets.file_history import FileHistory

if TYPE_CHECKING:
    from tuichat.tui.file_deeds import FileDeeds
    from tuichat.tui.paths import Wanted
    from tuichat.tui.widgets.composer import Composer


class FileScreen(ConversationScreen):
    """Answers the keys on files in the history, brings bars up to date and makes offers."""

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._prepared: set[int] = set()
        self._changed_files: set[int] = set()

    @property
    def history(self) -> FileHistory:
        """The view of the open conversation."""
        return self.query_one("#history", FileHistory)

    @property
    @abstractmethod
    def person(self) -> Contact | None:
        """Whose conversation is seen."""

    @abstractmethod
    def open(self, contact: int) -> Worker[None] | None:
        """Open a conversation; what brings its messages, if they are not there."""

    @cached_property
    def _deeds(self) -> FileDeeds:
        from tuichat.tui.file_deeds import FileDeeds

        return FileDeeds(self.shared, self)

    # Pictures.

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._colours_changed)

    def _colours_changed(self) -> None:
        """Pictures need more than sixteen colours."""
        pictures = self.shared.session.known.files.pictures
        enabled = can_show(self.app, self.shared.options)
        if enabled is not pictures.enabled:
            pictures.enabled = enabled
            self.history.look_again()

    @property
    def catching_up(self) -> bool:
        """Whether something that happened is not on screen yet."""
        return self.shared.session.known.files.pictures.busy or super().catching_up

    @on(FileHistory.PictureSeen)
    @work(group="pictures")
    async def _picture_seen(self, event: FileHistory.PictureSeen) -> None:
        pictures = self.shared.session.known.files.pictures
        pictures.ask(event.file, event.width)
        async for file in pictures.drawn():
            if file.contact == self.conversation.contact and file.message is not None:
                self.history.file_changed(file.message)

    # What happens to files.

    def file_changed(self, event: FileEvent) -> None:
        """A file went on or stands differently; it is drawn with all else that happened.

        That one has come is said where it is not seen, without its name, which is its sender's word.
        """
        file, person = event.file, self.shared.session.known.people.get(event.file.contact)
        if file.contact == self.conversation.contact and file.message is not None:
            self._changed_files.add(file.message)
        came = event.seq is not None and file.direction == "in" and file.state == "complete"
        if came and person is not None and (self.person is None or self.person.id != person.id):
            self.say(_("A file from {name} has come. /files shows it.").format(name=person.name))

    def draw_files(self) -> None:
        """Draw what changed since the last time."""
        messages, self._changed_files = self._changed_files, set()
        for message in messages:
            self.history.file_changed(message)

    @on(FileHistory.OfferSeen)
    @work(group="prepare")
    async def _offer_seen(self, event: FileHistory.OfferSeen) -> None:
        """Let the node make ready to fetch, once a file: whoever is verified may cost a few circuits."""
        file, person = event.file, self.conversation.person
        if person is None or not person.verified or file.contact != person.id or not self.app.app_focus:
            return
        if file.id not in self._prepared:
            self._prepared.add(file.id)
            try:
                await self.shared.session.node.file_prepare(file.id)
            except TuichatError:
                return  # it is only slower then

    @on(FileHistory.ActOnFile)
    @work(exclusive=True, group="file")
    async def _act_on_file(self, event: FileHistory.ActOnFile) -> None:
        await self._deeds.press(event.key, event.file)

    def go_to(self, file: File) -> None:
        """Choose the message that offers a file."""
        if file.message is not None:
            self.go_to_message(file.contact, file.message)

    @work(exclusive=True, group="go")
    async def go_to_message(self, contact: int, message: int) -> None:
        """Choose a message, in whatever conversation it stands."""
        opening = self.open(contact)
        try:
            if opening is not None:
                await opening.wait()
            await self.conversation.reveal(message)
        except TuichatError as error:
            self.fail(error)
        except WorkerError:
            return  # another conversation was opened meanwhile

    # Offering.

    @work(group="offer")
    async def offer(self, person: Contact, wanted: Wanted) -> None:
        """Offer files; each is read to its end first, which may take long."""
        from tuichat.tui.sent_words import sent_words

        self.say(_("Reading what is to be sent..."), lasting=True)
        try:
            sent = await self.shared.session.node.file_send(
                person.address, list(wanted.paths), wanted.caption, wanted.as_is
            )
        except TuichatError as error:
            self.fail(error)
            return
        self.say(*sent_words(sent, person, self.shared.glyphs))
        if person.id == self.conversation.contact:
            self.history.to_end()

    # Pastes.

    @work(group="paste")
    async def on_composer_paths_pasted(self, event: Composer.PathsPasted) -> None:
        """A short paste is in the input already, so that what was typed behind it stays behind it."""
        await self._pasted_files(event.text, inserted=True)

    @work(group="paste")
    async def on_composer_paste_asked(self, event: Composer.PasteAsked) -> None:
        if await self._pasted_files(event.text, inserted=False):
            return
        lines = event.text.count("\n") + 1
        question = ngettext("Paste {count} line?", "Paste {count} lines?", lines).format(count=lines)
        if await self._asked(question, _("Enter  paste   Esc  no"), danger=False):
            self.composer.insert_paste(event.text)

    async def _pasted_files(self, text: str, *, inserted: bool) -> bool:
        """If a paste is nothing but paths of files that exist, ask whether to offer those."""
        from tuichat.tui.paths import Wanted, existing_paths

        person = self.person
        paths = () if person is None else await asyncio.to_thread(existing_paths, text)
        if person is None or not paths or (inserted and not self.composer.take_out(text)):
            return False
        from tuichat.tui.sent_words import offer_question

        question = offer_question(paths, person, self.shared.glyphs)
        if await self._asked(question, _("y  send   n  paste as text"), danger=True):
            self.offer(person, Wanted(paths))
        else:
            self.composer.insert_paste(text)
        return True

    async def _asked(self, question: str, keys: str, *, danger: bool) -> bool:
        from tuichat.tui.screens.confirm import Confirm

        confirm = Confirm(question, keys, self.shared.glyphs, danger=danger)
        answer: bool | None = await self.app.push_screen_wait(confirm)
        return answer is True
