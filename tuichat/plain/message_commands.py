"""The commands about messages: the one whose number is given, else the newest that can be meant."""

from __future__ import annotations

import os
from typing import Final

from tuichat.deed_words import said, speaker, take_back_question
from tuichat.errors import NotFoundError, UsageError
from tuichat.i18n import _
from tuichat.model import Contact, Message
from tuichat.plain.chat import Chat
from tuichat.plain.reading import parted
from tuichat.timer_words import parse_retention, parse_timer, retention_sentence, time_words
from tuichat.tui.direction import isolated
from tuichat.tui.harmless import harmless
from tuichat.tui.links import cautions, host_of, links
from tuichat.tui.memory_words import changed, memory_question, where_kept
from tuichat.tui.message_keys import MessageKey, keys_of
from tuichat.tui.slash import Command, usage

_LOOKED_AT: Final = 200
"""So many of the newest messages are looked at for the one that is meant."""

_SHOWN: Final = 20
_FOUND: Final = 50
_EARLIER_SHOWN: Final = 5


async def _target(
    chat: Chat, number: int | None, key: MessageKey | None, *, incoming: bool = False
) -> Message:
    """Message `number` of the open conversation, else the newest for which `key` does something."""
    person = chat.one("")
    if number is not None:
        found = await chat.node.message_get(number)
        if found.contact != person.id:
            raise NotFoundError(
                _("Message {number} is not of this conversation.").format(number=number),
                _("/messages shows numbers."),
            )
        if key is not None and key not in keys_of(found):
            raise UsageError(_("That cannot be done with this message."), _("Nothing was changed."))
        return found
    for message in reversed(await chat.node.messages(person.address, _LOOKED_AT)):
        fits = key is None or key in keys_of(message)
        if fits and not (incoming and message.direction == "out"):
            return message
    raise UsageError(_("There is no message here with which that could be done."))


async def reply(chat: Chat, command: Command) -> None:
    """Answer a message."""
    number, text = parted(command.argument)
    message = await _target(chat, number, "r", incoming=True)
    text = text or await _words(chat, message)
    if text:
        await chat.send(chat.one(""), text, message.id)


async def edit(chat: Chat, command: Command) -> None:
    """Change an own message."""
    number, text = parted(command.argument)
    message = await _target(chat, number, "e")
    text = text or await _words(chat, message)
    if text:
        chat.changed(await chat.node.edit(message.id, text), asked=True)


async def react(chat: Chat, command: Command) -> None:
    """Put an emoji to a message, or take it away."""
    number, emoji = parted(command.argument)
    message = await _target(chat, number, "+", incoming=True)
    emoji = emoji or await _words(chat, message)
    if emoji:
        chat.changed(await chat.node.react(message.id, emoji), asked=True)


async def unsend(chat: Chat, command: Command) -> None:
    """Take back an own message, on both sides."""
    await _take_back(chat, await _target(chat, _only_number(command), "d"))


async def cancel(chat: Chat, command: Command) -> None:
    """Take back a message that waits."""
    number, person = _only_number(command), chat.one("")
    if number is not None:
        await _take_back(chat, await _target(chat, number, "d"))
        return
    messages = await chat.node.messages(person.address, _LOOKED_AT)
    waiting = [each for each in messages if each.state == "queued" and "d" in keys_of(each)]
    if waiting:
        await _take_back(chat, waiting[-1])
    else:
        chat.say(_("Nothing waits in this conversation."))


async def _take_back(chat: Chat, message: Message) -> None:
    if message.direction == "in":
        raise UsageError(_("Only your own messages can be taken back."), _("Nothing was changed."))
    if await chat.ask(take_back_question(message).format(text=_quoted(chat, message))):
        chat.changed(await chat.node.unsend(message.id), asked=True)


async def earlier(chat: Chat, command: Command) -> None:
    """What an edited message said before."""
    number, person = _only_number(command), chat.one("")
    if number is None:
        edited = [each for each in await chat.node.messages(person.address, _LOOKED_AT) if each.edited]
        if not edited:
            raise UsageError(_("No message here was edited."))
        number = edited[-1].id
    texts = await chat.node.message_earlier((await _target(chat, number, None)).id)
    chat.say(_("Before it was edited:"))
    for text in texts[-_EARLIER_SHOWN:]:
        chat.say(chat.options.glyphs.quoted(text))


async def copy(chat: Chat, command: Command) -> None:
    """The words of a message alone."""
    message = await _target(chat, _only_number(command), None)
    chat.say(said(message, chat.name_of(message.contact)))


async def link(chat: Chat, command: Command) -> None:
    """The links of a message, else of the newest that has some, and where they lead; none is opened here."""
    person, number = chat.one(""), _only_number(command)
    meant = [await _target(chat, number, None)] if number is not None else None
    for message in reversed(meant or await chat.node.messages(person.address, _LOOKED_AT)):
        if not message.unsent and (found := links(message.text)):
            for each in found:
                leads = _("leads to {host}").format(host=host_of(each.url))
                chat.say("\n".join([harmless(each.url), leads, *cautions(each.url)]))
            return
    if number is not None:
        raise UsageError(_("That cannot be done with this message."))
    raise UsageError(_("No message here has a link."))


async def me(chat: Chat, command: Command) -> None:
    """Say what one does."""
    if not command.argument:
        raise UsageError(_("What do you do?"), usage("me"))
    await chat.send(chat.one(""), f"/me {command.argument}")


