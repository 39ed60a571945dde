"""The plain mode from its beginning to its end: opening, reading lines, leaving."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from tuichat.clock import Clock
from tuichat.errors import TuichatError, UnreachableError, UsageError
from tuichat.i18n import _, ngettext
from tuichat.model import LockedEvent
from tuichat.plain import first_run
from tuichat.plain.chat import Chat
from tuichat.plain.commands import DEEDS, check_argument
from tuichat.plain.lines import Lines
from tuichat.plain.news import News
from tuichat.plain.options import Options
from tuichat.plain.reading import complete, read_line
from tuichat.tui.addresses import looks_like_address
from tuichat.tui.quit_words import waiting_lines
from tuichat.tui.remembered import addressee, disappears, may_outlast
from tuichat.tui.screens.main_lines import lost_text
from tuichat.tui.session import Attach, Connected, Happening, Lost, Session
from tuichat.tui.slash import Command, Text, Unknown

_PRESENT_SECONDS: Final = 60.0


class Program:
    """One run of it.

    Args:
        attach: gives a client of the profile's node, starting a node if there is none.
    """

    def __init__(self, attach: Attach, lines: Lines, options: Options, clock: Clock) -> None:
        self.chat = Chat(Session(attach, self._happened), lines, options, clock)
        self._news = News(self.chat)
        self._opened = False
        self._unlocking = False
        self._settled = asyncio.Event()
        self._failed: TuichatError | None = None
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._session: asyncio.Task[None] | None = None
        lines.complete_by(lambda line: complete(line, self.chat.known.names()))

    async def run(self) -> int:
        """Go on until somebody leaves or nothing is left to read; gives the exit code.

        Raises TuichatError: the profile cannot be made or opened.
        """
        talk = asyncio.create_task(self._talk())
        try:
            await asyncio.wait({talk, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            return self._ended.result() if self._ended.done() else talk.result()
        finally:
            if self._opened and self.chat.lines.interactive:
                await self.chat.session.leave(self.chat.writing.writer)
            for task in (talk, self._session):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError, TuichatError):
                        await task
            await self.chat.settle()
            await self.chat.session.close()

    def end(self, code: int = 0) -> None:
        """Leave at once, as when nobody takes the output any more."""
        if not self._ended.done():
            self._ended.set_result(code)

    # What happens.

    def _happened(self, event: Happening) -> None:
        match event:
            case Connected():
                self._failed = None
                if self._opened:
                    self._news.hold()
                    self.chat.spawn(self._open_again())
                else:
                    self._settled.set()
            case Lost(reason="wiped"):
                self.chat.say(_("The profile was wiped."))
                self.end()
            case Lost():
                self._lost(event)
            case LockedEvent(locked=locked) if self._opened:
                self._locked(locked)
            case _ if self._opened:
                self._news.happened(event)

    def _lost(self, lost: Lost) -> None:
        if lost.reason == "handover":
            self._settled.clear()
        else:
            self._failed = lost.error or UnreachableError(lost_text(lost, self.chat.known)[0])
            self._settled.set()
        if self._opened:
            self.chat.say(lost_text(lost, self.chat.known)[0])

    def _locked(self, locked: bool) -> None:
        """Nothing of a locked profile stays here; who opens it elsewhere opens it here, too."""
        if locked:
            self.chat.forget()
            self._news.forget()
            self.chat.say(_("The profile is locked. Enter asks for the passphrase."))
        elif not self._unlocking:
            self.chat.spawn(self._reload())

    async def _reload(self) -> None:
        await self._load()
        self.chat.say(_("The profile is open."))
        await self._news.catch_up()
        self._news.begin()

    def interrupted(self) -> None:
        """Ctrl+C was pressed."""
        self.chat.say(_("Ctrl+C does not quit here: /quit or Ctrl+D does."))

    async def _open_again(self) -> None:
        """After another node took over: read everything anew, unless it is locked, and say what came."""
        try:
            if self.chat.session.locked:
                self.chat.say(_("The profile is locked. Enter asks for the passphrase."))
                return
            await self._load()
            await self.chat.node.go_online()
            self.chat.say(_("Your node is connected."))
            await self._news.catch_up()
            self._news.begin()
        finally:
            self._news.go_on()
            self._settled.set()

    # Opening.

    def _attach(self) -> None:
        self._settled.clear()
        self._session = asyncio.create_task(self.chat.session.run())

    async def _open(self) -> bool:
        """Make the profile if there is none, unlock it and read everything; False at the end of input."""
        chat, create = self.chat, self.chat.options.create_profile
        passphrase = chat.options.given
        if create is not None:
            passphrase = await first_run.make_profile(chat, create)
            if passphrase is None:
                return False
        self._attach()
        await self._settled.wait()
        if self._failed is not None:
            raise self._failed
        if not await first_run.unlock(chat, passphrase):
            return False
        await self._load()
        if create is not None:
            first_run.say_welcome(chat)
        await self._start()
        return True

    async def _load(self) -> None:
        """Read everything anew, and what was typed before. Raises TuichatError."""
        await self.chat.session.load()
        await self.chat.writing.load()

    async def _start(self) -> None:
        self._opened = True
        await DEEDS["contacts"](self.chat, Command("contacts", ""))
        self.chat.say(_("/help shows every command. Ctrl+D or /quit leaves."))
        self.chat.say(self.chat.options.hint)
        self._news.begin()
        await first_run.go_online(self.chat)
        self.chat.spawn(self._stay_present())

    async def _stay_present(self) -> None:
        """A person is here; a pipe is nobody."""
        while self.chat.lines.interactive:
            if self.chat.session.connected and not self.chat.session.locked:
                with suppress(TuichatError):
                    await self.chat.node.present(not self.chat.away, self.chat.writing.writer)
            await asyncio.sleep(_PRESENT_SECONDS)

    # Reading.

    async def _talk(self) -> int:
        if not await self._open():
            return self.chat.failure
        while True:
            line = await self.chat.lines.read(self.chat.prompt())
            if line is None:
                if await self._may_leave():
                    break
                continue
            if self.chat.session.locked and self.chat.session.connected:
                if not await self._unlock():
                    break
            elif line.strip() and await self._do(line):
                break
        return 0 if self.chat.lines.interactive else self.chat.failure

    async def _unlock(self) -> bool:
        """What was typed before is thrown away: it may have been meant for somebody, or be a passphrase."""
        self._unlocking = True
        try:
            if not await self._throw_away_what_is_there() or not await first_run.unlock(self.chat, None):
                return False
            await self._reload()
        except TuichatError as error:
            self.chat.fail(error)
            return self.chat.lines.interactive
        finally:
            self._unlocking = False
        return True

    async def _throw_away_what_is_there(self) -> bool:
        """The lines that came together with the last, unseen; False at the end of input."""
        while self.chat.lines.interactive and await self.chat.lines.more():
            if await self.chat.lines.read("", secret=True) is None:
                return False
        return True

    async def _do(self, line: str) -> bool:
        """Do what a line says; whether that was to leave."""
        if not self.chat.lines.interactive:
            await self._settled.wait()  # a person sees that there is no node for now; a pipe does not
        try:
            read = read_line(line)
            if isinstance(read, Unknown):
                raise UsageError(
                    _("There is no command /{name}; nothing was sent.").format(name=read.name),
                    _("/help shows every command; // at the beginning sends a slash."),
                )
            await self._remember(line)
            if isinstance(read, Text):
                await self._send(read.text)
                return False
            return await self._command(read)
        except TuichatError as error:
            self.chat.fail(error)
            return False

    async def _remember(self, line: str) -> None:
        """Tell the node that somebody is at work, and what was typed, as the interface does; where there is
        none, or it refuses, the line can be called back here."""
        if self.chat.session.locked:
            return  # it may be a passphrase
        if self.chat.session.connected:
            with suppress(TuichatError):  # what the line says is to be done all the same
                await self.chat.node.active()
        person = addressee(line, self.chat.person, self.chat.known)
        lasts = person is None or not (person.conversation.memory or disappears(line, person))
        if self.chat.lines.interactive and may_outlast(line, person) and lasts:
            await self.chat.writing.typed(line, person)

    async def _command(self, command: Command) -> bool:
        check_argument(command)
        if command.name == "quit":
            return await self._may_leave()
        if command.name == "connect":
            await self._connect()
        elif command.name == "wipe":
            await self._wipe(command)
        else:
            await DEEDS[command.name](self.chat, command)
        return False

    async def _send(self, text: str) -> None:
        person = self.chat.person
        if person is None and looks_like_address(text):
            await DEEDS["add"](self.chat, Command("add", "".join(text.split())))
            return
        pasted = await self._pasted(text)
        if person is None:
            raise UsageError(
                _("No conversation is open, so nothing was sent."), _("/contacts lists them, /1 opens one.")
            )
        if len(pasted) == 1:
            await self.chat.send(person, text)
            return
        question = ngettext(
            "{count} line came at once. To {name}: one sends one message, each sends line by line.",
            "{count} lines came at once. To {name}: one sends one message, each sends line by line.",
            len(pasted),
        ).format(count=len(pasted), name=person.name)
        answer = await self.chat.ask(question, ("one", "each"))
        if answer:
            for each in ["\n".join(pasted)] if answer == "one" else [line for line in pasted if line.strip()]:
                await self.chat.send(person, each)

    async def _pasted(self, text: str) -> list[str]:
        """The text with the lines that came together with it, as they are; a slash there is no command."""
        lines = [text]
        while self.chat.lines.interactive and await self.chat.lines.more():
            line = await self.chat.lines.read("")
            if line is None:
                break
            lines.append(line)
        while len(lines) > 1 and not lines[-1].strip():
            lines.pop()
        return lines

    # Beginning anew and ending.

    async def _connect(self) -> None:
        if self.chat.session.connected:
            self.chat.say(_("Your node is connected."))
            return
        self.chat.say(_("Looking for your node..."))
        if self._session is None or self._session.done():
            self._attach()

    async def _wipe(self, command: Command) -> None:
        if command.argument not in ("", "--keep-files"):
            raise UsageError(
                _("This is not understood: {0}.").format(command.argument), "/wipe [--keep-files]"
            )
        chat, keep = self.chat, command.argument != ""
        chat.say(_("This destroys the profile for good: keys, contacts, messages. Nothing brings it back."))
        name = chat.options.name
        typed = await chat.ask_words(_("Type the profile's name, {name}, to do it:").format(name=name) + " ")
        if typed != name:
            chat.say(_("Nothing was done."))
            return
        await (chat.options.wipe or chat.node.wipe)(keep)
        if not self._ended.done():
            chat.say(_("The profile was wiped."))
            self.end()

    async def _may_leave(self) -> bool:
        """Whether to leave now; who is there is asked if something waits, for others it goes on."""
        chat = self.chat
        queued, transfers, in_memory = await chat.session.under_way()
        if not (queued or transfers or in_memory):
            return True
        chat.say("\n".join(waiting_lines(queued, transfers, in_memory)))
        if not chat.lines.interactive:
            await self._keep()
            return True
        chat.say(_("keep goes on in the background, quit leaves it for next time."))
        if in_memory:
            chat.say(_("With quit, what is in memory only is lost."))
        word = await chat.lines.read(
            _("Type {choices}; Enter alone stays.").format(choices="keep, quit") + " "
        )
        if word is None:
            return True
        if word.strip().lower() == "keep":
            await self._keep()
            return True
        return word.strip().lower() == "quit"

    async def _keep(self) -> None:
        try:
            await self.chat.node.keep_until_delivered()
            self.chat.say(_("It goes on in the background."))
        except TuichatError as error:
            self.chat.fail(error)
