"""The commands about conversations as one keeps them, about oneself, and about the program."""

from __future__ import annotations

import os
from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.model import Contact
from tuichat.plain.chat import Chat
from tuichat.plain.code import code_rows
from tuichat.plain.reading import usages
from tuichat.running_text import enumerated
from tuichat.settings import bridge_transports
from tuichat.tui.bridge_words import bridges_lead, bridges_used, told
from tuichat.tui.fuzzy import best
from tuichat.tui.link_words import service_sentence
from tuichat.tui.slash import Command, usage
from tuichat.tui.words import problem_sentence, reachability, tor_progress

_PAGE: Final = 20


async def show_help(chat: Chat, command: Command) -> None:
    """Every command, a page at a time where somebody reads."""
    chat.say(_("A line without a slash is a message; // at its beginning sends a slash. /3 opens chat 3."))
    lines = [f"{f'/{name} {words}'.rstrip()}: {meaning}" for name, (words, meaning) in usages().items()]
    for at in range(0, len(lines), _PAGE):
        chat.say("\n".join(lines[at : at + _PAGE]))
        if chat.lines.interactive and at + _PAGE < len(lines):
            more = await chat.lines.read(_("Enter shows more, q ends:") + " ")
            if more is None or more.strip():
                return


# Moving.


async def open_nth(chat: Chat, command: Command) -> None:
    """The conversation with this number of /contacts, as it was listed last, whatever came since."""
    place = int(command.argument)
    if not 1 <= place <= len(chat.listed) or chat.listed[place - 1] not in chat.known.people:
        raise UsageError(_("There is no chat {number}.").format(number=place), _("/contacts lists them."))
    await chat.open(chat.listed[place - 1])


async def query(chat: Chat, command: Command) -> None:
    """Open the conversation with somebody."""
    if not command.argument:
        raise UsageError(_("With whom?"), usage("query"))
    await chat.open(chat.one(command.argument).id)


async def close(chat: Chat, command: Command) -> None:
    """Close the open conversation."""
    chat.one("")
    chat.close()
    chat.say(_("The conversation is closed. /contacts lists all."))


async def go_next(chat: Chat, command: Command) -> None:
    """The next conversation with something unread."""
    unread = [each for each in chat.known.conversations() if each.unread and each.id != chat.contact]
    if unread:
        await chat.open(unread[0].id)
    else:
        chat.say(_("Nothing else is unread."))


async def switch(chat: Chat, command: Command) -> None:
    """Go to a conversation by a few letters."""
    people = [*chat.known.conversations(), *chat.known.archived()]
    letters = command.argument or await chat.ask_words(_("With whom? A few letters:") + " ")
    if not letters:
        return
    found = best(letters, [person.name for person in people])
    if not found:
        raise UsageError(_("Nobody's name has these letters."), _("/contacts lists all."))
    await chat.open(next(person.id for person in people if person.name == found[0]))


async def archived(chat: Chat, command: Command) -> None:
    """What was archived."""
    people = chat.known.archived()
    for person in people:
        chat.say(f"{person.name} (/query {person.name}, /unarchive {person.name})")
    if not people:
        chat.say(_("Nothing is archived."))


# Keeping.


async def keep(chat: Chat, command: Command) -> None:
    """Mute, pin and archive, and the other way round."""
    person, name = chat.one(command.argument), command.name
    muted = {"mute": True, "unmute": False}.get(name)
    pinned = {"pin": True, "unpin": False}.get(name)
    hidden = {"archive": True, "unarchive": False}.get(name)
    chat.learn(await chat.node.conversation_set(person.address, muted, pinned, hidden))
    if hidden and chat.contact == person.id:
        chat.close()
    done = {
        "mute": _("{name} neither rings nor counts now. /unmute undoes it."),
        "unmute": _("{name} rings and counts again."),
        "pin": _("{name} stands before the others now. /unpin undoes it."),
        "unpin": _("{name} stands in its place again."),
        "archive": _("{name} is archived until something comes in. /archived lists it."),
        "unarchive": _("{name} is listed again."),
    }
    chat.say(done[name].format(name=person.name))