async def timer(chat: Chat, command: Command) -> None:
    """After how long messages disappear."""
    person = chat.one("")
    if command.argument:
        chat.learn(await chat.node.conversation_timer(person.address, parse_timer(command.argument)))
    elif person.conversation.timer:
        time = time_words(person.conversation.timer)
        chat.say(_("Messages disappear after {time}, on both sides. /timer off").format(time=time))
    else:
        chat.say(_("Messages stay. /timer 1h lets them disappear, on both sides."))


async def retention(chat: Chat, command: Command) -> None:
    """After how long messages are deleted here."""
    person = chat.one("")
    if command.argument:
        person = await chat.node.conversation_retention(person.address, parse_retention(command.argument))
        chat.learn(person)
    chat.say(retention_sentence(person.conversation.retention))


async def memory(chat: Chat, command: Command) -> None:
    """Whether what is said is kept in memory only."""
    person = chat.one("")
    if command.argument not in ("", "on", "off"):
        raise UsageError(_("On or off?"), "/memory on|off")
    wanted = command.argument == "on"
    if not command.argument or wanted is person.conversation.memory:
        chat.say(where_kept(person))
    elif not wanted:
        chat.learn(await chat.node.conversation_memory(person.address, False))
        chat.say(changed(person, memory=False))
    else:
        await _into_memory(chat, person)


async def _into_memory(chat: Chat, person: Contact) -> None:
    before = person.last_message_at is not None
    question = memory_question(person.name, said_before=before)
    if before:
        question += "\n" + _("yes leaves it there, erase erases it.")
    answer = await chat.ask(question, ("yes", "erase") if before else ("yes",))
    if answer:
        chat.learn(await chat.node.conversation_memory(person.address, True, answer == "erase"))
        chat.say(changed(person, memory=True))


async def messages(chat: Chat, command: Command) -> None:
    """What was said last, or around a message, with numbers."""
    number, rest = parted(command.argument)
    if number is not None and not rest:
        await _around(chat, await _target(chat, number, None))
        return
    if command.argument and not command.argument.isdecimal():
        raise UsageError(_("How many?"), "/messages 50")
    person, count = chat.one(""), min(int(command.argument or _SHOWN), 10_000)
    shown = await chat.node.messages(person.address, max(1, count))
    await chat.show(shown, numbered=True)
    if not shown:
        chat.say(_("No messages yet."))


async def _around(chat: Chat, message: Message) -> None:
    """A message with what was said before and behind it."""
    address = chat.one("").address
    before = await chat.node.messages(address, _SHOWN // 2, message.id)
    behind = await chat.node.messages(address, _SHOWN // 2, None, message.id)
    await chat.show([*before, message, *behind], numbered=True)


async def unread(chat: Chat, command: Command) -> None:
    """From the first message on that was not read."""
    person = chat.one("")
    if not person.unread and person.conversation.unread_from is None:
        chat.say(_("Nothing here is unread."))
        return
    start = person.conversation.unread_from
    if start is not None:
        await chat.show(await chat.node.messages(person.address, 10_000, None, start - 1))
    else:
        await chat.show(await chat.node.messages(person.address, person.unread))


async def top(chat: Chat, command: Command) -> None:
    """The oldest messages."""
    await chat.show(await chat.node.messages(chat.one("").address, _SHOWN, None, 0), numbered=True)


async def bottom(chat: Chat, command: Command) -> None:
    """The newest messages."""
    await chat.show(await chat.node.messages(chat.one("").address, _SHOWN))


async def search(chat: Chat, command: Command) -> None:
    """Find messages of all conversations."""
    words = command.argument or await chat.ask_words(_("Words to find:") + " ")
    if not words:
        return
    page = await chat.node.search(words, _FOUND)
    calendar = chat.calendar()
    for found in reversed(page.found):
        message = found.message
        name = chat.name_of(message.contact)
        day = calendar.exact(message.received_at or message.sent_at)
        text = found.file_name if message.file is not None and not message.text else said(message, name)
        who = speaker(message.direction, name)
        text = isolated(" ".join(text.split()))
        chat.say(f"[{isolated(name)}] #{message.id} {day} {isolated(who)}: {text}")
    if not page.found:
        chat.say(_("Nothing found."))
    if not page.whole:
        chat.say(_("Older messages are still being made ready for the search."))


async def editor(chat: Chat, command: Command) -> None:
    """Write a message in one's editor."""
    from tuichat.tui.editor import edited, editor_words  # seldom needed

    person = chat.one("")
    if person.conversation.memory:
        raise UsageError(_("This conversation is in memory only, and your editor's file would be on disk."))
    draft = chat.writing.draft(person)
    text = await edited(draft, chat.options.scratch(), editor_words(os.environ))
    if not text.strip():
        chat.say(_("Nothing was done."))
        return
    chat.say(text)
    if await chat.ask(_("Send this to {name}?").format(name=person.name)):
        await chat.send(person, text)
        await chat.writing.over(person, draft)


async def _words(chat: Chat, message: Message) -> str:
    """What is typed about a message that is shown first."""
    return await chat.ask_words(f"{_quoted(chat, message)}: ")


def _only_number(command: Command) -> int | None:
    number, rest = parted(command.argument)
    if rest:
        raise UsageError(
            _("This is not understood: {0}.").format(rest),
            f"/{command.name} #N; " + _("/messages shows numbers."),
        )
    return number


def _quoted(chat: Chat, message: Message) -> str:
    text = " ".join(said(message, chat.name_of(message.contact)).split())
    glyphs = chat.options.glyphs
    return glyphs.quoted(text if len(text) <= 60 else text[:60] + glyphs.ellipsis)
