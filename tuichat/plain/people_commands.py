"""The commands about people: asking, accepting, blocking, naming, comparing keys."""

from __future__ import annotations

from tuichat.errors import UsageError
from tuichat.i18n import _, ngettext
from tuichat.model import Contact, SafetyNumber
from tuichat.plain.chat import Chat
from tuichat.plain.code import code_rows
from tuichat.plain.wording import person_line, request_text
from tuichat.running_text import paragraph
from tuichat.timer_words import retention_words
from tuichat.tui.dates import seconds_of
from tuichat.tui.link_times import STAGES
from tuichat.tui.link_words import stage_sentence
from tuichat.tui.slash import Command, usage
from tuichat.tui.words import cautions, key_sentence

_INVITE_TIME = "24h"
_GROUP = 5


async def add(chat: Chat, command: Command) -> None:
    """Ask somebody by address or invite."""
    address, _separator, name = command.argument.partition(" ")
    if not address:
        address = await chat.ask_words(_("Address or invite:") + " ")
        if not address:
            chat.say(_("Nothing was done."))
            return
        name = await chat.ask_words(_("Name for them (Enter: as they call themselves):") + " ")
    contact = await chat.node.contact_add(address, name.strip() or None)
    chat.learn(contact)
    await chat.open(contact.id)


async def invite(chat: Chat, command: Command) -> None:
    """Make an invite; with qr behind it, its code, too."""
    time, drawn = _without_qr(command.argument)
    seconds = seconds_of(time or _INVITE_TIME)
    if seconds is None:
        raise UsageError(_("How long is the invite good for?"), "/invite 30m, /invite 24h, /invite 7d qr")
    made = await chat.node.invite_create(seconds)
    until = chat.calendar().exact(made.expires_at)
    chat.say(
        _("Invite {number}, for one person, until {until}. Give them this line:").format(
            number=made.id, until=until
        )
    )
    chat.say(made.text)
    if drawn:
        _draw(chat, made.text)


async def invites(chat: Chat, command: Command) -> None:
    """List the open ones, or take one back."""
    match command.words():
        case []:
            open_ones = [each for each in await chat.node.invite_list() if each.state in ("open", "bound")]
            for each in open_ones:
                until = chat.calendar().exact(each.expires_at)
                chat.say(
                    _("invite {number}, until {until} (/invites revoke {number})").format(
                        number=each.id, until=until
                    )
                )
            if not open_ones:
                chat.say(_("No invite is open. /invite makes one."))
        case ["revoke", number] if number.isdecimal():
            await chat.node.invite_revoke(int(number))
            chat.say(_("Invite {number} is worth nothing any more.").format(number=number))
        case _:
            raise UsageError(_("This is not understood: {0}.").format(command.argument), "/invites revoke N")


async def contacts(chat: Chat, command: Command) -> None:
    """Everybody there is a conversation with."""
    people = chat.known.conversations(chat.contact)
    chat.listed = [person.id for person in people]
    for place, person in enumerate(people, 1):
        chat.say(person_line(person, place))
    if not people:
        chat.say(_("Nobody here yet. /address shows your address, /add asks somebody."))
    waiting = len(chat.known.requests())
    if waiting:
        text = ngettext("{count} request: /requests", "{count} requests: /requests", waiting)
        chat.say(text.format(count=waiting))


async def requests(chat: Chat, command: Command) -> None:
    """Who asks to be a contact."""
    pending = chat.known.requests()
    for person in pending:
        chat.say(request_text(person))
    if not pending:
        chat.say(_("Nobody asks to be a contact."))


def _request(chat: Chat, name: str) -> Contact:
    pending = chat.known.requests()
    if name:
        return chat.one(name)
    if len(pending) == 1:
        return pending[0]
    raise UsageError(_("Whose request?"), _("/requests lists them."), tuple(each.name for each in pending))


async def accept(chat: Chat, command: Command) -> None:
    """Accept a request."""
    contact = await chat.node.contact_accept(_request(chat, command.argument).address)
    chat.learn(contact)
    await chat.open(contact.id)


async def reject(chat: Chat, command: Command) -> None:
    """Forget a request."""
    person = _request(chat, command.argument)
    await chat.node.contact_reject(person.address)
    chat.known.people.pop(person.id, None)
    chat.say(_("The request was forgotten; they learn nothing."))


async def block(chat: Chat, command: Command) -> None:
    """Never hear of somebody again."""
    asked = not command.argument and chat.person is None
    person = _request(chat, "") if asked else chat.one(command.argument)
    question = _("Block {name}? They learn nothing; messages that wait for them are not sent.")
    if await chat.ask(question.format(name=person.name)):
        chat.learn(await chat.node.contact_block(person.address))
        _leave(chat, person)
        chat.say(_("Blocked. /unblock {name} undoes it.").format(name=person.name))


async def unblock(chat: Chat, command: Command) -> None:
    """Undo that."""
    if not command.argument:
        names = tuple(person.name for person in chat.known.blocked())
        raise UsageError(_("Who is to be unblocked?"), usage("unblock"), names)
    chat.learn(await chat.node.contact_unblock(chat.one(command.argument).address))
    chat.say(_("No longer blocked."))


async def blocked(chat: Chat, command: Command) -> None:
    """Whom one blocked."""
    people = chat.known.blocked()
    for person in people:
        chat.say(f"{person.name}: {person.address} (/unblock {person.name})")
    if not people:
        chat.say(_("You blocked nobody."))


