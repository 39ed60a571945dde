"""Commands that are typed: a table, and the reading of a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from tuichat.i18n import _
from tuichat.tui.addresses import looks_like_address

_PLACE: Final = r"[0-9]{1,4}"
"""A conversation's place in the list."""


class Text(msgspec.Struct, frozen=True):
    """A line that is a message."""

    text: str


class Command(msgspec.Struct, frozen=True):
    """A line that is a command: its name without the slash, and what stands behind it."""

    name: str
    argument: str

    def words(self) -> list[str]:
        """The argument in words."""
        return self.argument.split()


class Unknown(msgspec.Struct, frozen=True):
    """A line that looks like a command and is none; it is never sent."""

    name: str


_WITHOUT_SECRETS: Final = frozenset(
    {"accept", "archive", "backup", "block", "card", "erase", "export", "file", "ignore", "import", "msg"}
    | {
        "mute",
        "pin",
        "query",
        "reject",
        "remove",
        "rename",
        "tag",
        "theme",
        "timer",
        "retention",
        "memory",
        "unarchive",
        "unblock",
        "unmute",
        "unpin",
        "untag",
        "verify",
    }
)
"""Behind these stands nothing that must not be kept; behind `/add`, say, may stand an invite."""


def tells_no_secret(line: str) -> bool:
    """Whether a line may be remembered over a restart: a text, a bare command, or one of those above."""
    read = read_line(line)
    if isinstance(read, Text):
        return not looks_like_address(line)  # an invite is as good as a key
    return isinstance(read, Command) and (not read.argument or read.name in _WITHOUT_SECRETS)


def usages() -> dict[str, tuple[str, str]]:
    """Every command: what follows it, and what it does."""
    return {
        "help": ("", _("keys and commands")),
        "add": (_("ADDRESS [NAME]"), _("ask somebody by address or invite")),
        "invite": (_("[TIME]"), _("make an invite for one person")),
        "invites": ("", _("open invites; take one back")),
        "accept": (_("[NAME]"), _("accept a request")),
        "reject": (_("[NAME]"), _("forget a request; its sender learns nothing")),
        "block": (_("[NAME]"), _("never hear of this person again")),
        "ignore": (_("[NAME]"), _("the same as /block")),
        "unblock": (_("NAME"), _("undo a block")),
        "blocked": ("", _("whom you blocked")),
        "rename": (_("[NAME] NEW"), _("give another name")),
        "remove": (_("[NAME]"), _("forget a contact and its history")),
        "erase": (_("[NAME]"), _("erase what was said; the contact stays")),
        "card": (_("[NAME]"), _("address, link, safety number")),
        "verify": (_("[NAME]"), _("compare the safety number")),
        "msg": (_("NAME TEXT"), _("send to somebody else")),
        "file": (_("PATH..."), _("offer files or folders; behind -- a text; --as-is cleans no picture")),
        "files": ("", _("all files: fetch, pause, stop, find")),
        "export": (_("DIR"), _("write all conversations into a directory, not encrypted")),
        "import": (_("DIR"), _("take an export into a new profile")),
        "backup": (_("FILE"), _("write the whole profile into a sealed file")),
        "query": (_("NAME"), _("open a conversation")),
        "search": (_("[WORDS]"), _("find messages; in:NAME has:file from:me before:DATE after:DATE")),
        "close": ("", _("close this conversation")),
        "away": ("", _("be seen as away until /back")),
        "back": ("", _("be seen as here again")),
        "requests": ("", _("who asks to be a contact")),
        "mute": (_("[NAME]"), _("neither ring nor count")),
        "unmute": (_("[NAME]"), _("ring and count again")),
        "pin": (_("[NAME]"), _("list before the others")),
        "unpin": (_("[NAME]"), _("list in its place again")),
        "archive": (_("[NAME]"), _("hide until something comes in")),
        "unarchive": (_("[NAME]"), _("list again")),
        "archived": ("", _("what was archived")),
        "tag": (_("[NAME] TAG..."), _("give tags; Alt+K with #TAG finds them")),
        "untag": (_("[NAME] TAG..."), _("take tags away")),
        "next": ("", _("the next unread conversation")),
        "switch": ("", _("go to a conversation by a few letters")),
        "unread": ("", _("to the first unread message")),
        "bottom": ("", _("to the newest message")),
        "top": ("", _("to the oldest message")),
        "reply": (_("[TEXT]"), _("answer the chosen or the newest message")),
        "edit": (_("[TEXT]"), _("edit the chosen or your newest message")),
        "unsend": ("", _("take back the chosen or your newest message, on both sides")),
        "react": (_("[EMOJI]"), _("put an emoji to the chosen or the newest message, or take it away")),
        "timer": (_("[TIME]"), _("after how long messages disappear, for both; or off")),
        "retention": (_("[TIME]"), _("after how long messages are deleted here alone; off, or default")),
        "memory": (_("[on|off]"), _("keep what is said in memory only, here alone")),
        "earlier": ("", _("what the chosen or the newest edited message said before")),
        "me": (_("TEXT"), _("say what you do")),
        "cancel": ("", _("take back the chosen message, or the newest that has not left")),
        "copy": ("", _("copy the chosen or the newest message")),
        "link": ("", _("look at the chosen or the newest link, and open it")),
        "editor": ("", _("write the input in your editor")),
        "address": ("", _("your own address and its QR code")),
        "clear": ("", _("clear what is said above the input")),
        "bare": ("", _("messages only, to select with the terminal")),
        "mouse": ("", _("mouse on or off")),
        "theme": (_("[NAME]"), _("another theme")),
        "set": (_("KEY VALUE"), _("change a setting, such as theme, keys or notify")),
        "settings": ("", _("all settings, explained")),
        "bridges": ("", _("ways around a block of Tor")),
        "status": ("", _("tor, who can reach you, and what waits")),
        "connect": ("", _("look for the node again")),
        "lock": ("", _("lock the profile")),
        "passphrase": ("", _("set, change or remove the passphrase")),
        "duress": ("", _("a passphrase that destroys the profile when it is given")),
        "wipe": (_("[--keep-files]"), _("destroy the profile for good; asks for its name")),
        "quit": ("", _("leave; Ctrl+Q")),
    }


