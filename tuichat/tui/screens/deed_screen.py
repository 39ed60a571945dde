"""What the main screen does to messages: the next text answers or edits one; an emoji is chosen for one."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from textual import on, work

from tuichat.errors import TuichatError
from tuichat.i18n import _
from tuichat.model import Contact, ContactRemovedEvent, Message, MessageEvent, takes_away
from tuichat.tui.context import Context
from tuichat.tui.message_keys import keys_of
from tuichat.tui.screens.desk_screen import DeskScreen
from tuichat.tui.session import Happening
from tuichat.tui.slash import Command, as_typed, read_line, slashed
from tuichat.tui.widgets.deed_history import DeedHistory
from tuichat.tui.widgets.typed_over import Typed
from tuichat.tui.words import error_text
from tuichat.tui.wrapping import fit

_SHOWN = 40

_FOR_MESSAGES: Final = frozenset({"reply", "edit", "unsend", "react", "earlier", "link", "copy", "cancel"})
"""The commands that mean the chosen message."""


class Target(msgspec.Struct, frozen=True):
    """What becomes of the next text, or which message the command that is being typed is for.

    Attributes:
        deed: what is done to `message` with it.
        aside: what stood in the input before.
        is_kept: the node had that as the draft, which may be another meanwhile.
    """

    deed: Literal["answer", "edit", "command"]
    message: Message
    aside: str = ""
    is_kept: bool = False


class DeedScreen(DeskScreen):
    """Answers the keys on messages. Esc forgets what the next text was to be."""

    def __init__(self, shared: Context) -> None:
        super().__init__(shared)
        self._target: Target | None = None
        self._told: tuple[Message, int] | None = None

    @property
    def target(self) -> Target | None:
        """What becomes of the next text; None if it is one like any other."""
        return self._target

    @target.setter
    def target(self, target: Target | None) -> None:
        self._target = target
        if self.ready:
            self.composer.meant = target

    def is_over(self, meant: object) -> bool:
        if not isinstance(meant, Target) or meant.deed != "edit":
            return False
        now = self.target
        return now is None or now.deed != "edit" or now.message.id != meant.message.id

    def desk_happened(self, event: Happening) -> None:
        """With a message goes what was to be said of it: its words stand above the input, or in it."""
        of = None if self.target is None else self.target.message
        if isinstance(event, ContactRemovedEvent) and of is not None and takes_away(event, of):
            self.drop_target()
        if self._told is not None:
            message, notice = self._told
            if notice == self._notice and _says_nothing_more(event, message):
                self.say("")
        super().desk_happened(event)
        if of is None:
            return
        if isinstance(event, MessageEvent) and event.message.id == of.id:
            self._target_changed(event.message)
        elif takes_away(event, of):
            self.drop_target()

    def say_of(self, message: Message, text: str) -> None:
        """Say what a message said, for as long as it says anything."""
        self.say(text, lasting=True)
        self._told = message, self._notice

    def _target_changed(self, now: Message) -> None:
        """What was taken back is quoted no more; an answer quotes what its message says now."""
        if now.unsent or now.state == "cancelled":
            self.drop_target()
            self.say(_("The message was taken back meanwhile."))
        elif (
            self.target is not None and self.target.deed == "answer" and now.text != self.target.message.text
        ):
            self.begin_answer(now)

    def is_draft(self) -> bool:
        """Not what a message is to say: the draft is what stands there again behind it."""
        return self.target is None or self.target.deed != "edit"

    def may_be_kept(self) -> bool:
        """Not the words of a message that disappears: as a draft, or called back, they would stay."""
        target = self.target
        return target is None or target.deed != "edit" or target.message.timer is None

    @on(Typed)
    def _typed_over(self, event: Typed) -> None:
        if self.has_class("-bare") or not self.ready or self.composer.deaf:  # it may be a passphrase
            return
        if self.has_class("-list") and self.conversation.contact is not None:
            self.remove_class("-list")  # one sees to whom one writes
            self.other_classes()
        chosen = self.history.chosen_message()
        if self.history.choosing:
            self.history.action_end_choosing()
        self.set_focus(self.composer)
        if event.pasted:
            self.composer.paste(event.text)
        elif event.text == "\n":  # Enter came before the input had the keys
            self.composer.submit()
        else:
            if chosen is not None and slashed(event.text) == "/" and not self.composer.text:
                self.begin_command_for(chosen)
            self.composer.insert(event.text)

    def begin_command_for(self, message: Message) -> None:
        """The command that is being typed is for this message, if it is one for messages."""
        self.drop_target()
        self.target = Target("command", message)
        self.say(_("A command for {text}. Esc: no").format(text=self.quoted(message)), lasting=True)

    def chosen(self) -> Message | None:
        """The message that was chosen before, or for, the command that is given now."""
        return self.history.chosen_message() or self.taken_target("command")

    @on(DeedHistory.Do)
    def _do(self, event: DeedHistory.Do) -> None:
        self.end_choosing()
        match event.key:
            case "r":
                self.begin_answer(event.message)
            case "e":
                self.begin_edit(event.message)
            case "+":
                self.choose_reaction(event.message)
            case "d":
                self.post_message(self.TakeBack(event.message))

    def end_choosing(self) -> None:
        """What was chosen is known now: one writes again, at once."""
        self.history.action_end_choosing()
        self.set_focus(self.composer)

    def begin_answer(self, message: Message) -> str:
        """The next text answers this message; what is said of that."""
        self.drop_target()
        self.target = Target("answer", message)
        said = _("You answer {text}. Esc: no").format(text=self.quoted(message))
        self.say(said, lasting=True)
        return said

    def begin_edit(self, message: Message) -> str:
        """The next text takes the place of this one; what is said of that."""
        self.drop_target()
        aside = self.composer.in_progress
        self.drafts.written(aside)
        self._keep_due()
        self.target = Target("edit", message, aside, is_kept=aside == self.drafts.kept(message.contact))
        self.composer.take(as_typed(message.text))
        said = _("You edit {text}. Esc: no").format(text=self.quoted(message))
        self.say(said, lasting=True)
        return said

    @work(exclusive=True, group="react")
    async def choose_reaction(self, message: Message) -> None:
        """Ask for an emoji, and put it to a message or take it away."""
        from tuichat.tui.screens.reactions import Reactions

        emoji: str | None = await self.app.push_screen_wait(Reactions(self.shared.glyphs, message))
        if emoji:
            await self.react(message, emoji)

    async def react(self, message: Message, emoji: str) -> None:
        """Put an emoji to a message, or take it away; why not is said."""
        try:
            await self.shared.session.node.react(message.id, emoji)
        except TuichatError as error:
            self.fail(error)

    def drop_target(self) -> None:
        """The next text is a text like any other, and what was written before stands there again."""
        target, self.target = self.target, None
        if target is not None:
            self.say("")
            if target.deed == "edit":
                self.composer.begin(self._aside(target))

    def leave(self) -> None:
        """Close the conversation of somebody who is no contact any more: nothing of it is left on screen."""
        person = self.conversation.person
        if self.history.choosing:
            self.history.action_end_choosing()
        self.drop_target()
        self.conversation.close()
        if person is None:
            self.drafts.contact = None  # what stands in the input is nobody's
        if person is not None and person.state == "blocked":
            name = fit(person.name, _SHOWN, self.shared.glyphs.ellipsis)
            self.say(_("Blocked. /unblock {name} undoes it.").format(name=name))

    def _aside(self, target: Target) -> str:
        """What was being written: it may have been sent, or gone on with, in another front end."""
        return self.drafts.kept(target.message.contact) if target.is_kept else target.aside

    def choosing_asked(self) -> None:
        """Esc in the input."""
        if self.target is not None:
            self.drop_target()
        else:
            super().choosing_asked()

    def taken_target(self, *deeds: str) -> Message | None:
        """The message that the text just sent is for, if one of these deeds was meant; once."""
        target = self.target
        if target is None or target.deed not in deeds:
            return None
        if target.deed != "edit" and target.message.contact != self.conversation.contact:
            return None
        self.target = None
        if target.deed == "edit":
            self.composer.give_back(self._aside(target))
        return target.message

    def _accepted(self, typed: str) -> None:
        """Behind another command nothing says any more what the next text was to be."""
        super()._accepted(typed)
        line = read_line(typed)
        if isinstance(line, Command) and not (line.name == "me" and line.argument):
            own = {"reply": {"answer"}, "edit": {"edit"}}.get(line.name, set())
            own |= {"command"} if line.name in _FOR_MESSAGES else set()
            self.taken_target(*({"answer", "edit", "command"} - own))

    def pass_on(self, person: Contact, text: str) -> None:
        """Send a text, as an answer or in the place of another one if that was meant."""
        edited = self.taken_target("edit")
        answered = self.taken_target("answer")
        self.target = None
        if edited is not None:
            self.put_edit(edited, text)
        else:
            self.deliver(person, text, None if answered is None else answered.id)

    @work(group="send")
    async def put_edit(self, message: Message, text: str) -> None:
        """Put a text in the place of that of a message; one that is not taken goes back into the input."""
        try:
            await self.shared.session.node.edit(message.id, text)
        except TuichatError as error:
            said = [_("Not edited: {reason}").format(reason=error_text(error))]
            said += self._edit_again(message, text)
            self.say("\n".join(said), "error", lasting=len(said) > 1)

    def _edit_again(self, message: Message, text: str) -> list[str]:
        """Put into the input again what a message was to say; what to say of that.

        It is no text to be sent by itself, and of a message that disappears it is none to be kept.
        """
        now = self._in_view(message.id)
        if now is not None and "e" in keys_of(now):
            said = self.begin_edit(now)
            self.composer.take(as_typed(text))
            return [said]
        if message.timer is None:
            self.give_back_to(message.contact, as_typed(text))
        return []

    def answer_again(self, message: int) -> list[str]:
        answered = self._in_view(message)
        if answered is None or self.target is not None or "r" not in keys_of(answered):
            return []
        return [self.begin_answer(answered)]

    def _in_view(self, message: int) -> Message | None:
        """A message of the open conversation as it is now, if it is among those in the view."""
        index = self.history.window.index(message)
        found = None if index is None else self.history.window.messages[index]
        return found if found is not None and found.contact == self.conversation.contact else None

    def give_back_to(self, contact: int, text: str) -> None:
        """While a message is edited it stands in the input again behind that."""
        target = self.target
        if contact == self.conversation.contact and target is not None and target.deed == "edit":
            aside = text + self._aside(target)
            self.target = msgspec.structs.replace(target, aside=aside, is_kept=False)
        else:
            super().give_back_to(contact, text)

    def quoted(self, message: Message) -> str:
        """How a message begins, between quotation marks."""
        words = " ".join(self.words_of(message).split())
        return self.shared.glyphs.quoted(fit(words, _SHOWN, self.shared.glyphs.ellipsis))


def _says_nothing_more(event: Happening, message: Message) -> bool:
    """Whether nothing is left of what a message said."""
    if isinstance(event, MessageEvent):
        return event.message.id == message.id and bool(event.message.unsent)
    return takes_away(event, message)