async def tag(chat: Chat, command: Command) -> None:
    """Give tags, or take them away."""
    person, tags = _tagged(chat, command)
    change = chat.node.contact_tag if command.name == "tag" else chat.node.contact_untag
    changed = await change(person.address, tags)
    chat.learn(changed)
    words = " ".join(f"#{each}" for each in changed.tags) or _("none")
    chat.say(_("Tags of {name}: {tags}").format(name=person.name, tags=words))


def _tagged(chat: Chat, command: Command) -> tuple[Contact, list[str]]:
    named, rest = chat.known.named_first(command.argument)
    if named is not None and rest:
        return named, rest.split()
    if not command.argument:
        raise UsageError(_("Which tags?"), f"/{command.name} " + _("[NAME] TAG..."))
    return chat.one(""), command.words()


async def export(chat: Chat, command: Command) -> None:
    """Write all conversations into a directory."""
    if not command.argument:
        raise UsageError(_("Into which directory?"), usage("export"))
    chat.say(_("Writing what was said..."))
    path = os.path.abspath(os.path.expanduser(command.argument))  # noqa: PTH100, PTH111 - links stay
    made = await chat.node.export_to(path)
    chat.say(
        _("Written to {path}. It is not encrypted: whoever can read it can read all of it.").format(
            path=made.path
        )
    )


# Oneself and the program.


async def address(chat: Chat, command: Command) -> None:
    """One's own address."""
    if command.argument not in ("", "qr"):
        raise UsageError(_("This is not understood: {0}.").format(command.argument), "/address [qr]")
    own = chat.known.address
    chat.say(_("Your address. Give it to people you want to hear from."))
    chat.say(own)
    if command.argument:
        chat.say("\n".join(code_rows(own, chat.options.glyphs)))
    else:
        chat.say(_("/address qr draws it as a code."))


async def status(chat: Chat, command: Command) -> None:
    """How things stand."""
    now = await chat.node.status()
    _role, reach = reachability(now.tor, now.service, chat.options.glyphs)
    meaning = _("{what}: {meaning}").format(what=reach.strip(), meaning=service_sentence(now.service))
    chat.say(_("You: {state}").format(state=meaning))
    tor = problem_sentence(now.tor) or enumerated((f"{now.tor.bootstrap}%", tor_progress(now.tor)))
    chat.say(_("tor: {state}").format(state=tor))
    chat.say(
        _("Contacts: {online} of {accepted} linked; queued: {queued}; files under way: {files}").format(
            online=now.contacts.online,
            accepted=now.contacts.accepted,
            queued=now.outbox.queued,
            files=now.transfers,
        )
    )
    for person in chat.known.conversations():
        chat.say(f"{person.name}: {chat.link_text(person)}")


async def bridges(chat: Chat, command: Command) -> None:
    """Ways around a block of Tor."""
    chat.say(bridges_lead())
    now = list(chat.options.bridges())
    chat.say("\n".join([told(bridge_transports("\n".join(now))), *now]))
    chat.say(
        _("One line each, or snowflake, or off for none; an empty line ends, and alone changes nothing.")
    )
    lines: list[str] = []
    while line := await chat.ask_words(_("Bridge:") + " "):
        lines.append(line)
    if not lines:
        chat.say(_("Nothing was done."))
        return
    wanted = [] if lines == ["off"] else lines
    bridge_transports("\n".join(wanted))
    await chat.node.use_bridges(wanted)
    if chat.options.save_bridges is not None:
        chat.options.save_bridges("\n".join(wanted))
    chat.say(bridges_used())


async def on_a_screen(chat: Chat, command: Command) -> None:
    """What line by line makes no difference."""
    chat.say(
        _("/{name} is for the interface on a whole screen: here it does nothing.").format(name=command.name)
    )


async def lock(chat: Chat, command: Command) -> None:
    """Lock the profile."""
    if not chat.sealed:
        raise UsageError(
            _("This profile has no passphrase, so a lock would keep nobody out."), _("Nothing was done.")
        )
    await chat.node.lock()
    chat.session.locked = True  # the next line may be there before the node has told it
