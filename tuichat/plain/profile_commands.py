"""The commands about being here or away, about what opens the profile, and about copies of it."""

from __future__ import annotations

import asyncio
import os

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.import_words import import_advice, import_words
from tuichat.plain.chat import Chat
from tuichat.tui.own_words import (
    backup_words,
    duress_words,
    passphrase_words,
    presence_words,
    without_words,
)
from tuichat.tui.slash import Command, usage


async def presence(chat: Chat, command: Command) -> None:
    """Be seen as away, or as here again."""
    away = command.name == "away"
    chat.away = away
    await chat.node.present(not away, chat.writing.writer)
    chat.say(presence_words(chat.choices.standings(), away=away))


async def passphrase(chat: Chat, command: Command) -> None:
    """Set, change or remove what opens the profile."""
    current = await _current(chat)
    new = await _new(chat, without_words())
    if current is None or new is None:
        chat.say(_("Nothing was done."))
        return
    key_file = chat.options.key_file()
    await chat.node.passphrase(current, new or None, key_file, key_file if new else None)
    chat.sealed = bool(new)
    chat.say(passphrase_words(removed=not new))


async def duress(chat: Chat, command: Command) -> None:
    """Set a passphrase that destroys the profile, or take it away."""
    if not chat.sealed:
        raise UsageError(
            _("This profile has no passphrase, so none can be given in its place."),
            _("/passphrase sets one."),
        )
    chat.say(
        _(
            "Whoever gives this passphrase instead of yours destroys the profile for good, and is told that "
            "it is wrong. Never type it to try it."
        )
    )
    current = await _current(chat)
    new = await _new(chat, _("Enter again takes it away, if there is one."))
    if current is None or new is None:
        chat.say(_("Nothing was done."))
        return
    await chat.node.duress(current, new or None, chat.options.key_file())
    chat.say(duress_words(removed=not new))


async def backup(chat: Chat, command: Command) -> None:
    """Write the whole profile into a sealed file."""
    if not command.argument:
        raise UsageError(_("Into which file?"), usage("backup"))
    path = _absolute(command.argument)
    force = await asyncio.to_thread(os.path.exists, path)
    if force and not await chat.ask(_("{path} is there already. Replace it?").format(path=path)):
        return
    own = None
    if not chat.sealed:
        chat.say(_("This profile has no passphrase; its backup needs one."))
        own = await _new(chat, "")
        if not own:
            chat.say(_("Nothing was done."))
            return
    chat.say(_("Writing the backup..."))
    chat.say(backup_words(await chat.node.backup(path, own, force)))


async def take_in(chat: Chat, command: Command) -> None:
    """Take an export into a new profile."""
    if not command.argument:
        raise UsageError(_("From which directory?"), usage("import"))
    chat.say(_("Taking the export in..."))
    made = await chat.node.import_from(_absolute(command.argument))
    await chat.session.load()
    chat.say("\n".join([import_words(made), *import_advice(made)]))


async def _current(chat: Chat) -> str | None:
    """The passphrase now, "" if there is none; None at the end of input."""
    return await chat.lines.read(_("Your passphrase now:") + " ", secret=True) if chat.sealed else ""


async def _new(chat: Chat, without: str) -> str | None:
    """A new passphrase, typed twice; "" for none, which `without` says the meaning of; None for nothing."""
    first = await chat.lines.read(_("New passphrase:") + " ", secret=True)
    if first == "" and without:
        chat.say(without)
    again = await chat.lines.read(_("The same passphrase again:") + " ", secret=True)
    if first is None or again is None:
        return None
    if first != again:
        raise UsageError(_("The two passphrases differ."), _("Nothing was done."))
    return first


def _absolute(path: str) -> str:
    """The path from here, of which the node knows nothing; links stay."""
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111
