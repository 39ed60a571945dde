"""The commands of the plain mode: those of the interface, and those that stand for its keys and lists."""

from __future__ import annotations

import re
from typing import Final

from tuichat.i18n import _
from tuichat.tui import slash
from tuichat.tui.paths import complete_path
from tuichat.tui.slash import Command, Names, Text, Unknown

_NUMBER: Final = re.compile(r"#([0-9]{1,18})(?:\s+|$)")


def usages() -> dict[str, tuple[str, str]]:
    """Every command: what follows it, and what it does."""
    numbered = _("[#N]")
    return {
        **slash.usages(),
        "contacts": ("", _("everybody, with the numbers that open conversations: /1, /2")),
        "messages": (
            _("[COUNT|#N]"),
            _("what was said last, with numbers, or around message N; #N means it"),
        ),
        "invite": (_("[TIME] [qr]"), slash.usages()["invite"][1]),
        "card": (_("[NAME] [qr]"), slash.usages()["card"][1]),
        "address": (_("[qr]"), _("your own address, and its QR code")),
        "verify": (_("[NAME] [qr]"), slash.usages()["verify"][1]),
        "invites": (_("[revoke N]"), _("open invites; take one back")),
        "files": (
            _("[fetch N [--all] [DIR]|save N DIR|decline|pause|resume|cancel N]"),
            _("all files, or do something with one; --all: with what came along; save: copy it elsewhere"),
        ),
        "switch": (_("[LETTERS]"), slash.usages()["switch"][1]),
        "reply": (_("[#N] [TEXT]"), _("answer the newest message, or message N")),
        "edit": (_("[#N] [TEXT]"), _("edit your newest message, or message N")),
        "react": (_("[#N] [EMOJI]"), _("put an emoji to a message, or take it away")),
        "unsend": (numbered, _("take back your newest message, or message N, on both sides")),
        "cancel": (numbered, _("take back a message that has not left")),
        "earlier": (numbered, _("what an edited message said before")),
        "copy": (numbered, _("the words of a message alone, to be selected")),
        "link": (numbered, _("the newest link, or those of message N, and where they lead")),
        "editor": ("", _("write a message in your editor")),
        "tag": (slash.usages()["tag"][0], _("give tags")),
        "unread": ("", _("from the first unread message on")),
        "bottom": ("", _("the newest messages")),
        "top": ("", _("the oldest messages")),
        "settings": (_("[WORDS]"), _("all settings, or those that fit, explained; reset KEY undoes one")),
        "quit": ("", _("leave; Ctrl+D")),
    }


def read_line(line: str) -> Text | Command | Unknown:
    """What a typed line is, as the interface reads it; and the commands that only this mode has."""
    read = slash.read_line(line)
    if isinstance(read, Unknown) and read.name in usages():
        return Command(read.name, slash.words_behind(line))
    return read


def complete(line: str, names: Names) -> list[str]:
    """Whole lines that `line` could become: a command, a name behind it, or a path."""
    if line.startswith("/file "):
        return complete_path(line)
    if line.startswith("/") and " " not in line:
        return [f"/{name} " for name in usages() if name.startswith(line[1:].lower())]
    return slash.complete(line, names)


def parted(argument: str) -> tuple[int | None, str]:
    """The number of a message, if `#N` stands first, and the rest."""
    found = _NUMBER.match(argument)
    if found is None:
        return None, argument
    return int(found[1]), argument[found.end() :]