def usage(name: str) -> str:
    """A command as it is written, with what follows it."""
    return f"/{name} {usages()[name][0]}".strip()


def needs_words(name: str) -> bool:
    """Whether a command does nothing without some behind it: not all that may follow is in brackets."""
    argument, _meaning = usages()[name]
    return bool(re.sub(r"\[[^]]*\]", "", argument).strip())


def keys_of_commands() -> dict[str, str]:
    """The keys that do the same as a command."""
    return {
        "help": "F1",
        "card": "Alt+I",
        "requests": "Alt+R",
        "next": "Alt+A",
        "switch": "Alt+K",
        "search": "Ctrl+F",
        "unread": "Alt+U",
        "bottom": "Alt+End",
        "top": "Alt+Home",
        "copy": "Alt+C",
        "editor": "Alt+E",
        "bare": "Alt+L",
        "mouse": "Alt+M",
        "quit": "Ctrl+Q",
    }


def slashed(line: str) -> str:
    """The line, with the slash that begins a command where an input method made it wide."""
    return f"/{line[1:]}" if line.startswith("／") else line


def read_line(line: str) -> Text | Command | Unknown:
    """What a typed line is. `//` at the beginning stands for a literal slash; `/3` opens conversation 3."""
    line = slashed(line)
    if line.startswith(("//", "/／")):
        return Text(line[1:])
    if not line.startswith("/"):
        return Text(line)
    name = re.split(r"\s", line[1:], maxsplit=1)[0].lower()
    if re.fullmatch(_PLACE, name) and not words_behind(line):
        return Command("open", name)
    return Command(name, words_behind(line)) if name in usages() else Unknown(name)


def as_typed(text: str) -> str:
    """The line that `read_line` takes for this text, or for the command that sends it."""
    return f"/{text}" if text.startswith(("/", "／")) and not text.startswith("/me ") else text


def words_behind(line: str) -> str:
    """What stands behind a command and a blank, which an input method may have made a wide one."""
    return "".join(re.split(r"\s", line, maxsplit=1)[1:]).strip()


class Names(msgspec.Struct, frozen=True):
    """What words may mean: contacts, those who ask to be one, those who were blocked.

    Attributes:
        words: what is no name and may follow a command, or a command and words: {"set theme": ("dark",)}.
    """

    contacts: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = {}

    def behind(self, command: str) -> tuple[str, ...]:
        """Whom the words behind a command may mean."""
        found = {"unblock": self.blocked, "accept": self.requests, "reject": self.requests, "theme": ()}
        return found.get(command, self.contacts)


def complete(line: str, names: Names) -> list[str]:
    """Whole lines that `line` could become: a command, or with whom or what its last word may mean.

    Directly behind a command that wants a name everybody is offered whom it can mean.
    """
    if line.startswith("/") and " " not in line:
        return [f"/{name} " for name in usages() if name.startswith(line[1:].lower())]
    command = line[1:].partition(" ")[0].lower() if line.startswith("/") else ""
    head, last = _last_word(line)
    wanted = last.removeprefix("@").casefold()
    if command and (words := names.words.get(head[1:].strip())) is not None:
        return [f"{head}{word} " for word in words if word.startswith(wanted)]
    if command and (whole := _names_with_blanks(line, names.behind(command))):
        return whole
    wants_name = _("NAME") in usages().get(command, ("", ""))[0].split("]")[0]
    if not wanted and not (wants_name and head.strip() == f"/{command}"):
        return []
    suffix = " " if line.startswith("/") else ": " if not head else " "
    found = [head + name + suffix for name in names.behind(command) if name.casefold().startswith(wanted)]
    return found if found or not wanted.startswith(":") else [head + each for each in _pictures(last)]


def _names_with_blanks(line: str, names: tuple[str, ...]) -> list[str]:
    """The lines with a name of which more than one word was typed already."""
    command, _separator, begun = line.partition(" ")
    fitting = [name for name in names if name.casefold().startswith(begun.casefold())]
    return [f"{command} {name} " for name in fitting] if " " in begun else []


def _pictures(word: str) -> list[str]:
    from tuichat.tui.emoji import pictures  # seldom needed

    return pictures(word)


def _last_word(line: str) -> tuple[str, str]:
    cut = max(line.rfind(" "), line.rfind("\n")) + 1
    return line[:cut], line[cut:]
