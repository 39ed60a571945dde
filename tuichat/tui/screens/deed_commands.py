"""The commands that do something to messages: the chosen one, or the newest that they can be meant for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Message
from tuichat.timer_words import parse_retention, parse_timer, retention_sentence, time_words
from tuichat.tui.links import links
from tuichat.tui.message_keys import MessageKey, keys_of, why_not
from tuichat.tui.slash import Command, usage
from tuichat.tui.wrapping import fit

if TYPE_CHECKING:
    from tuichat.tui.screens.main import MainScreen

Deed = Callable[[Command], Awaitable[None]]

_EARLIER_SHOWN: Final = 5
_SHOWN: Final = 60


class DeedCommands:
    """`take_back` asks, and unsends or cancels a message."""

    def __init__(self, screen: MainScreen, take_back: Callable[[Message], Awaitable[None]]) -> None:
        self._screen = screen
        self._take_back = take_back

    def deeds(self) -> dict[str, Deed]:
        """The commands by name."""
        return {
            "reply": self._reply,
            "edit": self._edit,
            "unsend": self._unsend,
            "react": self._react,
            "timer": self._timer,
            "retention": self._retention,
            "memory": self._memory,
            "earlier": self._earlier,
            "me": self._me,
            "link": self._link,
        }

    def _meant(self, key: MessageKey, *, incoming: bool = False) -> Message:
        """The chosen message, chosen no more; without one the newest that it can be meant for."""
        chosen = self._screen.chosen()
        if chosen is None:
            return self._newest(key, incoming=incoming)
        if key not in keys_of(chosen):
            raise UsageError(why_not(key, chosen))
        self._screen.end_choosing()
        return chosen

    def _newest(self, key: MessageKey, *, incoming: bool = False) -> Message:
        """The newest message of the open conversation for which this key does something."""
        for message in reversed(self._messages()):
            if key in keys_of(message) and not (incoming and message.direction == "out"):
                return message
        raise UsageError(_("There is no message here with which that could be done."))

    def _messages(self) -> list[Message]:
        """Those of the conversation that is seen."""
        if self._screen.person is None:
            raise UsageError(_("No conversation is open."))
        return self._screen.history.window.messages

    async def _reply(self, command: Command) -> None:
        message = self._screen.taken_target("answer") or self._meant("r", incoming=True)
        person = self._screen.person
        if command.argument and person is not None:
            self._screen.deliver(person, command.argument, message.id)
        else:
            self._screen.begin_answer(message)

    async def _edit(self, command: Command) -> None:
        message = self._screen.taken_target("edit") or self._meant("e")
        if command.argument:
            self._screen.put_edit(message, command.argument)
        else:
            self._screen.begin_edit(message)

    async def _unsend(self, command: Command) -> None:
        await self._take_back(self._meant("d"))

    async def _react(self, command: Command) -> None:
        message = self._meant("+", incoming=True)
        if command.argument:
            await self._screen.shared.session.node.react(message.id, command.argument)
        else:
            self._screen.choose_reaction(message)

    async def _earlier(self, command: Command) -> None:
        chosen = self._screen.chosen()
        messages = self._messages() if chosen is None else [chosen]
        edited = [message for message in messages if message.edited]
        if not edited:
            none = _("No message here was edited.")
            raise UsageError(none if chosen is None else _("This message was not edited."))
        texts = await self._screen.shared.session.node.message_earlier(edited[-1].id)
        glyphs = self._screen.shared.glyphs
        shown = [glyphs.quoted(fit(" ".join(text.split()), _SHOWN)) for text in texts[-_EARLIER_SHOWN:]]
        self._screen.say_of(edited[-1], "\n".join([_("Before it was edited:"), *shown]))

    async def _link(self, command: Command) -> None:
        chosen = self._screen.chosen()
        said = [chosen] if chosen is not None else reversed(self._messages())
        for message in said:
            if not message.unsent and (found := links(message.text)):
                self._screen.show_links([link.url for link in found], 0)
                return
        raise UsageError(_("No message here has a link."))

    async def _timer(self, command: Command) -> None:
        person = self._screen.person
        if person is None:
            raise UsageError(_("No conversation is open."))
        if command.argument:
            seconds = parse_timer(command.argument)
            await self._screen.shared.session.node.conversation_timer(person.address, seconds)
        elif person.conversation.timer:
            time = time_words(person.conversation.timer)
            self._screen.say(
                _("Messages disappear after {time}, on both sides. /timer off").format(time=time)
            )
        else:
            self._screen.say(_("Messages stay. /timer 1h lets them disappear, on both sides."))

    async def _retention(self, command: Command) -> None:
        person = self._screen.person
        if person is None:
            raise UsageError(_("No conversation is open."))
        if command.argument:
            node = self._screen.shared.session.node
            person = await node.conversation_retention(person.address, parse_retention(command.argument))
        self._screen.say(retention_sentence(person.conversation.retention))

    async def _memory(self, command: Command) -> None:
        from tuichat.tui.memory_words import where_kept  # seldom needed
        from tuichat.tui.screens.memory import change_memory

        person = self._screen.person
        if person is None:
            raise UsageError(_("No conversation is open."))
        if command.argument not in ("", "on", "off"):
            raise UsageError(_("On or off?"), "/memory on|off")
        if command.argument:
            shared, wanted = self._screen.shared, command.argument == "on"
            self._screen.say(await change_memory(self._screen.app, shared, person, wanted=wanted))
        else:
            self._screen.say(where_kept(person))

    async def _me(self, command: Command) -> None:
        person = self._screen.person
        if person is None or not command.argument:
            raise UsageError(_("What do you do?"), usage("me"))
        self._screen.deliver(person, f"/me {command.argument}")
