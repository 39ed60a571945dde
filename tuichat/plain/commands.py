"""A table of all commands of the plain mode and their deeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.plain import (
    file_commands,
    message_commands,
    own_commands,
    people_commands,
    profile_commands,
    setting_commands,
)
from tuichat.plain.chat import Chat
from tuichat.plain.reading import usages
from tuichat.tui.slash import Command

Deed = Callable[[Chat, Command], Awaitable[None]]

DEEDS: Final[Mapping[str, Deed]] = {
    "help": own_commands.show_help,
    "add": people_commands.add,
    "invite": people_commands.invite,
    "invites": people_commands.invites,
    "contacts": people_commands.contacts,
    "requests": people_commands.requests,
    "accept": people_commands.accept,
    "reject": people_commands.reject,
    "block": people_commands.block,
    "ignore": people_commands.block,
    "unblock": people_commands.unblock,
    "blocked": people_commands.blocked,
    "rename": people_commands.rename,
    "remove": people_commands.remove,
    "erase": people_commands.erase,
    "card": people_commands.card,
    "verify": people_commands.verify,
    "msg": people_commands.msg,
    "file": file_commands.file,
    "files": file_commands.files,
    "reply": message_commands.reply,
    "edit": message_commands.edit,
    "react": message_commands.react,
    "unsend": message_commands.unsend,
    "cancel": message_commands.cancel,
    "earlier": message_commands.earlier,
    "copy": message_commands.copy,
    "link": message_commands.link,
    "me": message_commands.me,
    "timer": message_commands.timer,
    "retention": message_commands.retention,
    "memory": message_commands.memory,
    "messages": message_commands.messages,
    "unread": message_commands.unread,
    "top": message_commands.top,
    "bottom": message_commands.bottom,
    "search": message_commands.search,
    "editor": message_commands.editor,
    "open": own_commands.open_nth,
    "query": own_commands.query,
    "close": own_commands.close,
    "next": own_commands.go_next,
    "switch": own_commands.switch,
    "archived": own_commands.archived,
    "mute": own_commands.keep,
    "unmute": own_commands.keep,
    "pin": own_commands.keep,
    "unpin": own_commands.keep,
    "archive": own_commands.keep,
    "unarchive": own_commands.keep,
    "tag": own_commands.tag,
    "untag": own_commands.tag,
    "export": own_commands.export,
    "address": own_commands.address,
    "status": own_commands.status,
    "bridges": own_commands.bridges,
    "set": setting_commands.change,
    "settings": setting_commands.show,
    "theme": own_commands.on_a_screen,
    "clear": own_commands.on_a_screen,
    "bare": own_commands.on_a_screen,
    "mouse": own_commands.on_a_screen,
    "lock": own_commands.lock,
    "away": profile_commands.presence,
    "back": profile_commands.presence,
    "passphrase": profile_commands.passphrase,
    "duress": profile_commands.duress,
    "backup": profile_commands.backup,
    "import": profile_commands.take_in,
}
"""All but those that end or begin something of the program itself: /connect, /wipe and /quit."""


def check_argument(command: Command) -> None:
    """Raise UsageError if something stands behind a command that takes nothing."""
    argument, _meaning = usages().get(command.name, ("?", ""))
    if command.argument and not argument:
        raise UsageError(
            _("Nothing may stand behind /{name}.").format(name=command.name), _("Nothing was done.")
        )
