"""What each command does on the main screen, whether typed, chosen from the palette or meant by a key."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, cast

from tuichat.api.node_api import NodeApi
from tuichat.deed_words import take_back_question
from tuichat.errors import TuichatError, UsageError
from tuichat.i18n import _
from tuichat.model import Contact, Message
from tuichat.tui.known import Known
from tuichat.tui.message_keys import keys_of, why_not
from tuichat.tui.screens.confirm import Confirm
from tuichat.tui.screens.deed_commands import DeedCommands
from tuichat.tui.screens.desk_commands import DeskCommands
from tuichat.tui.screens.file_commands import FileCommands
from tuichat.tui.screens.own_commands import OwnCommands
from tuichat.tui.screens.people_commands import PeopleCommands
from tuichat.tui.slash import Command, usage, usages
from tuichat.tui.widgets.conversations import REQUESTS

if TYPE_CHECKING:
    from tuichat.tui.app import TuichatApp
    from tuichat.tui.screens.main import MainScreen

Deed = Callable[[Command], Awaitable[None]]

_LONG = frozenset({"export", "import"})
"""These take their time and ask nothing: what is typed behind them does not wait."""


class Commands:
    """A table of commands and their deeds; those about people and files are elsewhere."""

    def __init__(self, screen: MainScreen) -> None:
        self._screen = screen
        self._mouse_before = False
        """Whether the mouse came here before the bare view."""
        people = PeopleCommands(screen, self.ask)
        self._deeds: dict[str, Deed] = {
            **people.deeds(),
            **FileCommands(screen).deeds(),
            **DeskCommands(screen, people.one).deeds(),
            **DeedCommands(screen, self._take_back).deeds(),
            **OwnCommands(screen, self.ask).deeds(),
            "help": self._help,
            "open": self._open,
            "query": self._query,
            "close": self._close,
            "requests": self._requests,
            "next": self._next,
            "switch": self._switch,
            "search": self._search,
            "archived": self._archived,
            "unread": self._unread,
            "bottom": self._bottom,
            "top": self._top,
            "cancel": self._cancel,
            "copy": self._copy,
            "editor": self._editor,
            "address": self._address,
            "clear": self._clear,
            "bare": self._bare,
            "mouse": self._mouse,
            "theme": self._theme,
            "set": self._set,
            "settings": self._settings,
            "bridges": self._bridges,
            "connect": self._connect,
            "lock": self._lock,
            "wipe": self._wipe,
            "quit": self._quit,
        }

    def names(self) -> set[str]:
        """Every command that can be run."""
        return set(self._deeds)

    def run(self, command: Command) -> None:
        """Run it without holding up the interface; a failure is said."""
        argument, _meaning = usages().get(command.name, ("?", ""))
        if command.argument and not argument:
            self._screen.fail(
                UsageError(
                    _("Nothing may stand behind /{name}.").format(name=command.name), _("Nothing was done.")
                )
            )
            return
        group = "work" if command.name in _LONG else "command"
        self._screen.run_worker(self._guarded(self._deeds[command.name](command)), group=group)

    def cancel(self, message: Message) -> None:
        """Take back one message."""
        self._screen.run_worker(self._guarded(self._take_back(message)), group="command")

    async def ask(self, question: str, keys: str, *, danger: bool = True) -> bool:
        """One question; anything but a yes is a no."""
        confirm = Confirm(question, keys, self._screen.shared.glyphs, danger=danger)
        answer: bool | None = await self._app.push_screen_wait(confirm)
        return answer is True

    async def _guarded(self, deed: Awaitable[None]) -> None:
        try:
            await deed
        except TuichatError as error:
            self._screen.fail(error)

    @property
    def _app(self) -> TuichatApp:
        return cast("TuichatApp", self._screen.app)

    @property
    def _known(self) -> Known:
        return self._screen.shared.session.known

    @property
    def _node(self) -> NodeApi:
        return self._screen.shared.session.node

    # Moving.

    async def _help(self, command: Command) -> None:
        from tuichat.tui.screens.help import Help

        await self._app.push_screen(Help(self._screen.shared.glyphs, self._app.pressed.keymap))

    async def _open(self, command: Command) -> None:
        self._screen.action_open_nth(int(command.argument))

    async def _query(self, command: Command) -> None:
        if not command.argument:
            raise UsageError(_("With whom?"), usage("query"))
        person = self._known.named(command.argument)
        if person is None:
            raise UsageError(_("There is no contact called {name}.").format(name=command.argument))
        self._screen.open(person.id)

    async def _close(self, command: Command) -> None:
        self._screen.drop_target()
        self._screen.write_to(None)
        self._screen.update_state()

    async def _requests(self, command: Command) -> None:
        self._screen.open(REQUESTS)

    async def _next(self, command: Command) -> None:
        here = self._screen.conversation.contact
        unread = [p for p in self._known.conversations() if p.unread and p.id != here]
        if unread:
            self._screen.open(unread[0].id)
        else:
            self._screen.say(_("Nothing else is unread."))

    async def _switch(self, command: Command) -> None:
        await self._go_to_one_of([*self._known.conversations(), *self._known.archived()])

    async def _archived(self, command: Command) -> None:
        archived = self._known.archived()
        if archived:
            await self._go_to_one_of(archived)
        else:
            self._screen.say(_("Nothing is archived."))

    async def _go_to_one_of(self, people: list[Contact]) -> None:
        from tuichat.tui.screens.quick_switch import QuickSwitch

        screen = QuickSwitch(people, self._screen.shared.glyphs)
        contact = await self._app.push_screen_wait(screen)
        if contact in self._known.people:  # else they were removed meanwhile
            self._screen.open(contact)

    async def _search(self, command: Command) -> None:
        from tuichat.tui.screens.search import SearchScreen

        message = await self._app.push_screen_wait(SearchScreen(self._screen.shared, command.argument))
        if message is not None:
            self._screen.go_to_message(message.contact, message.id)

    async def _unread(self, command: Command) -> None:
        self._screen.history.to_first_unread()

    async def _bottom(self, command: Command) -> None:
        self._screen.history.to_end()

    async def _top(self, command: Command) -> None:
        self._screen.history.to_start()

    # Messages.

    async def _cancel(self, command: Command) -> None:
        message = self._screen.chosen()
        if message is None and self._screen.person is not None:
            message = await self._screen.conversation.last_queued()
        if message is None:
            self._screen.say(_("Nothing waits in this conversation."))
        else:
            await self._take_back(message)

    async def _take_back(self, message: Message) -> None:
        if "d" not in keys_of(message):
            raise UsageError(why_not("d", message), _("Nothing was changed."))
        question = take_back_question(message).format(text=self._screen.quoted(message))
        if await self.ask(question, _("y  take back   n  no")):
            await self._node.unsend(message.id)

    async def _copy(self, command: Command) -> None:
        message = self._screen.chosen()
        if message is None and self._screen.person is not None:
            message = self._screen.conversation.newest()
        if message is None:
            raise UsageError(_("There is no message here with which that could be done."))
        self._screen.copy(self._screen.words_of(message))

    async def _editor(self, command: Command) -> None:
        from tuichat.tui.editor import edited, editor_words
        from tuichat.tui.widgets.composer import pasted_text

        composer, words = self._screen.composer, editor_words(os.environ)
        target, person = self._screen.target, self._screen.conversation.person
        if person is not None and person.conversation.memory:
            raise UsageError(
                _("This conversation is in memory only, and your editor's file would be on disk.")
            )
        with self._app.out_of_the_way():
            text = await edited(composer.text, self._screen.shared.options.scratch(), words)
        if not (
            composer.deaf or self._screen.is_over(target)
        ):  # it was locked, or the message went, meanwhile
            composer.take(pasted_text(text))

    async def _clear(self, command: Command) -> None:
        self._screen.say("")

    # The interface.

    async def _address(self, command: Command) -> None:
        from tuichat.tui.screens.own_address import OwnAddress

        if self._known.address:
            await self._app.push_screen(OwnAddress(self._known.address, self._screen.shared.glyphs))
            return
        unknown = _("Your address is not known yet: your node has not answered. /connect looks for it.")
        self._screen.say(unknown, "warning")

    async def _bare(self, command: Command) -> None:
        bare = not self._screen.has_class("-bare")
        self._screen.set_class(bare, "-bare")
        mouse = self._app.mouse
        self._app.use_mouse(not bare and (mouse or self._mouse_before))  # turned on in the view, it stays on
        self._mouse_before = mouse
        (self._screen.history if bare else self._screen.composer).focus()

    async def _mouse(self, command: Command) -> None:
        on = self._app.use_mouse(not self._app.mouse)
        self._screen.say(
            _("The mouse is on.") if on else _("The mouse is off: the terminal selects text by itself.")
        )

    async def _theme(self, command: Command) -> None:
        names = self._app.choices.names("ui.theme")
        here = names.index(self._app.theme) if self._app.theme in names else -1  # one's own may be gone
        following = names[(here + 1) % len(names)]
        self._screen.say(self._app.choices.choose("ui.theme", command.argument or following))

    async def _set(self, command: Command) -> None:
        name, _space, value = command.argument.partition(" ")
        if not name or not value.strip():
            raise UsageError(_("What is to be set, and to what?"), _("/set KEY VALUE; /settings lists all."))
        self._screen.say(self._app.choices.choose(name, value.strip()))

    async def _settings(self, command: Command) -> None:
        from tuichat.tui.screens.settings import SettingsScreen

        await self._app.push_screen(SettingsScreen(self._screen.shared, self._app.choices))

    async def _bridges(self, command: Command) -> None:
        from tuichat.tui.bridge_words import bridges_used
        from tuichat.tui.screens.bridges import Bridges

        if await self._app.push_screen_wait(Bridges(self._screen.shared)):
            self._screen.say(bridges_used())

    async def _connect(self, command: Command) -> None:
        if self._screen.shared.session.connected:
            self._screen.say(_("Your node is connected."))
        else:
            self._screen.say(_("Looking for your node..."))
            self._app.start_session()

    async def _lock(self, command: Command) -> None:
        if not self._app.sealed:
            raise UsageError(
                _("This profile has no passphrase, so a lock would keep nobody out."), _("Nothing was done.")
            )
        await self._node.lock()

    async def _wipe(self, command: Command) -> None:
        if command.argument not in ("", "--keep-files"):
            raise UsageError(
                _("This is not understood: {0}.").format(command.argument), "/wipe [--keep-files]"
            )
        from tuichat.tui.screens.wipe import Wipe

        keep, shared = command.argument != "", self._screen.shared
        if await self._app.push_screen_wait(Wipe(shared.options.name, shared.glyphs, keep_files=keep)):
            await self._app.guard.wipe(keep_files=keep)

    async def _quit(self, command: Command) -> None:
        await self._app.action_quit()
