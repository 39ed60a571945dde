"""The commands about files, which have numbers here."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

from tuichat.errors import UsageError
from tuichat.file_words import is_here, is_open
from tuichat.i18n import _
from tuichat.model import File
from tuichat.plain.chat import Chat
from tuichat.tui import file_words
from tuichat.tui.harmless import harmless
from tuichat.tui.paths import read_wanted, whole
from tuichat.tui.sent_words import sent_words
from tuichat.tui.slash import Command

_USAGE = "/files fetch N [--all] [DIR], /files decline|pause|resume|cancel N, /files save N DIR"
_LISTED = 50


async def file(chat: Chat, command: Command) -> None:
    """Offer files or folders."""
    wanted = read_wanted(command.argument)
    person = chat.one("")
    sent = await chat.node.file_send(person.address, list(wanted.paths), wanted.caption, wanted.as_is)
    text, _level = sent_words(sent, person, chat.options.glyphs)
    chat.say(text)


async def files(chat: Chat, command: Command) -> None:
    """List all files, or do something with one."""
    words = command.argument.split(None, 2)
    if not words:
        await _list(chat)
        return
    if len(words) < 2 or not words[1].isdecimal():
        raise UsageError(_("Which file?"), _USAGE)
    found = await chat.node.file_get(int(words[1]))
    to = words[2] if len(words) > 2 else ""
    if words[0] == "fetch":
        await _fetch(chat, found, to)
    elif words[0] == "save" and to:
        await _save(chat, found, to)
    elif to or words[0] not in ("decline", "cancel", "pause", "resume"):
        raise UsageError(_("This is not understood: {0}.").format(command.argument), _USAGE)
    elif words[0] == "pause":
        await chat.node.file_pause(found.id)
    elif words[0] == "resume":
        await chat.node.file_resume(found.id)
    else:
        await _end(chat, found)


async def _list(chat: Chat) -> None:
    listed = await chat.node.file_list(None, _LISTED)
    for each in listed:
        chat.known.files.put(each)
        chat.say(f"[{chat.name_of(each.contact)}] {chat.file_line(each)}")
    if not listed:
        chat.say(_("No files yet. /file PATH offers one; the inbox takes what you fetch."))


async def _fetch(chat: Chat, found: File, to: str) -> None:
    first, _blank, rest = to.partition(" ")
    whole_group = first == "--all"
    to = rest.strip() if whole_group else to
    directory = whole(str(Path(to))) if to else ""
    if not is_open(found):
        raise UsageError(_("This file is no offer that waits for an answer."), _("/files lists them."))
    chat.known.files.put(found)
    last_seen = max(each.id for each in chat.known.files.group_of(found)) if whole_group else 0
    taken = await chat.node.file_accept(found.id, directory, whole_group, last_seen)
    if whole_group:
        for each in taken:
            chat.say(chat.file_line(each))
    person = chat.known.people.get(found.contact)
    if person is None or person.stage != "linked":
        chat.say(_("{file} comes when you are both online.").format(file=_label(chat, found)))


async def _save(chat: Chat, found: File, to: str) -> None:
    """A copy of a received file under its own name; leaving stops it. Raises TuichatError."""
    from tuichat.bootstrap import save_copy  # seldom needed

    if not is_here(found):
        raise UsageError(_("This file is not here, so nothing can be copied."), _("/files lists them."))
    chat.say(_("Copying..."))
    stopped = threading.Event()
    try:
        copy = await asyncio.to_thread(
            save_copy, Path(found.path), found.name, Path(whole(to)), stopped.is_set
        )
    finally:
        stopped.set()
    if copy is not None:
        chat.say(_("Copied to {path}.").format(path=harmless(str(copy))))


async def _end(chat: Chat, found: File) -> None:
    name, label = chat.name_of(found.contact), _label(chat, found)
    if not file_words.can_end(found):
        chat.say(_("There is nothing to stop any more."))
    elif is_open(found):
        if await chat.ask(_("Decline {file}? {name} is told.").format(file=label, name=name)):
            await chat.node.file_decline(found.id)
    elif await chat.ask(file_words.end_question(found, label, name)):
        await chat.node.file_cancel(found.id)


def _label(chat: Chat, found: File) -> str:
    return chat.options.glyphs.quoted(harmless(file_words.full_name(found)))