async def rename(chat: Chat, command: Command) -> None:
    """Give another name."""
    named, new = chat.known.named_first(command.argument)
    person, name = (named, new) if named is not None and new else (chat.one(""), command.argument)
    if not name:
        raise UsageError(_("What is the new name?"), "/rename " + _("[NAME] NEW"))
    chat.learn(await chat.node.contact_rename(person.address, name))
    chat.say(_("{old} is called {name} now.").format(old=person.name, name=name))


async def remove(chat: Chat, command: Command) -> None:
    """Forget a contact and its history."""
    person = chat.one(command.argument)
    question = _("Remove {name}? Their keys, the whole history and what waits are deleted here for good.")
    if await chat.ask(question.format(name=person.name)):
        await chat.node.contact_remove(person.address)
        chat.known.people.pop(person.id, None)
        _leave(chat, person)
        chat.say(_("{name} is removed.").format(name=person.name))


async def erase(chat: Chat, command: Command) -> None:
    """Erase what was said."""
    person = chat.one(command.argument)
    question = _(
        "Erase all that was said with {name}? History, files on their way, drafts and what waits are "
        "deleted here for good; what they have is theirs."
    )
    if await chat.ask(question.format(name=person.name)):
        chat.learn(await chat.node.contact_erase(person.address))
        chat.say(_("Erased. {name} is still a contact.").format(name=person.name))


async def card(chat: Chat, command: Command) -> None:
    """All there is to know of somebody, with qr behind it as a code, too; another key is decided about."""
    named, drawn = _without_qr(command.argument)
    person = chat.one(named)
    number = await chat.node.contact_verify(person.address)
    chat.say(person_line(person, 0))
    if person.suggested_name not in {"", person.name}:
        called = chat.options.glyphs.quoted(person.suggested_name)
        chat.say(_("calls themselves {name}").format(name=called))
    for caution in cautions(person):
        chat.say(caution)
    chat.say(person.address)
    if drawn:
        _draw(chat, person.address)
    row = _("{what}: {meaning}")
    chat.say(row.format(what=_("link"), meaning=chat.link_text(person)))
    if person.stage in (*STAGES, "waiting"):
        chat.say(stage_sentence(person.stage))
    chat.say(row.format(what=_("deleting"), meaning=retention_words(person.conversation.retention)))
    _say_digits(chat, number)
    if person.key_changed:
        await _decide(chat, person, number)


async def verify(chat: Chat, command: Command) -> None:
    """Compare the safety number; with qr behind it, its code, which compares more."""
    named, drawn = _without_qr(command.argument)
    person = chat.one(named)
    number = await chat.node.contact_verify(person.address)
    _say_digits(chat, number)
    if not number.digits:
        return
    if drawn:
        chat.say(number.code)
        _draw(chat, number.code)
    else:
        chat.say(_("/verify {name} qr draws it as a code.").format(name=person.name))
    question = _(
        "Compare these digits with {name}, face to face or by a call. Type theirs, or yes if they are the "
        "same; Enter alone leaves all as it is:"
    ).format(name=person.name)
    answer = await chat.ask_words(f"{question} ")
    if not answer:
        chat.say(_("Nothing was done."))
        return
    digits = number.digits if answer.lower() == "yes" else answer
    await chat.node.contact_verify(person.address, digits)
    chat.say(_("{name} is verified.").format(name=person.name))


def _without_qr(argument: str) -> tuple[str, bool]:
    """The name, and whether the word qr stands behind it."""
    name = argument.removesuffix("qr")
    is_word = name != argument and (not name or name.endswith(" "))
    return (name.strip(), True) if is_word else (argument, False)


def _draw(chat: Chat, text: str) -> None:
    if chat.options.glyphs.done.isascii():
        raise UsageError(_("This terminal cannot show a QR code: its encoding is not UTF-8."))
    chat.say("\n".join(code_rows(text, chat.options.glyphs)))


async def msg(chat: Chat, command: Command) -> None:
    """Send to somebody else."""
    named, text = chat.known.named_first(command.argument)
    name, *words = command.argument.split(maxsplit=1)[:2] or [""]
    if not text or (named is None and not words):
        raise UsageError(_("To whom, and what?"), usage("msg"))
    person = named or chat.one(name)
    await chat.send(person, text)
    if person.id != chat.contact:
        chat.say(_("Queued for {name}.").format(name=person.name))


def _say_digits(chat: Chat, number: SafetyNumber) -> None:
    if number.digits:
        state = _("verified") if number.verified else _("not compared yet")
        chat.say(_("Safety number ({state}):").format(state=state))
        chat.say(_grouped(number.digits))


async def _decide(chat: Chat, person: Contact, number: SafetyNumber) -> None:
    chat.say(paragraph(key_sentence(), _("The safety number with the other key:")))
    chat.say(_grouped(number.changed_digits))
    question = _(
        "trust takes the other key, for which {name} is unverified then; refuse keeps the one known here."
    ).format(name=person.name)
    answer = await chat.ask(question, ("trust", "refuse"))
    if answer:
        chat.learn(await chat.node.contact_trust(person.address, answer == "trust"))
        chat.say(_("The other key is taken.") if answer == "trust" else _("The other key is refused."))


def _grouped(digits: str) -> str:
    plain = "".join(digits.split())
    return " ".join(plain[at : at + _GROUP] for at in range(0, len(plain), _GROUP))


def _leave(chat: Chat, person: Contact) -> None:
    if chat.contact == person.id:
        chat.close()
