"""The commands about settings."""

from __future__ import annotations

from tuichat.errors import UsageError
from tuichat.i18n import _
from tuichat.plain.chat import Chat
from tuichat.plain.own_commands import on_a_screen
from tuichat.settings import HOOKS
from tuichat.tui.choices import shown_value
from tuichat.tui.setting_rows import Row, all_rows, fitting, hooks_words, source_word, standing_words
from tuichat.tui.setting_words import explained
from tuichat.tui.slash import Command


async def change(chat: Chat, command: Command) -> None:
    """Change one."""
    name, _space, value = command.argument.partition(" ")
    if name in ("theme", "keys"):
        await on_a_screen(chat, Command(f"set {name}", value))
    elif not name or not value.strip():
        raise UsageError(_("What is to be set, and to what?"), _("/set KEY VALUE; /settings lists all."))
    else:
        chat.say(chat.choices.choose(name, value.strip()))


async def show(chat: Chat, command: Command) -> None:
    """All, a line each; those that fit, with all that is said of them; or have one be as it is by itself."""
    word, _space, name = command.argument.partition(" ")
    if word == "reset" and name.strip():
        chat.say(chat.choices.reset(name.strip()))
        return
    standings = chat.choices.standings()
    found = fitting(all_rows(standings), command.argument)
    if not found:
        raise UsageError(_("Nothing fits."), _("/settings lists all."))
    for row in found:
        chat.say(_line(row))
        if command.argument:
            chat.say(_explanation(chat, row))
    if not command.argument:
        chat.say(_("/settings WORDS explains those that fit; /set KEY VALUE changes one."))


def _line(row: Row) -> str:
    source = source_word(row.source)
    return f"{row.name}: {row.value} ({source})" if source else f"{row.name}: {row.value}"


def _explanation(chat: Chat, row: Row) -> str:
    if row.name == HOOKS:
        return hooks_words()
    words = explained()[row.name]
    said = [words.meaning, standing_words(row.name, chat.choices.standings().settings[row.name])]
    for value in chat.choices.names(row.name):
        if meaning := words.values.get(value):
            said.append(f"  {value or shown_value(row.name, value)}: {meaning}")
    return "\n".join(said)
